import Cairn
import Foundation

/// `cairn-bench soak`: hours in minutes. A mixed load on one store, to see that memory, open files and the log stay what they are.
struct SoakCommand {
    private var minutes = 20.0
    private var store: String?
    private var rows = 2000
    private var tasks = 8
    private var seed = UInt64.random(in: 0...UInt64.max)
    private var isJSON = false

    static let usage = """
        cairn-bench soak puts a mixed load on a store for a while: reads of every kind, writes that keep the number of rows,
        transactions that collide, tasks that are cancelled, snapshots held open, housekeeping. At the end memory, open files and
        the write-ahead log must be what they were, and the rows right.

          cairn-bench soak [--minutes N] [--store URL] [--rows N] [--tasks N] [--seed N] [--json]

          --minutes N  how long; parts of a minute are allowed (20)
          --store URL  an empty store: memory:, sqlite:PATH, file:FOLDER/, s3://BUCKET/PREFIX (a SQLite file in a
                       temporary folder)
          --rows N     rows of the table (2000)
          --tasks N    tasks that read and write at once (8)
          --seed N     the seed of the random choices (another each time)
          --json       an object for programs; progress goes to the standard error either way

        Memory is judged by medians: that of the last quarter may be 5 % and 8 MiB above that of the second.
        Exit codes: 0 flat, and the rows are right; 1 not; 2 it could not run.

        Example: cairn-bench soak --minutes 20 --store sqlite:/var/tmp/soak.db
        """

    init(_ arguments: some Sequence<String>) throws {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--minutes": minutes = try SoakCommand.number(rest.popFirst(), argument)
            case "--store": store = rest.popFirst()
            case "--rows": rows = Int(try SoakCommand.number(rest.popFirst(), argument))
            case "--tasks": tasks = Int(try SoakCommand.number(rest.popFirst(), argument))
            case "--seed": seed = UInt64(try SoakCommand.number(rest.popFirst(), argument))
            case "--json": isJSON = true
            default: throw UsageError(message: "'\(argument)' is not known to soak")
            }
        }
        guard rows >= 100 else { throw UsageError(message: "soak needs at least 100 rows") }
    }

    private static func number(_ text: String?, _ option: String) throws -> Double {
        guard let text, let number = Double(text), number > 0, number < 1e15 else {
            throw UsageError(message: "\(option) needs a number above 0")
        }
        return number
    }

    /// - Returns: Whether all is flat and right.
    func run(in folder: URL) async throws -> Bool {
        let path = folder.appending(path: "soak.db").path(percentEncoded: false)
        let url = store ?? "sqlite:\(path)?timeout=60"
        let bench = try await Bench.open(url)
        guard try await bench.items.count() == 0 else {
            throw UsageError(message: "\(url) is not empty: soak writes, and counts, rows of its own")
        }
        let load = SoakLoad(bench, rows: rows, seed: seed)
        try await load.prepare()
        let samples = try await soak(load, SoakSampler(url))
        let result = try await load.finish()
        try await bench.close()
        let report = SoakReport(
            store: bench.store.capabilities.location, seed: seed, samples: samples, result: result,
            checks: SoakVerdict(samples).checks)
        print(isJSON ? report.json : report.text)
        return report.isFine
    }

    /// Runs the load for its time, and looks at the process meanwhile.
    private func soak(_ load: SoakLoad, _ sampler: SoakSampler) async throws -> [SoakSample] {
        let duration = Duration.seconds(minutes * 60)
        let pause = max(duration / 240, .milliseconds(200))
        let start = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<tasks { group.addTask { try await load.work(number) } }
            group.addTask { try await load.holdSnapshots() }
            group.addTask { try await load.keepHouse() }
            var samples: [SoakSample] = []
            var progress = SoakProgress(duration)
            while !load.isOver, start.duration(to: .now) < duration {
                try await Task.sleep(for: pause)
                samples.append(sampler.sample(after: start.duration(to: .now), operations: load.operations))
                progress.show(samples)
            }
            load.end()
            try await group.waitForAll()
            return samples
        }
    }
}

/// Says now and then how a soak goes.
struct SoakProgress {
    private let duration: Duration
    private let pause: Duration
    private var last: SoakSample?

    init(_ duration: Duration) {
        self.duration = duration
        pause = duration > .seconds(120) ? .seconds(10) : .seconds(2)
    }

    mutating func show(_ samples: [SoakSample]) {
        guard let sample = samples.last, last.map({ sample.time - $0.time >= pause }) ?? true else { return }
        let seconds = (sample.time - (last?.time ?? .zero)) / .seconds(1)
        let rate = Double(sample.operations - (last?.operations ?? 0)) / max(seconds, 0.001)
        last = sample
        let left = max(duration - sample.time, .zero)
        let line = [
            SoakText.clock(sample.time), "\(Int(rate)) operations/s", "resident \(SoakText.mebibytes(sample.resident))",
            "in use \(SoakText.mebibytes(sample.inUse))", "\(sample.openFiles) open files",
            "file \(SoakText.mebibytes(sample.file))", "log \(SoakText.mebibytes(sample.log))",
            "\(SoakText.clock(left)) left",
        ].joined(separator: ", ")
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}
