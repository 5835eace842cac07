import CairnCore

/// What is there after the end of a process, whichever way it ended. A handle that is dropped without `close` stands for a
/// process that was killed; real kills are tested by each driver.
enum CrashCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l2, "What was committed is there after closing and opening again", needsPersistence: true) {
            store in
            let db = try await QueryCases.people(store)
            try await db.session.change("people", .int(1), ["age": .int(150)])
            try await db.records("people").delete(.int(2))
            try await db.close()
            let again = try await store.open(Schemas.people)
            try expectEqual(try await again.records("people").count(), 99)
            let record = try await again.records("people").get(.int(1))
            try expectEqual(record["age"], .int(150))
            try expectEqual(record.revision, 2)
        },
        ConformanceCase(.l2, "What was committed is there though the store was never closed", needsPersistence: true) {
            store in
            let schema = try Schema(parsing: Schemas.people)
            let storage = try await store.storage()
            let db = try await Store.open(storage, schema: schema)
            try await db.insert("people", ["id": .int(1), "name": .string("x"), "country": .string("FR")])
            let again = try await store.open(Schemas.people)
            try expectEqual(try await again.records("people").get(.int(1))["name"], .string("x"))
            try await storage.close()
        },
        ConformanceCase(.l2, "A transaction that was open when its process ended left nothing", needsPersistence: true)
        { store in
            let schema = try Schema(parsing: Schemas.people)
            let table = try require(schema.table(named: "people"), "people")
            do {
                let storage = try await store.storage()
                _ = try await Store.open(storage, schema: schema)
                let transaction = try await storage.transaction()
                _ = try await transaction.write([.insert(table, QueryCases.person(table, 1, age: 1).values)])
                // Neither committed nor rolled back: it goes with its last reference.
            }
            let again = try await store.open(Schemas.people)
            try expectEqual(try await again.records("people").count(), 0)
            try await again.insert("people", ["id": .int(1), "name": .string("x"), "country": .string("FR")])
        },
        ConformanceCase(.l2, "Revisions of deleted keys are remembered across processes", needsPersistence: true) {
            store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a")])
            try await db.records("things").delete(.text("a"))
            try await db.close()
            let again = try await store.open()
            try expectEqual(try await again.insert("things", ["id": .string("a")]).revision, 3)
        },
        ConformanceCase(
            .l2, "A second handle on one store sees what the first commits, and the other way round",
            needsPersistence: true
        ) {
            store in
            let (left, right) = (try await store.open(), try await store.open())
            try await left.insert("things", ["id": .string("a"), "number": .int(1)])
            try expectEqual(try await right.records("things").get(.text("a"))["number"], .int(1))
            try await right.session.change("things", .text("a"), ["number": .int(2)])
            try expectEqual(try await left.records("things").get(.text("a"))["number"], .int(2))
            try await expectError(.duplicate) { try await left.insert("things", ["id": .string("a")]) }
        },
        ConformanceCase(.l2, "Two handles that write at once lose nothing", needsPersistence: true) { store in
            let handles = [try await store.open(), try await store.open()]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, handle) in handles.enumerated() {
                    group.addTask {
                        for step in 0..<25 { try await handle.insert("things", ["id": .string("\(number)-\(step)")]) }
                    }
                }
                try await group.waitForAll()
            }
            try expectEqual(try await handles[0].records("things").count(), 50)
        },
        ConformanceCase(.l2, "A store dropped with rows still being read can be opened again", needsPersistence: true) {
            store in
            let schema = try Schema(parsing: Schemas.people)
            do {
                let storage = try await store.storage()
                let db = try await Store.open(storage, schema: schema)
                for id in 0..<10 {
                    try await db.insert(
                        "people", ["id": .int(id), "name": .string("x"), "country": .string("FR"), "number": .int(id)])
                }
                let cursor = try await storage.rows(Query(require(schema.table(named: "people"), "people")))
                _ = try await cursor.next(2) { _ in true }
                try await storage.close()
            }
            let again = try await store.open(Schemas.people)
            try expectEqual(try await again.records("people").count(), 10)
        },
    ]
}
