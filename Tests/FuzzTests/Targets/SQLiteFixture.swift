import CSQLite
import CairnCore
import CairnSchema
import Foundation
import SQLiteStorage

/// A SQLite store in a file, made the same each time, and what a program does with what has become of it.
final class SQLiteFixture: Sendable {
    private let folder: URL
    /// The file as Cairn made it.
    let bytes: [UInt8]
    private let token: OutcomeToken

    private static let schema = """
        { "database": "fuzzed", "tables": {
          "zones": { "columns": { "name": "string" }, "key": "name" },
          "rows": {
            "columns": {
              "id": "int", "text": "string?", "zone": { "references": "zones", "nullable": true }, "amount": "decimal?",
              "token": "uuid?", "seen": "timestamp?", "day": "date?", "doc": "json?", "list": "[double]?", "ratio": "double?",
              "flag": "bool?", "raw": "bytes?", "state": { "enum": ["on", "off"], "nullable": true } },
            "key": "id", "indexes": { "by_text": { "on": ["text", "seen desc"], "include": ["day"] }, "by_amount": ["amount"],
              "by_token": { "on": ["token"], "unique": true } } },
          "pairs": { "columns": { "a": "bytes", "b": "date", "value": "int" }, "key": ["a", "b"] } } }
        """

    private static let time = Timestamp("2026-11-20T15:06:01Z") ?? .epoch

    init() async throws {
        // In memory where the system has such a place: nothing here is about disks.
        let parent = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        folder = URL(filePath: parent).appending(path: "cairn-fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "base.db").path
        token = try await SQLiteFixture.fill(path)
        // What is random in it gets one value, and small pages make a small file.
        try SQLiteFixture.execute(
            """
            PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024;
            UPDATE _cairn_store SET value = '0198f3c2-0000-7000-8000-00000000000a' WHERE name = 'store_id';
            DELETE FROM _cairn_commits; INSERT INTO _cairn_commits VALUES ('0198f3c2-0000-7000-8000-00000000000b', 3, 0); VACUUM;
            """, at: path)
        bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static func fill(_ path: String) async throws -> OutcomeToken {
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)), clock: { time })
        let store = try await Store.open(storage, schema: Schema(parsing: schema))
        let receipt = try await storage.commit(batch(store))
        _ = try await store.session.write([.delete(store.schema.tables[1], Key(.int(3)), expecting: nil)])
        try await store.close()
        return receipt.token
    }

    private static func batch(_ store: Store) -> Batch {
        let (zones, rows, pairs) = (store.schema.tables[0], store.schema.tables[1], store.schema.tables[2])
        let full: [Value] = [
            .string("Åland"), .string("north"), .decimal(DecimalNumber("-12.5") ?? .zero),
            .uuid(.init(uuidString: "0198f3c2-0000-7000-8000-00000000000c") ?? UUID()),
            .timestamp(time), .date(.min), .json(["a": [1, 2.5, "b"]]), .array([.double(1), .double(-0.5)]),
            .double(1e300),
            .bool(true), .bytes([0, 255]), .string("on"),
        ]
        let empty = full.map { _ in Value.null }
        return Batch(
            [
                .upsert(zones, [.string("north")]), .upsert(zones, [.string("")]), .upsert(rows, [.int(1)] + full),
                .upsert(rows, [.int(2)] + empty), .upsert(rows, [.int(3)] + empty),
                .upsert(pairs, [.bytes([]), .date(.max), .int(.min)]),
                .upsert(pairs, [.bytes([0, 0]), .date(.min), .int(.max)]),
            ], idempotencyKey: "first")
    }

    // MARK: Other programs

    /// Runs SQL as another program would: what is wrong in it is skipped, what takes long is cut off.
    static func execute(_ sql: String, at path: String) throws {
        var opened: OpaquePointer?
        defer { sqlite3_close_v2(opened) }
        guard sqlite3_open(path, &opened) == SQLITE_OK, let opened else {
            throw FuzzFailure("SQLite does not open \(path)")
        }
        sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0)
        sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, 1 << 20)
        sqlite3_progress_handler(opened, 200_000, { _ in 1 }, nil)
        for statement in sql.split(separator: ";") { sqlite3_exec(opened, String(statement), nil, nil, nil) }
    }

    // MARK: Use

    /// Puts bytes where the store is, changes them, and does what programs do with a store.
    func use(_ bytes: [UInt8], _ change: (String) throws -> Void) async throws {
        let path = folder.appending(path: "store.db").path
        for end in ["-wal", "-shm", "-journal"] { unlink(path + end) }
        try Data(bytes).write(to: URL(filePath: path))
        try change(path)
        let options = SQLiteOptions(.file(path), mode: .existing, timeout: .milliseconds(20))
        guard let storage = try await Expected.result({ try await SQLiteStorage.open(options) }) else { return }
        if let store = try await Expected.result({ try await Store.open(existing: storage) }) {
            for table in store.schema.tables { try await read(store.records(table.name)) }
            try await write(storage, store)
        }
        _ = try await Expected.result { try await storage.close() }
    }

    private func read(_ records: RecordRepository) async throws {
        let table = records.table
        var found: [Record] = []
        _ = try await Expected.result {
            try await records.session.read(Query(table)) { row in
                found.append(try Record(row: row))
                return true
            }
        }
        for record in found.prefix(20) {
            for (column, value) in zip(table.columns, record.values) { try SQLiteFixture.check(value, column) }
            _ = try await Expected.result { try await records.find(record.key) }
        }
        // Another one for each table and number of records; all of them would be most of the time.
        for column in table.columns where column.valueType.isOrdered && column.position % 4 == found.count % 4 {
            let query = Query(table, order: [OrderTerm(column: column.position, isDescending: true)], limit: 3)
            guard let page = try await Expected.result({ try await records.page(query, size: 1) }) else { continue }
            if let next = page.next {
                _ = try await Expected.result { try await records.page(query, size: 1, after: next) }
            }
        }
        for column in table.columns where column.valueType == .string {
            let match = Condition.text(column: column.position, .like, "%å_\u{212A}%", ignoringCase: true)
            _ = try await Expected.result { try await records.count(Query(table, where: match)) }
        }
    }

    /// A value that was read is one that the column may hold, and can be shown as JSON.
    private static func check(_ value: Value, _ column: Column) throws {
        if value.isNull { return try hold(column.isNullable, "null in '\(column.name)'") }
        try hold(column.valueType.holds(value), "\(value) in '\(column.name)'")
        let text = ValueJSON.value(value).description
        var scanner = try JSONScanner(Array(text.utf8))
        try hold(
            try ValueJSON.read(&scanner, as: column.valueType) == value,
            "'\(column.name)' is read back otherwise: \(text)")
    }

    private func write(_ storage: SQLiteStorage, _ store: Store) async throws {
        _ = try await Expected.result { try await store.outcome(of: token) }
        _ = try await Expected.result { try await store.maintain() }
        guard store.schema.tables.map(\.name) == ["pairs", "rows", "zones"] else { return }
        for table in store.schema.tables {
            let records = try store.records(table.name)
            guard let first = try await Expected.result({ try await records.all(Query(table, limit: 1)).first }) else {
                continue
            }
            guard let first else { continue }
            _ = try await Expected.result { try await records.upsert(first) }
            _ = try await Expected.result { try await records.delete(first.key) }
            _ = try await Expected.result { try await records.insert(first) }
        }
    }
}
