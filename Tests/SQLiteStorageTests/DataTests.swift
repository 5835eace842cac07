import CairnCore
import Foundation
import Testing

@testable import SQLiteStorage

@Suite("What others do to a SQLite file")
struct DataTests {
    private let folder: TemporaryFolder
    private let schema = """
        { "database": "d", "tables": { "rows": { "columns": { "id": "int", "text": "string?", "amount": "decimal?", "token": "uuid?",
          "ratio": "double?",
          "seen": "timestamp?", "day": "date?", "doc": "json?", "list": "[int]?", "state": { "enum": ["on", "off"], "nullable": true } },
          "key": "id" } } }
        """

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test(
        "A revision that cannot grow is damage, and not the end of the process", arguments: ["rows", "_cairn_deleted"])
    func revision(_ table: String) async throws {
        let path = folder.path("revision.db")
        let store = try await Store.open(path: path)
        try await store.put(1)
        try await store.put(2)
        let rows = store.schema.tables[0]
        _ = try await store.session.write([.delete(rows, Key(.int(2)), expecting: nil)])
        let column = table == "rows" ? "_revision" : "revision"
        try RawDatabase(path).execute("UPDATE \(table) SET \(column) = 9223372036854775807")
        let operations: [WriteOperation] =
            table == "rows"
            ? [.delete(rows, Key(.int(1)), expecting: nil), .upsert(rows, [.int(1), .int(2)])]
            : [.insert(rows, [.int(2), .int(2)])]
        for operation in operations {
            try await expectError(.damaged) { _ = try await store.session.write([operation]) }
        }
        try await store.close()
    }

    @Test("A path that begins with file: is a path")
    func fileColon() async throws {
        // In the working directory, because only a relative path can begin so.
        let name = "file:\(UUID().uuidString)%41.db?mode=memory"
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: name + end) } }
        let store = try await Store.open(path: name)
        try await store.put(1)
        #expect(FileManager.default.fileExists(atPath: name))
        try await store.close()
    }

    @Test(
        "A stored value that is not of its column's type is damage that names the column",
        arguments: [
            ("text", "CAST(x'ff' AS TEXT)"), ("text", "CAST(x'61eda080' AS TEXT)"), ("amount", "x'01'"),
            ("token", "x'0102'"),
            ("ratio", "9e999"), ("ratio", "-9e999"), ("seen", "9223372036854775807"), ("day", "99999999"),
            ("doc", "'{'"), ("list", "'[1,\"a\"]'"),
            ("list", "'5'"),
        ])
    func damagedValue(_ column: String, _ sql: String) async throws {
        let path = folder.path("d.db")
        let store = try await Store.open(path: path, schema)
        _ = try await store.records("rows").insert(Record(store.schema.tables[0], ["id": .int(1)]))
        try RawDatabase(path).execute("UPDATE rows SET \"\(column)\" = \(sql)")
        let error = try await expectError(.damaged) { _ = try await store.records("rows").get(Key(.int(1))) }
        #expect(error.details.column == column)
        try await expectError(.damaged) { _ = try await store.records("rows").all() }
        try await store.close()
    }

    @Test("Rows that another program wrote are read, and their revisions checked")
    func foreignRows() async throws {
        let path = folder.path("f.db")
        let store = try await Store.open(path: path)
        try RawDatabase(path).execute("INSERT INTO rows VALUES (5, 50, 3, 0, 0)")
        var record = try await store.records("rows").get(Key(.int(5)))
        #expect(record.revision == 3)
        try record.set("value", .int(51))
        #expect(try await store.records("rows").update(record).revision == 4)
        try await store.close()
    }

    @Test("A value that Cairn wrote can be read by anyone: times as microseconds, lists as JSON")
    func readable() async throws {
        let path = folder.path("r.db")
        let store = try await Store.open(path: path, schema)
        let time = try #require(Timestamp("2026-11-20T15:06:01.870549Z"))
        _ = try await store.records("rows").insert(
            Record(
                store.schema.tables[0],
                [
                    "id": .int(1), "text": .string("é"), "seen": .timestamp(time), "list": .array([.int(1), .int(2)]),
                    "doc": .json(["b": 1, "a": [true]]), "state": .string("on"),
                ]))
        let raw = try RawDatabase(path)
        let sql = "SELECT json_array(text, seen, list, doc, state, _revision) FROM rows"
        #expect(try raw.column(sql) == [#"["é",1795187161870549,"[1,2]","{\"a\":[true],\"b\":1}","on",1]"#])
        try await store.close()
    }
}

