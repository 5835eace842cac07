import CairnCore
import CairnSchema

@testable import CairnCommand
@testable import Simulation

/// Command lines, an argument a line.
///
/// Lines are parsed by the signature of every command; keys, orders and limits as their commands do. Commands that touch no
/// file are run. An error is one line for people, and one JSON object for programs.
struct ArgumentsTarget: FuzzTarget {
    private let tool = Tool()
    private let tables: [Table]

    let words = [
        "check\n", "generate\n", "get\n", "explain\n", "init\n", "help\n", "completion\n", "bash\n", "zsh\n", "fish\n",
        "--json\n", "--help\n", "-h\n",
        "--version\n", "--\n", "--where\n", "--where=", "--order\n", "--order=", "--limit\n", "--limit=", "--output\n",
        "--module=Cairn\n",
        "--name\n", "--cairn=", "--check\n", "--show-sensitive\n", "sqlite:a.db\n", "samples\n", "number:desc",
        "text:asc", "-5\n", "-\n", "=", "\n",
    ]

    init() throws {
        let own = """
            { "database": "d", "tables": {
              "pairs": { "columns": { "place": "string", "number": "int", "at": "timestamp?" }, "key": ["place", "number"] },
              "blobs": { "columns": { "id": "bytes", "price": "decimal" }, "key": "id" } } }
            """
        tables = try Everything.schema.tables + Schema(parsing: own).tables
    }

    func check(_ input: [UInt8]) async throws {
        let arguments = input.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        for command in tool.commands { try check(arguments.dropFirst(), command) }
        _ = try Expected.result { try ArgumentParser(Overview.signature).parse(arguments) }
        for argument in arguments.prefix(6) {
            for table in tables { try checkKey(argument, of: table) }
        }
        try await run(arguments)
    }

    private func check(_ arguments: ArraySlice<String>, _ command: any Command) throws {
        let parser = ArgumentParser(command.signature)
        _ = parser.asksForHelp(arguments)
        guard let parsed = try Expected.result({ try parser.parse(arguments) }) else { return }
        for operand in command.signature.operands where !operand.isOptional { _ = parsed.operand(operand.name) }
        guard command is ExplainCommand else { return }
        for table in tables {
            guard let query = try Expected.result({ try ExplainCommand.query(table, parsed) }) else { continue }
            _ = try Expected.result { try query.validate() }
        }
    }

    private func checkKey(_ text: String, of table: Table) throws {
        guard let key = try Expected.result({ try KeyArgument.key(text, of: table) }) else { return }
        try table.check(key)
        let canonical = KeyText.encode(key)
        try hold(try KeyArgument.key(canonical, of: table) == key, "the key \(canonical) is another one as a text")
    }

    /// Runs what touches no file: help, completion, and lines that are refused.
    private func run(_ arguments: [String]) async throws {
        let isHarmless = !["init", "check", "generate", "get", "explain"].contains(arguments[0])
        guard isHarmless else { return }
        let capture = Capture()
        let code = await tool.run(arguments, capture.console)
        try hold(
            (code == .failed) == capture.output.isEmpty,
            "code \(code) with \(capture.output.utf8.count) bytes of output")
        guard code == .failed, arguments != [""], !arguments.isEmpty else { return }
        let isJSON = arguments.prefix { $0 != "--" }.contains("--json")
        let line = capture.errors.dropLast()
        try hold(capture.errors.utf8.count < 80_000, "\(capture.errors.utf8.count) bytes of errors")
        try hold(!line.unicodeScalars.contains { $0.value < 0x20 }, "an error of several lines: \(line)")
        if isJSON { _ = try JSONValue(parsing: String(line)) }
    }

    /// Keeps what is written to a console.
    private final class Capture {
        var output = ""
        var errors = ""

        var console: Console { Console(output: { self.output += $0 }, errors: { self.errors += $0 }) }
    }
}
