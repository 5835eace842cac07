import CairnCore

/// Updates and deletes of all rows of a query.
enum BulkCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l0, "An update of a query changes its rows and no other, and counts them") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let name = try db.column("name", of: "people")
            let query = try db.query("people", where: .compare(column: age, .less, .int(10)))
            store.clock.advance(seconds: 5)
            let changed = try await db.session.update(query, [Assignment(column: name, value: .string("young"))])
            try expectEqual(changed, 10)
            let young = Condition.compare(column: name, .equal, .string("young"))
            try expectEqual(try await db.keys(db.query("people", where: young)), (0..<10).map(String.init))
            let record = try await db.records("people").get(.int(3))
            try expectEqual(record.revision, 2)
            try expectEqual(record.updatedAt, store.clock.now)
            try expectEqual(try await db.records("people").get(.int(10)).revision, 1)
        },
        ConformanceCase(.l0, "An update that moves rows in the order it reads meets each row once") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let query = try db.query(
                "people", where: .compare(column: age, .less, .int(50)), order: [OrderTerm(column: age)])
            let changed = try await db.session.update(query, [Assignment(column: age, value: .int(49))])
            try expectEqual(changed, 50)
            try expectEqual(try await db.records("people").get(.int(0)).revision, 2)
        },
        ConformanceCase(.l0, "An update of a query respects order and limit") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let name = try db.column("name", of: "people")
            let query = try db.query("people", order: [OrderTerm(column: age, isDescending: true)], limit: 2)
            _ = try await db.session.update(query, [Assignment(column: name, value: .string("old"))])
            let old = Condition.compare(column: name, .equal, .string("old"))
            try expectEqual(try await db.keys(db.query("people", where: old)), ["98", "99"])
        },
        ConformanceCase(.l0, "A delete of a query deletes its rows and no other, and counts them") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let query = try db.query("people", where: .compare(column: age, .greaterOrEqual, .int(3)))
            try expectEqual(try await db.session.delete(query), 97)
            try expectEqual(try await db.keys(db.query("people")), ["0", "1", "2"])
            try expectEqual(try await db.session.delete(query), 0)
        },
        ConformanceCase(.l0, "A key column cannot be set") { store in
            let db = try await QueryCases.people(store)
            let id = try db.column("id", of: "people")
            let error = try await expectError(.invalid) {
                _ = try await db.session.update(db.query("people"), [Assignment(column: id, value: .int(1))])
            }
            try expectEqual(error.details.column, "id")
        },
        ConformanceCase(.l0, "A column cannot be set twice in one update") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let twice = [Assignment(column: age, value: .int(1)), Assignment(column: age, value: .int(2))]
            try await expectError(.invalid) { _ = try await db.session.update(db.query("people"), twice) }
        },
        ConformanceCase(.l0, "A value against the rules stops an update of a query before it changes anything") {
            store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            try await expectError(.invalid) {
                _ = try await db.session.update(db.query("people"), [Assignment(column: age, value: .int(151))])
            }
            try expectEqual(try await db.records("people").get(.int(0)).revision, 1)
        },
        ConformanceCase(.l1, "An update of a query that breaks a unique index changes nothing") { store in
            let db = try await QueryCases.people(store)
            let email = try db.column("email", of: "people")
            try await expectError(.duplicate) {
                _ = try await db.session.update(
                    db.query("people", limit: 3), [Assignment(column: email, value: .string("same@x"))])
            }
            try expectEqual(
                try await db.records("people").count(db.query("people", where: .not(.isNull(column: email)))), 0)
        },
        ConformanceCase(.l1, "A delete of a query under restrict deletes nothing") { store in
            let db = try await store.open(Schemas.library)
            for id in 1...3 { try await db.insert("authors", ["id": .int(id), "name": .string("a\(id)")]) }
            try await db.insert("books", ["isbn": .string("b"), "title": .string("t"), "author": .int(2)])
            try await expectError(.reference) { _ = try await db.session.delete(db.query("authors")) }
            try expectEqual(try await db.records("authors").count(), 3)
        },
        ConformanceCase(.l1, "Inside a transaction an update of a query sees the transaction's own rows") { store in
            let db = try await QueryCases.people(store)
            let name = try db.column("name", of: "people")
            let changed = try await db.transaction { tx in
                try await tx.insert("people", ["id": .int(1000), "name": .string("n1000"), "country": .string("DE")])
                return try await tx.update(db.query("people"), [Assignment(column: name, value: .string("all"))])
            }
            try expectEqual(changed, 101)
            try expectEqual(try await db.records("people").get(.int(1000))["name"], .string("all"))
        },
    ]
}
