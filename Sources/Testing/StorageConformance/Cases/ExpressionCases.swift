import CairnCore

/// Conditions that compute: arithmetic, lengths, elements of lists, paths into JSON, columns with columns.
enum ExpressionCases {
    static let all: [ConformanceCase] =
        comparisons.map(comparison) + paths.map(path) + lengths + elements + refusals
        + [
            ConformanceCase(.l0, "Columns of each type are compared with columns of the same type, null with nothing") {
                store in
                for column in Schemas.orderedColumns {
                    let values = Ladder.values(of: column)
                    let db = try await store.open(twins(column), name: column)
                    let (low, high) = (values[0], values[values.count - 1])
                    for (id, pair) in [
                        ("a", (low, high)), ("b", (high, low)), ("c", (high, high)), ("d", (Value.null, low)),
                        ("e", (low, .null)), ("f", (.null, .null)),
                    ] {
                        try await db.insert("twins", ["id": .string(id), "left": pair.0, "right": pair.1])
                    }
                    for (comparison, wanted) in [
                        (Condition.Comparison.equal, ["c"]), (.notEqual, ["a", "b"]), (.less, ["a"]),
                        (.lessOrEqual, ["a", "c"]), (.greater, ["b"]), (.greaterOrEqual, ["b", "c"]),
                    ] {
                        let condition = Condition.computed(.column(1), comparison, .column(2))
                        let what = "\(column) \(comparison.rawValue)"
                        try expectEqual(try await db.keys(db.query("twins", where: condition)), wanted, what)
                        let rest = ["a", "b", "c"].filter { !wanted.contains($0) }
                        try expectEqual(try await db.keys(db.query("twins", where: !condition)), rest, "not \(what)")
                    }
                }
            },
            ConformanceCase(.l0, "What is computed holds for counts, limits, updates and deletes too") { store in
                let db = try await store.open(Schemas.indexedThings)
                for number in 0..<20 {
                    try await db.insert(
                        "things",
                        ["id": .string("n\(number)"), "number": .int(number), "texts": .array([.string("\(number)")])])
                }
                let number = try db.column("number", of: "things")
                let isLarge = Condition.computed(
                    .arithmetic(.column(number), .multiply, .column(number)), .greater, .value(.int(99)))
                try expectEqual(try await db.session.count(db.query("things", where: isLarge)), 10)
                let order = [OrderTerm(column: number, isDescending: true)]
                try expectEqual(
                    try await db.keys(db.query("things", where: isLarge, order: order, limit: 2)), ["n19", "n18"])
                let bounded = isLarge && .compare(column: number, .less, .int(12))
                try expectEqual(try await db.keys(db.query("things", where: bounded)), ["n10", "n11"])
                try expectEqual(try await db.session.delete(db.query("things", where: isLarge)), 10)
                try expectEqual(try await db.records("things").count(), 10)
            },
        ]

    // MARK: Numbers

    /// The columns of the one row that numbers are compared in.
    private static let row: [String: Value] = [
        "number": .int(7), "real": .double(2.5), "amount": .decimal(DecimalNumber("1.5") ?? .zero),
        "text": .string("é\0"),
    ]

    private enum Side: Sendable {
        case column(String)
        case value(Value)
        case count(String)
        indirect case of(Side, RowExpression.Arithmetic, Side)

        func expression(_ db: Store) throws -> RowExpression {
            switch self {
            case .column(let name): .column(try db.column(name, of: "things"))
            case .value(let value): .value(value)
            case .count(let name): .count(column: try db.column(name, of: "things"))
            case .of(let left, let operation, let right):
                .arithmetic(try left.expression(db), operation, try right.expression(db))
            }
        }
    }

    private struct NumberCase: Sendable {
        let name: String
        let left: Side
        let comparison: Condition.Comparison
        let right: Side
        /// Nil for neither.
        let holds: Bool?

        init(_ name: String, _ left: Side, _ comparison: Condition.Comparison, _ right: Side, _ holds: Bool?) {
            self.name = name
            self.left = left
            self.comparison = comparison
            self.right = right
            self.holds = holds
        }
    }

    private static func int(_ value: Int) -> Side { .value(.int(value)) }
    private static func double(_ value: Double) -> Side { .value(.double(value)) }
    private static func decimal(_ text: String) -> Side { .value(.decimal(DecimalNumber(text) ?? .zero)) }

