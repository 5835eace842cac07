import CairnSchema
import MemoryStorage
import Testing

@testable import CairnCore

/// What deletes take along, as operations: their order and their limit.
@Suite("Consequences of deletes")
struct ConsequencesTests {
    private static let schema = """
        {
          "database": "trees",
          "tables": {
            "notes": {
              "columns": {
                "id": "int", "parent": { "references": "notes?", "on_delete": "cascade" },
                "next": { "references": "notes?", "on_delete": "set_null" },
              },
              "key": "id",
            },
            "plain": { "columns": { "id": "int" }, "key": "id" },
          },
        }
        """

    /// Notes by id, with their parents and what they point to.
    private func store(_ notes: [(Int, parent: Int?, next: Int?)]) async throws -> (Store, MemoryStorage) {
        let storage = MemoryStorage()
        let store = try await Store.open(storage, schema: Schema(parsing: Self.schema))
        let table = try #require(store.schema.table(named: "notes"))
        _ = try await store.session.write(
            notes.map { id, parent, next in
                .insert(table, [.int(id), parent.columnValue, next.columnValue])
            })
        return (store, storage)
    }

    private func describe(_ operations: [WriteOperation]) -> [String] {
        operations.map { operation in
            switch operation {
            case .delete(_, let key, _): "delete \(KeyText.encode(key))"
            case .update(_, let values, _): "update \(values)"
            default: "\(operation)"
            }
        }
    }

    @Test("Those that go come level by level, then those that lose a reference, each once")
    func order() async throws {
        let (store, storage) = try await store([
            (1, nil, nil), (5, 1, 1), (4, 1, nil), (3, 4, 5), (2, 5, nil), (9, nil, 3), (8, nil, 1), (7, nil, 9),
        ])
        let table = try #require(store.schema.table(named: "notes"))
        let operations = try await Consequences(store.schema, storage)
            .operations(of: [.delete(table, Key(.int(1)), expecting: nil)], room: 6)
        #expect(
            describe(operations) == [
                "delete 4", "delete 5", "delete 2", "delete 3",
                "update \([Value.int(8), .null, .null])", "update \([Value.int(9), .null, .null])",
            ])
        try await store.close()
    }

    @Test("More than there is room for is refused before anything is written", arguments: 0...5)
    func limit(_ room: Int) async throws {
        let (store, storage) = try await store([
            (1, nil, nil), (5, 1, 1), (4, 1, nil), (3, 4, 5), (2, 5, nil), (9, nil, 3), (8, nil, 1),
        ])
        let table = try #require(store.schema.table(named: "notes"))
        let error = await #expect(throws: StorageError.self) {
            _ = try await Consequences(store.schema, storage)
                .operations(of: [.delete(table, Key(.int(1)), expecting: nil)], room: room)
        }
        #expect(error?.code == .limit)
        try await store.close()
    }

    @Test("Only tables that others refer to by cascade or set null need a look")
    func concern() throws {
        let schema = try Schema(parsing: Self.schema)
        #expect(Consequences.concern(.delete(schema.tables[0], Key(.int(1)), expecting: nil)))
        #expect(!Consequences.concern(.delete(schema.tables[1], Key(.int(1)), expecting: nil)))
        #expect(!Consequences.concern(.upsert(schema.tables[0], [.int(1), .null, .null])))
    }
}
