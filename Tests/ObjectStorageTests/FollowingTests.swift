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

    private func open(_ schema: String? = nil, every interval: Duration = .seconds(3600)) async throws -> Store {
        var options = ObjectStorageOptions()
        options.watchInterval = interval
        let storage = try await ObjectStorage.open(objects, options, surroundings: .machine())
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
