import CairnCore

/// Null: neither equal nor unequal to anything, as in SQL.
enum NullCases {
    static let all: [ConformanceCase] =
        truthTable
        + [
            ConformanceCase(.l0, "Is null finds exactly the nulls, with an index and without") { store in
                for schema in [Schemas.things, Schemas.indexedThings] {
                    let db = try await open(store, schema)
                    let column = try db.column("number", of: "things")
                    try expectEqual(try await db.keys(db.query("things", where: .isNull(column: column))), ["null"])
                    try expectEqual(
                        try await db.keys(db.query("things", where: .not(.isNull(column: column)))), ["one", "two"])
                }
            },
            ConformanceCase(.l0, "Ranges leave nulls out, upwards and downwards") { store in
                for schema in [Schemas.things, Schemas.indexedThings] {
                    let db = try await open(store, schema)
                    let column = try db.column("number", of: "things")
                    for isDescending in [false, true] {
                        let order = [OrderTerm(column: column, isDescending: isDescending)]
                        let less = Condition.compare(column: column, .less, .int(99))
                        let greater = Condition.compare(column: column, .greater, .int(-99))
                        let wanted = isDescending ? ["two", "one"] : ["one", "two"]
                        try expectEqual(try await db.keys(db.query("things", where: less, order: order)), wanted)
                        try expectEqual(try await db.keys(db.query("things", where: greater, order: order)), wanted)
                    }
                }
            },
            ConformanceCase(
                .l0, "An equality on the first column of an index and null in the second are found together"
            ) {
                store in
                let db = try await store.open(Schemas.people)
                for (id, country, number) in [(1, "FR", nil), (2, "FR", 5), (3, "DE", nil), (4, "FR", nil)]
                    as [(Int, String, Int?)]
                {
                    try await db.insert(
                        "people",
                        [
                            "id": .int(id), "name": .string("x"), "country": .string(country),
                            "number": number.map(Value.int) ?? .null,
                        ])
                }
                let country = try db.column("country", of: "people")
                let number = try db.column("number", of: "people")
                let condition =
                    Condition.compare(column: country, .equal, .string("FR")) && .isNull(column: number)
                try expectEqual(try await db.keys(db.query("people", where: condition)), ["1", "4"])
            },
            ConformanceCase(.l0, "A list without members matches nothing, not even null, and its opposite everything") {
                store in
                let db = try await open(store, Schemas.indexedThings)
                let column = try db.column("number", of: "things")
                let none = Condition.isIn(column: column, [])
                try expectEqual(try await db.keys(db.query("things", where: none)), [])
                try expectEqual(try await db.keys(db.query("things", where: !none)), ["null", "one", "two"])
            },
            ConformanceCase(.l0, "Null in text operators is no match, and neither is its opposite") { store in
                let db = try await store.open()
                try await db.insert("things", ["id": .string("null")])
                try await db.insert("things", ["id": .string("text"), "text": .string("abc")])
                let column = try db.column("text", of: "things")
                for match in [Condition.TextMatch.equals, .hasPrefix, .hasSuffix, .contains, .like] {
                    for ignoringCase in [false, true] {
                        for operand in ["", "abc", "%", "z"] {
                            let condition = Condition.text(column: column, match, operand, ignoringCase: ignoringCase)
                            let found = try await db.keys(db.query("things", where: condition || !condition))
                            try expectEqual(found, ["text"], "\(match) '\(operand)'")
                        }
                    }
                }
            },
        ]

    private static func open(_ store: ConformanceStore, _ schema: String) async throws -> Store {
        let db = try await store.open(schema, name: schema == Schemas.things ? "plain" : "indexed")
        try await db.insert("things", ["id": .string("one"), "number": .int(1)])
        try await db.insert("things", ["id": .string("two"), "number": .int(2)])
        try await db.insert("things", ["id": .string("null")])
        return db
    }

    /// Three-valued logic, each combination a case: which rows a condition finds, when one part is true for all rows, one
    /// false for all, one neither.
    private static let truthTable: [ConformanceCase] = {
        let parts: [(name: String, condition: Condition)] = [
            ("true", .constant(true)), ("false", .constant(false)), ("null", .constant(nil)),
        ]
        @Sendable func and(_ left: String, _ right: String) -> Bool { left == "true" && right == "true" }
        @Sendable func or(_ left: String, _ right: String) -> Bool { left == "true" || right == "true" }
        var cases: [ConformanceCase] = []
        for left in parts {
            for right in parts {
                cases.append(
                    ConformanceCase(
                        .l0, "\(left.name) and \(right.name), \(left.name) or \(right.name), and their opposites"
                    ) {
                        store in
                        let db = try await store.open()
                        try await db.insert("things", ["id": .string("a"), "number": .int(1)])
                        let both = left.condition && right.condition
                        let either = left.condition || right.condition
                        let isBothFalse = left.name == "false" || right.name == "false"
                        let isEitherFalse = left.name == "false" && right.name == "false"
                        for (condition, matches) in [
                            (both, and(left.name, right.name)), (either, or(left.name, right.name)),
                            (!both, isBothFalse),
                            (!either, isEitherFalse),
                        ] {
                            let count = try await db.records("things").count(db.query("things", where: condition))
                            try expectEqual(count, matches ? 1 : 0, "\(condition)")
                        }
                    })
            }
        }
        return cases
    }()
}
