import CairnCore

/// Comparisons: each operator on each type, with and without an index.
enum ComparisonCases {
    static let all: [ConformanceCase] =
        Schemas.orderedColumns.flatMap { column in
            [comparisons(column, indexed: false), comparisons(column, indexed: true)]
        } + Schemas.orderedColumns.map(lists) + equality
        + [
            ConformanceCase(.l0, "Two bounds are a range, whatever their order in the condition") { store in
                let db = try await numbers(store, indexed: true)
                let column = try db.column("number", of: "things")
                let lower = Condition.compare(column: column, .greaterOrEqual, .int(3))
                let upper = Condition.compare(column: column, .less, .int(6))
                for condition in [lower && upper, upper && lower, !(!lower || !upper)] {
                    try expectEqual(try await db.keys(db.query("things", where: condition)), ["n3", "n4", "n5"])
                }
            },
            ConformanceCase(.l0, "Nothing sorts behind the greatest value or before the least, in any index") { store in
                for schema in [Schemas.things, Schemas.indexedThings] {
                    // Never null: then the encoding of the greatest value is all ones, and has nothing behind it.
                    let isPlain = schema == Schemas.things
                    let db = try await store.open(
                        schema.replacing("?\"", with: "\""), name: isPlain ? "plain" : "indexed")
                    for number in 0..<20 {
                        try await db.insert(
                            "things", middling.merging(["id": .string("n\(number)")]) { first, _ in first })
                    }
                    for (name, comparison, value) in ends {
                        let column = try db.column(name, of: "things")
                        let condition = Condition.compare(column: column, comparison, value)
                        for order in [[], [false], [true]] {
                            let terms = order.map { OrderTerm(column: column, isDescending: $0) }
                            let query = try db.query("things", where: condition, order: terms)
                            try expectEqual(try await db.keys(query), [], "\(name) \(comparison) \(value)")
                        }
                    }
                }
            },
            ConformanceCase(.l0, "Nothing sorts behind the greatest key, and so nothing is deleted") { store in
                let db = try await QueryCases.people(store)
                let id = try db.column("id", of: "people")
                let age = try db.column("age", of: "people")
                for condition in [
                    Condition.compare(column: id, .greater, .int(.max)), .compare(column: age, .less, .int(.min)),
                ] {
                    try expectEqual(try await db.session.delete(db.query("people", where: condition)), 0)
                }
                try expectEqual(try await db.records("people").count(), 100)
            },
            ConformanceCase(.l0, "A range whose ends have changed places is empty") { store in
                let db = try await numbers(store, indexed: true)
                let column = try db.column("number", of: "things")
                let condition =
                    Condition.compare(column: column, .greater, .int(6)) && .compare(column: column, .less, .int(3))
                try expectEqual(try await db.keys(db.query("things", where: condition)), [])
            },
            ConformanceCase(.l0, "Contradicting equalities match nothing") { store in
                let db = try await numbers(store, indexed: true)
                let column = try db.column("number", of: "things")
                let condition =
                    Condition.compare(column: column, .equal, .int(3)) && .compare(column: column, .equal, .int(4))
                try expectEqual(try await db.keys(db.query("things", where: condition)), [])
            },
            ConformanceCase(.l0, "The stricter of two bounds on one side counts") { store in
                let db = try await numbers(store, indexed: true)
                let column = try db.column("number", of: "things")
                let condition =
                    Condition.compare(column: column, .greater, .int(2))
                    && .compare(column: column, .greaterOrEqual, .int(6))
                try expectEqual(try await db.keys(db.query("things", where: condition)), ["n6", "n7", "n8"])
            },
            ConformanceCase(.l0, "And, or and not nest") { store in
                let db = try await numbers(store, indexed: false)
                let column = try db.column("number", of: "things")
                func equals(_ number: Int) -> Condition { .compare(column: column, .equal, .int(number)) }
                let condition = (equals(1) || equals(2) || equals(5)) && !(equals(2) || (equals(5) && equals(6)))
                try expectEqual(try await db.keys(db.query("things", where: condition)), ["n1", "n5"])
            },
            ConformanceCase(.l0, "An empty 'and' is true, an empty 'or' is false") { store in
                let db = try await numbers(store, indexed: false)
                try expectEqual(try await db.records("things").count(db.query("things", where: .and([]))), 9)
                try expectEqual(try await db.records("things").count(db.query("things", where: .or([]))), 0)
            },
            ConformanceCase(.l0, "A condition of a thousand alternatives works") { store in
                let db = try await numbers(store, indexed: false)
                let column = try db.column("number", of: "things")
                let condition = Condition.or((5..<1005).map { .compare(column: column, .equal, .int($0)) })
                try expectEqual(try await db.keys(db.query("things", where: condition)), ["n5", "n6", "n7", "n8"])
            },
            ConformanceCase(.l0, "A list of five thousand values works, in an index and without") { store in
                for indexed in [false, true] {
                    let db = try await numbers(store, indexed: indexed)
                    let column = try db.column("number", of: "things")
                    let condition = Condition.isIn(column: column, (4..<5004).map(Value.int))
                    try expectEqual(
                        try await db.keys(db.query("things", where: condition)), ["n4", "n5", "n6", "n7", "n8"])
                }
            },
            ConformanceCase(.l0, "A list with repeated values gives each row once, by key") { store in
                let db = try await numbers(store, indexed: true)
                let column = try db.column("number", of: "things")
                let condition = Condition.isIn(column: column, [.int(7), .int(3), .int(7), .int(3)])
                try expectEqual(try await db.keys(db.query("things", where: condition)), ["n3", "n7"])
            },
            ConformanceCase(.l0, "A comparison with a value of another type is refused") { store in
                let db = try await store.open()
                let column = try db.column("number", of: "things")
                for condition in [
                    Condition.compare(column: column, .equal, .string("1")),
                    .isIn(column: column, [.int(1), .double(1)]),
                    .text(column: column, .contains, "1", ignoringCase: false), .compare(column: column, .less, .null),
                ] {
                    try await expectError(.query) { _ = try await db.keys(db.query("things", where: condition)) }
                }
            },
            ConformanceCase(.l0, "A comparison with NaN is refused") { store in
                let db = try await store.open()
                let column = try db.column("real", of: "things")
                let condition = Condition.compare(column: column, .less, .double(.nan))
                try await expectError(.query) { _ = try await db.keys(db.query("things", where: condition)) }
            },
            ConformanceCase(.l0, "A column that does not exist is refused") { store in
                let db = try await store.open()
                try await expectError(.query) { _ = try await db.keys(db.query("things", where: .isNull(column: 99))) }
                try await expectError(.query) {
                    _ = try await db.keys(db.query("things", order: [OrderTerm(column: -1)]))
                }
            },
        ]

