import CairnCore

/// Text operators: one meaning on every driver.
enum TextCases {
    static let all: [ConformanceCase] =
        tables.map(table)
        + [
            ConformanceCase(.l0, "A prefix is found through an index, in order, whatever follows it") { store in
                let db = try await store.open(Schemas.indexedThings)
                let texts = ["m", "ma", "mb", "m\u{10FFFF}", "m\u{7F}", "n", "l\u{10FFFF}", "M", "", "m\0"]
                for (index, text) in texts.enumerated() {
                    try await db.insert("things", ["id": .string("\(index)"), "text": .string(text)])
                }
                let column = try db.column("text", of: "things")
                let condition = Condition.text(column: column, .hasPrefix, "m", ignoringCase: false)
                for isDescending in [false, true] {
                    let order = [OrderTerm(column: column, isDescending: isDescending)]
                    let found = try await db.keys(db.query("things", where: condition, order: order))
                    let wanted = ["0", "9", "1", "2", "4", "3"]
                    try expectEqual(found, isDescending ? wanted.reversed() : wanted)
                }
            },
            ConformanceCase(.l0, "A prefix that ends in the last character of a block has an end") { store in
                let db = try await store.open(Schemas.indexedThings)
                let prefixes = ["\u{7F}", "\u{7FF}", "\u{FFFF}", "\u{10FFFF}", "é", "a\u{10FFFF}"]
                for (index, prefix) in prefixes.enumerated() {
                    try await db.insert("things", ["id": .string("\(index)"), "text": .string(prefix + "x")])
                }
                let column = try db.column("text", of: "things")
                for (index, prefix) in prefixes.enumerated() {
                    let condition = Condition.text(column: column, .hasPrefix, prefix, ignoringCase: false)
                    try expectEqual(try await db.keys(db.query("things", where: condition)), ["\(index)"])
                }
            },
            ConformanceCase(
                .l0, "What a pattern begins with is found through an index, in order, and the rest is checked"
            ) {
                store in
                let db = try await store.open(Schemas.indexedThings)
                let texts = ["ma", "mb", "m\u{10FFFF}a", "m\u{7F}", "na", "l\u{10FFFF}a", "Ma", "", "m\0a", "m", "m%a"]
                for (index, text) in texts.enumerated() {
                    try await db.insert("things", ["id": .string("\(index)"), "text": .string(text)])
                }
                try await db.insert("things", ["id": .string("none")])
                let column = try db.column("text", of: "things")
                for (pattern, wanted) in [
                    ("m%a", ["8", "10", "0", "2"]), ("m_", ["0", "1", "3"]),
                    ("m%", ["9", "8", "10", "0", "1", "3", "2"]),
                    ("m", ["9"]), ("m\\%%", ["10"]), ("", ["7"]), ("%a", ["6", "5", "8", "10", "0", "2", "4"]),
                ] {
                    let condition = Condition.text(column: column, .like, pattern, ignoringCase: false)
                    for isDescending in [false, true] {
                        let order = [OrderTerm(column: column, isDescending: isDescending)]
                        let found = try await db.keys(db.query("things", where: condition, order: order))
                        try expectEqual(found, isDescending ? wanted.reversed() : wanted, pattern)
                    }
                }
            },
            ConformanceCase(.l0, "An empty prefix, suffix and part match every text") { store in
                let db = try await store.open()
                for (id, text) in [("a", ""), ("b", "x")] {
                    try await db.insert("things", ["id": .string(id), "text": .string(text)])
                }
                let column = try db.column("text", of: "things")
                for match in [Condition.TextMatch.hasPrefix, .hasSuffix, .contains] {
                    for ignoringCase in [false, true] {
                        let condition = Condition.text(column: column, match, "", ignoringCase: ignoringCase)
                        try expectEqual(
                            try await db.keys(db.query("things", where: condition)), ["a", "b"], "\(match)")
                    }
                }
            },
            ConformanceCase(.l0, "A pattern full of % takes no more than a moment") { store in
                let db = try await store.open()
                try await db.insert(
                    "things", ["id": .string("a"), "text": .string(String(repeating: "a", count: 2000) + "b")])
                let column = try db.column("text", of: "things")
                let pattern = String(repeating: "%a", count: 200) + "c"
                let condition = Condition.text(column: column, .like, pattern, ignoringCase: false)
                try expectEqual(try await db.keys(db.query("things", where: condition)), [])
            },
        ]

