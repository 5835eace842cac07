import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// The changes that the log keeps, for all processes and for those who come later.
@Suite("Following the log")
struct FollowingTests {
    private let objects: MemoryObjectStore
    private let text = """
        { "database": "atlas", "tables": {
          "cities": { "columns": { "id": "int", "name": "string" }, "key": "id", "changes": true },
          "notes": { "columns": { "id": "int", "text": "string" }, "key": "id" } } }
        """
    private let wider = """
        { "database": "atlas", "tables": {
          "cities": { "columns": { "id": "int", "name": "string", "more": "string?" }, "key": "id", "changes": true },
          "notes": { "columns": { "id": "int", "text": "string" }, "key": "id" } } }
        """

    init() throws {
        objects = MemoryObjectStore()
    }

    private func open(
        _ schema: String? = nil, every interval: Duration = .seconds(3600), at objects: MemoryObjectStore? = nil
    ) async throws -> Store {
        var options = ObjectStorageOptions()
        options.watchInterval = interval
        let storage = try await ObjectStorage.open(objects ?? self.objects, options, surroundings: .machine())
        return try await Store.open(storage, schema: Schema(parsing: schema ?? text))
    }

    private func put(_ id: Int, _ store: Store, table: Int = 0) async throws {
        _ = try await store.session.write([.upsert(store.schema.tables[table], [.int(id), .string("x")])])
    }

    @Test("Commits of another process are followed, from before the loop and behind it", .timeLimit(.minutes(2)))
    func others() async throws {
        let (mine, other) = (try await open(every: .milliseconds(5)), try await open())
        let start = try await mine.changePosition()
        for id in 1...40 { try await put(id, other) }
        var changes = try mine.records("cities").changes(since: start).makeAsyncIterator()
        for id in 1...40 { #expect(try await changes.next()?.after?.key == Key(.int(id))) }
        try await put(9, other, table: 1)
        try await put(41, other)
        try await put(42, mine)
        for id in 41...42 { #expect(try await changes.next()?.after?.key == Key(.int(id))) }
        try await mine.close()
        try await other.close()
    }

    private func write(_ ids: ClosedRange<Int>, _ store: Store) async throws {
        _ = try await store.session.write(ids.map { .insert(store.schema.tables[0], [.int($0), .string("x")]) })
    }

    private func keys(_ count: Int, since position: ChangePosition, _ store: Store) async throws -> [Key?] {
        var changes = try store.records("cities").changes(since: position).makeAsyncIterator()
        var keys: [Key?] = []
        for _ in 0..<count { keys.append(try await changes.next()?.after?.key) }
        return keys
    }

    @Test("A copy that has gone another way, and a backup that was put back, notice positions that are not theirs")
    func copies() async throws {
        let before = try await open()
        try await put(1, before)
        let shared = try await before.changePosition()
        try await before.close()
        let (original, other) = (try await open(), try await open(at: objects.snapshot()))
        try await write(2...3, original)
        let position = try await original.changePosition()
        var changes = try original.records("cities").changes(since: shared).makeAsyncIterator()
        let inside = try #require(try await changes.next()).position
        func expectExpired(_ positions: [ChangePosition]) async {
            for position in positions {
                await failing(.snapshotExpired) { _ = try await keys(1, since: position, other) }
            }
        }
        // Not so far yet, then as far by another way, then further.
        await expectExpired([position])
        try await write(8...9, other)
        await expectExpired([position, inside])
        try await put(10, other)
        await expectExpired([position, inside])
        // What both have in common is a position of both.
        #expect(try await keys(3, since: shared, other) == (8...10).map { Key(.int($0)) })
        #expect(try await keys(2, since: shared, original) == (2...3).map { Key(.int($0)) })
        #expect(try await keys(1, since: inside, original) == [Key(.int(3))])
        try await original.close()
        try await other.close()
    }

    @Test("What is read at once is bounded by bytes and by records of the log, too, and goes on behind it")
    func pages() async throws {
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: Schema(parsing: text))
        var position = try await store.changePosition()
        let name = Value.string(String(repeating: "x", count: 300_000))
        for id in 1...40 { _ = try await store.session.write([.insert(store.schema.tables[0], [.int(id), name])]) }
        var page = try await storage.keptChanges(since: position, .latest, limit: 1000)
        #expect(page.commits.count == 28 && !page.isComplete)
        page = try await storage.keptChanges(since: page.end, .latest, limit: 1000)
        #expect(page.commits.count == 12 && page.isComplete)
        position = page.end
        for id in 1...1025 { try await put(id, store, table: 1) }
        page = try await storage.keptChanges(since: position, .latest, limit: 1000)
        #expect(page.commits.isEmpty && !page.isComplete && page.end != position)
        page = try await storage.keptChanges(since: page.end, .latest, limit: 1000)
        #expect(page.commits.isEmpty && page.isComplete)
        #expect(try await store.changePosition() == page.end)
        try await store.close()
    }

    /// What a process that has followed nothing reads of the log, and of parts, to give out what comes after the first commits.
    private func cold(
        _ storage: ObjectStorage, since position: ChangePosition
    ) async throws -> (page: KeptChanges, records: Int, parts: Int) {
        let engine = try storage.engine()
        _ = await engine.materialiser.flush()
        try await engine.checkpointer.checkpoint(forgetting: nil)
        let newest = try engine.tip.view().number
        let names = Lock<[String]>([])
        let watched = WatchedStore(objects) { call in
            if call.operation == .get { names.withLock { $0.append(call.key) } }
        }
        let cold = try await ObjectStorage.open(watched)
        _ = try await Store.open(cold, schema: Schema(parsing: text))
        names.withLock { $0 = [] }
        let page = try await cold.keptChanges(since: position, .latest, limit: 1000)
        let read = names.withLock { $0 }
        try await cold.close()
        return (
            page, read.count { ObjectNames.number(ofRecord: $0).map { $0 <= newest } ?? false },
            read.count { $0.hasPrefix(ObjectNames.parts) }
        )
    }

    @Test("Large commits are read as far as they make up a page, and not all at once")
    func large() async throws {
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: Schema(parsing: text))
        let position = try await store.changePosition()
        let name = Value.string(String(repeating: "x", count: 3_000_000))
        for id in 1...6 { _ = try await store.session.write([.insert(store.schema.tables[0], [.int(id), name])]) }
        let (page, records, _) = try await cold(storage, since: position)
        #expect(page.commits.count == 3 && !page.isComplete)
        #expect(records == 3)
        try await store.close()
    }

