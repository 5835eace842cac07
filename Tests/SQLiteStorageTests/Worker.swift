import Foundation
import Testing

/// A process that works on a store.
final class Worker {
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()
    /// What it printed and nobody read yet.
    private var unread = Data()

    init(_ arguments: [String]) throws {
        process.executableURL = try Worker.executable()
        process.arguments = arguments
        process.standardOutput = output
        process.standardInput = input
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Built beside the tests.
    private static func executable() throws -> URL {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0])
        let found = sequence(first: tests) { $0.path == "/" ? nil : $0.deletingLastPathComponent() }
            .map { $0.appending(path: "StoreWorker") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path(percentEncoded: false)) }
        return try #require(found, "StoreWorker was not built beside \(tests.path)")
    }

    /// The next line; nil at the end. What a killed process had not ended is no line.
    func line() -> String? {
        while true {
            if let end = unread.firstIndex(of: 0x0A) {
                defer { unread.removeSubrange(...end) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            unread.append(more)
        }
    }

    /// Every line until the end.
    func rest() -> [String] {
        var lines: [String] = []
        while let line = line() { lines.append(line) }
        return lines
    }

    func closeInput() throws { try input.fileHandleForWriting.close() }

    /// Ends the process as a crash would.
    func kill9() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }
}
