import CairnSchema
import Testing

@testable import CairnCommand

@Suite("The tool")
struct ToolTests {
    private static let signatures = Tool().commands.map(\.signature)
    private static let names = signatures.map(\.name)

    @Test("The version is printed, for people and for programs")
    func version() async throws {
        #expect(await cairn("--version").output == "cairn 0.1.0\n")
        #expect(try JSONValue(parsing: await cairn("--version", "--json").output) == ["version": "0.1.0"])
    }

    @Test("Without a command the commands are listed as an error")
    func noCommand() async {
        let outcome = await cairn()
        #expect(outcome.code == .failed)
        #expect(outcome.output.isEmpty)
        for name in Self.names { #expect(outcome.errors.contains("\n  \(name) ")) }
    }

    @Test("Options before the command are refused, saying where they stand")
    func optionFirst() async {
        for line in [["--json"], ["--json", "s3", "ls"]] {
            let outcome = await cairn(line)
            #expect(outcome.code == .failed)
            #expect(outcome.errors.contains("options stand behind the command"))
        }
    }

    @Test(
        "An unknown command names the nearest one",
        arguments: [
            ("chek", "did you mean 'check'?"), ("generat", "did you mean 'generate'?"),
            ("s3 lss", "did you mean 's3 ls'?"), ("s3 nothing", "'cairn help s3' lists them"),
            ("restore", "'cairn help' lists them"),
        ])
    func unknownCommand(name: String, remedy: String) async throws {
        for line in [Self.words(name[...]), ["help", name]] {
            let outcome = await cairn(line)
            #expect(outcome.code == .failed)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors == "cairn: there is no command '\(name)'; \(remedy)\n")
        }
        let json = try JSONValue(parsing: await cairn(Self.words(name[...]) + ["--json"]).errors)
        #expect(
            json == [
                "code": "command.unknown", "message": .string("there is no command '\(name)'"),
                "remedy": .string(remedy),
            ])
    }

    @Test("An error is one line for people and one object for programs")
    func errors() async throws {
        #expect(
            await cairn("check").errors
                == "cairn: FILE is missing; usage: cairn check FILE… [--sarif] [--strict] [--json]\n")
        let outcome = await cairn("check", "--jsn", "--json")
        #expect(outcome.code == .failed)
        #expect(
            outcome.errors
                == #"{"code":"command.usage","message":"'check' has no option '--jsn'","remedy":"did you mean '--json'?"}"#
                + "\n")
    }

    @Test("'--json' after '--' does not change how errors are told")
    func jsonAsOperand() async {
        #expect(await cairn("get", "--", "--json").errors.hasPrefix("cairn: TABLE is missing; "))
    }

    @Test("An error is red on a terminal, and what is quoted in it cannot paint")
    func paintedError() async {
        let outcome = await cairn(["\u{1B}[32m"], coloured: [.errors])
        #expect(
            outcome.errors == "\u{1B}[1;31mcairn:\u{1B}[0m there is no command '\\u{1B}[32m'; 'cairn help' lists them\n"
        )
    }

    // MARK: Help

    @Test("A group of commands lists its own; without one of them it is an error")
    func group() async throws {
        let members = Self.signatures.filter { $0.name.hasPrefix("s3 ") }
        #expect(members.count == 9)
        for line in [["s3", "--help"], ["s3", "-h"], ["help", "s3"]] {
            let outcome = await cairn(line)
            #expect(outcome.code == .done)
            for signature in Self.signatures {
                #expect(
                    outcome.output.contains("\n  \(signature.name) ") == members.contains { $0.name == signature.name })
            }
        }
        let alone = await cairn("s3")
        #expect(alone.code == .failed)
        #expect(alone.output.isEmpty)
        #expect(alone.errors == (await cairn("help", "s3").output))
        #expect(await cairn("help", "s3", "ls").output == (await cairn("s3", "ls", "--help").output))
    }

    @Test("The overview lists every command with its purpose", arguments: [["--help"], ["-h"], ["help"]])
    func overview(line: [String]) async {
        let outcome = await cairn(line)
        #expect(outcome.code == .done)
        for signature in Self.signatures {
            #expect(outcome.output.contains("\(signature.name) "))
            #expect(outcome.output.contains(signature.purpose))
        }
    }

    @Test(
        "The help of a command is the same however it is asked for, and whatever else the line says", arguments: names)
    func help(name: String) async throws {
        let page = await cairn("help", name)
        #expect(page.code == .done)
        for line in [["--help"], ["-h"], ["--nonsense", "--help"]] {
            #expect(await cairn(Self.words(name[...]) + line).output == page.output)
        }
        let signature = try #require(Self.signatures.first { $0.name == name })
        #expect(page.output.hasPrefix("cairn \(name) \(signature.purpose).\n\nusage: cairn \(signature.usage)\n"))
        for operand in signature.operands { #expect(page.output.contains("\n  \(operand.name) ")) }
        for option in signature.allOptions { #expect(page.output.contains("\n  \(option.spelling)")) }
        #expect(page.output.contains("\nexample"))
    }

    @Test("Help for programs has the same facts", arguments: names)
    func helpJSON(name: String) async throws {
        let page = try JSONValue(parsing: await cairn("help", name, "--json").output)
        #expect(page == (try JSONValue(parsing: await cairn(Self.words(name[...]) + ["--help", "--json"]).output)))
        let signature = try #require(Self.signatures.first { $0.name == name })
        #expect(page["usage"] == .string("cairn \(signature.usage)"))
        let overview = try JSONValue(parsing: await cairn("help", "--json").output)
        guard case .array(let commands)? = overview["commands"] else { throw MissingCommands() }
        #expect(commands.contains(page))
    }

    @Test("Every example in a help page is a line its command understands", arguments: names)
    func examples(name: String) throws {
        let signature = try #require(Self.signatures.first { $0.name == name })
        #expect(!signature.examples.isEmpty)
        for example in signature.examples {
            let start = try #require(example.firstRange(of: "cairn \(name) "), "\(example) does not run \(name)")
            let words = Self.words(example[start.upperBound...].prefix { !"&>)|".contains($0) })
            #expect(throws: Never.self, "\(example)") { try ArgumentParser(signature).parse(words) }
        }
    }

    @Test("No help page mentions an option that does not exist", arguments: names)
    func mentionedOptions(name: String) throws {
        let signature = try #require(Self.signatures.first { $0.name == name })
        let known = Set(signature.allOptions.map { "--\($0.name)" })
        let texts = signature.notes + signature.operands.map(\.help) + signature.allOptions.map(\.help)
        for text in texts {
            let mentioned = text.split { " ,.;:()".contains($0) }.filter { $0.hasPrefix("--") }
            for option in mentioned { #expect(known.contains(String(option)), "\(text)") }
        }
    }

    /// The words of a shell line with single quotes.
    private static func words(_ line: Substring) -> [String] {
        var words: [String] = []
        for (index, part) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
            if index % 2 == 1 {
                words.append(String(part))
            } else {
                words += part.split(separator: " ").map(String.init)
            }
        }
        return words
    }

    private struct MissingCommands: Error {}
}
