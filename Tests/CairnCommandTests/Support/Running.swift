import Foundation

@testable import CairnCommand

/// What a command line did.
struct Outcome {
    let code: ExitCode
    let output: String
    let errors: String
}

/// Runs a command line without a process.
func cairn(_ arguments: String...) async -> Outcome {
    await cairn(arguments)
}

/// Runs a command line without a process.
/// - Parameter answers: What a person answers, one after the other, and no more then; nil when nobody is there.
func cairn(
    _ arguments: [String], coloured: Set<Console.Stream> = [], answers: [String]? = nil
) async -> Outcome {
    let capture = Capture(answers)
    let code = await Tool().run(arguments, capture.console(coloured: coloured))
    return Outcome(code: code, output: capture.output, errors: capture.errors)
}

/// Keeps what is written to a console.
final class Capture {
    var output = ""
    var errors = ""
    private var answers: [String]?

    init(_ answers: [String]? = nil) {
        self.answers = answers
    }

    func console(coloured: Set<Console.Stream> = []) -> Console {
        let answer: (() -> String?)? = answers == nil ? nil : { self.nextAnswer() }
        return Console(
            output: { self.output += $0 }, errors: { self.errors += $0 }, coloured: coloured, answer: answer)
    }

    private func nextAnswer() -> String? {
        guard let next = answers?.first else { return nil }
        answers?.removeFirst()
        return next
    }
}

/// A folder for one test, removed at its end.
final class TestFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/cairn-command-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a name in the folder.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, making the folders above it, and gives its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let url = URL(fileURLWithPath: self(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        return url.path
    }

    /// Writes a schema file with a table `t` of these columns beside its key `id`, and gives its path.
    func schema(_ name: String, _ columns: String, _ more: String = "") throws -> String {
        try write(
            name,
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\", \(columns) }, \"key\": \"id\"\(more) } } }"
        )
    }

    /// The bytes of a file.
    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: self(name))) }

    /// The text of a file.
    func read(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    /// The names in the folder, sorted.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

/// What a process did.
struct ProcessOutcome {
    let code: Int32
    let output: String
    let errors: String
}

/// Runs a line of bash; `$CAIRN` is the program under test.
func bash(
    _ line: String, in folder: String? = nil, environment: [String: String] = [:], output: FileHandle? = nil
) throws -> ProcessOutcome {
    try run("/bin/bash", ["-c", line], in: folder, environment: environment, output: output)
}

/// Runs a program to its end.
/// - Parameter output: Where its output goes, if not into the outcome.
func run(
    _ program: String, _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:],
    output: FileHandle? = nil
) throws -> ProcessOutcome {
    let scratch = try TestFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
        .merging(["CAIRN": builtProgram("cairn")]) { $1 }.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    // Into files: a pipe that nobody empties would stop a talkative program.
    let files = try ["output", "errors"].map { name in
        try FileHandle(forWritingTo: URL(fileURLWithPath: try scratch.write(name, "")))
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output ?? files[0]
    process.standardError = files[1]
    try process.run()
    process.waitUntilExit()
    return ProcessOutcome(
        code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
        output: try scratch.read("output"), errors: try scratch.read("errors"))
}

/// A program of this package, in the folder the tests were built in.
func builtProgram(_ name: String) -> String {
    let tests = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appendingPathComponent(name).path
}

/// Whether a program is there; says loudly that its tests are left out when it is not.
func isInstalled(_ program: String) -> Bool {
    let paths = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    if paths.contains(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }) { return true }
    shout("SKIPPED: '\(program)' is not installed, its completion script is not checked")
    return false
}

/// Whether tests that build packages run; says loudly that they are left out when they do not.
func runsSlowTests(_ what: String) -> Bool {
    if ProcessInfo.processInfo.environment["CAIRN_SLOW_TESTS"] == "1" { return true }
    shout("SKIPPED: \(what); set CAIRN_SLOW_TESTS=1 to run it")
    return false
}

private func shout(_ line: String) {
    FileHandle.standardError.write(Data("\n*** \(line) ***\n".utf8))
}
