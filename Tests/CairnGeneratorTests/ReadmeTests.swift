import CairnGenerator
import CairnSchema
import Foundation
import Testing

/// The examples of README.md compile against what the generator makes: those of the introduction against the schema that
/// stands above them, all others against `Schemas/atlas.jsonc`.
@Suite("The examples of the README", .serialized)
struct ReadmeTests {
    /// A block of code.
    struct Snippet: CustomTestStringConvertible, Sendable {
        let language: Substring
        /// The line of the README it begins at.
        let line: Int
        let lines: [Substring]

        var file: String { "readme_\(line).swift" }
        var testDescription: String { "README.md:\(line) \(lines.first ?? "")" }
    }

    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized
    private static let readme = (try? String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)) ?? ""

    /// All blocks, those inside of a list without its indentation.
    private static let blocks: [Snippet] = {
        var blocks: [Snippet] = []
        var open: (language: Substring, line: Int, lines: [Substring])?
        for (number, line) in readme.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let fence = line.drop { $0 == " " }
            if !fence.hasPrefix("```") {
                open?.lines.append(line)
            } else if let block = open {
                blocks.append(Snippet(language: block.language, line: block.line, lines: block.lines))
                open = nil
            } else {
                open = (fence.dropFirst(3), number + 2, [])
            }
        }
        return blocks
    }()

    /// The line where the introduction ends.
    private static let introductionEnd =
        readme.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.hasPrefix("## ") } ?? 0

    /// The examples on the atlas. A manifest and a test of a driver that does not exist are programs of another kind.
    static let snippets = blocks.filter { block in
        let isOther = ["// swift-tools-version", "// MyDriverTests.swift"].contains { block.lines[0].hasPrefix($0) }
        return block.language == "swift" && block.line > introductionEnd && !isOther
    }

    /// A caller of an interface that does not exist, checked with the others: the check finds what is wrong in an example.
    private static let wrong = Snippet(
        language: "swift", line: 0, lines: ["print(try await atlas.cities.where { $0.population > 1 }.offset(5).all())"]
    )

    /// What the compiler says about all of them. Examples have variables that nobody uses; else they are held to what the
    /// package is.
    private static let outcome = Result<TypeChecker.Outcome, any Error> {
        let folder = try TestFolder()
        let schema = try Schema(
            parsing: String(contentsOf: root.appending(path: "Schemas/atlas.jsonc"), encoding: .utf8))
        let generated = Generator(schema, source: "atlas.jsonc").singleFile(named: "Atlas.swift")
        var files = [try folder.write(generated.name, generated.text)]
        for snippet in snippets + [wrong] {
            let isImport = { (line: Substring) in line.hasPrefix("import ") }
            let body = snippet.lines.filter { !isImport($0) }.joined(separator: "\n")
            let imports = Set(snippet.lines.filter(isImport) + ["import Cairn"]).sorted().joined(separator: "\n")
            files.append(
                try folder.write(
                    snippet.file,
                    "\(imports)\n\nfunc readme\(snippet.line)(_ atlas: Atlas) async throws {\n\(body)\n}\n"))
        }
        return try TypeChecker.check(files, warningsAreErrors: false)
    }

    private static func complaints(_ outcome: TypeChecker.Outcome, about file: String) -> [String] {
        outcome.messages(about: file).filter { message in
            !message.hasPrefix("note:") && !(message.hasPrefix("warning:") && message.contains(/never used|unused/))
        }
    }

    @Test("An example compiles against the generated atlas", arguments: snippets)
    func compiles(_ snippet: Snippet) throws {
        let outcome = try Self.outcome.get()
        #expect(Self.complaints(outcome, about: snippet.file) == [], "\(snippet.lines.joined(separator: "\n"))")
    }

    @Test("An example that calls what does not exist would be found; the generated code is without fault")
    func control() throws {
        let outcome = try Self.outcome.get()
        #expect(
            Self.complaints(outcome, about: Self.wrong.file).contains { $0.contains("'offset'") }, "\(outcome.text)")
        #expect(Self.complaints(outcome, about: "Atlas.swift") == [])
        #expect(Self.snippets.count > 10)
    }

    @Test("The first program compiles against the schema that stands above it")
    func introduction() throws {
        let introduction = Self.blocks.filter { $0.line <= Self.introductionEnd }
        let schemaBlock = try #require(introduction.first { $0.language == "jsonc" })
        let program = try #require(introduction.first { $0.language == "swift" })
        let schema = try Schema(parsing: schemaBlock.lines.joined(separator: "\n"))
        let generated = Generator(schema, source: "atlas.jsonc").singleFile(named: "Atlas.swift")
        let folder = try TestFolder()
        let files = [
            try folder.write(generated.name, generated.text),
            try folder.write("main.swift", program.lines.joined(separator: "\n") + "\n"),
        ]
        let outcome = try TypeChecker.check(files)
        #expect(outcome.code == 0, "\(outcome.text)")
    }
}
