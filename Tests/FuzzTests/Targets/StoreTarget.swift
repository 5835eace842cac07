import CairnCore
import CairnSchema

@testable import MemoryStorage
@testable import Simulation

/// The file of a memory store.
///
/// A file that is accepted is written and read again, and written the same; the store it gives is opened, read and written to.
struct StoreTarget: FuzzTarget {
    let words = [
        "{\"table\":\"rows\",\"revision\":1,", "\"created_at\":\"2026-11-20T15:06:01Z\",",
        "\"updated_at\":\"2026-11-20T15:06:01Z\",",
        "\"fields\":{", "\"deleted\":\"1\"", "\"id\":1", "\"zone\":\"a\"", "}}\n", "\n",
        "{\"cairn\":\"memory\",\"format\":1,\"schema\":",
        "\"revision\":9007199254740991", "\"table\":\"zones\"",
    ]

    func check(_ input: [UInt8]) async throws {
        guard let (schema, state) = try Expected.result({ try MemoryFile.read(input, from: "f.jsonl") }) else { return }
        let bytes = MemoryFile.bytes(schema, state)
        let again = try MemoryFile.read(bytes, from: "again.jsonl")
        try hold(again.schema.id == schema.id, "it is read back with another schema")
        try hold(MemoryFile.bytes(again.schema, again.state) == bytes, "it is written otherwise the second time")
        try hold(
            state.tables.map(\.records.count) == again.state.tables.map(\.records.count),
            "it is read back shorter or longer")
        try await use(schema, state)
    }

    /// Reads all records, changes the first of each table and deletes the last.
    private func use(_ schema: Schema, _ state: MemoryState) async throws {
        let storage = MemoryStorage()
        storage.shared.withLock { shared in
            shared.schema = schema
            shared.state = state
        }
        let store = try await Store.open(existing: storage)
        for table in store.schema.tables {
            let records = try store.records(table.name)
            let all = try await records.all()
            for record in all {
                try hold(try await records.find(record.key) == record, "\(table) has a record that is not found")
            }
            if let first = all.first { _ = try await Expected.result { try await records.update(first) } }
            if let last = all.last { _ = try await Expected.result { try await records.delete(last.key) } }
        }
    }
}
