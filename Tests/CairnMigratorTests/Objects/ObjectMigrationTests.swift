import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Migrations on an object store")
struct ObjectMigrationTests {
    private let objects = MemoryObjectStore()
    private let old = database(table("a string; b int; gone string", indexes: "\"by_b\": [\"b\"]"))

    private func schema(_ text: String) throws -> Schema { try Schema(parsing: text) }

    private func fill(_ count: Int) async throws {
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema(old))
        let rows = (1...count).map { id -> JSONValue in
            ["id": .int(id), "a": .string("a\(id % 7)"), "b": .int(id % 3), "gone": .string("g\(id)")]
        }
        try await store.insert(["t": rows])
        try await storage.flush()
        try await store.maintain()
        try await store.close()
    }

    private func migrate(
        _ objects: (any ObjectStore)? = nil, to text: String, isRehearsal: Bool = false,
        progress: (@Sendable (MigrationProgress) -> Void)? = nil
    ) async throws {
        let storage = try await ObjectStorage.open(objects ?? self.objects)
        var migration = try Migration(
            from: try #require(try await storage.schema()), to: schema(text), allowsDestructive: true,
            isRehearsal: isRehearsal)
        migration.progress = progress
        try await storage.apply(.migrate(migration))
        try await storage.close()
    }

    private func content(_ text: String) async throws -> Content {
        let store = try await Store.open(ObjectStorage.open(objects), schema: schema(text))
        let content = try await store.content()
        try await store.close()
        return content
    }

    @Test("What needs no record read costs the same with many records, and writes no record file")
    func requests() async throws {
        try await fill(500)
        let counting = CountingObjectStore(objects)
        let wider = database(
            table(
                "a string; b int; gone string; c {\"type\": \"int\", \"default\": 7}; d string?",
                indexes: "\"by_b\": [\"b\"]"))
        try await migrate(counting, to: wider)
        #expect(counting.counts.total < 40, "\(counting.counts)")
        let rows = try #require(try await content(wider)["t"])
        #expect(rows.count == 500)
        #expect(rows.allSatisfy { $0["c"] == 7 && $0["d"] == .null })
        #expect(String(decoding: try await objects.bytes("tables/t/objects/1.json"), as: UTF8.self).contains("gone"))
    }

    @Test("A cost is told before, and how far it is meanwhile")
    func cost() async throws {
        try await fill(300)
        let indexed = database(table("a string; b int; gone string", indexes: "\"by_b\": [\"b\"], \"by_a\": [\"a\"]"))
        let storage = try await ObjectStorage.open(objects)
        let migration = try Migration(from: try #require(try await storage.schema()), to: schema(indexed))
        let cost = try #require(try await storage.cost(of: migration))
        #expect(cost.recordsRead == 300 && cost.recordsWritten == 0 && cost.requests >= 300 && cost.dollars > 0.0001)
        try await storage.close()
        let heard = Lock<[MigrationProgress]>([])
        let counting = CountingObjectStore(objects)
        try await migrate(counting, to: indexed) { progress in heard.withLock { $0.append(progress) } }
        #expect(counting.counts.total <= cost.requests + 20, "\(counting.counts)")
        #expect(heard.withLock { $0 }.last.map { $0.done == 300 && $0.total == 300 } == true)
    }

    @Test("Ids and times that added columns get are the same at each reading, and ids of no two records")
    func made() async throws {
        try await fill(20)
        let wider = database(
            table(
                "a string; b int; gone string; i {\"type\": \"uuid\", \"default\": \"uuid\"}; w {\"type\": \"timestamp\", \"default\": \"now\"}",
                indexes: "\"by_b\": [\"b\"], \"by_i\": { \"on\": [\"i\"], \"unique\": true }"))
        try await migrate(to: wider)
        let first = try await content(wider)
        #expect(try await content(wider) == first)
        let ids = Set((first["t"] ?? []).compactMap { $0["i"]?.description })
        #expect(ids.count == 20)
        let store = try await Store.open(ObjectStorage.open(objects), schema: schema(wider))
        let records = try store.records("t")
        let some = try await records.get(Key(.int(5)))
        let index = try #require(records.table.index(named: "by_i"))
        #expect(index.isUnique)
        // Written anew it keeps what it was read with.
        var changed = some
        try changed.set("a", .string("new"))
        try await records.update(changed)
        #expect(try await records.get(Key(.int(5)))["i"] == some["i"])
        try await store.close()
    }

    @Test("A record takes the new form when it changes; all of it is sound by an examination, then and after a rebuild")
    func sound() async throws {
        try await fill(10)
        let renamed = database(
            table(
                "z {\"type\": \"string\", \"renamed_from\": \"a\"}; b double", name: "u", indexes: "\"i\": [\"z\"]",
                renamedFrom: "t"))
        let wider = database(table("a string; b int?; n int?", indexes: "\"by_b\": [\"b\"]"))
        try await migrate(to: wider)
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema(wider))
        let records = try store.records("t")
        var row = try await records.get(Key(.int(3)))
        try row.set("n", .int(1))
        try await records.update(row)
        try await records.delete(Key(.int(4)))
        try await storage.flush()
        #expect(try await storage.examine().isSound)
        let text = String(decoding: try await objects.bytes("tables/t/objects/3.json"), as: UTF8.self)
        #expect(text.contains("\"n\": 1") && !text.contains("gone"))
        try await store.close()
        let before = try await content(wider)
        // All that can be made again is lost.
        for prefix in ["_checkpoints/", "_index/", "_log/", "_store.json"] {
            _ = try await objects.delete(contentsOf: objects.keys(prefix: prefix))
        }
        var options = RebuildOptions()
        options.waits = false
        let report = try await ObjectStorage.rebuild(objects, options)
        #expect(report.isDone && report.problems.isEmpty, "\(report.problems)")
        #expect(try await content(wider) == before)
        // The rebuilt store migrates on.
        let narrower = database(table("a string; b int; n int?"))
        try await migrate(to: narrower)
        try await migrate(to: renamed)
        #expect(try await content(renamed)["u"]?.count == 9)
    }

    @Test("What is dropped is kept under _trash, by record")
    func trash() async throws {
        try await fill(5)
        try await migrate(
            to: database(table("a string; b int", indexes: "\"by_b\": [\"b\"]"), table("c int", name: "v")))
        let names = try await objects.keys(prefix: "_trash/")
        #expect(names.count == 1 && names.first?.hasSuffix("/t/0.json") == true, "\(names)")
        let kept = try JSONValue(parsing: try await objects.bytes(names.first ?? ""))
        #expect(kept["records"]?[4]?["fields"] == ["gone": "g5"] && kept["records"]?[4]?["id"] == "5")
        try await migrate(to: database(table("c int", name: "v")))
        let all = try await objects.keys(prefix: "_trash/")
        #expect(all.count == 2, "\(all)")
    }

    @Test("A program of the old schema that is open reads and writes no more, and is told why")
    func openProgram() async throws {
        try await fill(3)
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema(old))
        let records = try store.records("t")
        var row = try await records.get(Key(.int(1)))
        let token = try await storage.commit(Batch([.delete(records.table, Key(.int(2)), expecting: nil)])).token
        let wider = database(table("a string; b int?; gone string", indexes: "\"by_b\": [\"b\"]"))
        try await migrate(to: wider)
        try row.set("a", .string("late"))
        let late = row
        let error = try await expectError(.schemaMismatch) { try await records.update(late) }
        #expect(error.message.contains("migrated"))
        try await expectError(.schemaMismatch) { _ = try await records.get(Key(.int(1))) }
        try await expectError(.schemaMismatch) { _ = try await store.records("t").all() }
        try await store.close()
        #expect(try await content(wider)["t"]?.count == 2)
        let new = try await Store.open(ObjectStorage.open(objects), schema: schema(wider))
        #expect(try await new.outcome(of: token) == .committed)
        try await new.close()
    }

    @Test("A rehearsal finds what stands in the way and changes nothing that anybody reads")
    func rehearsal() async throws {
        try await fill(3)
        let unique = database(table("a string; b {\"type\": \"int\", \"unique\": true}; gone string"))
        try await expectError(.invalid) {
            try await migrate(
                to: database(table("a {\"type\": \"string\", \"max_length\": 1}; b int; gone string")),
                isRehearsal: true)
        }
        try await migrate(to: unique, isRehearsal: true)
        #expect(try await content(old)["t"]?.count == 3)
        let store = try await Store.open(ObjectStorage.open(objects), schema: schema(old))
        try await store.insert(["t": [["id": 9, "a": "x", "b": 9, "gone": "y"]]])
        try await store.close()
    }

    @Test("A store that is closed for other work is not migrated")
    func maintenance() async throws {
        try await fill(1)
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema(old))
        try await storage.beginMaintenance(by: "somebody", reason: "a test", until: .now)
        try await expectError(.maintenance) { try await migrate(to: database(table("a string; b int; gone string"))) }
        try await storage.endMaintenance()
        try await store.close()
        try await migrate(to: database(table("a string; b int; gone string")))
    }
}
