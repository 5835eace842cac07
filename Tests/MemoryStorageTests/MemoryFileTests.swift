import CairnCore
import Foundation
import MemoryStorage
import Testing

@Suite("Memory stores kept in a file")
struct MemoryFileTests {
    private let path = FileManager.default.temporaryDirectory.appending(
        path: "cairn-memory-\(UUID().uuidString).ndjson"
    )
    .path(percentEncoded: false)
    private let text = """
        { "database": "d", "tables": {
          "zones": { "columns": { "name": "string", "doc": "json?" }, "key": "name" },
          "rows": { "columns": { "id": "int", "zone": { "references": "zones?" }, "amount": "decimal?", "token": { "type": "uuid?", "unique": true },
            "raw": "bytes?", "list": "[string]", "real": "double?" }, "key": "id" } } }
        """

    private func open(_ storage: MemoryStorage = MemoryStorage(), _ text: String? = nil) async throws -> Store {
        try await Store.open(storage, schema: Schema(parsing: text ?? self.text))
    }

    private func fill(_ store: Store) async throws {
        let zones = try store.records("zones")
        let rows = try store.records("rows")
        _ = try await zones.insert(
            Record(zones.table, ["name": .string("é\0\n\""), "doc": .json(["b": [1, 1.5], "a": .null])]))
        for id in 0..<5 {
            _ = try await rows.insert(
                Record(
                    rows.table,
                    [
                        "id": .int(id == 0 ? .min : id), "zone": .string("é\0\n\""),
                        "amount": .decimal(DecimalNumber("1.10") ?? 0),
                        "token": .uuid(.version7()), "raw": .bytes([0, 255]),
                        "list": .array([.string("x"), .string("")]), "real": .double(0.1),
                    ]))
        }
        _ = try await rows.update(rows.get(Key(.int(1))))
        try await rows.delete(Key(.int(2)))
    }

