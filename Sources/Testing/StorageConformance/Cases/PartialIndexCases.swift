import CairnCore

/// Indexes with a condition: they have the records it is true of.
enum PartialIndexCases {
    private static let schema = """
        { "database": "shop", "tables": { "orders": {
          "columns": { "id": "int", "customer": "string", "closed": "bool?", "total": "int?" }, "key": "id",
          "indexes": {
            "one_open": { "on": ["customer"], "unique": true, "where": "closed = false" },
            "by_total": { "on": ["total desc"], "where": "total is not null and not closed" } } } } }
        """

    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "A unique index with a condition compares only the records it is true of") { store in
            let db = try await store.open(schema)
            for id in 1...2 { try await insert(db, id, "ann", closed: true) }
            for id in 3...4 { try await insert(db, id, "ann", closed: nil) }
            try await insert(db, 5, "ann", closed: false)
            try await insert(db, 6, "bob", closed: false)
            let error = try await expectError(.duplicate) { try await insert(db, 7, "ann", closed: false) }
            try expectEqual(error.details.index, "one_open")
            try expectEqual(error.details.otherID, "5")
            try expectEqual(try await db.records("orders").count(), 6)
        },
        ConformanceCase(.l1, "A change that takes a record into a unique index is compared, though its values stay") {
            store in
            let db = try await store.open(schema)
            try await insert(db, 1, "ann", closed: true)
            try await insert(db, 2, "ann", closed: false)
            let error = try await expectError(.duplicate) {
                try await db.session.change("orders", .int(1), ["closed": .bool(false)])
            }
            try expectEqual(error.details.otherID, "2")
            try await db.session.change("orders", .int(2), ["closed": .bool(true)])
            try await db.session.change("orders", .int(1), ["closed": .bool(false)])
            try await expectError(.duplicate) {
                try await db.session.change("orders", .int(2), ["closed": .bool(false)])
            }
        },
        ConformanceCase(.l1, "One batch closes what is open and opens another") { store in
            let db = try await store.open(schema)
            try await insert(db, 1, "ann", closed: false)
            try await insert(db, 2, "ann", closed: true)
            let table = try db.records("orders").table
            func row(_ id: Int, closed: Bool) -> WriteOperation {
                .update(table, [.int(id), .string("ann"), .bool(closed), .null], expecting: nil)
            }
            _ = try await db.session.write([row(1, closed: true), row(2, closed: false)])
            try await expectError(.duplicate) { _ = try await db.session.write([row(1, closed: false)]) }
        },
        ConformanceCase(.l1, "An index with a condition serves the queries that imply it, and no others") { store in
            let db = try await store.open(schema)
            for id in 0..<40 {
                let closed: Bool? = id % 4 == 0 ? false : id % 4 == 1 ? nil : true
                try await insert(db, id, "c\(id)", closed: closed, total: id % 8 == 0 ? nil : id)
            }
            let total = try db.column("total", of: "orders")
            let closed = try db.column("closed", of: "orders")
            let open = Condition.compare(column: closed, .equal, .bool(false))
            let large = Condition.compare(column: total, .greaterOrEqual, .int(20))
            let first = [OrderTerm(column: total, isDescending: true)]
            let served = try db.query("orders", where: .and([large, open]), order: first)
            try expectEqual(try await db.session.explain(served).access, .index("by_total"))
            try expectEqual(try await db.keys(served), ["36", "28", "20"])
            let all = try db.query("orders", where: large, order: first)
            try expect(try await db.session.explain(all).access != .index("by_total"), "it lacks rows")
            try expectEqual(try await db.keys(all).count, 18)
            let unlike = try db.query("orders", where: .compare(column: closed, .notEqual, .bool(true)), order: first)
            try expectEqual(try await db.keys(unlike).count, 10)
            let either = try db.query(
                "orders", where: .and([.or([open, .isNull(column: closed)]), large]), order: first)
            try expectEqual(try await db.keys(either), ["37", "36", "33", "29", "28", "25", "21", "20"])
        },
        ConformanceCase(.l1, "A condition of an index compares values of every type as the store keeps them") { store in
            let types: [(type: String, literal: String, value: Value, other: Value)] = [
                ("string", "'\u{301} -- ;'' é", .string("'\u{301} -- ;'' é"), .string("'")),
                ("int", "-9223372036854775808", .int(.min), .int(.max)),
                ("double", "-0.001", .double(-0.001), .double(0.001)), ("bool", "false", .bool(false), .bool(true)),
                (
                    "date", "1969-12-31", .date(try require(CalendarDate("1969-12-31"), "day")),
                    .date(try require(CalendarDate("1970-01-01"), "day"))
                ),
                (
                    "decimal", "-1.50", .decimal(try require(DecimalNumber("-1.5"), "number")),
                    .decimal(try require(DecimalNumber("1.5"), "number"))
                ),
                ("bytes", "AP8=", .bytes([0, 255]), .bytes([0])),
            ]
            for (number, type) in types.enumerated() {
                let isNumber = ["int", "double", "bool", "decimal"].contains(type.type)
                let literal = isNumber ? type.literal : "\\\"\(type.literal)\\\""
                let db = try await store.open(
                    """
                    { "database": "shop", "tables": { "rows": { "columns": { "id": "int", "name": "string", "value": "\(type.type)?" },
                      "key": "id", "indexes": { "one": { "on": ["name"], "unique": true, "where": "value = \(literal)" } } } } }
                    """, name: "types\(number)")
                func insert(_ id: Int, _ value: Value) async throws {
                    try await db.insert("rows", ["id": .int(id), "name": .string("x"), "value": value])
                }
                try await insert(1, type.value)
                for id in 2...3 { try await insert(id, type.other) }
                for id in 4...5 { try await insert(id, .null) }
                let error = try await expectError(.duplicate) { try await insert(6, type.value) }
                try expectEqual(error.details.otherID, "1")
                let value = try db.column("value", of: "rows")
                let query = try db.query("rows", where: .compare(column: value, .equal, type.value))
                try expectEqual(try await db.keys(query), ["1"])
            }
        },
        ConformanceCase(.l1, "Records enter and leave an index as its condition becomes true of them") { store in
            let db = try await store.open(schema)
            for id in 1...6 { try await insert(db, id, "c\(id)", closed: false, total: id) }
            let total = try db.column("total", of: "orders")
            let closed = try db.column("closed", of: "orders")
            let open = try db.query(
                "orders",
                where: .and([.compare(column: closed, .equal, .bool(false)), .not(.isNull(column: total))]),
                order: [OrderTerm(column: total, isDescending: true)])
            try expectEqual(try await db.keys(open), ["6", "5", "4", "3", "2", "1"])
            try await db.session.change("orders", .int(5), ["closed": .bool(true)])
            try await db.session.change("orders", .int(4), ["total": .null])
            try await db.session.change("orders", .int(1), ["total": .int(10)])
            try await db.session.change("orders", .int(2), ["customer": .string("other")])
            try await db.records("orders").delete(Key(.int(3)))
            try expectEqual(try await db.keys(open), ["1", "6", "2"])
            try await db.session.change("orders", .int(5), ["closed": .bool(false)])
            try await db.session.change("orders", .int(4), ["total": .int(-1)])
            try expectEqual(try await db.keys(open), ["1", "6", "5", "2", "4"])
        },
    ]

    private static func insert(
        _ db: Store, _ id: Int, _ customer: String, closed: Bool?, total: Int? = nil
    ) async throws {
        try await db.insert(
            "orders",
            [
                "id": .int(id), "customer": .string(customer), "closed": closed.map(Value.bool) ?? .null,
                "total": total.map(Value.int) ?? .null,
            ])
    }
}
