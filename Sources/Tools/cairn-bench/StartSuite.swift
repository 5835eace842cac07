import Cairn
import Foundation

/// What a short program pays before its work begins.
struct StartSuite {
    let rows: Rows
    let rounds: Int
    let folder: URL

    func run() async throws -> [Measurement] {
        let store = "sqlite:\(folder.appending(path: "start.db").path(percentEncoded: false))"
        let filled = try await Bench.open(store)
        try await filled.items.insert(contentsOf: rows.items)
        try await filled.close()
        var measurements = [
            try await measured("opening an existing SQLite store", limit: 10) {
                try await Bench.open(store).close()
            }
        ]
        let command = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "cairn")
            .path(percentEncoded: false)
        if FileManager.default.isExecutableFile(atPath: command) {
            measurements.append(
                try await measured("cairn --version", limit: 50) { _ = try Program.run([command, "--version"]) })
        } else {
            FileHandle.standardError.write(
                Data("SKIPPED: cairn --version; build it beside this program: --product cairn\n".utf8))
        }
        return measurements
    }

    /// The median of the rounds, in milliseconds.
    private func measured(_ name: String, limit: Double, _ work: () async throws -> Void) async throws -> Measurement {
        var costs: [Cost] = []
        for _ in 0..<rounds { costs.append(try await Cost.measured(work)) }
        return Measurement(
            suite: "start", name: name, unit: "ms", limit: limit, cairn: Cost.median(costs, scale: 1000))
    }
}
