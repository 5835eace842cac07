import CairnCore

/// Batches: all or nothing, in order.
enum BatchCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "A batch writes all its operations") { store in
            let db = try await store.open()
            let table = try require(db.schema.table(named: "things"), "things")
            try await db.insert("things", ["id": .string("u"), "number": .int(1)])
            try await db.insert("things", ["id": .string("d")])
            let results = try await db.session.write([
                .insert(table, values(db, "i", 1)), .update(table, values(db, "u", 2), expecting: 1),
                .upsert(table, values(db, "p", 3)), .delete(table, .text("d"), expecting: nil),
            ])
            try expectEqual(results.map(\.revision), [1, 2, 1, 2])
            try expectEqual(try await db.keys(db.query("things")), ["i", "p", "u"])
        },
        ConformanceCase(.l1, "An empty batch writes nothing and succeeds") { store in
            let db = try await store.open()
            try expectEqual(try await db.session.write([]).count, 0)
        },
        ConformanceCase(.l1, "A batch that fails at its last operation leaves nothing behind") { store in
            let db = try await store.open()
            let table = try require(db.schema.table(named: "things"), "things")
            try await db.insert("things", ["id": .string("a"), "number": .int(1)])
            try await expectError(.duplicate) {
                _ = try await db.session.write([
                    .insert(table, values(db, "b", 1)), .update(table, values(db, "a", 9), expecting: 1),
                    .delete(table, .text("a"), expecting: nil), .insert(table, values(db, "b", 2)),
                ])
            }
            try expectEqual(try await db.keys(db.query("things")), ["a"])
            let record = try await db.records("things").get(.text("a"))
            try expectEqual(record["number"], .int(1))
            try expectEqual(record.revision, 1)
        },
        ConformanceCase(.l1, "Operations of a batch see those before them") { store in
            let db = try await store.open()
            let table = try require(db.schema.table(named: "things"), "things")
            let results = try await db.session.write([
                .insert(table, values(db, "a", 1)), .update(table, values(db, "a", 2), expecting: 1),
                .update(table, values(db, "a", 3), expecting: 2), .delete(table, .text("a"), expecting: 3),
                .insert(table, values(db, "a", 4)),
            ])
            try expectEqual(results.map(\.revision), [1, 2, 3, 4, 5])
            try expectEqual(try await db.records("things").get(.text("a"))["number"], .int(4))
        },
        ConformanceCase(.l1, "All records of a batch carry the same time") { store in
            let db = try await store.open()
            let table = try require(db.schema.table(named: "things"), "things")
            let results = try await db.session.write([
                .insert(table, values(db, "a", 1)), .insert(table, values(db, "b", 1)),
            ])
            try expectEqual(Set(results.map(\.createdAt)), [store.clock.now])
        },
        ConformanceCase(.l1, "A batch that is refused for one bad value writes none of its good ones") { store in
            let db = try await store.open(Schemas.rules)
            let table = try require(db.schema.table(named: "ruled"), "ruled")
            var bad = try db.record("ruled", ["id": .int(2)])
            try bad.set("small", .int(100))
            try await expectError(.invalid) {
                _ = try await db.session.write([
                    .insert(table, db.record("ruled", ["id": .int(1)]).values), .insert(table, bad.values),
                ])
            }
            try expectEqual(try await db.records("ruled").count(), 0)
        },
        ConformanceCase(.l1, "A failed batch leaves indexes as they were") { store in
            let db = try await store.open(Schemas.people)
            let table = try require(db.schema.table(named: "people"), "people")
            _ = try await db.session.write([.insert(table, person(db, 1, "a"))])
            try await expectError(.notFound) {
                _ = try await db.session.write([
                    .update(table, person(db, 1, "b"), expecting: 1), .insert(table, person(db, 2, "a")),
                    .delete(table, .int(99), expecting: nil),
                ])
            }
            try await expectError(.duplicate) { _ = try await db.session.write([.insert(table, person(db, 3, "a"))]) }
            _ = try await db.session.write([.insert(table, person(db, 4, "b"))])
        },
    ]

    private static func person(_ db: Store, _ id: Int, _ email: String) throws -> [Value] {
        try db.record(
            "people",
            [
                "id": .int(id), "name": .string("x"), "country": .string("FR"), "number": .int(id),
                "email": .string(email),
            ]
        ).values
    }

    private static func values(_ db: Store, _ id: String, _ number: Int) throws -> [Value] {
        try db.record("things", ["id": .string(id), "number": .int(number)]).values
    }
}