@Suite("Locks and waiting in SQLite files")
struct LockingTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("A database another connection holds is busy after the timeout, and fine once it lets go")
    func busy() async throws {
        let path = folder.path("busy.db")
        let store = try await Store.open(path: path)
        let raw = try RawDatabase(path)
        try raw.execute("BEGIN IMMEDIATE")
        let error = try await expectError(.busy) { try await store.put(1) }
        #expect(error.isRetryable)
        #expect(error.message.contains("busy.db"))
        try await expectError(.busy) { try await store.transaction { (_: Session) in } }
        #expect(try await store.count == 0)
        try raw.execute("ROLLBACK")
        try await store.put(1)
        try await store.close()
    }

    @Test("A deadline shorter than the timeout is what counts")
    func deadline() async throws {
        let path = folder.path("deadline.db")
        let options = SQLiteOptions(.file(path), timeout: .seconds(600))
        let store = try await Store.open(SQLiteStorage.open(options), schema: Schema(parsing: workerSchema))
        let raw = try RawDatabase(path)
        try raw.execute("BEGIN IMMEDIATE")
        try await expectError(.timeout) { try await withDeadline(after: .milliseconds(30)) { try await store.put(1) } }
        try raw.execute("ROLLBACK")
        try await store.close()
    }

    @Test("A task that is cancelled while it waits for another process stops waiting")
    func cancelled() async throws {
        let path = folder.path("cancel.db")
        let options = SQLiteOptions(.file(path), timeout: .seconds(600))
        let store = try await Store.open(SQLiteStorage.open(options), schema: Schema(parsing: workerSchema))
        let raw = try RawDatabase(path)
        try raw.execute("BEGIN IMMEDIATE")
        let task = Task { try await store.put(1) }
        await Task.yield()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try raw.execute("ROLLBACK")
        try await store.put(1)
        #expect(try await store.count == 1)
        try await store.close()
    }

    @Test("A file that another process has locked whole is busy to open")
    func lockedWhole() async throws {
        let path = folder.path("whole.db")
        try await Store.open(path: path).close()
        let raw = try RawDatabase(path)
        try raw.execute(
            "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; INSERT INTO rows VALUES (1, 1, 1, 0, 0); COMMIT")
        try await expectError(.busy) { _ = try await Store.open(path: path) }
    }

    @Test("A transaction that waits for another of its process has its turn, or is busy after the timeout")
    func ownQueue() async throws {
        let store = try await Store.open(path: folder.path("queue.db"))
        try await store.transaction { tx in
            _ = try await tx.write([.insert(store.schema.tables[0], [.int(1), .int(1)])])
            // A task of its own, that does not know the transaction.
            let error = await Task.detached { await #expect(throws: StorageError.self) { try await store.put(2) } }
                .value
            #expect(error?.code == .busy)
        }
        try await store.put(2)
        #expect(try await store.count == 2)
        try await store.close()
    }

    @Test("When all readers are in use the next waits, and is busy after the timeout")
    func readers() async throws {
        let options = SQLiteOptions(
            .file(folder.path("readers.db")), synchronous: .normal, timeout: .milliseconds(100), maximumReaders: 2)
        let store = try await Store.open(SQLiteStorage.open(options), schema: Schema(parsing: workerSchema))
        try await store.snapshot { (_: Session) in
            try await store.snapshot { (_: Session) in
                _ = try await expectError(.busy) { _ = try await store.count }
            }
            #expect(try await store.count == 0)
        }
        try await store.close()
    }

    @Test("A long query stops when its task is cancelled")
    func longQuery() async throws {
        let store = try await Store.open(path: folder.path("long.db"))
        _ = try await store.session.write(
            (0..<20_000).map { .insert(store.schema.tables[0], [.int($0), .int($0 % 7)]) })
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            // A count is one step of SQLite's, so nothing but SQLite itself can stop it.
            return try await store.session.count(
                Query(store.schema.tables[0], where: .compare(column: 1, .notEqual, .int(3))))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await store.count == 20_000)
        try await store.close()
    }
}

@Suite("Commits that share one")
struct GroupCommitTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("Commits that wait together are one, and one that fails spoils no other")
    func group() async throws {
        let path = folder.path("group.db")
        let options = SQLiteOptions(.file(path), synchronous: .normal, timeout: .seconds(60))
        let storage = try await SQLiteStorage.open(options)
        let store = try await Store.open(storage, schema: Schema(parsing: workerSchema))
        try await store.put(0)
        let before = try sequence(path)
        // With possession taken, all writers have to wait and come together.
        #expect(storage.gate.takeIfFree())
        let results = await withTaskGroup(of: (Int, Result<Void, any Error>).self) { group in
            for id in 1...50 {
                group.addTask {
                    do {
                        // Every tenth wants a key that exists.
                        try await store.put(id.isMultiple(of: 10) ? 0 : id)
                        return (id, .success(()))
                    } catch {
                        return (id, .failure(error))
                    }
                }
            }
            while storage.gate.lineCount < 50 { await Task.yield() }
            storage.gate.release()
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (id, result) in results {
            switch result {
            case .success: #expect(!id.isMultiple(of: 10))
            case .failure(let error):
                #expect((error as? StorageError)?.code == .duplicate && id.isMultiple(of: 10), "\(id): \(error)")
            }
        }
        #expect(try await store.count == 46)
        #expect(try sequence(path) == before + 1)
        try await store.close()
    }

    @Test("A batch in a group that deletes and fails leaves the memory of deleted keys right")
    func deletedInGroup() async throws {
        let options = SQLiteOptions(.file(folder.path("deleted.db")), synchronous: .normal, timeout: .seconds(60))
        let storage = try await SQLiteStorage.open(options)
        let store = try await Store.open(storage, schema: Schema(parsing: workerSchema))
        let table = store.schema.tables[0]
        try await store.put(1)
        #expect(storage.gate.takeIfFree())
        async let failing: [RecordMetadata] = store.session.write([
            .delete(table, Key(.int(1)), expecting: nil), .delete(table, Key(.int(99)), expecting: nil),
        ])
        while storage.gate.lineCount < 1 { await Task.yield() }
        async let inserting: [RecordMetadata] = store.session.write([.insert(table, [.int(2), .int(2)])])
        while storage.gate.lineCount < 2 { await Task.yield() }
        storage.gate.release()
        var refusal: (any Error)?
        do { _ = try await failing } catch { refusal = error }
        #expect((refusal as? StorageError)?.code == .notFound)
        let inserted = try await inserting
        #expect(inserted.map(\.revision) == [1])
        #expect(try await store.records("rows").get(Key(.int(1))).revision == 1)
        try await store.close()
    }

    private func sequence(_ path: String) throws -> Int {
        try #require(Int(RawDatabase(path).column("SELECT sequence FROM _cairn_commits")[0]))
    }
}
