import CairnCore

/// Regular expressions: one engine on every driver.
enum RegexCases {
    static let all: [ConformanceCase] =
        tables.map(table)
        + [
            ConformanceCase(.l0, "A pattern that makes others take for ever takes no more than a moment") { store in
                let db = try await store.open()
                try await db.insert(
                    "things", ["id": .string("a"), "text": .string(String(repeating: "a", count: 5000))])
                let column = try db.column("text", of: "things")
                for pattern in ["^(a+)+b", "(a|a)*b", "(a*)*b", "(.*)(.*)(.*)b", "(a{0,100}){0,10}b"] {
                    let condition = Condition.text(column: column, .matches, pattern, ignoringCase: false)
                    try expectEqual(try await db.keys(db.query("things", where: condition)), [], pattern)
                }
            },
            ConformanceCase(.l0, "A pattern that cannot be read is refused, with the place") { store in
                let db = try await store.open()
                let column = try db.column("text", of: "things")
                for (pattern, place) in [
                    ("ab(", 3), ("a**", 3), ("*a", 1), ("[b-a]", 2), ("a{2,1}", 2), ("a\\", 2), ("\\1", 1),
                    ("(?=a)", 1),
                    ("a)", 2), ("[a", 1), ("a{1001}", 2), ("\\q", 1), ("[[:alpha:]]", 2), ("\\u{110000}", 1),
                ] {
                    let condition = Condition.text(column: column, .matches, pattern, ignoringCase: false)
                    let error = try await expectError(.query) {
                        _ = try await db.keys(db.query("things", where: condition))
                    }
                    try expect(error.message.contains("character \(place) of the pattern"), "\(pattern): \(error)")
                }
            },
        ]

    private struct Table: Sendable {
        let pattern: String
        let ignoringCase: Bool
        let yes: [String]
        let no: [String]

        init(_ pattern: String, ignoringCase: Bool = false, yes: [String], no: [String]) {
            self.pattern = pattern
            self.ignoringCase = ignoringCase
            self.yes = yes
            self.no = no
        }
    }

    private static let tables: [Table] = [
        Table("b", yes: ["b", "abc", "\0b"], no: ["", "B", "ac"]),
        Table("", yes: ["", "a"], no: []),
        Table("^b", yes: ["b", "bc"], no: ["ab", "a\nb"]),
        Table("b$", yes: ["b", "ab"], no: ["ba", "b\n"]),
        Table("^$", yes: [""], no: ["a", "\n", "\0"]),
        Table("^a.c$", yes: ["abc", "a\0c", "a\u{1F600}c", "aéc"], no: ["ac", "a\nc", "ae\u{301}c", "abbc"]),
        Table("^[a-cé]+$", yes: ["abc", "é", "cab"], no: ["", "d", "abd", "É", "e\u{301}"]),
        Table("^[^a-c]$", yes: ["d", "\n", "é", "-"], no: ["a", "b", "", "dd"]),
        Table("^[\\]\\-a]$", yes: ["]", "-", "a"], no: ["b", "\\"]),
        Table("^\\d{2,3}$", yes: ["12", "123"], no: ["1", "1234", "١٢", ""]),
        Table("^\\w+\\s\\W$", yes: ["ab_1 .", "a\té"], no: ["é .", "a  .", "a b"]),
        Table("\\bcat\\b", yes: ["cat", "a cat.", "écat"], no: ["cats", "concat", "_cat"]),
        Table("^a\\Bb", yes: ["ab"], no: ["a b", "a"]),
        Table("^(ab|c)*$", yes: ["", "ab", "cab", "abcc"], no: ["a", "ba", "abd"]),
        Table("^(?:a|b)?c$", yes: ["c", "ac", "bc"], no: ["abc", "a", ""]),
        Table("^a{0}b{2}c{1,}$", yes: ["bbc", "bbcc"], no: ["abbc", "bc", "bb"]),
        Table("^a+?b*?$", yes: ["a", "aabb"], no: ["", "b"]),
        Table("^(a|)b$", yes: ["ab", "b"], no: ["a", "aab"]),
        Table("^(a*)*$", yes: ["", "aaa"], no: ["b", "aab"]),
        Table("\\x41\\u00e9\\u{1F600}", yes: ["Aé\u{1F600}"], no: ["aé\u{1F600}", "Ae\u{301}\u{1F600}"]),
        Table("\\0", yes: ["\0", "a\0b"], no: ["", "0"]),
        Table("^\\.\\*\\\\$", yes: [".*\\"], no: ["a*\\", ".."]),
        Table("^é$", ignoringCase: true, yes: ["é", "É"], no: ["e", "e\u{301}"]),
        Table("^[a-z]+$", ignoringCase: true, yes: ["abC", "ABC", "\u{212A}", "\u{17F}"], no: ["é", "1", ""]),
        Table("^[^k]$", ignoringCase: true, yes: ["a", "é"], no: ["k", "K", "\u{212A}"]),
        Table("^\\W$", ignoringCase: true, yes: [".", "é"], no: ["k", "K", "_", "\u{212A}"]),
        Table("^σ+$", ignoringCase: true, yes: ["Σσς"], no: ["s"]),
        Table("straße", ignoringCase: true, yes: ["STRAßE", "STRA\u{1E9E}E"], no: ["STRASSE"]),
    ]

    private static func table(_ table: Table) -> ConformanceCase {
        let form = table.ignoringCase ? ", ignoring case" : ""
        return ConformanceCase(
            .l0, "The pattern \(JSONValue.string(table.pattern))\(form) is found where it should and nowhere else"
        ) { store in
            let db = try await store.open(Schemas.indexedThings)
            for (index, text) in (table.yes + table.no).enumerated() {
                try await db.insert("things", ["id": .string(key(index)), "text": .string(text)])
            }
            try await db.insert("things", ["id": .string("null")])
            let column = try db.column("text", of: "things")
            let condition = Condition.text(
                column: column, .matches, table.pattern, ignoringCase: table.ignoringCase)
            try expectEqual(
                try await db.keys(db.query("things", where: condition)), table.yes.indices.map(key), "\(table.yes)")
            try expectEqual(
                try await db.keys(db.query("things", where: !condition)),
                table.no.indices.map { key($0 + table.yes.count) }, "\(table.no)")
        }
    }

    private static func key(_ place: Int) -> String { (place < 10 ? "k0" : "k") + String(place) }
}
