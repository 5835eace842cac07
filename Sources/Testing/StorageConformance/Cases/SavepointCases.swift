import CairnCore

/// Savepoints: parts of a transaction that can be taken back alone.
enum SavepointCases {
    private struct Undo: Error {}

    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "A savepoint that throws takes back its writes and no others") { store in
            let db = try await store.open()
            try await db.transaction { tx in
                try await put(tx, "before")
                do {
                    try await savepoint(tx) {
                        try await put(tx, "inside")
                        try await tx.records("things").delete(.text("before"))
                        throw Undo()
                    }
                } catch is Undo {}
                try expectEqual(try await tx.keys(db.query("things")), ["before"])
                try await put(tx, "after")
            }
            try expectEqual(try await db.keys(db.query("things")), ["after", "before"])
        },
        ConformanceCase(.l1, "A savepoint that ends well keeps its writes") { store in
            let db = try await store.open()
            try await db.transaction { tx in try await savepoint(tx) { try await put(tx, "inside") } }
            try expectEqual(try await db.keys(db.query("things")), ["inside"])
        },
        ConformanceCase(.l1, "Savepoints nest: an inner one is taken back with its outer one") { store in
            let db = try await store.open()
            try await db.transaction { tx in
                do {
                    try await savepoint(tx) {
                        try await put(tx, "outer")
                        try await savepoint(tx) { try await put(tx, "inner") }
                        throw Undo()
                    }
                } catch is Undo {}
                try await savepoint(tx) {
                    try await put(tx, "kept")
                    do {
                        try await savepoint(tx) {
                            try await put(tx, "dropped")
                            throw Undo()
                        }
                    } catch is Undo {}
                }
            }
            try expectEqual(try await db.keys(db.query("things")), ["kept"])
        },
        ConformanceCase(.l1, "Ten savepoints deep, taken back to the fifth") { store in
            let db = try await store.open()
            let storage = try await store.storage(name: "deep")
            try await storage.apply(.create(db.schema))
            try await storage.attach(db.schema)
            let table = try require(db.schema.table(named: "things"), "things")
            let transaction = try await storage.transaction()
            var points: [Int] = []
            for number in 0..<10 {
                points.append(try await transaction.savepoint())
                _ = try await transaction.write([
                    .insert(table, db.record("things", ["id": .string("k\(number)")]).values)
                ])
            }
            for point in points[5...].reversed() { try await transaction.rollback(to: point) }
            _ = try await transaction.commit()
            try expectEqual(try await storage.count(Query(table)), 5)
            try await storage.close()
        },
        ConformanceCase(.l1, "A unique value and a revision taken back are as before") { store in
            let db = try await store.open(Schemas.people)
            try await db.insert(
                "people", ["id": .int(1), "name": .string("x"), "country": .string("FR"), "email": .string("a")])
            try await db.transaction { tx in
                do {
                    try await tx.savepoint {
                        try await tx.change("people", .int(1), ["email": .string("b")])
                        throw Undo()
                    }
                } catch is Undo {}
                try expectEqual(try await tx.records("people").get(.int(1)).revision, 1)
                try await tx.insert(
                    "people", ["id": .int(2), "name": .string("x"), "country": .string("DE"), "email": .string("b")])
                try await expectError(.duplicate) {
                    try await tx.insert(
                        "people",
                        ["id": .int(3), "name": .string("x"), "country": .string("IT"), "email": .string("a")])
                }
            }
            try expectEqual(try await db.records("people").count(), 2)
        },
        ConformanceCase(.l1, "A broken reference taken back does not spoil the commit") { store in
            let db = try await store.open(Schemas.library)
            try await db.transaction { tx in
                do {
                    try await savepoint(tx) {
                        try await tx.insert("books", ["isbn": .string("b"), "title": .string("t"), "author": .int(9)])
                        throw Undo()
                    }
                } catch is Undo {}
                try await tx.insert("authors", ["id": .int(1), "name": .string("Ada")])
            }
            try expectEqual(try await db.records("authors").count(), 1)
        },
        ConformanceCase(.l1, "A savepoint outside a transaction is refused") { store in
            let db = try await store.open()
            try await expectError(.invalid) { try await savepoint(db.session) {} }
        },
        ConformanceCase(.l1, "Savepoints ended out of order are refused") { store in
            let db = try await store.open()
            let storage = try await store.storage(name: "order")
            try await storage.apply(.create(db.schema))
            try await storage.attach(db.schema)
            let transaction = try await storage.transaction()
            let first = try await transaction.savepoint()
            _ = try await transaction.savepoint()
            try await expectError(.invalid) { try await transaction.release(first) }
            await transaction.rollback()
            try await storage.close()
        },
        ConformanceCase(.l1, "What a savepoint could not take back is not committed") { store in
            let db = try await store.open()
            let (first, second, end) = (Signal(), Signal(), Signal())
            try await expectError(.invalid) {
                try await db.transaction { tx in
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask {
                            try? await savepoint(tx) {
                                try await put(tx, "gone")
                                first.send()
                                await second.wait()
                                throw Undo()
                            }
                            end.send()
                        }
                        group.addTask {
                            await first.wait()
                            try? await savepoint(tx) {
                                second.send()
                                await end.wait()
                            }
                        }
                    }
                }
            }
            try expectEqual(try await db.keys(db.query("things")), [])
        },
    ]

    private static func savepoint(_ session: Session, _ body: () async throws -> Void) async throws {
        try await session.savepoint(body)
    }

    private static func put(_ session: Session, _ id: String) async throws {
        try await session.insert("things", ["id": .string(id)])
    }
}
