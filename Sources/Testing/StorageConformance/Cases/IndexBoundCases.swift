import CairnCore

/// Conditions on several columns of one index: lists, equalities and ranges in all places, and bounds of which one follows from the
/// other. What an index is asked for must never show in the answer.
enum IndexBoundCases {
    private static let schema = """
        { "database": "clinic", "tables": { "visits": {
          "columns": { "pet": "int", "number": "int", "kind": "string?", "price": "int?", "note": "string?",
            "room": "int" },
          "key": ["pet", "number"], "indexes": { "by_kind": ["kind", "price desc", "note"], "by_price": ["price"] } } } }
        """

    static let all: [ConformanceCase] =
        conditions.map { name, make in
            ConformanceCase(.l0, "Bounds of several columns leave out what they should and nothing else: \(name)") {
                store in
                let db = try await fill(store)
                for condition in try make(Columns(db)) { try await check(db, condition) }
            }
        } + [
            ConformanceCase(.l1, "A condition on a later column of the key is answered for each listed first column") {
                store in
                let db = try await fill(store)
                let columns = try Columns(db)
                let condition = columns.pet(in: [4, 0, 9, 2]) && columns.number(.equal, 3)
                let plan = try await db.session.explain(db.query("visits", where: condition), run: true)
                try expectEqual(plan.run?.rows, 3)
                try expectEqual(plan.readRows, 3, "\(plan)")
            },
            ConformanceCase(.l1, "A list and a range behind it read what satisfies both") { store in
                let db = try await fill(store)
                let columns = try Columns(db)
                let condition = columns.kind(in: ["b", "a"]) && columns.price(.greaterOrEqual, 0)
                let plan = try await db.session.explain(db.query("visits", where: condition), run: true)
                try expectEqual(plan.run?.rows, 6)
                try expectEqual(plan.readRows, plan.access == .index("by_kind") ? 6 : plan.readRows, "\(plan)")
            },
        ]

    // MARK: Conditions

    /// Makes conditions on the columns by their values.
    private struct Columns {
        let db: Store

        init(_ db: Store) throws {
            self.db = db
            (petColumn, numberColumn) = (try db.column("pet", of: "visits"), try db.column("number", of: "visits"))
            (kindColumn, priceColumn) = (try db.column("kind", of: "visits"), try db.column("price", of: "visits"))
            noteColumn = try db.column("note", of: "visits")
        }

        let petColumn: Int, numberColumn: Int, kindColumn: Int, priceColumn: Int, noteColumn: Int

        func pet(in values: [Int]) -> Condition { .isIn(column: petColumn, values.map(Value.int)) }
        func pet(_ comparison: Condition.Comparison, _ value: Int) -> Condition {
            .compare(column: petColumn, comparison, .int(value))
        }
        func number(in values: [Int]) -> Condition { .isIn(column: numberColumn, values.map(Value.int)) }
        func number(_ comparison: Condition.Comparison, _ value: Int) -> Condition {
            .compare(column: numberColumn, comparison, .int(value))
        }
        func kind(in values: [String]) -> Condition { .isIn(column: kindColumn, values.map(Value.string)) }
        func kind(_ match: Condition.TextMatch, _ text: String) -> Condition {
            .text(column: kindColumn, match, text, ignoringCase: false)
        }
        func price(in values: [Int]) -> Condition { .isIn(column: priceColumn, values.map(Value.int)) }
        func price(_ comparison: Condition.Comparison, _ value: Int) -> Condition {
            .compare(column: priceColumn, comparison, .int(value))
        }
        func isNull(_ column: Int) -> Condition { .isNull(column: column) }
        func note(_ match: Condition.TextMatch, _ text: String) -> Condition {
            .text(column: noteColumn, match, text, ignoringCase: false)
        }
    }

    private static let listed = ["b", "\u{E9}", "a", "", "nowhere", "a"]

