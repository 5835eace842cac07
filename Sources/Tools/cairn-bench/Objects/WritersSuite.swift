import Cairn
import Foundation
import ObjectStorage

/// Several processes that write to one store, each one row after the other: how many commits a second they have together, whether each
/// has its share, and that nothing they were told is lost.
struct WritersSuite {
    let writers: [Int]
    let latencies: [Int]
    let seconds: Double
    /// Names of servers, or addresses.
    let stores: [String]
    let only: String?
    let folder: URL

    /// How many times slower than one writer several may be, and how unequal: for 2 to 8 of them.
    private static let limits = (slower: 1 / 0.6, unequal: 3.0)

    func run() async throws -> [Measurement] {
        var measurements: [Measurement] = []
        for store in stores {
            let place = folder.appending(path: store.replacing("/", with: "-")).path(percentEncoded: false)
            defer { if store.hasPrefix("s3-") { _ = try? Program.run([script(store), "stop", place]) } }
            let (name, root) = try await start(store, in: place)
            for latency in latencies {
                measurements += try await measure(name, root, latency)
            }
        }
        return measurements
    }

    /// Where places begin, and what they are called.
    private func start(_ store: String, in place: String) async throws -> (name: String, root: String) {
        if store == "folder" { return (store, "folder:\(place)") }
        var server = store
        if store.hasPrefix("s3-") {
            var fields: [String: String] = [:]
            for line in try Program.run([script(store), "start", place]).split(separator: "\n") {
                let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
                if parts.count == 2 { fields[parts[0]] = parts[1] }
            }
            let host = (fields["endpoint"] ?? "").replacing("http://", with: "")
            server = "http://\(fields["access_key"] ?? ""):\(fields["secret_key"] ?? "")@\(host)"
        }
        let name = store.split(separator: "@").last.map(String.init) ?? store
        return (name, try await WriterPlace.makeBucket(server))
    }

    private func script(_ name: String) -> String {
        // This file is five folders deep in the package.
        let root = "/" + "\(#filePath)".split(separator: "/").dropLast(5).joined(separator: "/")
        return "\(root)/Tests/Integration/servers/\(name)"
    }

    // MARK: Measuring

    private func measure(_ store: String, _ root: String, _ latency: Int) async throws -> [Measurement] {
        var measurements: [Measurement] = []
        var alone: Double?
        for count in writers {
            let name = "\(count) writers, \(store), \(latency) ms"
            guard only.map(name.contains) ?? true else { continue }
            FileHandle.standardError.write(Data("objects: \(name), \(seconds) s\n".utf8))
            let place = WriterPlace(text: "\(root)/\(latency)-\(count)-\(UUID().uuidString.prefix(8).lowercased())")
            let outcomes = try await race(count, place, latency)
            let commits = outcomes.reduce(0) { $0 + $1.commits }
            let rate = Double(commits) / (outcomes.map(\.time).max() ?? seconds)
            if count == 1 { alone = rate }
            let isJudged = (2...8).contains(count)
            func add(_ unit: String, _ value: Double, _ limit: Double? = nil) {
                measurements.append(
                    Measurement(
                        suite: "objects", name: name, unit: unit, limit: limit, cairn: Cost(wall: value, cpu: 0)))
            }
            func perCommit(_ value: (WriterProcess.Outcome) -> Double) -> Double {
                outcomes.reduce(0) { $0 + value($1) } / Double(max(1, commits))
            }
            add("commits a second", rate)
            if let alone, count > 1 { add("times slower than one", alone / rate, isJudged ? Self.limits.slower : nil) }
            if count > 1 {
                let most = Double(outcomes.map(\.commits).max() ?? 0)
                let least = Double(outcomes.map(\.commits).min() ?? 0)
                add("most / least", most / max(least, 1), isJudged ? Self.limits.unequal : nil)
            }
            add("s, the longest commit", outcomes.map(\.longest).max() ?? 0)
            add("lost PUTs a commit", perCommit { Double($0.lost) })
            add("requests a commit", perCommit { Double($0.puts + $0.others) })
            add("ms of processor a commit", perCommit { $0.cpu * 1000 })
        }
        return measurements
    }

    /// Starts the processes, lets them begin at once, and looks whether all they were told is there.
    private func race(_ count: Int, _ place: WriterPlace, _ latency: Int) async throws -> [WriterProcess.Outcome] {
        try await Bench.open(on: ObjectStorage.open(place.open(latency: .zero))).close()
        let processes = try (0..<count).map { try Child(place, latency, seconds, $0) }
        for process in processes { try process.awaitReady() }
        for process in processes { try process.begin() }
        let outcomes = try processes.map { try $0.outcome() }
        let bench = try await Bench.open(on: ObjectStorage.open(place.open(latency: .zero)))
        let rows = try await bench.items.count()
        try await bench.close()
        let commits = outcomes.reduce(0) { $0 + $1.commits }
        guard rows == commits else {
            throw ResultMismatch(description: "\(commits) commits were acknowledged, and \(rows) rows are there")
        }
        guard outcomes.allSatisfy({ $0.commits > 0 }) else {
            throw ResultMismatch(description: "a writer of \(count) was stuck: \(outcomes.map(\.commits))")
        }
        return outcomes
    }
}

/// A process that writes.
private final class Child {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ place: WriterPlace, _ latency: Int, _ seconds: Double, _ number: Int) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            CommandLine.arguments[0], "objects-writer", place.text, "\(latency)", "\(seconds)", "\(number)",
        ]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit { if process.isRunning { process.terminate() } }

    func awaitReady() throws {
        guard String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "ready\n" else {
            throw ResultMismatch(description: "a writer did not open the store")
        }
    }

    func begin() throws { try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8)) }

    func outcome() throws -> WriterProcess.Outcome {
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ResultMismatch(description: "a writer failed") }
        return try JSONDecoder().decode(WriterProcess.Outcome.self, from: text)
    }
}
