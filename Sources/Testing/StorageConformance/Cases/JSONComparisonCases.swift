import CairnCore

/// What stands in JSON compared with a column of the row, and with what stands elsewhere in JSON.
enum JSONComparisonCases {
    static let all: [ConformanceCase] =
        comparisons.map(comparison)
        + [
            ConformanceCase(.l0, "What stands in JSON is not compared with columns that JSON has no values for") {
                store in
                let db = try await store.open()
                let document = try db.column("document", of: "things")
                let path = RowExpression.path(column: document, [.member("theme")])
                for name in ["token", "raw", "instant", "day", "amount", "document", "texts", "documents"] {
                    let column = RowExpression.column(try db.column(name, of: "things"))
                    for condition in [Condition.computed(path, .equal, column), .computed(column, .notEqual, path)] {
                        let error = try await expectError(.query) {
                            _ = try await db.keys(db.query("things", where: condition))
                        }
                        try expect(error.message.contains("JSON"), "\(name): \(error)")
                    }
                }
                // What it is shows when it is read, so it is not computed with.
                let sum = RowExpression.arithmetic(path, .add, .value(.int(1)))
                try await expectError(.query) {
                    _ = try await db.keys(db.query("things", where: .computed(sum, .equal, .value(.int(1)))))
                }
            }
        ]

    private static let document = #"""
        {"theme": "dark", "same": "dark", "size": 12, "ratio": 12.0, "half": 12.5, "big": 9007199254740993,
         "near": 9007199254740992.0, "on": true, "off": false, "none": null, "é": "\u00e9", "e": "e\u0301", "list": [12, "dark"],
         "o": {"size": 12}, "zero": -0.0}
        """#

    /// The columns of the row that has them.
    private static let row: [String: Value] = [
        "text": .string("dark"), "number": .int(12), "real": .double(12.5), "flag": .bool(true),
    ]

    private enum Side: Sendable {
        case column(String)
        case path([JSONStep])

        func expression(_ db: Store) throws -> RowExpression {
            switch self {
            case .column(let name): .column(try db.column(name, of: "things"))
            case .path(let steps): .path(column: try db.column("document", of: "things"), steps)
            }
        }

        var text: String {
            switch self {
            case .column(let name): name
            case .path(let steps): "document" + JSONStep.text(steps)
            }
        }

        /// Whether only the document has it.
        var isPath: Bool {
            if case .path = self { true } else { false }
        }
    }

    private struct Comparison: Sendable {
        let left: Side
        let comparison: Condition.Comparison
        let right: Side
        /// Nil for neither.
        let holds: Bool?

        init(_ left: Side, _ comparison: Condition.Comparison, _ right: Side, _ holds: Bool?) {
            self.left = left
            self.comparison = comparison
            self.right = right
            self.holds = holds
        }
    }

    private static func member(_ name: String) -> Side { .path([.member(name)]) }

    private static let comparisons: [Comparison] = [
        // With columns: text by bytes, numbers by value, truth values.
        Comparison(member("theme"), .equal, .column("text"), true),
        Comparison(member("theme"), .notEqual, .column("text"), false),
        Comparison(.column("text"), .lessOrEqual, member("theme"), true),
        Comparison(member("size"), .equal, .column("number"), true),
        Comparison(member("ratio"), .equal, .column("number"), true),
        Comparison(member("half"), .equal, .column("real"), true),
        Comparison(member("size"), .less, .column("real"), true),
        Comparison(.column("number"), .greaterOrEqual, member("half"), false),
        Comparison(member("on"), .equal, .column("flag"), true),
        Comparison(member("off"), .less, .column("flag"), true),
        // Of another type, nothing, null, a list: neither.
        Comparison(member("size"), .equal, .column("text"), nil),
        Comparison(member("theme"), .notEqual, .column("number"), nil),
        Comparison(member("on"), .equal, .column("text"), nil),
        Comparison(.column("flag"), .greater, member("theme"), nil),
        Comparison(member("on"), .equal, .column("number"), nil),
        Comparison(member("gone"), .notEqual, .column("text"), nil),
        Comparison(member("none"), .equal, .column("text"), nil),
        Comparison(member("list"), .notEqual, .column("number"), nil),
        Comparison(member("o"), .equal, .column("text"), nil),
        // With paths.
        Comparison(member("theme"), .equal, member("same"), true),
        Comparison(member("theme"), .equal, .path([.member("list"), .element(1)]), true),
        Comparison(member("size"), .equal, member("ratio"), true),
        Comparison(.path([.member("o"), .member("size")]), .equal, .path([.member("list"), .element(0)]), true),
        Comparison(member("big"), .greater, member("near"), true),
        Comparison(member("zero"), .less, member("half"), true),
        Comparison(member("\u{E9}"), .equal, member("e"), false),
        Comparison(member("on"), .greater, member("off"), true),
        Comparison(member("theme"), .equal, member("size"), nil),
        Comparison(member("gone"), .equal, member("gone"), nil),
        Comparison(member("none"), .equal, member("none"), nil),
        Comparison(member("none"), .notEqual, member("theme"), nil),
        Comparison(member("list"), .equal, member("list"), nil),
        Comparison(member("o"), .notEqual, member("list"), nil),
    ]

    private static func comparison(_ comparison: Comparison) -> ConformanceCase {
        let (left, right) = (comparison.left, comparison.right)
        return ConformanceCase(.l0, "JSON: \(left.text) \(comparison.comparison.rawValue) \(right.text)") { store in
            let db = try await store.open()
            let document = try Value.json(JSONValue(parsing: document))
            // With both sides, without columns, without a document, without either: what one side lacks is neither.
            for (id, values) in [("a", row), ("b", [:]), ("c", row), ("d", [:])] {
                var values = values
                values["id"] = .string(id)
                if id == "a" || id == "b" { values["document"] = document }
                try await db.insert("things", values)
            }
            let condition = Condition.computed(
                try left.expression(db), comparison.comparison, try right.expression(db))
            let rows = left.isPath && right.isPath ? ["a", "b"] : ["a"]
            try expectEqual(
                try await db.keys(db.query("things", where: condition)), comparison.holds == true ? rows : [])
            try expectEqual(
                try await db.keys(db.query("things", where: !condition)), comparison.holds == false ? rows : [])
        }
    }
}
