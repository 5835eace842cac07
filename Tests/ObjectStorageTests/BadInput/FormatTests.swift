import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Stores of a newer Cairn, and of another schema")
struct FormatTests {
    private let scene = Scene()

    /// What a newer Cairn may have changed, in an object that is read when a store is opened.
    static let newer: [(object: String, old: String, new: String)] = [
        ("_store.json", "\"format\": 1", "\"format\": 2"),
        ("_store.json", "\"needs\": []", "\"needs\": [\"pins\"]"),
        (ObjectNames.manifest(1), "\"format\":1", "\"format\":2"),
        (ObjectNames.manifest(1), "\"needs\":[]", "\"needs\":[\"pins\"]"),
        (ObjectNames.record(2), "\"format\":1", "\"format\":2"),
        (ObjectNames.record(2), "\"needs\":[]", "\"needs\":[\"pins\"]"),
    ]

    @Test("What a newer Cairn wrote asks for an upgrade, and is not touched", arguments: newer)
    func upgrade(object: String, old: String, new: String) async throws {
        try await scene.fill()
        try await scene.edit(object, old, new)
        let before = try await scene.objects.keys()
        let error = try await expectRemedy(.upgradeRequired) { _ = try await scene.open() }
        #expect(error.message.contains("pins") || error.message.contains("2"), "\(error)")
        #expect(try await scene.objects.keys() == before)
    }

    @Test("A feature that comes while the store is open ends reading and writing too")
    func whileOpen() async throws {
        try await scene.fill()
        let (store, other) = (try await scene.open(), try await scene.open())
        try await other.insertRow(7)
        try await scene.edit(ObjectNames.record(4), "\"needs\":[]", "\"needs\":[\"pins\"]")
        try await expectRemedy(.upgradeRequired) { _ = try await store.row(1) }
        try await expectRemedy(.upgradeRequired) { try await store.insertRow(8) }
        #expect(try await scene.objects.exists(ObjectNames.record(5)) == false)
    }

    private static let other = """
        { "database": "rows", "tables": { "rows": { "columns": { "id": "int", "value": "int", "more": "string?" }, "key": "id" } } }
        """

    @Test("A program with another schema is told what differs, and the store stays as it is")
    func otherSchema() async throws {
        try await scene.fill()
        let live = try await scene.open()
        let error = try await expectRemedy(.schemaMismatch) { _ = try await scene.open(schema: Self.other) }
        #expect(error.message.contains("more"), "\(error)")
        try await live.insertRow(9)
        #expect(try await scene.open().allRows().count == 4)
    }

    @Test("Of two programs with different schemas that make a store at once, one gets its own and the other is told")
    func race() async throws {
        let outcomes = await withTaskGroup(of: Result<Store, any Error>.self) { group in
            for schema in [Rows.schema, Self.other] {
                group.addTask { [scene] in
                    do { return .success(try await scene.open(schema: schema)) } catch { return .failure(error) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let stores = outcomes.compactMap { try? $0.get() }
        try #require(stores.count == 1, "\(outcomes)")
        for case .failure(let error) in outcomes {
            #expect((error as? StorageError)?.code == .schemaMismatch, "\(error)")
        }
        try await stores[0].setRow(1, 1)
        #expect(try await stores[0].row(1) == 1)
    }

    @Test("A commit under another schema stops those who do not have it")
    func migrated() async throws {
        try await scene.fill()
        let store = try await scene.open()
        let last = try await scene.objects.bytes(ObjectNames.record(3))
        let file = try StoreFileJSON.decode(await scene.objects.bytes("_store.json"))
        let record = CommitRecord(
            store: file.id, number: 4, previous: SHA256.digest(last), commit: "another",
            schema: try Schema(parsing: Self.other).id,
            time: scene.clock.now, kind: .schema)
        try await scene.objects.put(ObjectNames.record(4), CommitRecordJSON.encode(record))
        try await expectRemedy(.schemaMismatch) { _ = try await store.row(1) }
        try await expectRemedy(.schemaMismatch) { try await store.insertRow(9) }
        // Whoever opens it would finish the migration, and finds that the new schema is not kept.
        try await expectRemedy(.damaged) { _ = try await scene.open() }
    }

    @Test("The copy of the schema for people may be lost or edited: the kept one counts")
    func courtesyCopy() async throws {
        try await scene.fill()
        try await scene.write("_schema.json", "{ not even JSON")
        #expect(try await scene.open().row(1) == 100)
        try await scene.objects.delete("_schema.json")
        #expect(try await scene.open().row(1) == 100)
    }

    @Test("Without the kept schema, or with another one in its place, the store is damaged")
    func keptSchema() async throws {
        try await scene.fill()
        let name = ObjectNames.schema(try Schema(parsing: Rows.schema).id)
        try await scene.objects.delete("_schema.json")
        try await scene.write(name, try Schema(parsing: Self.other).canonicalText)
        let error = try await expectRemedy(.damaged) { _ = try await scene.open() }
        #expect(error.message.contains(name), "\(error)")
        try await scene.objects.delete(name)
        try await expectRemedy(.damaged) { _ = try await scene.open() }
    }

    /// Bytes that are no `_store.json`.
    static let broken = [
        "", "{", "[]", "null", "{}", "{\"format\": 1}", "{\"format\": \"1\", \"needs\": []}", "\u{FEFF}{}",
        "{\"format\": 0, \"needs\": [], \"store\": \"a\", \"location\": \"\", \"created_at\": \"2026-01-01T00:00:00Z\"}",
        "{\"format\": 1, \"needs\": [], \"store\": \"\", \"location\": \"\", \"created_at\": \"2026-01-01T00:00:00Z\"}",
        "{\"format\": 1, \"needs\": [], \"store\": \"a\", \"location\": \"\", \"created_at\": \"yesterday\"}",
    ]

    @Test("A first object that is not what Cairn writes is damage", arguments: broken)
    func damagedStoreFile(text: String) async throws {
        try await scene.fill()
        try await scene.write("_store.json", text)
        let error = try await expectRemedy(.damaged) { _ = try await scene.open() }
        #expect(error.message.contains("_store.json"), "\(error)")
    }

    @Test("A manifest that is cut short is damage", arguments: [0, 1, 50])
    func brokenManifest(length: Int) async throws {
        try await scene.fill()
        let name = ObjectNames.manifest(1)
        try await scene.write(name, String(try await scene.text(name).prefix(length)))
        let error = try await expectRemedy(.damaged) { _ = try await scene.open() }
        #expect(error.message.contains(name), "\(error)")
    }
}
