import CairnCore
import Foundation
import Testing

@testable import SQLiteStorage

@Suite("Opening SQLite files")
struct OpeningTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("A file that is no database is refused, and left as it was")
    func notADatabase() async throws {
        let path = folder.path("notes.txt")
        let content = Data(String(repeating: "These are my notes.\n", count: 100).utf8)
        try content.write(to: URL(filePath: path))
        let error = try await expectError(.notAStore) { _ = try await Store.open(path: path) }
        #expect(error.message.contains("notes.txt"))
        #expect(try Data(contentsOf: URL(filePath: path)) == content)
    }

    @Test("A folder is refused by name")
    func folder() async throws {
        let error = try await expectError(.notAStore) { _ = try await Store.open(path: folder.url.path()) }
        #expect(error.message.contains("folder"))
    }

    @Test("A path in a folder that does not exist says so")
    func missingFolder() async throws {
        let error = try await expectError(.io) { _ = try await Store.open(path: folder.path("none/x.db")) }
        #expect(error.remedy?.contains("folder exists") == true)
    }

    @Test(
        "A file that must exist and does not is an error, and is not made",
        arguments: [SQLiteOptions.Mode.existing, .readOnly])
    func missingFile(_ mode: SQLiteOptions.Mode) async throws {
        let path = folder.path("none.db")
        try await expectError(.notAStore) { _ = try await Store.open(path: path, mode: mode) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("A path that is empty or has a NUL is refused", arguments: ["", "a\0b"])
    func badPath(_ path: String) async throws {
        try await expectError(.configuration) { _ = try await Store.open(path: path) }
    }

    @Test("A database of another program is refused, and left as it was")
    func foreign() async throws {
        let path = folder.path("other.db")
        let raw = try RawDatabase(path)
        try raw.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY)")
        let error = try await expectError(.notAStore) { _ = try await Store.open(path: path) }
        #expect(error.message.contains("customers"))
        #expect(try raw.column("SELECT name FROM sqlite_schema") == ["customers"])
        #expect(try raw.column("PRAGMA journal_mode") == ["delete"])
    }

    @Test("An empty file is a store that holds nothing yet")
    func emptyFile() async throws {
        let path = folder.path("empty.db")
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let store = try await Store.open(path: path)
        try await store.put(1)
        try await store.close()
    }

    @Test(
        "A store of a newer Cairn is refused: by its format, or by a feature it needs",
        arguments: [("format", "2"), ("needs", "history"), ("format", "99")])
    func newer(_ name: String, _ value: String) async throws {
        let path = folder.path("newer.db")
        try await Store.open(path: path).close()
        try RawDatabase(path).execute("UPDATE _cairn_store SET value = '\(value)' WHERE name = '\(name)'")
        let error = try await expectError(.upgradeRequired) { _ = try await Store.open(path: path) }
        #expect(error.remedy?.contains("newer version") == true)
    }

    @Test(
        "A store whose own description is damaged is refused",
        arguments: [
            "UPDATE _cairn_store SET value = 'x' WHERE name = 'schema'",
            "DELETE FROM _cairn_store WHERE name = 'schema'",
            "UPDATE _cairn_store SET value = 'sha256:00' WHERE name = 'schema_id'",
            "UPDATE _cairn_store SET value = 'zero' WHERE name = 'format'",
        ])
    func damaged(_ sql: String) async throws {
        let path = folder.path("damaged.db")
        try await Store.open(path: path).close()
        try RawDatabase(path).execute(sql)
        try await expectError(.damaged) { _ = try await Store.open(path: path) }
    }

    @Test("A file with damaged pages is an error, never a shorter answer")
    func damagedPages() async throws {
        let path = folder.path("pages.db")
        let store = try await Store.open(path: path)
        _ = try await store.session.write((0..<5000).map { .insert(store.schema.tables[0], [.int($0), .int($0)]) })
        try await store.close()
        var content = try Data(contentsOf: URL(filePath: path))
        let pages = 4096 * 10..<4096 * 20
        content.replaceSubrange(pages, with: Data(repeating: 0xAB, count: pages.count))
        try content.write(to: URL(filePath: path))
        let again = try await Store.open(path: path)
        try await expectError(.damaged) { _ = try await again.records("rows").all() }
        try await again.close()
    }

    @Test("A store with another schema is refused with what differs, and can still be opened with its own")
    func otherSchema() async throws {
        let path = folder.path("schema.db")
        try await Store.open(path: path).close()
        let other = workerSchema.replacing("\"value\": \"int\"", with: "\"value\": \"int\", \"note\": \"string?\"")
        let error = try await expectError(.schemaMismatch) { _ = try await Store.open(path: path, other) }
        #expect(error.message.contains("the store lacks column 'note' of 'rows'"))
        try await Store.open(path: path).close()
    }

    @Test("A store opened for reading reads, and refuses to write")
    func readOnly() async throws {
        let path = folder.path("read.db")
        let writer = try await Store.open(path: path)
        try await writer.put(1)
        let reader = try await Store.open(path: path, mode: .readOnly)
        #expect(!reader.capabilities.isWritable)
        #expect(try await reader.count == 1)
        try await writer.put(2)
        #expect(try await reader.count == 2)
        try await expectError(.readOnly) { try await reader.put(3) }
        try await expectError(.readOnly) { try await reader.transaction { (_: Session) in } }
        try await expectError(.readOnly) { try await reader.maintain() }
        try await reader.close()
        try await writer.close()
    }

    @Test("A file that an open store found writable and the system made read-only says so")
    func systemReadOnly() async throws {
        let path = folder.path("system.db")
        let store = try await Store.open(path: path)
        try await store.put(1)
        // `query_only` makes SQLite answer as it does when the file system refuses.
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        let second = try await Store.open(storage, schema: Schema(parsing: workerSchema))
        try storage.writer.withLock { try $0.execute("PRAGMA query_only = ON") }
        try await expectError(.readOnly) { try await second.put(2) }
        try await second.close()
        try await store.close()
    }

    @Test("Two programs that create one store at once agree")
    func createdTwice() async throws {
        let path = folder.path("race.db")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    let options = SQLiteOptions(.file(path), synchronous: .normal, timeout: .seconds(30))
                    let store = try await Store.open(SQLiteStorage.open(options), schema: Schema(parsing: workerSchema))
                    try await store.put(number)
                    try await store.close()
                }
            }
            try await group.waitForAll()
        }
        let store = try await Store.open(path: path)
        #expect(try await store.count == 4)
        try await store.close()
    }

    @Test("The file is what SQLite users expect: strict tables, real keys, indexes and foreign keys")
    func layout() async throws {
        let path = folder.path("layout.db")
        let schema = """
            { "database": "shop", "tables": {
              "makers": { "columns": { "id": "int", "name": { "type": "string", "unique": true } }, "key": "id" },
              "items": { "columns": { "id": "uuid", "maker": { "references": "makers" }, "price": "decimal?", "tags": "[string]",
                "sold": { "type": "bool", "default": false } }, "key": "id",
                "indexes": { "by_price": { "on": ["price desc"], "include": ["sold"] } } } } }
            """
        try await Store.open(path: path, schema).close()
        let raw = try RawDatabase(path)
        #expect(
            try raw.column(
                "SELECT sql FROM sqlite_schema WHERE name NOT LIKE '\\_cairn%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY rowid"
            ) == [
                "CREATE TABLE \"makers\" (\"id\" INTEGER NOT NULL, \"name\" TEXT NOT NULL, \"_revision\" INTEGER NOT NULL, \"_created_at\" INTEGER NOT NULL, \"_updated_at\" INTEGER NOT NULL, PRIMARY KEY (\"id\")) STRICT",
                "CREATE UNIQUE INDEX \"makers.unique_name\" ON \"makers\" (\"name\")",
                "CREATE TABLE \"items\" (\"id\" BLOB NOT NULL, \"maker\" INTEGER NOT NULL, \"price\" BLOB, \"tags\" TEXT NOT NULL, \"sold\" INTEGER NOT NULL, \"_revision\" INTEGER NOT NULL, \"_created_at\" INTEGER NOT NULL, \"_updated_at\" INTEGER NOT NULL, PRIMARY KEY (\"id\"), FOREIGN KEY (\"maker\") REFERENCES \"makers\" (\"id\") ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED) STRICT, WITHOUT ROWID",
                "CREATE INDEX \"items.by_price\" ON \"items\" (\"price\" DESC, \"id\", \"sold\")",
                "CREATE INDEX \"items.reference_maker\" ON \"items\" (\"maker\")",
            ])
        #expect(try raw.column("PRAGMA journal_mode") == ["wal"])
        #expect(try raw.column("PRAGMA application_id") == ["1130459758"])
        #expect(try raw.column("PRAGMA integrity_check") == ["ok"])
    }

    @Test("A temporary database leaves nothing behind")
    func temporary() async throws {
        let storage = try await SQLiteStorage.open(SQLiteOptions(.temporary))
        let store = try await Store.open(storage, schema: Schema(parsing: workerSchema))
        try await store.put(1)
        let path = storage.file.path
        #expect(FileManager.default.fileExists(atPath: path))
        try await store.close()
        try await withKnownLifetime(of: storage) {}
    }

    /// The folder goes with the storage, not with `close`; here the storage's last use is marked.
    private func withKnownLifetime(of storage: SQLiteStorage, _ body: () async throws -> Void) async throws {
        try await body()
        withExtendedLifetime(storage) {}
    }

    @Test("A temporary database of a dead process is removed by the next one")
    func abandoned() async throws {
        // A folder as a killed process leaves it: with its lock file, and nobody holding the lock.
        let parent = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let left = URL(filePath: parent).appending(path: "cairn-sqlite-dead\(Int.random(in: 0..<1_000_000))")
        try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
        try Data().write(to: left.appending(path: "owner.lock"))
        try Data("x".utf8).write(to: left.appending(path: "store.db"))
        let living = try await SQLiteStorage.open(SQLiteOptions(.temporary))
        let another = try await SQLiteStorage.open(SQLiteOptions(.temporary))
        #expect(!FileManager.default.fileExists(atPath: left.path()))
        #expect(FileManager.default.fileExists(atPath: living.file.path))
        try await another.close()
        try await living.close()
    }
}
