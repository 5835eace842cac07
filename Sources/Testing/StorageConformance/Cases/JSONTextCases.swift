import CairnCore

/// Text operators behind paths into JSON: as those of columns, where a text stands; where none does, neither true nor false.
enum JSONTextCases {
    static let all: [ConformanceCase] = searches.map(search) + others

    private static let document = #"""
        {"theme": "Dark", "straße": "Straße", "accent": "Été", "split": "E\u0301te\u0301", "percent": "5%_\\", "lines": "a\nb",
         "nul": "a\u0000b", "empty": "", "number": 12, "text": "12", "on": true, "none": null, "list": ["Dark", "x"], "o": {"in": "Light"}}
        """#

    /// A search, and whether it holds; nil for neither.
    private struct Search: Sendable {
        let path: [JSONStep]
        let match: Condition.TextMatch
        let operand: String
        var ignoringCase = false
        let holds: Bool?

        init(at path: [JSONStep], _ match: Condition.TextMatch, _ operand: String, _ holds: Bool?) {
            self.path = path
            self.match = match
            self.operand = operand
            self.holds = holds
        }

        init(_ name: String, _ match: Condition.TextMatch, _ operand: String, _ holds: Bool?) {
            self.init(at: [.member(name)], match, operand, holds)
        }

        init(_ name: String, ignoringCase match: Condition.TextMatch, _ operand: String, _ holds: Bool?) {
            self.init(at: [.member(name)], match, operand, holds)
            ignoringCase = true
        }

        func condition(_ column: Int) -> Condition {
            .pathText(column: column, path, match, operand, ignoringCase: ignoringCase)
        }
    }

    private static let searches: [Search] = [
        Search("theme", .equals, "Dark", true), Search("theme", .equals, "dark", false),
        Search("theme", ignoringCase: .equals, "dARK", true), Search("theme", .hasPrefix, "Da", true),
        Search("theme", .hasPrefix, "da", false), Search("theme", ignoringCase: .hasPrefix, "da", true),
        Search("theme", .hasSuffix, "rk", true), Search("theme", .hasSuffix, "RK", false),
        Search("theme", ignoringCase: .hasSuffix, "RK", true), Search("theme", .contains, "ar", true),
        Search("theme", .contains, "AR", false), Search("theme", ignoringCase: .contains, "AR", true),
        Search("theme", .like, "D_r%", true), Search("theme", .like, "d_r%", false),
        Search("theme", ignoringCase: .like, "d_r%", true), Search("theme", .like, "ark", false),
        Search("theme", .matches, "^D.r", true), Search("theme", .matches, "^d", false),
        Search("theme", ignoringCase: .matches, "^d", true), Search("theme", .contains, "", true),
        Search("empty", .hasPrefix, "", true), Search("empty", .like, "%", true), Search("empty", .like, "_", false),
        // Folding is simple: one character for one.
        Search("straße", ignoringCase: .equals, "STRASSE", false),
        Search("straße", ignoringCase: .contains, "RAß", true),
        Search("accent", ignoringCase: .equals, "ÉTÉ", true), Search("accent", .equals, "E\u{301}te\u{301}", false),
        Search("split", .equals, "E\u{301}te\u{301}", true), Search("split", ignoringCase: .equals, "ÉTÉ", false),
        Search("percent", .like, #"5\%\_\\"#, true), Search("percent", .like, "5%", true),
        Search("percent", .contains, "%_", true), Search("percent", .like, #"5\%\_"#, false),
        Search("lines", .matches, "^a.b$", false), Search("lines", .like, "a_b", true),
        Search("nul", .hasSuffix, "b", true), Search("nul", .equals, "a", false), Search("nul", .like, "a_b", true),
        Search("text", .equals, "12", true), Search("number", .equals, "12", nil), Search("number", .like, "%", nil),
        Search("on", .contains, "t", nil), Search("none", .like, "%", nil), Search("none", .contains, "", nil),
        Search("gone", .contains, "", nil), Search("list", .contains, "Dark", nil), Search("o", .like, "%", nil),
        Search("Theme", .equals, "Dark", nil), Search(at: [.member("list"), .element(0)], .hasPrefix, "D", true),
        Search(at: [.member("list"), .element(2)], .hasPrefix, "D", nil),
        Search(at: [.member("o"), .member("in")], .matches, "^L.*t$", true), Search(at: [], .contains, "", nil),
    ]

    private static func search(_ search: Search) -> ConformanceCase {
        let word = "\(search.match.rawValue)\(search.ignoringCase ? " ignoring case" : "")"
        let what = "\(JSONStep.text(search.path)) \(word) \(ValueJSON.value(.string(search.operand)))"
        return ConformanceCase(.l0, "Text in JSON: \(what)") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a"), "document": .json(JSONValue(parsing: document))])
            try await db.insert("things", ["id": .string("null")])
            try await db.insert("things", ["id": .string("text"), "document": .json(.string("Dark"))])
            let condition = search.condition(try db.column("document", of: "things"))
            let isText = search.path.isEmpty
            let (yes, no) = (search.holds == true ? ["a"] : [], search.holds == false ? ["a"] : [])
            try await expectKeys(db, condition, isText ? ["text"] : yes)
            try await expectKeys(db, !condition, no)
            try await expectKeys(db, condition || .constant(false), isText ? ["text"] : yes)
        }
    }

    private static func expectKeys(_ db: Store, _ condition: Condition, _ keys: [String]) async throws {
        let query = try db.query("things", where: condition)
        try expectEqual(try await db.keys(query), keys)
        try expectEqual(try await db.session.count(query), keys.count, "count")
    }

    private static let others = [
        ConformanceCase(.l0, "Texts in JSON are searched beside an index, in updates, deletes, pages and groups") {
            store in
            let db = try await store.open(Schemas.indexedThings)
            for number in 0..<40 {
                let theme = number % 3 == 0 ? "Dark \(number)" : "Light \(number)"
                let document: JSONValue = number % 7 == 0 ? ["theme": .int(number)] : ["theme": .string(theme)]
                try await db.insert(
                    "things",
                    [
                        "id": .string(number < 10 ? "0\(number)" : "\(number)"), "number": .int(number % 4),
                        "text": .string("t"), "document": .json(document),
                    ])
            }
            let document = try db.column("document", of: "things"), number = try db.column("number", of: "things")
            let dark = Condition.pathText(column: document, [.member("theme")], .hasPrefix, "dark", ignoringCase: true)
            let wanted = (0..<40).filter { $0 % 3 == 0 && $0 % 7 != 0 }
            let both = try db.query(
                "things", where: Condition.compare(column: number, .equal, .int(2)) && dark,
                order: [OrderTerm(column: number), OrderTerm(column: 0, isDescending: true)])
            try expectEqual(
                try await db.keys(both), wanted.filter { $0 % 4 == 2 }.reversed().map { "\($0)" }.map(padded))
            let either = try db.query("things", where: Condition.compare(column: number, .equal, .int(3)) || dark)
            try expectEqual(
                try await db.keys(either),
                (0..<40).filter { $0 % 4 == 3 || wanted.contains($0) }.map { "\($0)" }.map(padded))
            var found: [String] = []
            var cursor: PageCursor?
            repeat {
                let page = try await db.records("things").page(db.query("things", where: dark), size: 3, after: cursor)
                found += page.items.map { KeyText.encode($0.key) }
                cursor = page.next
            } while cursor != nil
            try expectEqual(found, wanted.map { padded("\($0)") })
            let groups = AggregateQuery(try db.query("things", where: dark), groups: [number], aggregates: [.rows])
            let counts = try await db.session.aggregate(groups)
            try expectEqual(
                counts, (0..<4).map { rest in [Value.int(rest), .int(wanted.filter { $0 % 4 == rest }.count)] })
            let changed = try await db.session.update(
                db.query("things", where: dark), [Assignment(column: number, value: .int(9))])
            try expectEqual(changed, wanted.count)
            try expectEqual(try await db.session.delete(db.query("things", where: !dark)), 40 - wanted.count - 6)
            try expectEqual(try await db.session.count(db.query("things")), wanted.count + 6)
        },
        ConformanceCase(.l0, "What is written in text and in JSON searches the same texts in JSON as what is built") {
            store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a"), "document": .json(JSONValue(parsing: document))])
            try await db.insert("things", ["id": .string("b"), "document": .json(["theme": "light"])])
            for (text, json, keys) in [
                ("document['theme'] begins with 'D'", #"{"document['theme']": {"begins with": "D"}}"#, ["a"]),
                ("document['theme'] ends with 't'", #"{"document['theme']": {"ends with": "t"}}"#, ["b"]),
                ("document['theme'] contains 'ar'", #"{"document['theme']": {"contains": "ar"}}"#, ["a"]),
                ("document['theme'] like 'l%'", #"{"document['theme']": {"like": "l%"}}"#, ["b"]),
                ("document['theme'] matches '^[DL]'", #"{"document['theme']": {"matches": "^[DL]"}}"#, ["a"]),
                (
                    "document['theme'] matches '^[DL]' ignoring case",
                    #"{"document['theme']": {"matches": "^[DL]", "ignoring case": true}}"#, ["a", "b"]
                ),
                (
                    "document['theme'] equals 'DARK' ignoring case",
                    #"{"document['theme']": {"equals": "DARK", "ignoring case": true}}"#, ["a"]
                ),
                ("document['list'][1] contains 'x'", #"{"document['list'][1]": {"contains": "x"}}"#, ["a"]),
                ("document['theme'] not like 'l%'", #"{"not": {"document['theme']": {"like": "l%"}}}"#, ["a"]),
                ("document['number'] not like '%'", #"{"not": {"document['number']": {"like": "%"}}}"#, []),
            ] {
                let written = try Query(parsing: "things where \(text)", schema: db.schema)
                let inJSON = try Query(parsingJSON: #"{"from": "things", "where": \#(json)}"#, schema: db.schema)
                try expectEqual(written, inJSON, text)
                try expectEqual(try await db.keys(written), keys, text)
            }
            let given = try Query(
                parsing: "things where document['theme'] like $p", schema: db.schema, parameters: ["p": .string("D%")])
            try expectEqual(try await db.keys(given), ["a"])
        },
        ConformanceCase(.l0, "A search of JSON that makes no sense is refused by the query") { store in
            let db = try await store.open()
            let document = try db.column("document", of: "things")
            for condition in [
                .pathText(column: try db.column("text", of: "things"), [], .contains, "a", ignoringCase: false),
                .pathText(
                    column: try db.column("texts", of: "things"), [.element(0)], .contains, "a", ignoringCase: false),
                .pathText(column: 99, [], .contains, "a", ignoringCase: false),
                .pathText(column: document, [.element(-1)], .contains, "a", ignoringCase: false),
                .pathText(column: document, [.member("a")], .matches, "a(", ignoringCase: false),
                .pathText(
                    column: document, [.member("a")], .contains, String(repeating: "a", count: Limits.operandBytes + 1),
                    ignoringCase: true),
                .pathText(
                    column: document, Array(repeating: .element(0), count: 65), .contains, "a", ignoringCase: false),
            ] as [Condition] {
                try await expectError(.query) { _ = try await db.keys(db.query("things", where: condition)) }
            }
            for text in ["text['a'] like 'x'", "document['a'] like 5", "document['a'] matches '('"] {
                try await expectError(.query) { _ = try Query(parsing: "things where \(text)", schema: db.schema) }
            }
        },
    ]

    private static func padded(_ number: String) -> String { number.count < 2 ? "0\(number)" : number }
}
