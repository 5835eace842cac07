import CairnCore

/// What is called while tasks are cancelled.
extension CancellationCases {
    // MARK: Data

    static let schema = """
        { "database": "cancelled", "tables": { "counters": { "columns": { "id": "int", "value": "int" }, "key": "id",
        "indexes": { "by_value": ["value"] } } } }
        """

    /// More rows than one portion of reading, all with the value -1.
    static let baseCount = 1100

    static func prepare(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(schema)
        let table = try require(db.schema.table(named: "counters"), "counters")
        _ = try await db.session.write((0..<baseCount).map { .insert(table, [.int($0), .int(-1)]) })
        return db
    }

    static func insert(_ mark: Int, count: Int, _ session: Session) async throws {
        let table = try session.records("counters").table
        _ = try await session.write(
            (0..<count).map { .insert(table, [.int(10_000_000 + mark * 10 + $0), .int(mark)]) })
    }

    /// How many records a call with a mark wrote.
    static func marked(mark: Int, _ db: Store) async throws -> Int {
        try await db.session.count(db.query("counters", where: .compare(column: 1, .equal, .int(mark))))
    }

    /// How many records there are that were there from the beginning, read in portions.
    static func baseRows(_ session: Session) async throws -> Int {
        var count = 0
        let query = Query(
            try session.records("counters").table, where: .compare(column: 0, .less, .int(baseCount)),
            order: [OrderTerm(column: 1), OrderTerm(column: 0)])
        try await session.read(query) { _ in
            count += 1
            return true
        }
        return count
    }
}

extension CancellationCases {
    /// The calls a store has.
    enum Call: CaseIterable {
        case insert, batch, keyedBatch, transaction, savepoint, maintain
        case get, find, rows, portions, page, count, snapshot

        static var writes: [Call] { [.insert, .batch, .keyedBatch, .transaction, .savepoint, .maintain, .insert] }
        static var reads: [Call] { [.get, .find, .rows, .portions, .page, .count, .snapshot] }

        /// How many records it writes.
        var rows: Int {
            switch self {
            case .insert: 1
            case .batch, .keyedBatch: 5
            case .transaction: 3
            case .savepoint: 2
            default: 0
            }
        }

        /// Runs it; a read checks that it got everything, because a shorter answer would be a wrong one.
        func run(_ db: Store, _ mark: Int) async throws {
            let counters = try db.records("counters")
            switch self {
            case .insert: try await CancellationCases.insert(mark, count: 1, db.session)
            case .batch: try await CancellationCases.insert(mark, count: 5, db.session)
            case .keyedBatch: try await runKeyedBatch(db, mark)
            case .transaction: try await runTransaction(db, mark)
            case .savepoint: try await runSavepoint(db, mark)
            case .maintain: try await db.maintain()
            case .get: try expectEqual(try await counters.get(.int(7)).key, .int(7))
            case .find: try expectEqual(try await counters.find((0..<100).map(Key.int)).count, 100)
            case .rows: try expectEqual(try await CancellationCases.baseRows(db.session), baseCount)
            case .portions: try await readPortions(db)
            case .page:
                try expectEqual(try await counters.page(db.query("counters"), size: 50).items.count, 50)
            case .count: try expect(try await counters.count() >= baseCount, "records are not counted")
            case .snapshot:
                try await db.snapshot { snapshot in
                    for _ in 0..<3 {
                        try expectEqual(try await CancellationCases.baseRows(snapshot), baseCount)
                        await Task.yield()
                    }
                }
            }
        }

        private func runKeyedBatch(_ db: Store, _ mark: Int) async throws {
            let table = try db.records("counters").table
            try await db.write(idempotencyKey: "mark \(mark)") { batch in
                for number in 0..<5 {
                    batch.append(.insert(table, [.int(10_000_000 + mark * 10 + number), .int(mark)]))
                }
            }
        }

        private func runTransaction(_ db: Store, _ mark: Int) async throws {
            try await db.transaction { tx in
                for number in 0..<3 {
                    _ = try await tx.records("counters").get(.int(number))
                    await Task.yield()
                    try await tx.insert(
                        "counters", ["id": .int(10_000_000 + mark * 10 + number), "value": .int(mark)])
                }
            }
        }

        private struct Undo: Error {}

        private func runSavepoint(_ db: Store, _ mark: Int) async throws {
            try await db.transaction { tx in
                do {
                    try await tx.savepoint {
                        try await CancellationCases.insert(mark, count: 5, tx)
                        await Task.yield()
                        throw Undo()
                    }
                } catch is Undo {}
                try await tx.savepoint { try await CancellationCases.insert(mark, count: 2, tx) }
            }
        }

        private func readPortions(_ db: Store) async throws {
            let cursor = try await db.session.cursor(db.query("counters", limit: baseCount))
            defer { cursor.close() }
            var count = 0
            var hasMore = true
            while hasMore {
                hasMore = try await cursor.next(100) { _ in
                    count += 1
                    return true
                }
                try Task.checkCancellation()
                await Task.yield()
            }
            try expectEqual(count, baseCount)
        }
    }

    /// The statements of a transaction.
    enum Statement: CaseIterable {
        case get, insert, find, batch, rows, update, count, upsert, savepoint, undoneSavepoint, delete

        static var mark: Int { 5 }

        private struct Undo: Error {}

        func run(_ tx: Session) async throws {
            let counters = try tx.records("counters")
            switch self {
            case .get: _ = try await counters.get(.int(1))
            case .insert: try await CancellationCases.insert(Statement.mark, count: 1, tx)
            case .find: _ = try await counters.find([.int(1), .int(2)])
            case .batch:
                _ = try await tx.write(
                    (1...2).map { .insert(counters.table, [.int(20_000_000 + $0), .int(Statement.mark)]) })
            case .rows: _ = try await CancellationCases.baseRows(tx)
            case .update: try await tx.change("counters", .int(1), ["value": .int(Statement.mark)])
            case .count: _ = try await counters.count()
            case .upsert:
                try await counters.upsert(Record(counters.table, ["id": .int(2), "value": .int(Statement.mark)]))
            case .savepoint:
                try await tx.savepoint { _ = try await tx.change("counters", .int(3), ["value": .int(Statement.mark)]) }
            case .undoneSavepoint:
                do {
                    try await tx.savepoint {
                        try await tx.change("counters", .int(4), ["value": .int(Statement.mark)])
                        throw Undo()
                    }
                } catch is Undo {}
            case .delete: try await counters.delete(.int(5))
            }
        }
    }
}