    private static let conditions: [(String, @Sendable (Columns) -> [Condition])] = [
        (
            "a list, then a value",
            { columns in
                [
                    columns.kind(in: listed) && columns.price(.equal, 1),
                    columns.kind(in: listed) && columns.isNull(columns.priceColumn),
                    columns.kind(in: listed) && columns.price(.equal, .max) && columns.note(.equals, "x"),
                    columns.kind(in: listed) && columns.price(.equal, 0) && columns.isNull(columns.noteColumn),
                    columns.pet(in: [5, 0, 9, 3]) && columns.number(.equal, 2),
                    columns.kind(in: ["a"]) && columns.price(.equal, -1) && columns.number(.greater, 1),
                ]
            }
        ),
        (
            "a list, then a range",
            { columns in
                [
                    columns.kind(in: listed) && columns.price(.greater, -1) && columns.price(.lessOrEqual, 1),
                    columns.kind(in: listed) && columns.price(.greaterOrEqual, .max),
                    columns.kind(in: listed) && columns.price(.greater, .max),
                    columns.kind(in: listed) && columns.price(.less, .min),
                    columns.kind(in: listed) && columns.price(.lessOrEqual, .min),
                    columns.kind(in: listed) && columns.price(.greater, 1) && columns.price(.less, 0),
                    columns.kind(in: listed) && !columns.isNull(columns.priceColumn),
                    columns.pet(in: [3, 1]) && columns.number(.greater, 1) && columns.number(.less, 4),
                ]
            }
        ),
        (
            "two lists",
            { columns in
                [
                    columns.kind(in: listed) && columns.price(in: [1, .min, 7, 0]),
                    columns.kind(in: listed) && columns.price(in: [1, .max]) && columns.note(.hasPrefix, "x"),
                    columns.kind(in: listed) && columns.price(in: [0, -1]) && columns.note(.like, "x%y"),
                    columns.pet(in: [5, 2, 0]) && columns.number(in: [0, 5, 6]),
                    columns.pet(in: Array(-9...9)) && columns.number(in: Array(2...40)),
                    columns.isNull(columns.kindColumn) && columns.price(in: [0, 1]),
                ]
            }
        ),
        (
            "bounds of one end",
            { columns in
                [
                    columns.price(.greater, -1) && columns.price(.greater, 0),
                    columns.price(.greaterOrEqual, 0) && columns.price(.greater, 0),
                    columns.price(.greater, 0) && columns.price(.greaterOrEqual, 0),
                    columns.price(.less, 1) && columns.price(.lessOrEqual, 1) && columns.price(.less, 5),
                    columns.price(.lessOrEqual, 0) && columns.price(.lessOrEqual, 1) && columns.price(.greater, .min),
                    columns.kind(.equals, "a") && columns.price(.greater, -1) && columns.price(.greater, 0),
                    columns.kind(.hasPrefix, "e") && columns.kind(.hasPrefix, "e\u{301}"),
                    columns.kind(.hasPrefix, "a") && columns.kind(.hasPrefix, "b"),
                    columns.kind(.like, "e%") && columns.kind(.like, "%\u{301}"),
                ]
            }
        ),
        (
            "the key",
            { columns in
                [
                    columns.number(.equal, 1), columns.pet(.greater, 1) && columns.number(.equal, 5),
                    columns.pet(.greaterOrEqual, 1) && columns.pet(.less, 4) && columns.pet(.notEqual, 2),
                    columns.number(.notEqual, 3) && columns.pet(.equal, 2),
                    columns.number(in: [0, 4, 9]) || columns.pet(.equal, 0) && columns.number(.less, 2),
                ]
            }
        ),
    ]

    // MARK: Records

    /// Each pet has visits of one kind, and of each price once.
    private static func fill(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(schema)
        let kinds: [Value] = ["a", "b", nil, "", "\u{E9}", "e\u{301}"].map { $0.map(Value.string) ?? .null }
        let prices: [Value] = [nil, .min, -1, 0, 1, .max].map { $0.map(Value.int) ?? .null }
        let notes: [Value] = [.string("x"), .null, .string("xy"), .string("y")]
        let table = try require(db.schema.table(named: "visits"), "visits")
        _ = try await db.session.write(
            (0..<36).map { place in
                let (pet, number) = (place / 6, place % 6)
                let values: [Value] = [
                    .int(pet), .int(number), kinds[pet], prices[number], notes[(pet + number) % notes.count],
                    .int(place % 5),
                ]
                return .insert(table, values)
            })
        return db
    }

    /// In each order, whole, at its beginning and page by page, the rows are those of all rows that the condition is true of.
    private static func check(_ db: Store, _ condition: Condition) async throws {
        let columns = try Columns(db)
        let index = [columns.kindColumn, columns.priceColumn, columns.noteColumn]
        let orders: [[OrderTerm]] = [
            [], zip(index, [false, true, false]).map { OrderTerm(column: $0.0, isDescending: $0.1) },
            zip(index, [true, false, true]).map { OrderTerm(column: $0.0, isDescending: $0.1) },
            [OrderTerm(column: columns.priceColumn, isDescending: true)], [OrderTerm(column: columns.kindColumn)],
            [OrderTerm(column: columns.numberColumn), OrderTerm(column: columns.petColumn, isDescending: true)],
        ]
        let filter = RowFilter(condition)
        let records = try db.records("visits")
        for order in orders {
            let all = try await records.all(db.query("visits", order: order))
            let matching = try all.filter { try filter.matches(RecordRow(table: $0.table, values: $0.values)) == true }
            let wanted = matching.map { KeyText.encode($0.key) }
            let query = try db.query("visits", where: condition, order: order)
            try expectEqual(try await db.keys(query), wanted, "\(condition) by \(order)")
            var first = query
            first.limit = 2
            try expectEqual(try await db.keys(first), Array(wanted.prefix(2)), "\(condition) by \(order), the first")
            var found: [String] = []
            var cursor: PageCursor?
            repeat {
                let page = try await records.page(query, size: 4, after: cursor)
                found += page.items.map { KeyText.encode($0.key) }
                cursor = page.next
            } while cursor != nil
            try expectEqual(found, wanted, "\(condition) by \(order), in pages")
        }
        try expectEqual(
            try await db.session.count(db.query("visits", where: condition)),
            try await db.keys(db.query("visits", where: condition)).count, "\(condition)")
    }
}