    @Test("The deepest JSON that is stored can be saved and loaded", arguments: ["doc", "docs"])
    func deepJSON(_ column: String) async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let storage = MemoryStorage()
        let text = """
            { "database": "d", "tables": { "things": { "columns": { "id": "int", "doc": "json?", "docs": "[json]?" }, "key": "id" } } }
            """
        let things = try await open(storage, text).records("things")
        var json = JSONValue.int(1)
        var depth = 0
        while depth < 200 {
            json = .array([json])
            let value: Value = column == "doc" ? .json(json) : .array([.json(json)])
            guard (try? await things.upsert(Record(things.table, ["id": .int(1), column: value]))) != nil else { break }
            depth += 1
        }
        #expect(depth == (column == "doc" ? Limits.jsonDepth : Limits.jsonDepth - 1))
        try await storage.save(to: path)
        let loaded = try await open(MemoryStorage(contentsOf: path), text).records("things")
        #expect(try await loaded.get(Key(.int(1)))[column] == things.get(Key(.int(1)))[column])
    }

    @Test("A revision that cannot be is damage, and not the end of the process when it is to grow")
    func revisions() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let storage = MemoryStorage()
        try await fill(open(storage))
        try await storage.save(to: path)
        let saved = try String(contentsOfFile: path, encoding: .utf8)
        for (old, revision) in [("\"revision\":1,", "9223372036854775807"), ("\"revision\":1,", "9007199254740992")] {
            try saved.replacing(old, with: "\"revision\":\(revision),").write(
                toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: StorageError.self) { try MemoryStorage(contentsOf: path) }
            #expect(error?.code == .damaged)
        }
    }

    @Test("What was saved is loaded: every value, revision and time, and the memory of deleted keys")
    func roundTrip() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let storage = MemoryStorage()
        let store = try await open(storage)
        try await fill(store)
        try await storage.save(to: path)
        let loaded = try await open(MemoryStorage(contentsOf: path))
        for name in ["zones", "rows"] {
            let (before, after) = (try await store.records(name).all(), try await loaded.records(name).all())
            #expect(before.map(\.values) == after.map(\.values))
            #expect(before.map(\.metadata) == after.map(\.metadata))
        }
        let rows = try loaded.records("rows")
        #expect(try await rows.insert(Record(rows.table, ["id": .int(2)])).revision == 3)
        // Indexes were rebuilt: the unique one refuses, the reference protects.
        let token = try #require(try await rows.get(Key(.int(3)))["token"])
        await #expect(throws: StorageError.self) {
            try await rows.insert(Record(rows.table, ["id": .int(9), "token": token]))
        }
        await #expect(throws: StorageError.self) { try await loaded.records("zones").delete(Key(.string("é\0\n\""))) }
    }

    @Test("A program whose schema file has another order finds its columns")
    func otherOrder() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let storage = MemoryStorage()
        try await fill(try await open(storage))
        try await storage.save(to: path)
        let reordered = """
            { "database": "d", "tables": {
              "rows": { "columns": { "real": "double?", "token": { "type": "uuid?", "unique": true }, "list": "[string]", "raw": "bytes?",
                "zone": { "references": "zones?" }, "id": "int", "amount": "decimal?" }, "key": "id" },
              "zones": { "columns": { "doc": "json?", "name": "string" }, "key": "name" } } }
            """
        let loaded = try await open(MemoryStorage(contentsOf: path), reordered)
        let record = try await loaded.records("rows").get(Key(.int(3)))
        #expect(record["real"] == .double(0.1))
        #expect(record["raw"] == .bytes([0, 255]))
    }

    @Test(
        "A file that is none, or of a newer Cairn, is refused",
        arguments: [
            ("", StorageError.Code.notAStore), ("{}", .notAStore), ("notes", .notAStore),
            ("{\"cairn\":\"memory\",\"format\":2,\"schema\":{}}", .upgradeRequired),
            ("{\"cairn\":\"memory\",\"format\":1,\"schema\":{}}", .damaged),
        ])
    func notAStore(_ content: String, _ code: StorageError.Code) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(content.utf8).write(to: URL(filePath: path))
        let error = try #require(throws: StorageError.self) { try MemoryStorage(contentsOf: path) }
        #expect(error.code == code, "\(error)")
    }

    @Test("A missing file is refused")
    func missing() throws {
        let error = try #require(throws: StorageError.self) { try MemoryStorage(contentsOf: path) }
        #expect(error.code == .notAStore)
    }

    @Test(
        "A damaged line is an error that names the line, never a shorter store",
        arguments: [
            ("\"revision\":2", "\"revision\":0"), ("\"raw\":\"AP8=\"", "\"raw\":\"!\""),
            ("\"table\":\"rows\"", "\"table\":\"gone\""),
            ("\"id\":3", "\"id\":4"), ("\"real\":0.1}", "\"real\":0.1"), ("\"amount\":\"1.1\"", "\"amount\":\"x\""),
            ("\"deleted\":\"2\"", "\"deleted\":\"two\""),
            ("\"table\":\"zones\"", "\"table\":\"zone\""), ("\"revision\":2", "\"revision\":2,\"revision\":2"),
        ])
    func damaged(_ old: String, _ new: String) async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let storage = MemoryStorage()
        try await fill(try await open(storage))
        try await storage.save(to: path)
        let content = try String(contentsOfFile: path, encoding: .utf8)
        let place = try #require(content.range(of: old), "\(content)")
        try content.replacingCharacters(in: place, with: new).write(toFile: path, atomically: true, encoding: .utf8)
        let error = try #require(throws: StorageError.self) { try MemoryStorage(contentsOf: path) }
        #expect(error.code == .damaged, "\(error)")
        #expect(error.message.contains(path))
    }

    @Test("A store without a schema has nothing to save, and a folder that does not exist is said")
    func cannotSave() async throws {
        await #expect(throws: StorageError.self) { try await MemoryStorage().save(to: path) }
        let storage = MemoryStorage()
        _ = try await open(storage)
        let error = await #expect(throws: StorageError.self) { try await storage.save(to: "/nonexistent/folder/x") }
        #expect(error?.code == .io)
    }
}