    /// For one operator and operand: the texts that match, and those that do not.
    private struct Table: Sendable {
        let match: Condition.TextMatch
        let operand: String
        let ignoringCase: Bool
        let yes: [String]
        let no: [String]

        init(
            _ match: Condition.TextMatch, _ operand: String, ignoringCase: Bool = false, yes: [String], no: [String]
        ) {
            self.match = match
            self.operand = operand
            self.ignoringCase = ignoringCase
            self.yes = yes
            self.no = no
        }
    }

    private static let tables: [Table] = [
        Table(.hasPrefix, "ab", yes: ["ab", "abc", "ab\0"], no: ["", "a", "Ab", "xab", "a\0b"]),
        Table(.hasSuffix, "ab", yes: ["ab", "xab", "\0ab"], no: ["", "b", "aB", "abx", "ab\0"]),
        Table(.contains, "ab", yes: ["ab", "xabx", "\0ab\0"], no: ["", "a", "aB", "a\0b", "a b"]),
        Table(.contains, "\0", yes: ["\0", "a\0b"], no: ["", "ab", "0"]),
        Table(.hasPrefix, "a\0", yes: ["a\0", "a\0b"], no: ["a", "ab"]),
        Table(.hasSuffix, "\0b", yes: ["\0b", "a\0b"], no: ["b", "ab"]),
        Table(.contains, "%", yes: ["%", "100%"], no: ["100", "_"]),
        Table(.hasPrefix, "_", yes: ["_", "_a"], no: ["a_", "a"]),
        Table(.equals, "é", yes: ["\u{E9}"], no: ["e\u{301}", "e", "É"]),
        Table(.like, "abc", yes: ["abc"], no: ["ABC", "abcd", "ab", ""]),
        Table(.like, "a%", yes: ["a", "abc", "a%", "a\0b"], no: ["", "ba", "A"]),
        Table(.like, "%c", yes: ["c", "abc", "\0c"], no: ["", "cb", "C"]),
        Table(.like, "%b%", yes: ["b", "abc", "bb", "a\0b"], no: ["", "ac", "B"]),
        Table(.like, "a%c", yes: ["ac", "abc", "abbc", "acc"], no: ["a", "c", "abcd"]),
        Table(
            .like, "a_c", yes: ["abc", "aéc", "a日c", "a\u{1F600}c", "a\0c", "a_c", "a%c"],
            no: ["ac", "abbc", "ae\u{301}c"]),
        Table(.like, "__", yes: ["ab", "éé", "e\u{301}", "\u{1F1E9}\u{1F1EA}"], no: ["a", "abc", ""]),
        Table(.like, "%", yes: ["", "a", "%", "\0"], no: []),
        Table(.like, "", yes: [""], no: ["a", " ", "\0"]),
        Table(.like, "a\\%c", yes: ["a%c"], no: ["abc", "a\\%c", "a\\c"]),
        Table(.like, "a\\_c", yes: ["a_c"], no: ["abc", "a\\_c"]),
        Table(.like, "a\\\\c", yes: ["a\\c"], no: ["a\\\\c", "ac"]),
        Table(.like, "a\\bc", yes: ["a\\bc"], no: ["abc"]),
        Table(.like, "a\\", yes: ["a\\"], no: ["a", "a\\\\"]),
        Table(.like, "%a%b%", yes: ["ab", "xaxbx", "aab", "bab"], no: ["ba", "a", "b"]),
        Table(.like, "é_%", yes: ["éa", "é\u{1F600}b", "éé"], no: ["é", "e\u{301}a", "É_", "aé", ""]),
        Table(.like, "ab%c", yes: ["abc", "ab\0c", "abab\u{10FFFF}c"], no: ["ab", "abcd", "aac", "Abc", ""]),
        Table(.like, "a\\%%", yes: ["a%", "a%b"], no: ["a", "ab", "a\\%"]),
        Table(.like, "a\\_b_", yes: ["a_bc"], no: ["a_b", "axbc", "a\\_bc"]),
        Table(.like, "a\\%", yes: ["a%"], no: ["a", "ab", "a%b"]),
        Table(.like, "a\0%%", yes: ["a\0", "a\0b"], no: ["a", "ab"]),
        Table(.like, "a\u{10FFFF}%", yes: ["a\u{10FFFF}", "a\u{10FFFF}\u{10FFFF}"], no: ["a", "a\u{FFFF}", "b"]),
        Table(.like, "\u{7F}_%", yes: ["\u{7F}a", "\u{7F}\u{80}"], no: ["\u{7F}", "\u{80}a", "~a"]),
        Table(.like, "_%", yes: ["a", "\0", "é"], no: [""]),
        Table(.like, "[a-c]*?", yes: ["[a-c]*?"], no: ["a", "abc"]),
        Table(
            .equals, "paris", ignoringCase: true, yes: ["paris", "PARIS", "Paris"], no: ["pari", "paris ", "pàris"]),
        Table(.equals, "ÉCOLE", ignoringCase: true, yes: ["école", "École", "ÉCOLE"], no: ["ecole", "e\u{301}cole"]),
        Table(
            .equals, "straße", ignoringCase: true, yes: ["STRAßE", "Straße", "STRA\u{1E9E}E"],
            no: ["strasse", "STRASSE"]),
        Table(.equals, "ΣΊΣΥΦΟΣ", ignoringCase: true, yes: ["σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ"], no: ["σισυφος"]),
        Table(.equals, "i", ignoringCase: true, yes: ["i", "I"], no: ["\u{130}", "\u{131}"]),
        Table(.equals, "k", ignoringCase: true, yes: ["k", "K", "\u{212A}"], no: ["x"]),
        Table(.equals, "\u{10400}", ignoringCase: true, yes: ["\u{10400}", "\u{10428}"], no: ["\u{10401}"]),
        Table(.hasPrefix, "ÉC", ignoringCase: true, yes: ["école", "ÉCOLE"], no: ["ecole", "xéc", ""]),
        Table(.hasSuffix, "ÜR", ignoringCase: true, yes: ["für", "FÜR"], no: ["fur", "ür "]),
        Table(.contains, "ÇA", ignoringCase: true, yes: ["français, ça", "FRANÇAIS"], no: ["francais", ""]),
        Table(.like, "É_O%", ignoringCase: true, yes: ["école", "ÉCOLE", "éxO"], no: ["ecole", "éo", "éoc"]),
        Table(.like, "a\\%B", ignoringCase: true, yes: ["A%b", "a%B"], no: ["axb"]),
    ]

    private static func table(_ table: Table) -> ConformanceCase {
        let form = table.ignoringCase ? ", ignoring case" : ""
        return ConformanceCase(
            .l0, "\(table.match) \(quoted(table.operand))\(form) matches what it should and nothing else"
        ) { store in
            for schema in [Schemas.things, Schemas.indexedThings] {
                let db = try await store.open(schema, name: schema == Schemas.things ? "plain" : "indexed")
                for (index, text) in (table.yes + table.no).enumerated() {
                    try await db.insert("things", ["id": .string(key(index)), "text": .string(text)])
                }
                let column = try db.column("text", of: "things")
                let condition = Condition.text(
                    column: column, table.match, table.operand, ignoringCase: table.ignoringCase)
                try expectEqual(
                    try await db.keys(db.query("things", where: condition)), table.yes.indices.map(key), "\(table.yes)")
                try expectEqual(
                    try await db.keys(db.query("things", where: !condition)),
                    table.no.indices.map { key($0 + table.yes.count) }, "\(table.no)")
            }
        }
    }

    private static func quoted(_ text: String) -> String { JSONValue.string(text).description }

    private static func key(_ place: Int) -> String { (place < 10 ? "k0" : "k") + String(place) }
}