    /// Nine things numbered 0 to 8.
    /// Values that are neither the least nor the greatest of their types, for columns that may not be null.
    private static let middling: [String: Value] = [
        "text": .string("a"), "number": .int(0), "real": .double(0), "flag": .bool(false), "raw": .bytes([0]),
        "token": .uuid(.version7()), "instant": .timestamp(.epoch), "day": .date(.today), "amount": .decimal(.zero),
        "document": .json(0),
    ]

    /// Comparisons that no value satisfies.
    private static let ends: [(String, Condition.Comparison, Value)] = [
        ("number", .greater, .int(.max)), ("number", .less, .int(.min)), ("flag", .greater, .bool(true)),
        ("flag", .less, .bool(false)), ("text", .less, .string("")), ("raw", .less, .bytes([])),
        ("real", .greater, .double(.greatestFiniteMagnitude)), ("instant", .greater, .timestamp(.max)),
        ("instant", .less, .timestamp(.min)), ("day", .less, .date(.min)), ("day", .greater, .date(.max)),
    ]

    private static func numbers(_ store: ConformanceStore, indexed: Bool) async throws -> Store {
        let db = try await store.open(
            indexed ? Schemas.indexedThings : Schemas.things, name: indexed ? "indexed" : "plain")
        for number in 0..<9 { try await db.insert("things", ["id": .string("n\(number)"), "number": .int(number)]) }
        return db
    }

