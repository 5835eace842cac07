import CairnCore

/// Positions: reading on where one stopped, by values and not by counting.
enum PageCases {
    static let all: [ConformanceCase] =
        orders.map(walk)
        + [
            ConformanceCase(.l0, "Rows inserted before the position do not shift the next page") { store in
                let db = try await fill(store)
                let number = try db.column("number", of: "things")
                var query = try db.query("things", order: [OrderTerm(column: number)], limit: 5)
                let (first, position) = try await page(db, query)
                try await db.insert("things", ["id": .string("new"), "number": .int(-100)])
                query.after = position
                let (second, _) = try await page(db, query)
                try expect(Set(first).isDisjoint(with: second), "a row appears twice: \(first) \(second)")
                try expectEqual(second.first, try await db.keys(all(query))[6])
            },
            ConformanceCase(.l0, "The row of a position may be gone when the next page is read") { store in
                let db = try await fill(store)
                var query = try db.query("things", limit: 3)
                let (first, position) = try await page(db, query)
                let rest = Array(try await db.keys(all(query)).dropFirst(3).prefix(3))
                try await db.records("things").delete(.text(require(first.last, "a row")))
                query.after = position
                try expectEqual(try await page(db, query).keys, rest)
            },
            ConformanceCase(.l0, "A position behind the last row gives an empty page") { store in
                let db = try await fill(store)
                var query = try db.query("things", limit: 1000)
                query.after = try await page(db, query).position
                try expectEqual(try await page(db, query).keys, [])
            },
            ConformanceCase(.l0, "A position works with a condition, in an index and without") { store in
                for schema in [Schemas.things, Schemas.indexedThings] {
                    let db = try await fill(store, schema)
                    let number = try db.column("number", of: "things")
                    let text = try db.column("text", of: "things")
                    for condition in [
                        Condition.compare(column: number, .equal, .int(1)), .compare(column: number, .greater, .int(0)),
                        .isIn(column: number, [.int(0), .int(2)]),
                        .text(column: text, .hasPrefix, "t", ignoringCase: false),
                        .isNull(column: number),
                    ] {
                        for order in [[], [OrderTerm(column: number)], [OrderTerm(column: text, isDescending: true)]] {
                            let query = try db.query("things", where: condition, order: order, limit: 2)
                            try expectEqual(
                                try await walkAll(db, query), try await db.keys(all(query)), "\(condition) \(order)")
                        }
                    }
                }
            },
        ]

    /// Orders to page through: each column both ways, several columns, mixed directions.
    private static let orders: [[(String, Bool)]] =
        [[]] + Schemas.orderedColumns.flatMap { [[($0, false)], [($0, true)]] } + [
            [("number", false), ("text", true)], [("flag", true), ("number", false)],
            [("text", false), ("flag", false), ("real", true)],
            [("id", true)], [("number", true), ("id", true)],
        ]

    private static func walk(_ order: [(String, Bool)]) -> ConformanceCase {
        let name = order.map { $0.0 + ($0.1 ? " desc" : "") }.joined(separator: ", ")
        return ConformanceCase(.l0, "Pages by (\(name.isEmpty ? "key" : name)) give every row once, in order") {
            store in
            for schema in [Schemas.things, Schemas.indexedThings] {
                let db = try await fill(store, schema)
                let terms = try order.map { OrderTerm(column: try db.column($0.0, of: "things"), isDescending: $0.1) }
                for size in [1, 4] {
                    let query = try db.query("things", order: terms, limit: size)
                    try expectEqual(try await walkAll(db, query), try await db.keys(all(query)))
                }
            }
        }
    }

    /// Things with ties and nulls in every column.
    private static func fill(_ store: ConformanceStore, _ schema: String = Schemas.things) async throws -> Store {
        let db = try await store.open(schema, name: schema == Schemas.things ? "plain" : "indexed")
        for place in 0..<12 {
            var values: [String: Value] = ["id": .string("k\(place * 5 % 12)")]
            for column in Schemas.orderedColumns where place % 4 != 3 {
                let ladder = Ladder.values(of: column)
                values[column] = ladder[place % 3 % ladder.count]
            }
            values["number"] = place % 4 == 3 ? .null : .int(place % 3)
            values["text"] = place % 4 == 3 ? .null : .string("t\(place % 2)")
            try await db.insert("things", values)
        }
        return db
    }

    private static func all(_ query: Query) -> Query {
        var query = query
        query.limit = nil
        query.after = nil
        return query
    }

    /// The keys of a page, and the position behind it.
    private static func page(_ db: Store, _ query: Query) async throws -> (keys: [String], position: Query.Position?) {
        var keys: [String] = []
        var position: Query.Position?
        try await db.session.read(query) { row in
            keys.append(KeyText.encode(try row.key()))
            position = Query.Position(values: try query.totalOrder.map { try row.value($0.column) })
            return true
        }
        return (keys, position)
    }

    /// The keys of all pages, one after the other.
    private static func walkAll(_ db: Store, _ query: Query) async throws -> [String] {
        var query = query
        var keys: [String] = []
        while true {
            let (next, position) = try await page(db, query)
            keys += next
            guard let position, next.count == query.limit else { return keys }
            try expect(keys.count < 1000, "the pages never end")
            query.after = position
        }
    }
}
