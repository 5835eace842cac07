import CairnGenerator
import CairnSchema
import Foundation
import Testing

@testable import CairnCommand

/// What only a process shows: exit codes, streams that are closed, full or a terminal.
@Suite("The program")
struct ProcessTests {
    private let folder: TestFolder
    private static let schema =
        #"{ "database": "shop", "tables": { "items": { "columns": { "id": "int" }, "key": "id" } } }"#

    init() throws {
        folder = try TestFolder()
        try folder.write("shop.jsonc", Self.schema)
        try folder.write("bad.jsonc", "{}")
    }

    @Test(
        "The exit code tells done, found and failed apart",
        arguments: [
            ("--version", 0), ("check shop.jsonc", 0), ("check bad.jsonc", 1), ("check no.jsonc", 2), ("chek", 2),
        ])
    func exitCodes(line: String, code: Int32) throws {
        let outcome = try bash("\"$CAIRN\" \(line)", in: folder.path)
        #expect(outcome.code == code)
        #expect(outcome.errors.isEmpty == (code != 2))
    }

    @Test("An argument that is not UTF-8 is refused: with replacements it would name something else")
    func notText() throws {
        let outcome = try bash("\"$CAIRN\" s3 rm $'s3://photos/bad\\xff'", in: folder.path)
        #expect(outcome.code == 2)
        #expect(outcome.errors.hasPrefix("cairn: an argument is not UTF-8: s3://photos/bad"))
    }

    @Test("Nothing is coloured that is no terminal")
    func noColours() throws {
        let outcome = try bash("\"$CAIRN\" check bad.jsonc no.jsonc", in: folder.path, environment: ["TERM": "xterm"])
        #expect(outcome.output.contains("error:"))
        #expect(!(outcome.output + outcome.errors).contains("\u{1B}"))
    }

    @Test(
        "An output that takes nothing is an error, not a crash and not silence",
        arguments: [(">&-", "Bad file descriptor"), ("> /dev/full", "No space left on device")])
    func deadOutput(redirection: String, reason: String) throws {
        for line in ["--version", "check shop.jsonc", "completion bash"] {
            let outcome = try bash("\"$CAIRN\" \(line) \(redirection)", in: folder.path)
            #expect(outcome.code == 2)
            #expect(outcome.errors == "cairn: the output cannot be written: \(reason)\n")
        }
    }

    @Test("No file gets the number of a closed stream, or messages would go into it")
    func takenNumbers() throws {
        // The number is taken by something empty: had it been free, the file would not exist.
        let outcome = try bash("\"$CAIRN\" check /dev/fd/1 >&-", in: folder.path)
        #expect(outcome.code == 2)
        #expect(outcome.errors == "cairn: the output cannot be written: Bad file descriptor\n")
    }

    @Test("With all streams closed, files hold what they should and nothing else")
    func closedStreams() throws {
        let outcome = try bash("\"$CAIRN\" generate shop.jsonc --output Out <&- >&- 2>&-", in: folder.path)
        #expect(outcome.code == 2)
        for file in Generator(try Schema(parsing: Self.schema), source: "shop.jsonc").files() {
            #expect(try folder.read("Out/\(file.name)") == file.text)
        }
    }

    @Test("A reader that has seen enough ends nothing early and is no error")
    func readerGone() throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let outcome = try bash(
            "\"$CAIRN\" generate shop.jsonc --output Out", in: folder.path, output: pipe.fileHandleForWriting)
        #expect(outcome.code == 0)
        #expect(outcome.errors.isEmpty)
        #expect(try folder.read("Out/Item.swift").hasPrefix(GenerationPlan.marker))
    }

    @Test("'init' in the current folder takes its name and says only 'swift run'")
    func initHere() throws {
        try folder.write("Rock Shop/.git/config", "")
        let outcome = try bash("\"$CAIRN\" init", in: folder("Rock Shop"))
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("wrote  Schemas/rock_shop.jsonc\n"))
        #expect(outcome.output.hasSuffix("\nnext:  swift run\n"))
        #expect(try folder.read("Rock Shop/Sources/RockShop/main.swift").contains("try await RockShop.open("))
    }

    @Test("'init' with a relative folder and a relative --cairn writes a path that holds anywhere")
    func relativePaths() throws {
        try folder.write("cairn/Package.swift", "")
        let outcome = try bash("\"$CAIRN\" init 'rock shop' --cairn ./cairn", in: folder.path)
        #expect(outcome.output.hasSuffix("\nnext:  cd 'rock shop' && swift run\n"))
        let real = try bash("pwd -P", in: folder.path).output.dropLast()
        #expect(try folder.read("rock shop/Package.swift").contains("path: \"\(real)/cairn\")"))
    }
}
