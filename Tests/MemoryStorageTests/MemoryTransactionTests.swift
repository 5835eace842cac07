import CairnCore
import MemoryStorage
import Testing

@Suite("Memory transactions beside others")
struct MemoryTransactionTests {
    @Test("The revision an insert gave in a transaction is the one that is stored, whatever came and went meanwhile")
    func revisionOfInsert() async throws {
        let schema = try Schema(
            parsing: """
                { "database": "d", "tables": { "rows": { "columns": { "id": "int", "value": "int" }, "key": "id" } } }
                """)
        let store = try await Store.open(MemoryStorage(), schema: schema)
        let rows = try store.records("rows")
        let attempts = Lock(0)
        let inserted = try await store.transaction { tx in
            let record = try await tx.records("rows").insert(Record(rows.table, ["id": .int(1), "value": .int(0)]))
            let isFirst = attempts.withLock { attempts in
                attempts += 1
                return attempts == 1
            }
            if isFirst {
                try await Task.detached {
                    let other = try await rows.insert(Record(rows.table, ["id": .int(1), "value": .int(9)]))
                    try await rows.delete(other.key)
                }.value
            }
            return record
        }
        let stored = try await rows.get(Key(.int(1)))
        #expect(stored.revision == inserted.revision)
        #expect(attempts.withLock { $0 } == 2)
    }

    @Test(
        "A row that comes among the equal ones a transaction has read the first of is a conflict, one behind them is not",
        arguments: [(5, true), (7, true), (3, false)])
    func equalRows(_ value: Int, isConflict: Bool) async throws {
        let schema = try Schema(
            parsing: """
                { "database": "d", "tables": { "rows": { "columns": { "id": "int", "value": "int" }, "key": "id",
                  "indexes": { "by_value": ["value"] } } } }
                """)
        let storage = MemoryStorage()
        let store = try await Store.open(storage, schema: schema)
        let rows = try store.records("rows")
        func insert(_ id: Int, _ value: Int) async throws {
            try await rows.insert(Record(rows.table, ["id": .int(id), "value": .int(value)]))
        }
        for (id, value) in [(10, 5), (11, 5), (20, 3)] { try await insert(id, value) }
        let tx = try await storage.transaction()
        let query = Query(rows.table, order: [OrderTerm(column: 1, isDescending: true)], limit: 1)
        let cursor = try await tx.rows(query)
        var found: [Value] = []
        _ = try await cursor.next(1) { row in
            found.append(try row.value(0))
            return true
        }
        cursor.close()
        #expect(found == [.int(10)])
        let record = try Record(rows.table, ["id": .int(30), "value": .int(0)])
        _ = try await tx.write([.insert(rows.table, record.values)])
        try await insert(1, value)
        if isConflict {
            let error = await #expect(throws: StorageError.self) { _ = try await tx.commit() }
            #expect(error?.code == .conflict)
        } else {
            _ = try await tx.commit()
        }
    }
}
