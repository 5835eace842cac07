import Foundation

/// A folder for one test, removed at its end.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/cairn-generator-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a name in the folder.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: self(name)))
        return self(name)
    }

    /// The text of a file.
    func read(_ name: String) throws -> String { try String(contentsOf: URL(filePath: self(name)), encoding: .utf8) }
}

/// What a process did.
struct ProcessOutcome {
    let code: Int32
    let output: String
    let errors: String
}

/// Runs a program to its end.
func run(_ program: String, _ arguments: [String]) throws -> ProcessOutcome {
    let scratch = try TestFolder()
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    // Into files: a pipe that nobody empties would stop a talkative program.
    let files = try ["output", "errors"].map { name in
        try FileHandle(forWritingTo: URL(filePath: try scratch.write(name, "")))
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = files[0]
    process.standardError = files[1]
    try process.run()
    process.waitUntilExit()
    return ProcessOutcome(
        code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
        output: try scratch.read("output"), errors: try scratch.read("errors"))
}

/// The folder the tests were built in: programs of this package, and its modules in `Modules`.
var builtFolder: URL {
    (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])).deletingLastPathComponent()
}
