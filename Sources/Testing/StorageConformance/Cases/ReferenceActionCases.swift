import CairnCore

/// `on_delete`: records that go with another one, and references that become null.
enum ReferenceActionCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "Cascade takes along what refers to a deleted record, level by level") { store in
            let db = try await filled(store)
            try await db.records("teams").delete(.int(1))
            try await expectKeys(db, ["teams": ["2"], "members": ["2/1"], "tasks": ["20"], "people": ["1", "2", "3"]])
        },
        ConformanceCase(.l1, "Set null makes a reference null, as an update does") { store in
            let db = try await filled(store)
            store.clock.advance(seconds: 10)
            let before = try await db.records("teams").get(.int(1))
            try await db.records("people").delete(.int(2))
            let after = try await db.records("teams").get(.int(1))
            try expectEqual(after.values, [.int(1), .null, .null])
            // Two references of one record are one update.
            try expectEqual(after.metadata.revision, before.metadata.revision + 1)
            try expectEqual(after.metadata.createdAt, before.metadata.createdAt)
            try expectEqual(after.metadata.updatedAt, store.clock.now)
            try expectEqual(try await db.records("people").get(.int(3)).values, [.int(3), .null])
            try expectEqual(try await db.records("tasks").get(.int(11)).values[3], .null)
            try await expectKeys(db, ["members": ["1/1", "2/1"], "tasks": ["10", "11", "12", "20"]])
        },
        ConformanceCase(.l1, "Several records may lose a unique reference at once: null is not a duplicate") { store in
            let db = try await filled(store)
            let id = try db.column("id", of: "people")
            let both = try db.query("people", where: .isIn(column: id, [.int(1), .int(2)]))
            try expectEqual(try await db.session.delete(both), 2)
            try expectEqual(try await db.records("teams").get(.int(1)).values[1], .null)
            try expectEqual(try await db.records("teams").get(.int(2)).values[1], .null)
        },
        ConformanceCase(.l1, "A record that goes by one reference and would lose another goes, once") { store in
            let db = try await filled(store)
            try await db.transaction { tx in
                try await tx.insert("tasks", ["id": .int(30), "parent": .int(20), "reviewer": .int(3)])
                _ = try await tx.write([
                    .delete(tx.records("tasks").table, .int(20), expecting: nil),
                    .delete(tx.records("people").table, .int(3), expecting: nil),
                ])
            }
            try await expectKeys(db, ["tasks": ["10", "11", "12"]])
            // One more than the revision of the delete, which was one more than that of the insert.
            try expectEqual(try await db.insert("tasks", ["id": .int(30)]).metadata.revision, 3)
        },
        ConformanceCase(.l1, "Records that refer to one another in a circle, or to themselves, all go") { store in
            let db = try await store.open(Schemas.actions)
            let table = try db.records("tasks").table
            let operations = try [(1, 2), (2, 3), (3, 1), (4, 4), (5, 3)].map { id, parent in
                WriteOperation.insert(
                    table, try Record(table, ["id": .int(id), "parent": .int(parent)]).values)
            }
            _ = try await db.session.write(operations)
            try await db.records("tasks").delete(.int(4))
            try await expectKeys(db, ["tasks": ["1", "2", "3", "5"]])
            try await db.records("tasks").delete(.int(2))
            try await expectKeys(db, ["tasks": []])
        },
        ConformanceCase(.l1, "A record that is held further down refuses the delete, and everything stays") { store in
            let db = try await filled(store)
            try await db.insert("locks", ["id": .int(1), "task": .int(12)])
            let error = try await expectError(.reference) { try await db.records("teams").delete(.int(1)) }
            try expectEqual(error.details.table, "tasks")
            try expectEqual(error.details.id, "12")
            try await expectKeys(
                db, ["teams": ["1", "2"], "members": ["1/1", "2/1"], "tasks": ["10", "11", "12", "20"]])
            // What holds it may go in the same batch, before or after.
            for first in [true, false] {
                let lock = WriteOperation.delete(try db.records("locks").table, .int(1), expecting: nil)
                let team = WriteOperation.delete(try db.records("teams").table, .int(1), expecting: nil)
                do {
                    try await db.transaction { tx in
                        _ = try await tx.write(first ? [lock, team] : [team, lock])
                        try expectEqual(try await tx.keys(db.query("tasks")), ["20"])
                        if first { throw CancellationError() }
                    }
                } catch is CancellationError {}
            }
            try await expectKeys(db, ["teams": ["2"], "locks": [], "tasks": ["20"]])
        },
        ConformanceCase(.l1, "Deletes next to one another happen together, in any order") { store in
            let db = try await filled(store)
            let tasks = try db.records("tasks").table
            let teams = try db.records("teams").table
            let results = try await db.session.write([
                .delete(tasks, .int(11), expecting: 1), .delete(teams, .int(1), expecting: 1),
                .delete(tasks, .int(10), expecting: 1),
            ])
            try expectEqual(results.map(\.revision), [2, 2, 2])
            try await expectKeys(db, ["teams": ["2"], "tasks": ["20"]])
            // A record that went with an earlier operation is gone for a later one.
            try await expectError(.notFound) {
                _ = try await db.session.write([
                    .delete(teams, .int(2), expecting: nil), .upsert(teams, [.int(3), .null, .null]),
                    .delete(db.records("members").table, Key(.int(2), [.int(1)]), expecting: nil),
                ])
            }
            try await expectKeys(db, ["teams": ["2"], "tasks": ["20"]])
        },
        ConformanceCase(.l1, "A batch takes along what it inserted itself, and not what it inserts afterwards") {
            store in
            let db = try await filled(store)
            let tasks = try db.records("tasks").table
            let teams = try db.records("teams").table
            let results = try await db.session.write([
                .insert(tasks, [.int(40), .int(1), .null, .null]), .delete(teams, .int(1), expecting: nil),
                .insert(teams, [.int(1), .null, .null]), .insert(tasks, [.int(41), .int(1), .null, .null]),
            ])
            try expectEqual(results.map(\.revision), [1, 2, 3, 1])
            try await expectKeys(db, ["teams": ["1", "2"], "tasks": ["20", "41"]])
        },
        ConformanceCase(.l1, "A delete that fails takes nothing along") { store in
            let db = try await filled(store)
            let teams = try db.records("teams").table
            try await expectError(.conflict) { try await db.records("teams").delete(.int(1), revision: 7) }
            try await expectError(.notFound) {
                _ = try await db.session.write([
                    .delete(teams, .int(1), expecting: nil), .delete(teams, .int(9), expecting: nil),
                ])
            }
            try await expectKeys(db, ["teams": ["1", "2"], "tasks": ["10", "11", "12", "20"]])
        },
        ConformanceCase(.l1, "The delete of a query takes along what refers to its records, and counts only those") {
            store in
            let db = try await filled(store)
            try expectEqual(try await db.session.delete(db.query("tasks")), 4)
            try await expectKeys(db, ["tasks": []])
            try expectEqual(try await db.session.delete(db.query("teams")), 2)
            try await expectKeys(db, ["members": []])
        },
        ConformanceCase(.l1, "What a savepoint took along comes back with it") { store in
            let db = try await filled(store)
            try await db.transaction { tx in
                do {
                    try await tx.savepoint {
                        try await tx.records("teams").delete(.int(1))
                        try await tx.records("people").delete(.int(1))
                        try expectEqual(try await tx.keys(db.query("tasks")), ["20"])
                        throw CancellationError()
                    }
                } catch is CancellationError {}
                try expectEqual(try await tx.keys(db.query("tasks")), ["10", "11", "12", "20"])
                try expectEqual(try await tx.records("teams").get(.int(2)).values, [.int(2), .int(1), .null])
            }
        },
        ConformanceCase(.l1, "A batch with an idempotency key does not take records along: it is refused") { store in
            let db = try await filled(store)
            let teams = try db.records("teams").table
            try await expectError(.invalid) {
                try await db.write(idempotencyKey: "k") { $0.append(.delete(teams, .int(1), expecting: nil)) }
            }
            let receipt = try await db.write { $0.append(.delete(teams, .int(1), expecting: nil)) }
            try expectEqual(receipt.results.map(\.revision), [2])
            try expectEqual(receipt.time, store.clock.now)
            try expectEqual(try await db.outcome(of: receipt.token), .committed)
            try await expectKeys(db, ["tasks": ["20"]])
        },
    ]

    // MARK: Helpers

    private static func expectKeys(
        _ db: Store, _ expected: [String: [String]], file: StaticString = #fileID, line: UInt = #line
    ) async throws {
        for (table, keys) in expected {
            try expectEqual(try await db.keys(db.query(table)), keys, table, file: file, line: line)
        }
    }

    /// Three people, two teams and their tasks: 10 is of team 1, 11 is part of it, 12 is part of 11; 20 is of nobody.
    private static func filled(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(Schemas.actions)
        try await db.insert("people", ["id": .int(1)])
        try await db.insert("people", ["id": .int(2)])
        try await db.insert("people", ["id": .int(3), "boss": .int(2)])
        try await db.insert("teams", ["id": .int(1), "lead": .int(2), "deputy": .int(2)])
        try await db.insert("teams", ["id": .int(2), "lead": .int(1)])
        try await db.insert("members", ["team": .int(1), "person": .int(1)])
        try await db.insert("members", ["team": .int(2), "person": .int(1)])
        try await db.insert("tasks", ["id": .int(10), "team": .int(1)])
        try await db.insert("tasks", ["id": .int(11), "parent": .int(10), "reviewer": .int(2)])
        try await db.insert("tasks", ["id": .int(12), "parent": .int(11)])
        try await db.insert("tasks", ["id": .int(20)])
        return db
    }
}
