import CairnCore
import CairnSchema
import MemoryStorage
import Testing

/// What a loop behind a position does while it waits.
@Suite("Loops that wait")
struct WaitingLoopTests {
    private let storage = OverheardStorage()

    private func open() async throws -> Store {
        let schema = try Schema(
            parsing: """
                { "database": "d", "tables": {
                  "rows": { "columns": { "id": "int" }, "key": "id", "changes": true },
                  "notes": { "columns": { "id": "int" }, "key": "id" } } }
                """)
        return try await Store.open(storage, schema: schema)
    }

    private func put(_ table: String, _ id: Int, _ store: Store) async throws {
        let table = try #require(store.schema.table(named: table))
        _ = try await store.session.write([.insert(table, [.int(id)])])
    }

    private func first(of changes: KeptChangeSequence<Record>) async throws -> KeptChange<Record>? {
        for try await change in changes { return change }
        return nil
    }

    @Test(
        "Where positions count all commits a loop goes along with those it does not follow: its place does not grow old"
    )
    func alongside() async throws {
        storage.agesWithEveryCommit.withLock { $0 = true }
        let store = try await open()
        let start = try await store.changePosition()
        let rows = try store.records("rows").changes(since: start)
        let change = Task { try await first(of: rows) }
        var asked = storage.asked.makeAsyncIterator()
        #expect(await asked.next() == start)
        var positions: [ChangePosition] = []
        var last: ChangePosition?
        for id in 1...3 {
            try await put("notes", id, store)
            positions.append(try await store.changePosition())
            last = await asked.next()
        }
        // It had read the second note before, or the third as well.
        #expect(last == positions[1] || last == positions[2])
        try await put("rows", 1, store)
        #expect(try await change.value?.after?.key == Key(.int(1)))
        try await store.close()
    }

    @Test("Elsewhere a loop reads nothing after commits to tables whose changes are not kept")
    func apart() async throws {
        let store = try await open()
        let start = try await store.changePosition()
        let rows = try store.records("rows").changes(since: start)
        let change = Task { try await first(of: rows) }
        var asked = storage.asked.makeAsyncIterator()
        #expect(await asked.next() == start)
        for id in 1...3 { try await put("notes", id, store) }
        try await put("rows", 1, store)
        let found = try #require(try await change.value)
        #expect(found.after?.key == Key(.int(1)))
        // The second time for the row, unless that was there the first time.
        #expect(storage.count.withLock { $0 } <= 2)
        #expect(try await store.changePosition() == found.position)
        try await store.close()
    }

    @Test("A loop that finds the store closed before it was told so ends like any other")
    func closing() async throws {
        let store = try await open()
        let rows = try store.records("rows").changes(since: try await store.changePosition())
        let change = Task { try await first(of: rows) }
        var asked = storage.asked.makeAsyncIterator()
        _ = await asked.next()
        storage.isClosing.withLock { $0 = true }
        try await put("rows", 1, store)
        _ = await asked.next()
        try await store.close()
        #expect(try await change.value == nil)
    }
}

/// A memory store that says where loops ask on, and can be closing.
private final class OverheardStorage: Storage {
    private let base = MemoryStorage()
    /// The positions that were asked for.
    let asked: AsyncStream<ChangePosition>
    private let heard: AsyncStream<ChangePosition>.Continuation
    /// How often loops asked on.
    let count = Lock(0)
    /// Whether positions count all commits.
    let agesWithEveryCommit = Lock(false)
    /// Whether nothing is read any more, though who listens was not told.
    let isClosing = Lock(false)

    init() {
        (asked, heard) = AsyncStream.makeStream(of: ChangePosition.self)
    }

    func changePosition() async throws -> ChangePosition { try await base.changePosition() }
    func keptChanges(
        since position: ChangePosition, _ freshness: Freshness, limit: Int
    ) async throws -> KeptChanges {
        heard.yield(position)
        count.withLock { $0 += 1 }
        if isClosing.withLock({ $0 }) { throw StorageError.closed("store") }
        return try await base.keptChanges(since: position, freshness, limit: limit)
    }

    var capabilities: StorageCapabilities {
        var capabilities = base.capabilities
        capabilities.changesAgeWithEveryCommit = agesWithEveryCommit.withLock { $0 }
        return capabilities
    }
    func schema() async throws -> Schema? { try await base.schema() }
    func apply(_ change: SchemaChange) async throws { try await base.apply(change) }
    func attach(_ schema: Schema) async throws { try await base.attach(schema) }
    func snapshot(_ freshness: Freshness) async throws -> any StorageSnapshot { try await base.snapshot(freshness) }
    func transaction() async throws -> any StorageTransaction { try await base.transaction() }
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
