import CSQLite
import CairnCore
import Foundation
import SQLiteStorage
import Testing

/// A folder that goes with the test.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "cairn-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }
}

/// SQLite without Cairn, for what other programs do to a file.
final class RawDatabase {
    private let handle: OpaquePointer

    /// - Parameter vfs: How SQLite reaches the disk; nil for the usual way.
    init(_ path: String, vfs: String? = nil) throws {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs)
        #expect(code == SQLITE_OK)
        handle = try #require(opened)
        // A connection that closes holds the file for a moment, alone.
        sqlite3_busy_timeout(handle, 30_000)
    }

    deinit { sqlite3_close_v2(handle) }

    func execute(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        try #require(code == SQLITE_OK, "\(sql): \(String(cString: sqlite3_errmsg(handle)))")
    }

    /// The first column of every row, as text.
    func column(_ sql: String) throws -> [String] {
        var statement: OpaquePointer?
        try #require(sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, "\(sql)")
        defer { sqlite3_finalize(statement) }
        var rows: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            rows.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "NULL")
        }
        return rows
    }
}

/// The schema of most tests here, and of the worker.
let workerSchema = """
    { "database": "worker", "tables": { "rows": { "columns": { "id": "int", "value": "int" }, "key": "id",
    "indexes": { "by_value": ["value"] } } } }
    """

extension Store {
    static func open(path: String, _ schema: String = workerSchema, mode: SQLiteOptions.Mode = .create) async throws
        -> Store
    {
        let options = SQLiteOptions(.file(path), mode: mode, synchronous: .normal, timeout: .milliseconds(200))
        return try await Store.open(SQLiteStorage.open(options), schema: Schema(parsing: schema))
    }

    func put(_ id: Int, _ value: Int = 0) async throws {
        _ = try await session.write([.insert(schema.tables[0], [.int(id), .int(value)])])
    }

    var count: Int {
        get async throws { try await session.count(Query(schema.tables[0])) }
    }
}

/// Fails the test unless `body` throws a storage error of a code; gives it back.
@discardableResult
func expectError(
    _ code: StorageError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> StorageError {
    let error = await #expect(throws: StorageError.self, sourceLocation: sourceLocation) { try await body() }
    let found = try #require(error, sourceLocation: sourceLocation)
    #expect(found.code == code, "\(found)", sourceLocation: sourceLocation)
    return found
}
