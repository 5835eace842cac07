import CairnCore
import MemoryStorage
import Testing

/// The changes that a memory store keeps.
@Suite("Following the changes of a memory store")
struct FollowingTests {
    private let schema = """
        { "database": "d", "tables": { "rows": { "columns": { "id": "int", "value": "bytes" }, "key": "id", "changes": true } } }
        """

    private func open() async throws -> Store {
        try await Store.open(MemoryStorage(), schema: Schema(parsing: schema))
    }

    private func put(_ ids: ClosedRange<Int>, bytes: Int = 0, _ store: Store) async throws {
        let value = Value.bytes(Array(repeating: 0, count: bytes))
        _ = try await store.session.write(ids.map { .insert(store.schema.tables[0], [.int($0), value]) })
    }

    /// How many changes there are behind a position, up to the record of an id.
    private func count(since position: ChangePosition, to id: Int, _ store: Store) async throws -> Int {
        var count = 0
        for try await change in try store.records("rows").changes(since: position) {
            count += 1
            if change.after?.key == Key(.int(id)) { break }
        }
        return count
    }

    private func expired(_ position: ChangePosition, _ store: Store) async throws {
        let error = await #expect(throws: StorageError.self) { try await count(since: position, to: 0, store) }
        #expect(error?.code == .snapshotExpired, "\(String(describing: error))")
    }

    @Test("The last ten thousand changes are kept, and a fifth more at times")
    func changes() async throws {
        let store = try await open()
        let first = try await store.changePosition()
        try await put(1...2_500, store)
        let second = try await store.changePosition()
        for block in 1...4 { try await put(block * 2_500 + 1...(block + 1) * 2_500, store) }
        #expect(try await count(since: first, to: 12_500, store) == 12_500)
        try await put(12_501...12_501, store)
        try await expired(first, store)
        // Commits go whole, until no more than ten thousand are left.
        try await expired(second, store)
        try await store.close()
    }

    @Test("So are 64 MiB of them, and the newest commit however large it is")
    func bytes() async throws {
        let store = try await open()
        let first = try await store.changePosition()
        for id in 1...20 { try await put(id...id, bytes: 3 << 20, store) }
        #expect(try await count(since: first, to: 20, store) == 20)
        let before = try await store.changePosition()
        for id in 21...24 { try await put(id...id, bytes: 3 << 20, store) }
        try await expired(first, store)
        #expect(try await count(since: before, to: 24, store) == 4)
        let last = try await store.changePosition()
        try await put(30...49_000, store)
        #expect(try await count(since: last, to: 49_000, store) == 48_971)
        try await expired(before, store)
        try await store.close()
    }

    @Test("A position ends with the store: what a file kept has another")
    func saved() async throws {
        let store = try await open()
        try await put(1...1, store)
        let position = try await store.changePosition()
        try await store.close()
        let next = try await open()
        try await expired(position, next)
        try await next.close()
    }
}
