import Cairn
import Foundation
import Testing

@Suite("Stores opened by their address, without generated code")
struct OpenByAddressTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "cairn-address-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    private func schema(_ columns: String = "") throws -> Schema {
        try Schema(
            parsing: """
                { "database": "notes", "tables": {
                  "notes": { "columns": { "id": "int", "text": "string", "author": { "references": "users" }\(columns) }, "key": "id" },
                  "users": { "columns": { "name": "string" }, "key": "name" } } }
                """)
    }

    private func fill(_ store: Store) async throws {
        let notes = try store.records("notes")
        let users = try store.records("users")
        try await users.insert(Record(users.table, ["name": .string("ada")]))
        try await notes.insert(
            Record(notes.table, ["id": .int(1), "text": .string("first"), "author": .string("ada")]))
    }

    @Test(
        "A schema read at run time makes a store, which opens again with it and by itself",
        arguments: ["sqlite:", "file:"])
    func opens(scheme: String) async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = "\(scheme)\(path("a store"))"
        let store = try await Store.open(url, schema: schema())
        try await fill(store)
        try await store.close()
        let again = try await Store.open(url, schema: schema())
        #expect(try await again.records("notes").get(Key(.int(1)))["text"] == .string("first"))
        try await again.close()
        let existing = try await Store.open(existing: url)
        #expect(try existing.schema == schema())
        #expect(try await existing.records("notes").count() == 1)
        try await existing.close()
    }

    @Test("In memory there is a store with a schema, and none without")
    func memory() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try await Store.open("memory:", schema: schema())
        try await fill(store)
        #expect(try await store.records("users").count() == 1)
        try await store.close()
        let error = await #expect(throws: StorageError.self) { try await Store.open(existing: "memory:") }
        #expect(error?.code == .notAStore)
    }

    @Test("Where there is no store, none is made; another schema is refused; neither keeps the file open")
    func refused() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let none = await #expect(throws: StorageError.self) {
            try await Store.open(existing: "sqlite:\(path("none.db"))")
        }
        #expect(none?.code == .notAStore)
        #expect(!FileManager.default.fileExists(atPath: path("none.db")))
        let url = "sqlite:\(path("b.db"))"
        try await Store.open(url, schema: schema()).close()
        let other = await #expect(throws: StorageError.self) {
            try await Store.open(url, schema: schema(", \"x\": \"int?\""))
        }
        #expect(other?.code == .schemaMismatch)
        #expect(other?.message.hasSuffix("the store lacks column 'x' of 'notes'") == true)
        // SQLite removes this file when the last connection closes.
        #expect(!FileManager.default.fileExists(atPath: path("b.db-wal")))
    }

    @Test(
        "The program of the README copies an old store into one of another schema, references in any order",
        arguments: [("sqlite", "sqlite"), ("sqlite", "file"), ("file", "sqlite"), ("file", "file")])
    func copies(schemes: (old: String, new: String)) async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let old = "\(schemes.old):\(path("old"))"
        let new = "\(schemes.new):\(path("new"))"
        let store = try await Store.open(old, schema: schema(", \"gone\": \"int?\""))
        try await fill(store)
        let note = try await store.records("notes").get(Key(.int(1)))
        try await store.records("notes").update(note)
        try await store.close()

        try await copy(old, to: new, schema: schema(", \"done\": { \"type\": \"bool\", \"default\": false }"))

        let target = try await Store.open(existing: new)
        let copied = try await target.records("notes").get(Key(.int(1)))
        #expect(copied["text"] == .string("first"))
        #expect(copied["author"] == .string("ada"))
        #expect(copied["done"] == .bool(false))
        #expect(copied["gone"] == nil)
        #expect(copied.revision == 1)
        try await target.close()

        let error = await #expect(throws: StorageError.self) {
            try await copy(old, to: "memory:", schema: schema(", \"must\": \"int\""))
        }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("'must'") == true)
    }

    /// As in the README.
    private func copy(_ old: String, to new: String, schema: Schema) async throws {
        let source = try await Store.open(existing: old)
        let target = try await Store.open(new, schema: schema)
        try await target.transaction { tx in
            for table in schema.tables where source.schema.table(named: table.name) != nil {
                let records = try tx.records(table.name)
                for record in try await source.records(table.name).all() {
                    var values: [String: Value] = [:]
                    for column in table.columns { values[column.name] = record[column.name] }
                    try await records.insert(Record(records.table, values))
                }
            }
        }
        try await source.close()
        try await target.close()
    }
}
