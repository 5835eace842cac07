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
}
