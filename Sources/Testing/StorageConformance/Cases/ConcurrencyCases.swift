import CairnCore

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.UUID
#else
    import struct Foundation.UUID
#endif

/// Many tasks at once.
enum ConcurrencyCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l2, "A counter that many tasks raise in transactions has every raise") { store in
            let db = try await counter(store)
            try await run(tasks: 8) { _ in
                for _ in 0..<10 {
                    try await retrying {
                        try await db.transaction { tx in
                            guard case .int(let value)? = try await tx.records("counters").get(.int(0))["value"] else {
                                return
                            }
                            await Task.yield()
                            try await tx.change("counters", .int(0), ["value": .int(value + 1)])
                        }
                    }
                }
            }
            try expectEqual(try await db.records("counters").get(.int(0))["value"], .int(80))
        },
        ConformanceCase(.l2, "Of tasks that insert one key exactly one succeeds") { store in
            let db = try await counter(store)
            let winners = Lock(0)
            try await run(tasks: 16) { number in
                do {
                    try await db.insert("counters", ["id": .int(1), "value": .int(number)])
                    winners.withLock { $0 += 1 }
                } catch let error as StorageError where error.code == .duplicate {}
            }
            try expectEqual(winners.withLock { $0 }, 1)
        },
        ConformanceCase(.l2, "Of tasks that claim one unique value exactly one succeeds") { store in
            let db = try await store.open(Schemas.people)
            let winners = Lock(0)
            try await run(tasks: 16) { number in
                do {
                    try await db.insert(
                        "people",
                        [
                            "id": .int(number), "name": .string("x"), "country": .string("FR"), "number": .int(number),
                            "email": .string("one@x"),
                        ])
                    winners.withLock { $0 += 1 }
                } catch let error as StorageError where error.code == .duplicate {}
            }
            try expectEqual(winners.withLock { $0 }, 1)
            try expectEqual(try await db.records("people").count(), 1)
        },
        ConformanceCase(.l2, "Of updates of one revision exactly one succeeds") { store in
            let db = try await counter(store)
            let read = try await db.records("counters").get(.int(0))
            let winners = Lock(0)
            try await run(tasks: 16) { number in
                do {
                    var record = read
                    try record.set("value", .int(number))
                    try await db.records("counters").update(record)
                    winners.withLock { $0 += 1 }
                } catch let error as StorageError where error.code == .conflict {}
            }
            try expectEqual(winners.withLock { $0 }, 1)
            try expectEqual(try await db.records("counters").get(.int(0)).revision, 2)
        },
        ConformanceCase(.l2, "Single writes of many tasks are all there, and none breaks another") { store in
            let db = try await counter(store)
            try await run(tasks: 20) { number in
                for step in 0..<10 {
                    let id = 100 + number * 10 + step
                    try await db.insert("counters", ["id": .int(id), "value": .int(number)])
                    // Every third write of every task fails, in the middle of the others.
                    if step % 3 == 0 {
                        try await expectError(.duplicate) {
                            try await db.insert("counters", ["id": .int(id), "value": .int(0)])
                        }
                    }
                }
            }
            try expectEqual(try await db.records("counters").count(), 201)
        },
        ConformanceCase(.l2, "Transfers between accounts keep their sum, as every snapshot sees") { store in
            let db = try await counter(store, accounts: 4, balance: 100)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        for step in 0..<8 {
                            let (from, to) = (number, (number + 1 + step % 3) % 4)
                            try await retrying { try await transfer(db, from: from, to: to, amount: 1 + step) }
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<20 {
                        let sum = try await db.snapshot { try await total($0) }
                        try expectEqual(sum, 400, "a snapshot saw half a transfer")
                        await Task.yield()
                    }
                }
                try await group.waitForAll()
            }
            try expectEqual(try await db.snapshot { try await total($0) }, 400)
        },
        ConformanceCase(.l2, "Two transactions that each read what the other writes do not both commit unseen") {
            store in
            // Write skew: each sees two on duty and takes one off. Run alone, one would have seen the other's write.
            for _ in 0..<10 {
                let db = try await counter(
                    store, accounts: 2, balance: 1, name: UUID.version7().uuidString.lowercased())
                try await run(tasks: 2) { number in
                    try await retrying {
                        try await db.transaction { tx in
                            guard try await total(tx) == 2 else { return }
                            await Task.yield()
                            try await tx.change("counters", .int(number), ["value": .int(0)])
                        }
                    }
                }
                try expectEqual(try await db.snapshot { try await total($0) }, 1)
            }
        },
        ConformanceCase(.l2, "A row that another transaction inserts into a range that was read is noticed") { store in
            // Phantoms: each inserts a row if there is none. Run alone, the second would have found one.
            for _ in 0..<10 {
                let db = try await counter(
                    store, accounts: 0, balance: 0, name: UUID.version7().uuidString.lowercased())
                let value = try db.column("value", of: "counters")
                try await run(tasks: 3) { number in
                    try await retrying {
                        try await db.transaction { tx in
                            let query = try db.query("counters", where: .compare(column: value, .equal, .int(7)))
                            guard try await tx.count(query) == 0 else { return }
                            await Task.yield()
                            try await tx.insert("counters", ["id": .int(number), "value": .int(7)])
                        }
                    }
                }
                try expectEqual(try await db.records("counters").count(), 1)
            }
        },
        ConformanceCase(.l2, "A first row that another transaction puts before the one read is noticed") { store in
            for _ in 0..<10 {
                let db = try await counter(
                    store, accounts: 3, balance: 5, name: UUID.version7().uuidString.lowercased())
                let value = try db.column("value", of: "counters")
                // Each takes the smallest and puts a smaller one: run alone, they give all different values.
                try await run(tasks: 3) { number in
                    try await retrying {
                        try await db.transaction { tx in
                            let query = try db.query("counters", order: [OrderTerm(column: value)], limit: 1)
                            var least = 0
                            try await tx.read(query) { row in
                                least = try row.int(value)
                                return true
                            }
                            await Task.yield()
                            try await tx.insert("counters", ["id": .int(100 + number), "value": .int(least - 1)])
                        }
                    }
                }
                let query = try db.query("counters", order: [OrderTerm(column: value)], limit: 3)
                let values = try await db.records("counters").all(query).map { $0["value"] }
                try expectEqual(values, [.int(2), .int(3), .int(4)])
            }
        },
        ConformanceCase(.l2, "Tasks cancelled at any point leave the store whole and free") { store in
            let db = try await counter(store, accounts: 4, balance: 100)
            for round in 0..<20 {
                let tasks = (0..<4).map { number in
                    Task { try await transfer(db, from: number, to: (number + 1) % 4, amount: 1) }
                }
                for _ in 0..<(round * 3) { await Task.yield() }
                for task in tasks { task.cancel() }
                for task in tasks { _ = await task.result }
                try expectEqual(try await db.snapshot { try await total($0) }, 400)
            }
            try await db.session.change("counters", .int(0), ["value": .int(1)])
        },
        ConformanceCase(.l2, "Readers go on while a transaction is open") { store in
            let db = try await counter(store)
            try await db.transaction { tx in
                try await tx.change("counters", .int(0), ["value": .int(5)])
                let seen = try await withThrowingTaskGroup(of: Value?.self) { group in
                    for _ in 0..<10 { group.addTask { try await db.records("counters").get(.int(0))["value"] } }
                    return try await group.reduce(into: Set<Value?>()) { $0.insert($1) }
                }
                try expectEqual(seen, [.int(0)])
            }
        },
        ConformanceCase(.l2, "Several tasks may use one transaction, one operation after the other") { store in
            let db = try await counter(store)
            try await db.transaction { tx in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 1...20 {
                        group.addTask {
                            try await tx.insert("counters", ["id": .int(number), "value": .int(number)])
                            _ = try await tx.records("counters").get(.int(number))
                        }
                    }
                    try await group.waitForAll()
                }
            }
            try expectEqual(try await db.records("counters").count(), 21)
        },
        ConformanceCase(.l2, "Housekeeping beside transactions of other tasks disturbs none, and is not disturbed") {
            store in
            let db = try await counter(store, accounts: 4, balance: 100)
            try await run(tasks: 4) { number in
                for _ in 0..<10 {
                    if number == 0 {
                        try await db.maintain()
                    } else {
                        try await retrying { try await transfer(db, from: number, to: number - 1, amount: 1) }
                    }
                }
            }
            try expectEqual(try await db.snapshot { try await total($0) }, 400)
        },
        ConformanceCase(.l2, "A transaction that always loses gives up with contention") { store in
            let db = try await counter(store)
            let storage = StubbornStorage(base: try await store.storage(name: "stubborn"))
            let stubborn = try await Store.open(storage, schema: db.schema)
            var runs = 0
            let error = try await expectError(.contention) { try await stubborn.transaction { _ in runs += 1 } }
            try expectEqual(runs, Limits.transactionAttempts)
            try expect(error.isRetryable, "it may succeed later")
            try await stubborn.close()
        },
    ]

    // MARK: Helpers

    private static let schema = """
        { "database": "bank", "tables": { "counters": { "columns": { "id": "int", "value": "int" }, "key": "id",
        "indexes": { "by_value": ["value"] } } } }
        """

    private static func counter(
        _ store: ConformanceStore, accounts: Int = 1, balance: Int = 0, name: String = "store"
    ) async throws -> Store {
        let db = try await store.open(schema, name: name)
        for id in 0..<accounts { try await db.insert("counters", ["id": .int(id), "value": .int(balance)]) }
        return db
    }

    private static func total(_ session: Session) async throws -> Int {
        try await session.records("counters").all().reduce(0) { sum, record in
            if case .int(let value)? = record["value"] { sum + value } else { sum }
        }
    }

    private static func transfer(_ db: Store, from: Int, to: Int, amount: Int) async throws {
        try await db.transaction { tx in
            for (id, change) in [(from, -amount), (to, amount)] {
                guard case .int(let value)? = try await tx.records("counters").get(.int(id))["value"] else { return }
                await Task.yield()
                try await tx.change("counters", .int(id), ["value": .int(value + change)])
            }
        }
    }

    /// Repeats what lost too many races: the cases are about correctness, not about luck.
    static func retrying(_ body: () async throws -> Void) async throws {
        for _ in 0..<20 {
            do {
                return try await body()
            } catch let error as StorageError where error.code == .contention {}
        }
        try await body()
    }

    static func run(tasks: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<tasks { group.addTask { try await body(number) } }
            try await group.waitForAll()
        }
    }
}

