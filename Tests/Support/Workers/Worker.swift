import Foundation

/// A process that works on a store.
package final class Worker {
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()
    /// What it printed and nobody read yet.
    private var unread = Data()

    /// Starts a program that was built beside the tests.
    package init(_ program: String, _ arguments: [String]) throws {
        process.executableURL = try Worker.executable(program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardInput = input
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    private static func executable(_ program: String) throws -> URL {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0])
        let found = sequence(first: tests) { $0.path == "/" ? nil : $0.deletingLastPathComponent() }
            .map { $0.appending(path: program) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path(percentEncoded: false)) }
        guard let found else { throw NotBuilt(description: "\(program) was not built beside \(tests.path)") }
        return found
    }

    private struct NotBuilt: Error, CustomStringConvertible {
        let description: String
    }

    /// The next line; nil at the end. What a killed process had not ended is no line.
    package func line() -> String? {
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
    package func rest() -> [String] {
        var lines: [String] = []
        while let line = line() { lines.append(line) }
        return lines
    }

    /// Says a line to the process.
    package func tell(_ line: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    }

    package var isRunning: Bool { process.isRunning }

    package func closeInput() throws { try input.fileHandleForWriting.close() }

    /// Ends the process as a crash would.
    package func kill9() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    package func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }
}
