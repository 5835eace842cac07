import CairnCore
import Foundation
import SQLiteStorage
import Testing

/// What happens when several tasks work within one transaction or snapshot, and one of them ends it.
@Suite("SQLite transactions and snapshots that several tasks use")
struct SharedUseTests {
    private struct Undo: Error {}

    private func open(readers: Int = 64) async throws -> (storage: SQLiteStorage, store: Store) {
        let storage = try await SQLiteStorage.open(
            SQLiteOptions(.temporary, timeout: .seconds(120), maximumReaders: readers))
        return (storage, try await Store.open(storage, schema: Schema(parsing: workerSchema)))
    }

    @Test("A write that is late for its own transaction goes into no other one")
    func lateWrite() async throws {
        let (_, store) = try await open()
        let table = store.schema.tables[0]
        let ids = Lock(1_000_000)
        let isOver = Lock(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Transactions of others, which a late write could slip into.
            for worker in 0..<2 {
                group.addTask {
                    var id = worker
                    while !isOver.withLock({ $0 }) {
                        let next = id
                        try await store.transaction { tx in
                            _ = try await tx.write([.insert(table, [.int(next), .int(0)])])
                            await Task.yield()
                        }
                        id += 2
                    }
                }
            }
            for _ in 0..<300 {
                let late = Lock([Task<Void, Never>]())
                await #expect(throws: Undo.self) {
                    try await store.transaction { tx in
                        for _ in 0..<4 {
                            let task = Task.detached {
                                for _ in 0..<100 {
                                    let id = ids.withLock { ids in
                                        ids += 1
                                        return ids
                                    }
                                    do {
                                        _ = try await tx.write([.insert(table, [.int(id), .int(1)])])
                                    } catch let error as StorageError where error.code == .closed {
                                        return
                                    } catch {}
                                }
                            }
                            late.withLock { $0.append(task) }
                        }
                        for _ in 0..<20 { await Task.yield() }
                        throw Undo()
                    }
                }
                for task in late.withLock({ $0 }) { await task.value }
            }
            isOver.withLock { $0 = true }
            try await group.waitForAll()
        }
        #expect(try await store.session.count(Query(table, where: .compare(column: 1, .equal, .int(1)))) == 0)
    }

    @Test("A snapshot closed while a task reads from it leaves no old view to those who read next")
    func closedSnapshot() async throws {
        let (storage, store) = try await open(readers: 2)
        let table = store.schema.tables[0]
        _ = try await store.session.write((0..<3000).map { .insert(table, [.int($0), .int(0)]) })
        for value in 1...200 {
            let snapshot = try await storage.snapshot(.latest)
            let tasks = (0..<4).map { _ in
                Task.detached {
                    var cursors: [any RowCursor] = []
                    for _ in 0..<50 {
                        guard let cursor = try? await snapshot.rows(Query(table)) else { break }
                        guard (try? await cursor.next(1) { _ in true }) != nil else { break }
                        cursors.append(cursor)
                    }
                    for _ in 0..<20 { await Task.yield() }
                    withExtendedLifetime(cursors) {}
                }
            }
            for _ in 0..<(value % 12) { await Task.yield() }
            await snapshot.close()
            _ = try await store.session.write([.upsert(table, [.int(1), .int(value)])])
            for _ in 0..<4 {
                let read = try await store.records("rows").get(Key(.int(1)))["value"]
                try #require(read == .int(value), "a reader saw an old state")
            }
            for task in tasks { await task.value }
        }
    }

    @Test("A log that grew while a snapshot was open gives its room back afterwards")
    func grownLog() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("log.db")
        func logSize() throws -> Int {
            try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int ?? 0
        }
        let schema = """
            { "database": "log", "tables": { "rows": { "columns": { "id": "int", "text": "string" }, "key": "id" } } }
            """
        let store = try await Store.open(path: path, schema)
        let table = store.schema.tables[0]
        try await store.snapshot { snapshot in
            // SQLite does not write pages that stay the same.
            for number in 0..<10 {
                let text = String(repeating: "\(number)", count: 4_000_000)
                _ = try await store.session.write([.upsert(table, [.int(1), .string(text)])])
            }
            #expect(try await snapshot.count(Query(table)) == 0)
        }
        #expect(try logSize() > 38_000_000)
        for id in 2..<5 { _ = try await store.session.write([.upsert(table, [.int(id), .string("")])]) }
        #expect(try logSize() <= 32 << 20)
        try await store.close()
    }

    @Test("Rows read in a transaction are of one moment while another task of it writes")
    func cursorBesideWrites() async throws {
        let (storage, store) = try await open()
        let table = store.schema.tables[0]
        _ = try await store.session.write((0..<3000).map { .insert(table, [.int($0 * 2), .int(0)]) })
        let torn = Lock(0)
        for _ in 0..<12 {
            let transaction = try await storage.transaction()
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<2 {
                    group.addTask {
                        // Each write puts one record before all others and one behind them.
                        for number in 0..<20 {
                            let distance = 1 + 2 * (number * 2 + task)
                            _ = try? await transaction.write([
                                .insert(table, [.int(-distance), .int(1)]),
                                .insert(table, [.int(1_000_000 + distance), .int(1)]),
                            ])
                        }
                    }
                    group.addTask {
                        for _ in 0..<10 {
                            guard let found = try? await ends(transaction, table) else { return }
                            if found.before != found.behind { torn.withLock { $0 += 1 } }
                        }
                    }
                }
            }
            await transaction.rollback()
        }
        #expect(torn.withLock { $0 } == 0)
    }

    /// How many records stand before and behind those that were there first, read in small portions.
    private func ends(_ reader: any StorageReader, _ table: Table) async throws -> (before: Int, behind: Int) {
        let cursor = try await reader.rows(Query(table))
        defer { cursor.close() }
        var (before, behind) = (0, 0)
        while try await cursor.next(
            16,
            { row in
                let id = try row.int(0)
                if id < 0 { before += 1 }
                if id > 1_000_000 { behind += 1 }
                return true
            })
        {}
        return (before, behind)
    }

    @Test("Housekeeping waits for its turn, and keeps it to its end")
    func housekeeping() async throws {
        let (storage, store) = try await open()
        let table = store.schema.tables[0]
        let isOver = Lock(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<3 {
                group.addTask {
                    while !isOver.withLock({ $0 }) {
                        let transaction = try await storage.transaction()
                        _ = try await transaction.write([.upsert(table, [.int(worker), .int(0)])])
                        await Task.yield()
                        _ = try await transaction.commit()
                    }
                }
            }
            defer { isOver.withLock { $0 = true } }
            // A part of it that ran in the transaction of another would fail there.
            for _ in 0..<1000 { try await store.maintain() }
        }
    }

    @Test("What is over is closed: every call after the end says so")
    func afterTheEnd() async throws {
        let (storage, store) = try await open()
        let table = store.schema.tables[0]
        _ = try await store.session.write([.insert(table, [.int(1), .int(0)])])
        let transaction = try await storage.transaction()
        let snapshot = try await storage.snapshot(.latest)
        let readers: [any StorageReader] = [transaction, snapshot]
        var cursors: [any RowCursor] = []
        for reader in readers { cursors.append(try await reader.rows(Query(table))) }
        _ = try await transaction.commit()
        await snapshot.close()
        for reader in readers {
            try await expectError(.closed) { _ = try await reader.get(table, Key(.int(1))) { _ in } }
            try await expectError(.closed) { _ = try await reader.rows(Query(table)) }
            try await expectError(.closed) { _ = try await reader.count(Query(table)) }
        }
        for cursor in cursors { try await expectError(.closed) { _ = try await cursor.next(1) { _ in true } } }
        try await expectError(.closed) { _ = try await transaction.commit() }
        try await expectError(.closed) { _ = try await transaction.savepoint() }
        await transaction.rollback()
        // The turn was given back once: two more transactions, one after the other, have theirs.
        for value in 1...2 {
            let next = try await storage.transaction()
            _ = try await next.write([.upsert(table, [.int(1), .int(value)])])
            _ = try await next.commit()
        }
    }

    @Test("A batch that the database refuses for a reason of its own takes no other one with it")
    func refusedStranger() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("rows.db")
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path), timeout: .seconds(120)))
        let store = try await Store.open(storage, schema: Schema(parsing: workerSchema))
        let table = store.schema.tables[0]
        // No rule of Cairn's: only SQLite knows why.
        try RawDatabase(path).execute(
            "CREATE TRIGGER no BEFORE INSERT ON rows WHEN NEW.value < 0 BEGIN SELECT RAISE(FAIL, 'no'); END")
        let turn = try await storage.transaction()
        let outcomes = try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
            for id in 0..<20 {
                group.addTask {
                    let value = id % 10 == 5 ? -1 : id
                    do {
                        _ = try await storage.commit(Batch([.insert(table, [.int(id), .int(value)])]))
                        return (id, true)
                    } catch let error as StorageError where error.code == .io {
                        return (id, false)
                    }
                }
            }
            // They wait for the turn, and then share a commit.
            for _ in 0..<100 { await Task.yield() }
            await turn.rollback()
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(outcomes.filter { !$0.value }.map(\.key).sorted() == [5, 15])
        #expect(try await store.session.count(Query(table)) == 18)
    }
}