/// A store whose transactions lose every race.
private struct StubbornStorage: Storage {
    let base: any Storage

    var capabilities: StorageCapabilities { base.capabilities }
    func schema() async throws -> Schema? { try await base.schema() }
    func apply(_ change: SchemaChange) async throws { try await base.apply(change) }
    func attach(_ schema: Schema) async throws { try await base.attach(schema) }
    func snapshot(_ freshness: Freshness) async throws -> any StorageSnapshot { try await base.snapshot(freshness) }
    func transaction() async throws -> any StorageTransaction {
        StubbornTransaction(base: try await base.transaction())
    }
    func commit(_ batch: Batch) async throws -> Receipt { try await base.commit(batch) }
    func outcome(of token: OutcomeToken) async throws -> CommitOutcome { try await base.outcome(of: token) }
    func listen(_ listener: ChangeListener) throws { try base.listen(listener) }
    func maintain() async throws -> MaintenanceReport { try await base.maintain() }
    func close() async throws { try await base.close() }
    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try await base.get(table, key, body)
    }
    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await base.get(table, keys, body)
    }
    func rows(_ query: Query) async throws -> any RowCursor { try await base.rows(query) }
    func count(_ query: Query) async throws -> Int { try await base.count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try await base.explain(query) }
}

private struct StubbornTransaction: StorageTransaction {
    let base: any StorageTransaction

    func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata] { try await base.write(operations) }
    func savepoint() async throws -> Int { try await base.savepoint() }
    func rollback(to savepoint: Int) async throws { try await base.rollback(to: savepoint) }
    func release(_ savepoint: Int) async throws { try await base.release(savepoint) }
    func commit() async throws -> Receipt { throw StorageError.lostRace(nil) }
    func rollback() async { await base.rollback() }
    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try await base.get(table, key, body)
    }
    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await base.get(table, keys, body)
    }
    func rows(_ query: Query) async throws -> any RowCursor { try await base.rows(query) }
    func count(_ query: Query) async throws -> Int { try await base.count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try await base.explain(query) }
}
