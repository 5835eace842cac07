import Testing

@testable import CairnSchema

@Suite("JSON text")
struct JSONScannerTests {
    // MARK: What is accepted

    @Test(
        "Strict text is read as RFC 8259 says",
        arguments: [
            ("null", JSONValue.null), (" true ", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12),
            ("1.5", 1.5),
            ("1e2", 100.0), ("1E+2", 100.0), ("12.5e-1", 1.25), ("\"\"", ""), ("[]", []), ("{}", [:]),
            ("[1,[2],{}]", [1, [2], [:]]),
            ("{\"a\":1,\"b\":null}", ["a": 1, "b": .null]), ("\"\\u00e9\\n\\\"\\\\\\/\"", "é\n\"\\/"),
            ("\"\\ud83d\\ude00\"", "😀"),
            ("\"\\u0000\"", "\0"), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("9007199254740993", .int(9_007_199_254_740_993)),
        ] as [(String, JSONValue)])
    func strict(_ text: String, _ wanted: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == wanted)
    }

    @Test("Relaxed text may have comments, trailing commas and a byte order mark")
    func relaxed() throws {
        let text = "\u{FEFF}// first\n{ /* a */ \"a\": [1, 2,], // b\n \"b\": {\"c\": 1,}, }\n/* end */"
        var scanner = try JSONScanner(Array(text.utf8), syntax: .relaxed)
        #expect(try JSONValue(&scanner, depth: 0) == ["a": [1, 2], "b": ["c": 1]])
        try scanner.end()
    }

    @Test("Short numbers, read without making text of them, are what the exact way reads", arguments: 0..<20)
    func shortNumbers(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        for _ in 0..<2000 {
            let digits = String((0..<random.number(1..<21)).map { _ in Character("\(random.number(0..<10))") })
            let point = random.number(0..<digits.count + 1)
            let fraction = digits.dropFirst(point)
            let text =
                (Bool.random(using: &random) ? "-" : "") + (point == 0 ? "0" : digits.prefix(point))
                + (fraction.isEmpty ? "" : ".\(fraction)") + (random.number(0..<10) == 0 ? "e5" : "")
            let bytes = Array((text + ",").utf8)
            var exact = try JSONScanner(bytes)
            guard let number = try? exact.number() else {
                var short = try JSONScanner(bytes)
                #expect(short.shortInteger() == nil && short.shortDouble() == nil, "\(text)")
                continue
            }
            var short = try JSONScanner(bytes)
            if let int = short.shortInteger() {
                #expect(int == number.int, "\(text)")
                #expect(short.offset == exact.offset)
            } else {
                #expect(short.offset == 0)
                #expect(!number.isInteger || digits.count > 18, "\(text)")
            }
            short = try JSONScanner(bytes)
            if let double = short.shortDouble() {
                #expect(double.bitPattern == number.double?.bitPattern, "\(text)")
                #expect(short.offset == exact.offset)
            } else {
                #expect(short.offset == 0)
            }
        }
    }

    // MARK: What is refused

    @Test(
        "Text that is not JSON is refused at its first wrong byte",
        arguments: [
            ("", 0, "the text ends"), ("nul", 0, "'nul' is not a value"), ("True", 0, "'True' is not a value"),
            ("'a'", 0, "found '''"),
            ("01", 0, "needless 0"), ("-", 1, "a digit"), ("1.", 2, "after the decimal point"), (".5", 0, "a value"),
            ("1e", 2, "exponent"), ("+1", 0, "a value"), ("[1,]", 3, "a value"), ("[1 2]", 3, "',' or ']'"),
            ("{\"a\" 1}", 5, "':'"),
            ("{\"a\":1,}", 7, "string in double quotes"), ("{a:1}", 1, "string in double quotes"),
            ("[", 1, "the text ends"),
            ("\"abc", 0, "never closed"), ("\"a\nb\"", 2, "control character"), ("\"\\x\"", 1, "an escape is one of"),
            ("\"\\ud800\"", 1, "surrogate"), ("\"\\udc00\"", 1, "surrogate"), ("\"\\ud800\\u0041\"", 1, "surrogate"),
            ("\"\\u12g4\"", 3, "hexadecimal"), ("1 2", 2, "the end of the text"), ("// c\n1", 0, "a value"),
            ("NaN", 0, "'NaN'"),
            ("9223372036854775808", 0, "64 bits"), ("1e400", 0, "too large"),
            ("{\"a\":1,\"a\":2}", 0, "repeats a member"),
            ("\u{FEFF}1", 0, "outside ASCII"),
        ])
    func refused(_ text: String, _ offset: Int, _ message: String) throws {
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error.message.contains(message), "\(error)")
        #expect(error.offset == offset)
    }

    @Test(
        "Bytes that are not UTF-8 are refused where they stand",
        arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]])
    func invalidUTF8(_ bytes: [UInt8]) throws {
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: bytes) }
        #expect(error.offset == 1)
        #expect(error.message.contains("UTF-8"))
    }

    @Test("Comments must be closed, and a lone slash is none", arguments: ["/* x", "/", "/ x", "1 /*/"])
    func badComments(_ text: String) {
        #expect(throws: JSONError.self) { try JSONNode.parse(Array(text.utf8), syntax: .relaxed) }
    }

    @Test("Nesting ends at 128")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSONValue(parsing: nested(128)) }
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: nested(129)) }
        #expect(error.offset == 128)
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(1_000_000)) }
    }

    // MARK: Writing

    @Test("What is written is canonical and reads back the same")
    func canonical() throws {
        let value: JSONValue = [
            "b": [1, 1.0, -0.0, 0.1, 1e300, .int(.min)], "a": ["z": .null, "é": true, "e\u{301}": false],
            "": "\0\n\t\"\\\u{7F}é😀",
        ]
        let text = value.description
        #expect(
            text
                == #"{"":"\u0000\n\t\"\\"# + "\u{7F}é😀"
                + #"","a":{"e"# + "\u{301}"
                + #"":false,"z":null,"é":true},"b":[1,1.0,0.0,0.1,1e+300,-9223372036854775808]}"#)
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test("Random values survive writing and reading", arguments: 0..<200)
    func roundTrip(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let value = random.json(depth: 4)
        #expect(try JSONValue(parsing: value.description) == value, "seed \(seed)")
    }

    @Test("Members are found by the bytes of their names, and the last of equal names stays")
    func members() {
        var object = JSONObject([
            .init(name: "é", value: 1), .init(name: "e\u{301}", value: 2), .init(name: "é", value: 3),
        ])
        #expect(object.members.count == 2)
        #expect(object["é"] == 3)
        #expect(object["e\u{301}"] == 2)
        object["a"] = 5
        object["é"] = nil
        #expect(object.members.map(\.name) == ["a", "e\u{301}"])
        #expect(object["x"] == nil)
    }
}