    private static let comparisons: [NumberCase] = [
        NumberCase("an integer and a double by value", .column("number"), .greater, .column("real"), true),
        NumberCase(
            "integers that no double tells apart", int(9_007_199_254_740_993), .equal, double(9_007_199_254_740_992),
            false),
        NumberCase("the greatest integer and the double above it", int(.max), .less, double(0x1p63), true),
        NumberCase("an integer and a double far beyond it", int(.min), .greater, double(-1e300), true),
        NumberCase("an integer and a fraction below zero", int(-1), .less, double(-0.5), true),
        NumberCase("an integer and a decimal", int(1), .less, .column("amount"), true),
        NumberCase(
            "products beyond 64 bits", .of(int(.max), .multiply, int(.max)), .greater,
            .of(int(.max), .multiply, int(.max - 1)), true),
        NumberCase(
            "a sum beyond 64 bits and a double", .of(int(.max), .add, int(1)), .equal, double(0x1p63), true),
        NumberCase(
            "a product beyond 128 bits is null", .of(.of(int(.max), .multiply, int(.max)), .multiply, int(.max)),
            .greater,
            int(0), nil),
        NumberCase("division by zero is null", .of(.column("number"), .divide, int(0)), .notEqual, int(0), nil),
        NumberCase("division of doubles by zero is null", .of(.column("real"), .divide, int(0)), .greater, int(0), nil),
        NumberCase(
            "division of integers has no fraction", .of(.column("number"), .divide, int(2)), .equal, int(3), true),
        NumberCase("division rounds towards zero", .of(int(-7), .divide, int(2)), .equal, int(-3), true),
        NumberCase(
            "division by a double has a fraction", .of(.column("number"), .divide, double(2)), .equal, double(3.5), true
        ),
        NumberCase(
            "doubles beyond the greatest are null", .of(double(1e300), .multiply, double(1e300)), .greater, int(0), nil),
        NumberCase(
            "decimals are exact", .of(decimal("0.1"), .add, decimal("0.2")), .equal, decimal("0.3"), true),
        NumberCase("doubles are not", .of(double(0.1), .add, double(0.2)), .equal, double(0.3), false),
        NumberCase(
            "decimals beyond 38 digits are null",
            .of(decimal("99999999999999999999999999999999999999"), .add, int(1)), .greater, int(0), nil),
        NumberCase(
            "an integer with more digits than a decimal", .of(int(.max), .multiply, .of(int(.max), .add, int(.max))),
            .greater, decimal("99999999999999999999999999999999999999"), true),
        NumberCase("zero below zero", .of(double(0), .multiply, double(-1)), .equal, double(0), true),
        NumberCase("null in it is null", .of(.column("number"), .add, .count("numbers")), .equal, int(7), nil),
        NumberCase("a count of characters", .of(.count("text"), .multiply, int(2)), .equal, int(4), true),
    ]

    private static func comparison(_ comparison: NumberCase) -> ConformanceCase {
        ConformanceCase(.l0, "Arithmetic: \(comparison.name)") { store in
            let db = try await store.open()
            try await db.insert("things", row.merging(["id": .string("a")]) { first, _ in first })
            let condition = Condition.computed(
                try comparison.left.expression(db), comparison.comparison, try comparison.right.expression(db))
            try expectEqual(
                try await db.keys(db.query("things", where: condition)), comparison.holds == true ? ["a"] : [])
            try expectEqual(
                try await db.keys(db.query("things", where: !condition)), comparison.holds == false ? ["a"] : [])
        }
    }

    // MARK: Columns with columns

    private static let types = [
        "text": "string", "number": "int", "real": "double", "flag": "bool", "token": "uuid", "raw": "bytes",
        "instant": "timestamp", "day": "date", "amount": "decimal",
    ]

    private static func twins(_ column: String) -> String {
        let type = types[column] ?? "int"
        return """
            { "database": "conformance", "tables": { "twins": {
              "columns": { "id": "string", "left": "\(type)?", "right": "\(type)?" }, "key": "id",
              "indexes": { "by_left": ["left"] } } } }
            """
    }

    // MARK: Lengths and elements

    private static let lengths = [
        ConformanceCase(.l0, "Counts are of scalars, bytes and elements, and null for null") { store in
            let db = try await store.open()
            let values: [(String, Value, Int)] = [
                ("text", .string(""), 0), ("text", .string("a\0b"), 3), ("text", .string("e\u{301}"), 2),
                ("text", .string("\u{1F468}\u{200D}\u{1F469}"), 3), ("raw", .bytes([]), 0), ("raw", .bytes([0, 0]), 2),
                ("texts", .array([]), 0), ("texts", .array([.string("ab"), .string("")]), 2),
                ("documents", .array([.json(.null)]), 1),
            ]
            for (index, (column, value, _)) in values.enumerated() {
                try await db.insert("things", ["id": .string("\(index)"), column: value])
            }
            for (index, (column, _, count)) in values.enumerated() {
                let expression = RowExpression.count(column: try db.column(column, of: "things"))
                let found = try await db.keys(
                    db.query("things", where: .computed(expression, .equal, .value(.int(count)))))
                try expect(found.contains("\(index)"), "\(column) has not \(count): \(found)")
                let all = try await db.keys(
                    db.query("things", where: .computed(expression, .greaterOrEqual, .value(.int(0)))))
                try expectEqual(all.count, values.filter { $0.0 == column }.count)
            }
        }
    ]

