import CairnSchema
import Testing

@testable import CairnCommand

@Suite("Console")
struct ConsoleTests {
    @Test("Colours are shown only on the streams that show them")
    func colours() {
        let console = Capture().console(coloured: [.errors])
        #expect(console.paint("x", .error, on: .errors) == "\u{1B}[1;31mx\u{1B}[0m")
        #expect(console.paint("x", .error, on: .output) == "x")
    }

    @Test("After the first failure nothing more is written to the output, and the failure is kept")
    func failure() {
        let capture = Capture()
        var attempts = 0
        let failure = WriteFailure(code: 28, isReaderGone: false, reason: "No space left on device")
        let console = Console(
            output: { _ throws(WriteFailure) in
                attempts += 1
                throw failure
            }, errors: { capture.console().report(String($0.dropLast())) })
        console.print("one")
        console.print("two")
        console.report("three")
        #expect(attempts == 1)
        #expect(console.failure == failure)
        #expect(capture.errors == "three\n")
    }

    @Test("Rows are aligned by their widest cells, without spaces at the end")
    func table() {
        #expect(
            TextTable.lines([["a", "bb", "c"], ["äää", "b", "cc"], ["x"]]) == ["a    bb  c", "äää  b   cc", "x"])
        #expect(TextTable.lines([]).isEmpty)
    }

    @Test("A paragraph breaks between words, and a word is never cut")
    func wrapping() {
        let long = String(repeating: "x", count: 150)
        let lines = TextTable.wrap("aa \(long) " + Array(repeating: "word", count: 40).joined(separator: " "))
        #expect(lines[0] == "aa")
        #expect(lines[1] == long)
        #expect(lines.dropFirst(2).allSatisfy { $0.count <= TextTable.width && $0.hasPrefix("word") })
        #expect(TextTable.wrap("").isEmpty)
    }

    @Test(
        "A value stands as it is unless that would not show what it is",
        arguments: [
            (.string("plain text"), "plain text"), (.string(""), "\"\""), (.string(" x"), "\" x\""),
            (.string("null"), "\"null\""),
            (.string("\"q\""), #""\"q\"""#), (.string("a\nb"), #""a\nb""#),
            (.string("\u{7F}\u{9B}"), #""\u007f\u009b""#),
            (.string("a\u{202E}b"), #""a\u202eb""#), (.null, "null"), (.int(-1), "-1"),
            (.json(["a": "\u{9B}"]), #"{"a":"\u009b"}"#),
        ] as [(Value, String)])
    func values(value: Value, text: String) {
        #expect(Printable.value(value) == text)
    }

    @Test("A line stays one line")
    func line() {
        #expect(Printable.line("a\nb\tc\u{1B}[0m é") == "a b c\\u{1B}[0m é")
        #expect(Printable.lines("a\nb\u{7}") == "a\nb\\u{7}")
    }

    @Test(
        "A word for a shell is quoted when it must be",
        arguments: [
            ("library", "library"), ("/a/b-c.d", "/a/b-c.d"), ("my app", "'my app'"), ("it's", #"'it'\''s'"#),
            ("", "''"),
            ("$(x)", "'$(x)'"),
        ])
    func shell(word: String, quoted: String) throws {
        #expect(ShellText.quoted(word) == quoted)
        #expect(try bash("printf %s \(ShellText.quoted(word))").output == word)
    }

    @Test(
        "Paths are resolved by their text",
        arguments: [
            ("a", "/f/a"), (".", "/f"), ("..", "/"), ("../../x", "/x"), ("/a/./b/../c/", "/a/c"), ("a//b", "/f/a/b"),
        ])
    func paths(path: String, absolute: String) {
        #expect(Path.absolute(path, from: "/f") == absolute)
    }
}