    /// Every operator against every value of a type: the rows are those whose place on the ladder says so.
    private static func comparisons(_ column: String, indexed: Bool) -> ConformanceCase {
        let way = indexed ? "through an index" : "row by row"
        return ConformanceCase(.l0, "'\(column)' compares by = != < <= > >= with every value, \(way)") { store in
            let db = try await store.open(indexed ? Schemas.indexedThings : Schemas.things)
            let ladder = Ladder.values(of: column)
            try await insert(ladder, column, db)
            let position = try db.column(column, of: "things")
            for (place, value) in ladder.enumerated() {
                for (comparison, matches) in [
                    (Condition.Comparison.equal, { $0 == place }), (.notEqual, { $0 != place }),
                    (.less, { $0 < place }),
                    (.lessOrEqual, { $0 <= place }), (.greater, { $0 > place }), (.greaterOrEqual, { $0 >= place }),
                ] as [(Condition.Comparison, (Int) -> Bool)] {
                    let condition = Condition.compare(column: position, comparison, value)
                    let wanted = ladder.indices.filter(matches).map(key)
                    try expectEqual(
                        try await db.keys(db.query("things", where: condition)), wanted,
                        "\(comparison.rawValue) \(value)")
                    let rest = ladder.indices.filter { !matches($0) }.map(key)
                    try expectEqual(
                        try await db.keys(db.query("things", where: !condition)), rest,
                        "not \(comparison.rawValue) \(value)")
                }
            }
        }
    }

    private static func lists(_ column: String) -> ConformanceCase {
        ConformanceCase(.l0, "'\(column)' is in a list exactly when it equals a member") { store in
            for indexed in [false, true] {
                let db = try await store.open(
                    indexed ? Schemas.indexedThings : Schemas.things, name: indexed ? "indexed" : "plain")
                let ladder = Ladder.values(of: column)
                try await insert(ladder, column, db)
                let position = try db.column(column, of: "things")
                for step in [1, 2, 3] {
                    let places = Array(stride(from: 0, to: ladder.count, by: step))
                    let condition = Condition.isIn(column: position, places.reversed().map { ladder[$0] })
                    try expectEqual(try await db.keys(db.query("things", where: condition)), places.map(key))
                    let others = ladder.indices.filter { !places.contains($0) }
                    try expectEqual(try await db.keys(db.query("things", where: !condition)), others.map(key))
                }
            }
        }
    }

    /// Equality of the types that have no order.
    private static let equality = [
        ("document", [Value.json([:]), .json(["a": 1]), .json(["a": 1.0]), .json([1, 2]), .json("x")]),
        (
            "texts",
            [
                .array([]), .array([.string("a")]), .array([.string("a"), .string("b")]),
                .array([.string("b"), .string("a")]),
            ]
        ),
    ].map { column, values in
        ConformanceCase(.l0, "'\(column)' can be equal and not equal") { store in
            let db = try await store.open()
            try await insert(values, column, db)
            let position = try db.column(column, of: "things")
            for (place, value) in values.enumerated() {
                let equal = Condition.compare(column: position, .equal, value)
                try expectEqual(try await db.keys(db.query("things", where: equal)), [key(place)])
                let others = values.indices.filter { $0 != place }.map(key)
                let notEqual = Condition.compare(column: position, .notEqual, value)
                try expectEqual(try await db.keys(db.query("things", where: notEqual)), others)
                let less = Condition.compare(column: position, .less, value)
                try await expectError(.query) { _ = try await db.keys(db.query("things", where: less)) }
            }
        }
    }

    /// A row for each value, and one whose column is null, which no comparison may find.
    private static func insert(_ values: [Value], _ column: String, _ db: Store) async throws {
        for (place, value) in values.enumerated() {
            try await db.insert("things", ["id": .string(key(place)), column: value])
        }
        try await db.insert("things", ["id": .string("null")])
    }

    private static func key(_ place: Int) -> String { (place < 10 ? "k0" : "k") + String(place) }
}
