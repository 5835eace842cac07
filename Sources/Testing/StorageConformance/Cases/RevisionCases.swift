import CairnCore

/// Revisions: a write knows what it replaces.
enum RevisionCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "An update of an older revision is a conflict that names both, and changes nothing") {
            store in
            let db = try await store.open(Schemas.people)
            let first = try await insert(db, 1, age: 1)
            try await db.session.change("people", .int(1), ["age": .int(2)])
            var stale = first
            try stale.set("age", .int(99))
            let error = try await expectError(.conflict) { try await db.records("people").update(stale) }
            try expectEqual(error.details.expectedRevision, 1)
            try expectEqual(error.details.actualRevision, 2)
            try expectEqual(error.details.id, "1")
            try expect(!error.isRetryable, "repeating the same update cannot help")
            try expectEqual(try await db.records("people").get(.int(1))["age"], .int(2))
        },
        ConformanceCase(.l1, "A delete of an older revision is a conflict, and deletes nothing") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1)
            try await db.session.change("people", .int(1), ["age": .int(2)])
            let error = try await expectError(.conflict) { try await db.records("people").delete(.int(1), revision: 1) }
            try expectEqual(error.details.actualRevision, 2)
            try expectEqual(try await db.records("people").count(), 1)
            try await db.records("people").delete(.int(1), revision: 2)
            try expectEqual(try await db.records("people").count(), 0)
        },
        ConformanceCase(.l1, "A delete with a revision of a record that is not there is not found") { store in
            let db = try await store.open(Schemas.people)
            try await expectError(.notFound) { try await db.records("people").delete(.int(1), revision: 1) }
        },
        ConformanceCase(.l1, "A record that was never stored cannot be updated") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1)
            let record = try db.record("people", ["id": .int(1), "name": .string("x"), "country": .string("FR")])
            try await expectError(.invalid) { try await db.records("people").update(record) }
        },
        ConformanceCase(.l1, "Ten updates in a row count ten revisions") { store in
            let db = try await store.open(Schemas.people)
            var record = try await insert(db, 1)
            for age in 1...10 {
                try record.set("age", .int(age))
                record = try await db.records("people").update(record)
            }
            try expectEqual(record.revision, 11)
            try expectEqual(try await db.records("people").get(.int(1)).revision, 11)
        },
        ConformanceCase(.l1, "A failed update does not count") { store in
            let db = try await store.open(Schemas.people)
            try await insert(db, 1)
            try await db.insert(
                "people",
                [
                    "id": .int(2), "name": .string("x"), "country": .string("FR"), "number": .int(2),
                    "email": .string("e"),
                ])
            try await expectError(.duplicate) {
                try await db.session.change("people", .int(1), ["email": .string("e")])
            }
            try expectEqual(try await db.records("people").get(.int(1)).revision, 1)
        },
    ]

    @discardableResult
    private static func insert(_ db: Store, _ id: Int, age: Int = 0) async throws -> Record {
        try await db.insert(
            "people",
            ["id": .int(id), "name": .string("x"), "country": .string("FR"), "number": .int(id), "age": .int(age)])
    }
}
