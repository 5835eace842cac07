import Foundation

/// `cairn-bench objects`: tables on an object store. What each operation takes, and how many processes share the commits.
struct ObjectsCommand {
    private var parts: Set<String> = []
    private var rows = 100_000
    private var rounds = 5
    private var only: String?
    private var latencies = [0, 20]
    private var writers = [1, 2, 4, 8, 16]
    private var seconds = 5.0
    private var stores = ["folder"]
    private var isJSON = false
    private var isCheck = false

    static let usage = """
        cairn-bench objects measures tables on an object store.

          cairn-bench objects [operations] [writers] [--rows N] [--rounds N] [--latencies MS,MS] [--writers N,N] [--seconds N]
                              [--stores NAME,NAME] [--only TEXT] [--json] [--check]

          operations   requests, bytes and time of each operation, for tables of 1,000 rows up to --rows, in memory
          writers      commits a second of several processes on one store, each one after the other; how unequal they are, and how long
                       the longest took. Nothing acknowledged may be lost
                       Without either, both.

          --rows N     rows of the largest table: 1000 to 1000000 (100000)
          --rounds N   how often each operation is done, 1 to 15; the median is taken (5)
          --latencies  milliseconds that are added to each request (0,20)
          --writers    how many processes write at once (1,2,4,8,16)
          --seconds N  how long they write (5)
          --stores     where they write: folder, s3-ministack, s3-ceph, which are installed and started; or the address of a server,
                       http://ACCESS:SECRET@HOST:PORT (folder)
          --only TEXT  only what has this text in its name
          --json       an array for programs instead of a table; progress goes to the standard error either way
          --check      exit 1 when something is over its limit

        Exit codes: 0 all was done; 1 something is over its limit; 2 it could not run, or a result is wrong.

        Example: cairn-bench objects writers --writers 1,8 --latencies 20 --stores s3-ministack
        """

    init(_ arguments: some Sequence<String>) throws {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "operations", "writers": parts.insert(argument)
            case "--rows": rows = try BenchCommand.number(rest.popFirst(), argument)
            case "--rounds": rounds = try BenchCommand.number(rest.popFirst(), argument)
            case "--latencies": latencies = try Self.numbers(rest.popFirst(), argument, from: 0)
            case "--writers": writers = try Self.numbers(rest.popFirst(), argument, from: 1)
            case "--seconds":
                guard let text = rest.popFirst(), let number = Double(text), number > 0, number < 1e6 else {
                    throw UsageError(message: "--seconds needs a number above 0")
                }
                seconds = number
            case "--stores": stores = rest.popFirst()?.split(separator: ",").map(String.init) ?? []
            case "--only": only = rest.popFirst()
            case "--json": isJSON = true
            case "--check": isCheck = true
            default: throw UsageError(message: "'\(argument)' is not known to objects")
            }
        }
        guard (1_000...1_000_000).contains(rows) else {
            throw UsageError(message: "--rows needs a number from 1000 to 1000000")
        }
        guard rounds <= 15 else { throw UsageError(message: "--rounds needs a number from 1 to 15") }
        for store in stores where !["folder", "s3-ministack", "s3-ceph"].contains(store) && !store.contains("://") {
            throw UsageError(message: "--stores does not know '\(store)': folder, s3-ministack, s3-ceph, or an address")
        }
        if parts.isEmpty { parts = ["operations", "writers"] }
    }

    private static func numbers(_ text: String?, _ option: String, from least: Int) throws -> [Int] {
        let numbers = (text ?? "").split(separator: ",").map { Int($0) }
        guard !numbers.isEmpty, numbers.allSatisfy({ ($0 ?? -1) >= least && ($0 ?? 0) <= 10_000 }) else {
            throw UsageError(message: "\(option) needs numbers from \(least), with commas")
        }
        return numbers.compactMap(\.self)
    }

    /// - Returns: Whether everything is within its limit.
    func run(in folder: URL) async throws -> Bool {
        let delays = latencies.map { Duration.milliseconds($0) }
        var measurements: [Measurement] = []
        if parts.contains("operations") {
            measurements += try await ObjectsSuite(rows: rows, rounds: rounds, only: only, latencies: delays).run()
        }
        if parts.contains("writers") {
            let suite = WritersSuite(
                writers: writers, latencies: latencies, seconds: seconds, stores: stores, only: only, folder: folder)
            measurements += try await suite.run()
        }
        return Report(measurements: measurements).show(isJSON: isJSON, isCheck: isCheck)
    }
}

/// Says now and then how far something is, how fast it goes and how long it still takes.
struct ObjectsProgress {
    private let what: String
    private let total: Int
    private let start = ContinuousClock.now
    private var last: ContinuousClock.Instant

    /// - Parameter what: What is done, such as "rows loaded".
    init(_ what: String, of total: Int) {
        self.what = what
        self.total = total
        last = start
    }

    mutating func show(_ count: Int) {
        let now = ContinuousClock.now
        guard count == total || last.duration(to: now) >= .seconds(2) else { return }
        last = now
        let rate = Double(count) / max(start.duration(to: now) / .seconds(1), 0.001)
        let left = Duration.seconds(Double(total - count) / max(rate, 0.001))
        let line = "objects: \(count) of \(total) \(what), \(Int(rate)) a second, \(SoakText.clock(left)) left\n"
        FileHandle.standardError.write(Data(line.utf8))
    }
}
