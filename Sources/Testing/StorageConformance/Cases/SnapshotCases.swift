import CairnCore

/// Snapshots: one moment, however long it is looked at.
enum SnapshotCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l2, "A snapshot sees nothing that is written after it began") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            try await db.snapshot { snapshot in
                try await db.session.change("people", .int(1), ["age": .int(150)])
                try await db.records("people").delete(.int(2))
                try await db.insert("people", ["id": .int(500), "name": .string("new"), "country": .string("DE")])
                try expectEqual(try await snapshot.records("people").get(.int(1))["age"], .int(1))
                try expect(try await snapshot.records("people").find(.int(2)) != nil, "a later delete is seen")
                try expect(try await snapshot.records("people").find(.int(500)) == nil, "a later insert is seen")
                try expectEqual(try await snapshot.records("people").find([.int(1), .int(2), .int(500)]).count, 2)
                try expectEqual(try await snapshot.records("people").count(), 100)
                let old = Condition.compare(column: age, .greaterOrEqual, .int(100))
                try expectEqual(try await snapshot.keys(db.query("people", where: old)), [])
            }
            try expectEqual(try await db.records("people").get(.int(1))["age"], .int(150))
        },
        ConformanceCase(.l2, "A snapshot does not block writers, nor they it") { store in
            let db = try await QueryCases.people(store)
            try await db.snapshot { snapshot in
                _ = try await snapshot.records("people").count()
                try await db.transaction { tx in
                    try await tx.change("people", .int(1), ["age": .int(9)])
                    try expectEqual(try await snapshot.records("people").get(.int(1))["age"], .int(1))
                }
                try expectEqual(try await snapshot.records("people").get(.int(1))["age"], .int(1))
            }
        },
        ConformanceCase(.l2, "Snapshots taken one after the other each see their own moment") { store in
            let db = try await QueryCases.people(store)
            try await db.snapshot { first in
                try await db.session.change("people", .int(1), ["age": .int(11)])
                try await db.snapshot { second in
                    try await db.session.change("people", .int(1), ["age": .int(12)])
                    try expectEqual(try await first.records("people").get(.int(1))["age"], .int(1))
                    try expectEqual(try await second.records("people").get(.int(1))["age"], .int(11))
                    try expectEqual(try await db.records("people").get(.int(1))["age"], .int(12))
                }
            }
        },
        ConformanceCase(.l2, "A snapshot refuses to write") { store in
            let db = try await QueryCases.people(store)
            try await db.snapshot { snapshot in
                try await expectError(.invalid) { try await snapshot.change("people", .int(1), ["age": .int(1)]) }
                try await expectError(.invalid) { _ = try await snapshot.delete(db.query("people")) }
            }
            try expectEqual(try await db.records("people").get(.int(1)).revision, 1)
        },
        ConformanceCase(.l2, "A snapshot is closed when it is over") { store in
            let db = try await QueryCases.people(store)
            let escaped = try await db.snapshot { $0 }
            try await expectError(.closed) { _ = try await escaped.records("people").find(.int(1)) }
            try await expectError(.closed) { _ = try await escaped.records("people").count() }
            try await expectError(.closed) { _ = try await escaped.records("people").all() }
        },
        ConformanceCase(.l2, "An error in a snapshot ends it and reaches the caller") { store in
            struct Stop: Error {}
            let db = try await QueryCases.people(store)
            for _ in 0..<3 {
                do {
                    try await db.snapshot { _ in throw Stop() }
                    throw ConformanceFailure("nothing was thrown", #fileID, #line)
                } catch is Stop {}
            }
            try expectEqual(try await db.records("people").count(), 100)
        },
        ConformanceCase(.l2, "A query that is read slowly gives the rows of the moment it began") { store in
            let storage = try await store.storage()
            let schema = try Schema(parsing: Schemas.people)
            let db = try await Store.open(storage, schema: schema)
            let table = try require(schema.table(named: "people"), "people")
            _ = try await storage.commit(
                Batch((0..<50).map { .insert(table, try QueryCases.person(table, $0, age: $0).values) }))
            let cursor = try await storage.rows(Query(table))
            var keys: [String] = []
            func take(_ row: RowReader) throws -> Bool {
                keys.append(KeyText.encode(try row.key()))
                return true
            }
            _ = try await cursor.next(10, take)
            try await db.records("people").delete(.int(30))
            try await db.insert("people", ["id": .int(1000), "name": .string("new"), "country": .string("DE")])
            while try await cursor.next(10, take) {}
            cursor.close()
            try expectEqual(keys, (0..<50).map(String.init))
            try await storage.close()
        },
        ConformanceCase(.l2, "A cursor gives the rows of the moment it was made, though read only later") { store in
            let db = try await QueryCases.people(store)
            let cursor = try await db.session.cursor(db.query("people", limit: 2))
            try await db.records("people").delete(.int(0))
            try await db.session.change("people", .int(1), ["age": .int(99)])
            var rows: [String] = []
            while try await cursor.next(
                10,
                { row in
                    rows.append("\(KeyText.encode(try row.key())) \(row.revision)")
                    return true
                })
            {}
            cursor.close()
            try expectEqual(rows, ["0 1", "1 1"])
        },
        ConformanceCase(.l2, "A cursor left early gives back what it held") { store in
            let storage = try await store.storage()
            let schema = try Schema(parsing: Schemas.people)
            _ = try await Store.open(storage, schema: schema)
            let table = try require(schema.table(named: "people"), "people")
            _ = try await storage.commit(
                Batch((0..<50).map { .insert(table, try QueryCases.person(table, $0, age: $0).values) }))
            // More than any driver has connections.
            for _ in 0..<200 {
                let cursor = try await storage.rows(Query(table))
                _ = try await cursor.next(1) { _ in true }
            }
            try expectEqual(try await storage.count(Query(table)), 50)
            try await storage.close()
        },
        ConformanceCase(
            .l2,
            "A moment that is over is read as it was, by its number and by its pin; a driver that keeps none says so"
        ) { store in
            let db = try await QueryCases.people(store)
            guard try await keepsPast(db) else {
                try await expectError(.unsupported) { try await db.snapshot(asOf: 0) { _ in } }
                try await expectError(.unsupported) { try await db.snapshot(pinned: "then") { _ in } }
                try await expectError(.unsupported) { try await db.pin("then") }
                try await expectError(.unsupported) { try await db.unpin("then") }
                try await expectError(.unsupported) { _ = try await db.pins() }
                return
            }
            let commit = try await db.currentCommit()
            let pin = try await db.pin("then")
            try expectEqual(pin.commit, commit)
            try await db.session.change("people", .int(1), ["age": .int(150)])
            try await db.records("people").delete(.int(2))
            try expectEqual(try await db.currentCommit(), commit + 2)
            let check: (Session) async throws -> Void = { past in
                try expectEqual(try await past.records("people").get(.int(1))["age"], .int(1))
                try expectEqual(try await past.records("people").count(), 100)
                try await expectError(.invalid) { try await past.change("people", .int(1), ["age": .int(1)]) }
            }
            try await db.snapshot(asOf: commit, check)
            try await db.snapshot(pinned: "then", check)
            try expectEqual(try await db.snapshot(asOf: commit + 1) { try await $0.records("people").count() }, 100)
            try await expectError(.invalid) { try await db.snapshot(asOf: commit + 3) { _ in } }
            try await expectError(.duplicate) { try await db.pin("then") }
            try expectEqual(try await db.pins(), [pin])
            try await db.unpin("then")
            try expectEqual(try await db.pins(), [])
            try await expectError(.notFound) { try await db.unpin("then") }
            try await expectError(.notFound) { try await db.snapshot(pinned: "then") { _ in } }
        },
        ConformanceCase(.l2, "Fifty snapshots at once see the same moment") { store in
            let db = try await QueryCases.people(store)
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await db.snapshot { snapshot in
                            let first = try await snapshot.records("people").count()
                            await Task.yield()
                            return try await first + snapshot.records("people").count()
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try expectEqual(Set(counts), [200])
        },
    ]

    private static func keepsPast(_ db: Store) async throws -> Bool {
        do {
            _ = try await db.currentCommit()
            return true
        } catch let error as StorageError where error.code == .unsupported {
            return false
        }
    }
}