    private static let elements = [
        ConformanceCase(.l0, "A list contains what it holds, of each type, and nothing else") { store in
            for (name, type) in [
                ("texts", "text"), ("numbers", "number"), ("reals", "real"), ("flags", "flag"), ("tokens", "token"),
                ("raws", "raw"), ("instants", "instant"), ("days", "day"), ("amounts", "amount"),
            ] {
                let db = try await store.open(name: name)
                let values = Ladder.values(of: type)
                let (first, last) = (values[0], values[values.count - 1])
                for (id, list) in [
                    ("all", Value.array(values)), ("empty", .array([])), ("first", .array([first, first])),
                    ("null", .null),
                ] {
                    try await db.insert("things", ["id": .string(id), name: list])
                }
                let column = try db.column(name, of: "things")
                func holds(_ value: Value) -> Condition { .hasElement(column: column, value) }
                try expectEqual(try await db.keys(db.query("things", where: holds(first))), ["all", "first"], name)
                try expectEqual(try await db.keys(db.query("things", where: holds(last))), ["all"], name)
                try expectEqual(
                    try await db.keys(db.query("things", where: !holds(last))), ["empty", "first"], name)
            }
        },
        ConformanceCase(.l0, "A list of texts contains by bytes, of documents by content") { store in
            let db = try await store.open()
            let document = try JSONValue(parsing: #"{"b": [1, 1.0], "a": null}"#)
            try await db.insert(
                "things",
                [
                    "id": .string("a"), "texts": .array([.string("\u{E9}"), .string("x\0y")]),
                    "documents": .array([.json(document), .json(.null)]),
                ])
            let texts = try db.column("texts", of: "things")
            let documents = try db.column("documents", of: "things")
            let other = try JSONValue(parsing: #"{"a": null, "b": [1.0, 1]}"#)
            for (condition, isFound) in [
                (Condition.hasElement(column: texts, .string("\u{E9}")), true),
                (.hasElement(column: texts, .string("e\u{301}")), false),
                (.hasElement(column: texts, .string("x")), false), (.hasElement(column: texts, .string("x\0y")), true),
                (.hasElement(column: documents, .json(document)), true),
                (.hasElement(column: documents, .json(other)), false),
                (.hasElement(column: documents, .json(.null)), true),
            ] {
                try expectEqual(
                    try await db.keys(db.query("things", where: condition)), isFound ? ["a"] : [], "\(condition)")
            }
        },
    ]

    // MARK: JSON

    private static let document = #"""
        {"theme": "dark", "size": 12, "ratio": 12.0, "big": 9007199254740993, "on": true, "none": null, "é": 1, "a\u0000b": 2,
         "list": [1, "two", [3]], "": {"": 4}, "o": {"x": {"y": -0.0}}}
        """#

    private struct PathCase: Sendable {
        let path: [JSONStep]
        let comparison: Condition.Comparison
        let value: Value
        let holds: Bool?

        init(_ path: [JSONStep], _ comparison: Condition.Comparison, _ value: Value, _ holds: Bool?) {
            self.path = path
            self.comparison = comparison
            self.value = value
            self.holds = holds
        }
    }

    private static let paths: [PathCase] = [
        PathCase([.member("theme")], .equal, .string("dark"), true),
        PathCase([.member("theme")], .notEqual, .string("light"), true),
        PathCase([.member("theme")], .greater, .string("daqz"), true),
        PathCase([.member("theme")], .equal, .int(1), nil),
        PathCase([.member("theme")], .equal, .bool(true), nil),
        PathCase([.member("Theme")], .equal, .string("dark"), nil),
        PathCase([.member("size")], .equal, .int(12), true),
        PathCase([.member("size")], .equal, .double(12), true),
        PathCase([.member("size")], .less, .double(12.5), true),
        PathCase([.member("size")], .equal, .string("12"), nil),
        PathCase([.member("ratio")], .equal, .int(12), true),
        PathCase([.member("big")], .equal, .int(9_007_199_254_740_993), true),
        PathCase([.member("big")], .equal, .double(9_007_199_254_740_992), false),
        PathCase([.member("on")], .equal, .bool(true), true),
        PathCase([.member("on")], .equal, .int(1), nil),
        PathCase([.member("on")], .greater, .bool(false), true),
        PathCase([.member("none")], .equal, .int(0), nil),
        PathCase([.member("gone")], .notEqual, .int(0), nil),
        PathCase([.member("\u{E9}")], .equal, .int(1), true),
        PathCase([.member("e\u{301}")], .equal, .int(1), nil),
        PathCase([.member("a\0b")], .equal, .int(2), true),
        PathCase([.member("a")], .equal, .int(2), nil),
        PathCase([.member(""), .member("")], .equal, .int(4), true),
        PathCase([.member("list"), .element(1)], .equal, .string("two"), true),
        PathCase([.member("list"), .element(2), .element(0)], .equal, .int(3), true),
        PathCase([.member("list"), .element(3)], .equal, .int(3), nil),
        PathCase([.member("list"), .member("0")], .equal, .int(1), nil),
        PathCase([.member("list")], .notEqual, .int(1), nil),
        PathCase([.element(0)], .equal, .string("dark"), nil),
        PathCase([.member("o"), .member("x"), .member("y")], .equal, .int(0), true),
        PathCase([], .equal, .int(0), nil),
    ]

    private static func path(_ path: PathCase) -> ConformanceCase {
        let what = "\(JSONStep.text(path.path)) \(path.comparison.rawValue) \(ValueJSON.value(path.value))"
        return ConformanceCase(.l0, "JSON: \(what)") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a"), "document": .json(JSONValue(parsing: document))])
            try await db.insert("things", ["id": .string("null")])
            let column = try db.column("document", of: "things")
            let condition = Condition.computed(.path(column: column, path.path), path.comparison, .value(path.value))
            try expectEqual(try await db.keys(db.query("things", where: condition)), path.holds == true ? ["a"] : [])
            try expectEqual(
                try await db.keys(db.query("things", where: !condition)), path.holds == false ? ["a"] : [])
        }
    }

    // MARK: Refusals

    private static let refusals = [
        ConformanceCase(
            .l0, "A path exists where it leads, null included; a null path is one that leads to null or nowhere"
        ) { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a"), "document": .json(JSONValue(parsing: document))])
            try await db.insert("things", ["id": .string("n")])
            let column = try db.column("document", of: "things")
            for (path, exists, isNull) in [
                ([.member("theme")], ["a"], ["n"]), ([.member("none")], ["a"], ["a", "n"]),
                ([.member("gone")], [], ["a", "n"]), ([.member("list"), .element(2)], ["a"], ["n"]),
                ([.member("list"), .element(3)], [], ["a", "n"]), ([], ["a"], ["n"]),
            ] as [([JSONStep], [String], [String])] {
                let others = ["a", "n"].filter { !exists.contains($0) }
                let hasPath = Condition.hasPath(column: column, path)
                try expectEqual(try await db.keys(db.query("things", where: hasPath)), exists, "\(path)")
                try expectEqual(try await db.keys(db.query("things", where: !hasPath)), others, "\(path)")
                let null = Condition.isPathNull(column: column, path)
                try expectEqual(try await db.keys(db.query("things", where: null)), isNull, "\(path)")
            }
        },
        ConformanceCase(.l0, "Kinds that do not go together are refused by the query") { store in
            let db = try await store.open()
            func column(_ name: String) throws -> RowExpression { .column(try db.column(name, of: "things")) }
            let deep = (0..<70).reduce(RowExpression.value(.int(1))) { sum, _ in
                .arithmetic(sum, .add, .value(.int(1)))
            }
            for condition in [
                .computed(try column("text"), .equal, try column("number")),
                .computed(try column("amount"), .equal, try column("real")),
                .computed(.arithmetic(try column("text"), .add, .value(.int(1))), .equal, .value(.int(1))),
                .computed(.arithmetic(try column("amount"), .divide, .value(.int(2))), .equal, .value(.int(1))),
                .computed(.count(column: try db.column("number", of: "things")), .equal, .value(.int(1))),
                .computed(.path(column: try db.column("text", of: "things"), []), .equal, .value(.int(1))),
                .computed(.value(.null), .equal, try column("number")), .computed(deep, .equal, try column("number")),
                .computed(try column("document"), .less, try column("document")),
                .hasElement(column: try db.column("text", of: "things"), .string("a")),
                .hasElement(column: try db.column("texts", of: "things"), .int(1)),
                .hasPath(column: try db.column("document", of: "things"), [.element(-1)]),
                .computed(.column(99), .equal, .value(.int(1))),
            ] as [Condition] {
                try await expectError(.query) { _ = try await db.keys(db.query("things", where: condition)) }
            }
        },
    ]
}
