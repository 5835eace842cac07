import CairnCore

/// Values: of every type, kept exactly.
enum ValueCases {
    static let all: [ConformanceCase] =
        Schemas.orderedColumns.map(exactness) + lists.map(listExactness)
        + [
            ConformanceCase(.l0, "Text is kept byte for byte, in any form and with any character") { store in
                let db = try await store.open()
                let texts = [
                    "e\u{301}", "\u{E9}", "\0", "a\0b\0", "\u{FEFF}x", "\u{202E}", "👨‍👩‍👧", "\u{1F1E9}\u{1F1EA}", "\r\n",
                    "\\", "\"", "'", "%_",
                    "\u{FFFD}", "\u{FFFF}", "\u{10FFFF}", String(repeating: "ä", count: 5000),
                ]
                for (index, text) in texts.enumerated() {
                    try await db.insert("things", ["id": .string("\(index)"), "text": .string(text)])
                }
                for (index, text) in texts.enumerated() {
                    guard case .string(let read)? = try await db.records("things").get(.text("\(index)"))["text"] else {
                        throw ConformanceFailure("text \(index) is no text", #fileID, #line)
                    }
                    try expectEqual(Array(read.utf8), Array(text.utf8), "text \(index)")
                }
            },
            ConformanceCase(.l0, "Integers beyond the range of doubles stay exact") { store in
                let db = try await store.open()
                for number in [9_007_199_254_740_993, -9_007_199_254_740_993, Int.max, Int.min] {
                    try await db.records("things").upsert(
                        db.record(
                            "things",
                            [
                                "id": .string("a"), "number": .int(number), "numbers": .array([.int(number)]),
                                "document": .json(["n": .int(number)]),
                            ]))
                    let record = try await db.records("things").get(.text("a"))
                    try expectEqual(record["number"], .int(number))
                    try expectEqual(record["numbers"], .array([.int(number)]))
                    try expectEqual(record["document"], .json(["n": .int(number)]))
                }
            },
            ConformanceCase(.l0, "An error does not show values of sensitive columns") { store in
                let db = try await store.open(
                    """
                    { "database": "secrets", "tables": { "rows": { "columns": {
                      "id": "int",
                      "pin": { "type": "string", "max_length": 4, "unique": true, "sensitive": true },
                      "blood": { "enum": ["zero", "alpha"], "default": "zero", "sensitive": true },
                      "boss": { "references": "rows", "nullable": true, "sensitive": true }
                    }, "key": "id" } } }
                    """)
                try await db.insert("rows", ["id": .int(1), "pin": .string("4711")])
                let bad: [(StorageError.Code, String, Value)] = [
                    (.duplicate, "pin", .string("4711")), (.invalid, "pin", .string("47110")),
                    (.invalid, "blood", .string("alpho")), (.reference, "boss", .int(4711)),
                ]
                for (code, column, value) in bad {
                    var values: [String: Value] = ["id": .int(2), "pin": .string("1")]
                    values[column] = value
                    let error = try await expectError(code) { try await db.insert("rows", values) }
                    for secret in ["4711", "alpho", "did you mean"] {
                        try expect(!"\(error)".contains(secret), "the error shows the secret: \(error)")
                    }
                    try expect(error.details.otherID != "4711", "the details show the secret: \(error.details)")
                }
            },
            ConformanceCase(.l0, "Negative zero is stored as zero") { store in
                let db = try await store.open()
                try await db.insert(
                    "things",
                    ["id": .string("a"), "real": .double(-0.0), "reals": .array([.double(-0.0), .double(1)])])
                let record = try await db.records("things").get(.text("a"))
                guard case .double(let real)? = record["real"], case .array(let reals)? = record["reals"],
                    case .double(let first) = reals[0]
                else { throw ConformanceFailure("no doubles", #fileID, #line) }
                try expectEqual(real.sign, .plus)
                try expectEqual(first.sign, .plus)
            },
            ConformanceCase(.l0, "Infinity and NaN are refused by name, and nothing is written") { store in
                let db = try await store.open()
                for bad in [Double.nan, .infinity, -.infinity] {
                    for (column, value) in [
                        ("real", Value.double(bad)), ("reals", .array([.double(1), .double(bad)])),
                        ("document", .json(["a": [.double(bad)]])),
                    ] {
                        let error = try await expectError(.invalid) {
                            try await db.insert("things", ["id": .string("a"), column: value])
                        }
                        try expectEqual(error.details.column, column)
                    }
                }
                try expectEqual(try await db.records("things").count(), 0)
            },
            ConformanceCase(.l0, "Decimals keep every digit, and forms of one number are one value") { store in
                let db = try await store.open()
                for (text, stored) in [
                    ("1.50", "1.5"), ("-0", "0"), ("1200", "1200"), ("1e3", "1000"), ("0.1", "0.1"),
                    ("12345678901234567890123456789.012345678", "12345678901234567890123456789.012345678"),
                ] {
                    let number = try require(DecimalNumber(text), text)
                    try await db.records("things").upsert(
                        db.record("things", ["id": .string("a"), "amount": .decimal(number)]))
                    guard case .decimal(let read)? = try await db.records("things").get(.text("a"))["amount"] else {
                        throw ConformanceFailure("no decimal", #fileID, #line)
                    }
                    try expectEqual(read.description, stored)
                }
            },
            ConformanceCase(.l0, "JSON documents come back equal, whatever they hold") { store in
                let db = try await store.open()
                let documents: [JSONValue] = [
                    true, 0, -1, 1.5, 1e300, "", "\0\u{1F600}\"\\", [], [:], [.null, false, [1, [2]]],
                    ["b": 1, "a": ["x": .null], "": "empty name", "e\u{301}": 1, "\u{E9}": 2], ["n": 1.0, "m": 1],
                ]
                for (index, document) in documents.enumerated() {
                    try await db.insert("things", ["id": .string("\(index)"), "document": .json(document)])
                }
                for (index, document) in documents.enumerated() {
                    let record = try await db.records("things").get(.text("\(index)"))
                    try expectEqual(record["document"], .json(document), "document \(index)")
                }
            },
            ConformanceCase(.l0, "A JSON null in a column that may be null is null") { store in
                let db = try await store.open()
                try await db.insert("things", ["id": .string("a"), "document": .json(.null)])
                try expectEqual(try await db.records("things").get(.text("a"))["document"], .null)
                let column = try db.column("document", of: "things")
                try expectEqual(try await db.keys(db.query("things", where: .isNull(column: column))), ["a"])
            },
            ConformanceCase(.l0, "Empty text, bytes and lists are not null") { store in
                let db = try await store.open()
                try await db.insert(
                    "things", ["id": .string("a"), "text": .string(""), "raw": .bytes([]), "texts": .array([])])
                let record = try await db.records("things").get(.text("a"))
                try expectEqual(record["text"], .string(""))
                try expectEqual(record["raw"], .bytes([]))
                try expectEqual(record["texts"], .array([]))
            },
            ConformanceCase(.l0, "All columns null is a record like any other") { store in
                let db = try await store.open()
                try await db.insert("things", ["id": .string("a")])
                let record = try await db.records("things").get(.text("a"))
                try expect(record.values.dropFirst().allSatisfy(\.isNull), "a column is not null")
            },
            ConformanceCase(.l0, "A value of another type is refused by the name of its column") { store in
                let db = try await store.open()
                for (column, value) in [
                    ("text", Value.int(1)), ("number", .string("1")), ("number", .double(1)), ("real", .int(1)),
                    ("flag", .int(1)),
                    ("token", .string("x")), ("raw", .string("x")), ("instant", .int(1)),
                    ("day", .string("2026-01-01")),
                    ("amount", .double(1)), ("document", .string("{}")), ("texts", .array([.int(1)])),
                    ("numbers", .int(1)),
                    ("numbers", .array([.null])),
                ] {
                    let error = try await expectError(.invalid) {
                        try await db.insert("things", ["id": .string("a"), column: value])
                    }
                    try expectEqual(error.details.column, column)
                }
                try expectEqual(try await db.records("things").count(), 0)
            },
            ConformanceCase(.l0, "Null is refused where it may not stand") { store in
                let db = try await store.open(Schemas.people)
                let error = try await expectError(.invalid) {
                    try await db.insert("people", ["id": .int(1), "name": .null, "country": .string("FR")])
                }
                try expectEqual(error.details.column, "name")
            },
        ] + rules.map(rule)

    /// Every value of a type comes back equal.
    private static func exactness(_ column: String) -> ConformanceCase {
        ConformanceCase(.l0, "Values of '\(column)' are kept exactly, null included") { store in
            let db = try await store.open()
            let values = [.null] + Ladder.values(of: column)
            for (index, value) in values.enumerated() {
                try await db.insert("things", ["id": .string("\(index)"), column: value])
            }
            for (index, value) in values.enumerated() {
                try expectEqual(try await db.records("things").get(.text("\(index)"))[column], value)
            }
        }
    }

    /// The list columns and the columns whose values they hold.
    private static let lists = [
        ("texts", "text"), ("numbers", "number"), ("reals", "real"), ("flags", "flag"), ("tokens", "token"),
        ("raws", "raw"),
        ("instants", "instant"), ("days", "day"), ("amounts", "amount"),
    ]

    private static func listExactness(_ column: String, _ element: String) -> ConformanceCase {
        ConformanceCase(.l0, "Lists in '\(column)' are kept exactly and in order") { store in
            let db = try await store.open()
            let values = Ladder.values(of: element)
            let lists: [Value] = [
                .null, .array([]), .array([values[0]]), .array(values), .array(values.reversed()),
                .array(values + values),
            ]
            for (index, list) in lists.enumerated() {
                try await db.insert("things", ["id": .string("\(index)"), column: list])
            }
            for (index, list) in lists.enumerated() {
                try expectEqual(try await db.records("things").get(.text("\(index)"))[column], list)
            }
        }
    }

    // MARK: Rules

    private struct Rule: Sendable {
        let column: String
        let good: [Value]
        let bad: [Value]
    }

    private static let rules: [Rule] = [
        Rule(column: "small", good: [.int(-5), .int(5)], bad: [.int(-6), .int(6), .int(.max)]),
        Rule(column: "share", good: [.double(0), .double(1)], bad: [.double(-0.001), .double(1.0.nextUp)]),
        Rule(
            column: "price", good: ["0", "9.99"].compactMap { DecimalNumber($0) }.map(Value.decimal),
            bad: ["-0.01", "9.991"].compactMap { DecimalNumber($0) }.map(Value.decimal)),
        Rule(
            column: "born", good: ["1900-01-01", "2100-12-31"].compactMap { CalendarDate($0) }.map(Value.date),
            bad: ["1899-12-31", "2101-01-01"].compactMap { CalendarDate($0) }.map(Value.date)),
        Rule(
            column: "seen", good: ["2000-01-01T00:00:00Z"].compactMap { Timestamp($0) }.map(Value.timestamp),
            bad: ["1999-12-31T23:59:59.999999Z"].compactMap { Timestamp($0) }.map(Value.timestamp)),
        Rule(
            column: "name", good: [.string("ab"), .string("👨‍👩"), .string("日本語字")],
            bad: [.string("a"), .string("abcde"), .string("")]),
        Rule(column: "raw", good: [.bytes([]), .bytes([1, 2, 3])], bad: [.bytes([1, 2, 3, 4])]),
        Rule(
            column: "list", good: [.array([.int(1)]), .array([.int(1), .int(2)])],
            bad: [.array([]), .array([.int(1), .int(2), .int(3)])]),
        Rule(
            column: "code", good: [.string("Zé-0"), .string("AA-0123456789")],
            bad: [
                .string(""), .string("AB-"), .string("ab-1"), .string("AB-1 "), .string("AB-1\n"),
                .string("Ze\u{301}-0"),
            ]),
        Rule(
            column: "state", good: [.string("draft"), .string("live")],
            bad: [.string("Live"), .string(""), .string("gone")]),
    ]

    private static func rule(_ rule: Rule) -> ConformanceCase {
        ConformanceCase(.l0, "The rules of '\(rule.column)' hold at their edges, for inserts and updates") { store in
            let db = try await store.open(Schemas.rules)
            try await db.insert("ruled", ["id": .int(0)])
            for (index, value) in rule.good.enumerated() {
                try await db.insert("ruled", ["id": .int(index + 1), rule.column: value])
            }
            for value in rule.bad {
                let error = try await expectError(.invalid) {
                    try await db.insert("ruled", ["id": .int(100), rule.column: value])
                }
                try expectEqual(error.details.table, "ruled")
                try expectEqual(error.details.column, rule.column)
                try await expectError(.invalid) { try await db.session.change("ruled", .int(0), [rule.column: value]) }
            }
            try expectEqual(try await db.records("ruled").count(), rule.good.count + 1)
            try expectEqual(try await db.records("ruled").get(.int(0)).revision, 1)
        }
    }
}