    @Test("Of commits in parts one is read at a time, and small ones before it are given out with it")
    func parts() async throws {
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: Schema(parsing: text))
        let position = try await store.changePosition()
        let name = Value.string(String(repeating: "x", count: 3_000_000))
        try await put(1, store)
        for id in [10, 20, 30] {
            _ = try await store.session.write(
                [id, id + 1].map { .insert(store.schema.tables[0], [.int($0), name]) })
        }
        try await put(2, store)
        let (page, _, parts) = try await cold(storage, since: position)
        #expect(page.commits.map(\.changes.count) == [1, 2, 2] && !page.isComplete)
        #expect(parts == 4)
        let rest = try await storage.keptChanges(since: page.end, .latest, limit: 1000)
        #expect(rest.commits.map(\.changes.count) == [2, 1] && rest.isComplete)
        try await store.close()
    }

    @Test("A record of the log that is damaged is an error, behind the commits before it")
    func damaged() async throws {
        let site = try Site(Site.followedSchemaText)
        let process = try await site.open()
        let start = try await process.store.changePosition()
        try await process.churn(40)
        try await process.checkpoint()
        let cold = try await site.open().store
        _ = try await site.objects.delete(ObjectNames.record(20))
        var commits = cold.changes(since: start).makeAsyncIterator()
        for id in 1000..<1019 { #expect(try await commits.next()?.changes.map(\.after?.key) == [Key(.int(id))]) }
        await failing(.damaged) { _ = try await commits.next() }
    }

    @Test("A position expires with the log behind it; one at its end does not")
    func collected() async throws {
        let site = try Site(Site.followedSchemaText)
        let process = try await site.open()
        let first = try await process.store.changePosition()
        try await process.churn(40)
        let last = try await process.store.changePosition()
        try await CollectionTests.collectAll(process, site)
        try await process.put(1, "Paris")
        let cold = try await site.open().store
        for store in [process.store, cold] {
            var changes = try store.records("cities").changes(since: last).makeAsyncIterator()
            #expect(try await changes.next()?.after?["name"] == .string("Paris"))
        }
        var expired = cold.changes(since: first).makeAsyncIterator()
        let error = await #expect(throws: StorageError.self) { try await expired.next() }
        #expect(error?.code == .snapshotExpired, "\(String(describing: error))")
    }

    @Test("A position from before a migration has expired, and says so")
    func migrated() async throws {
        let store = try await open()
        let first = try await store.changePosition()
        try await put(1, store)
        let last = try await store.changePosition()
        try await store.close()
        let storage = try await ObjectStorage.open(objects)
        let held = try #require(try await storage.schema())
        try await storage.apply(.migrate(Migration(from: held, to: Schema(parsing: wider))))
        try await storage.close()
        let wide = try await open(wider)
        for position in [first, last] {
            var commits = wide.changes(since: position).makeAsyncIterator()
            let error = await #expect(throws: StorageError.self) { try await commits.next() }
            #expect(error?.code == .snapshotExpired, "\(String(describing: error))")
        }
        let now = try await wide.changePosition()
        let record = try Record(wide.schema.tables[0], ["id": .int(2), "name": .string("y")])
        try await wide.records("cities").insert(record)
        var changes = try wide.records("cities").changes(since: now).makeAsyncIterator()
        #expect(try await changes.next()?.after?.key == Key(.int(2)))
        try await wide.close()
    }
}
