import CSQLite
import CairnCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A SQLite database that Cairn did not make, opened for reading. Nothing in it is ever changed.
///
/// All that is read is of one moment, that of the opening: other programs may go on writing, and are not seen. Not Sendable: one task uses
/// it.
///
/// Safety of the unsafe code: `handle` is closed in `deinit` alone, after the statements, which keep a reference to the database.
package final class ForeignDatabase {
    /// The path of the file.
    package let path: String
    fileprivate let handle: OpaquePointer

    /// Opens a database.
    /// - Throws: `storage.not_a_store` when there is no file, or another one; `storage.unsupported` for a store of Cairn's;
    ///   `storage.busy`, `storage.io`, `storage.damaged`.
    package init(path: String) throws {
        self.path = path
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder else {
            throw StorageError(
                .notAStore, isFolder ? "\(path) is a folder, not a SQLite database" : "there is no file \(path)",
                remedy: "check the path")
        }
        var opened: OpaquePointer?
        // SQLite would take such a path for a URI, with parameters and escapes in it.
        let name = path.hasPrefix("file:") ? "./\(path)" : path
        let code = sqlite3_open_v2(
            name, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            let failure = SQLiteFailure(opened)
            sqlite3_close_v2(opened)
            throw failure.storageError(at: path)
        }
        handle = opened
        sqlite3_busy_timeout(opened, ForeignDatabase.patience)
        // What the schema of somebody else calls is not to do anything else than compute.
        for sql in [
            "PRAGMA trusted_schema = OFF", "PRAGMA query_only = ON", "BEGIN", "SELECT count(*) FROM sqlite_schema",
        ] {
            try run(sql)
        }
        let isOwn = try list("SELECT 1 FROM sqlite_schema WHERE name = '_cairn_store'") { _ in true }
        if !isOwn.isEmpty {
            throw StorageError(
                .unsupported, "\(path) is a store of Cairn's already", remedy: "open it as it is: sqlite:\(path)")
        }
    }

    deinit { sqlite3_close_v2(handle) }

    /// Milliseconds for which a lock of another process is waited for.
    private static let patience: Int32 = 5000

    // MARK: Statements

    private func run(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw SQLiteFailure(handle).storageError(at: path)
        }
    }

    /// What `body` makes of each row.
    func list<Result>(_ sql: String, _ values: [Value] = [], _ body: (ForeignRow) throws -> Result) throws -> [Result] {
        let rows = try ForeignRows(sql, values, of: self)
        var results: [Result] = []
        while let row = try rows.next() { results.append(try body(row)) }
        return results
    }

    /// How many rows a table has. Reads all of it.
    package func count(_ table: ForeignTable) throws -> Int {
        try list("SELECT count(*) FROM \(ForeignDatabase.quoted(table.name))") { $0.values[0].int ?? 0 }.first ?? 0
    }

    /// The rows of a table, in the order of its key: first the number of the row where the table has one, then its columns.
    package func rows(_ table: ForeignTable) throws -> ForeignRows {
        let number = table.rowNumber ?? "NULL"
        let columns = [number] + table.columns.map { ForeignDatabase.quoted($0.name) }
        let order = table.rowNumber.map { " ORDER BY \($0)" } ?? ""
        return try ForeignRows(
            "SELECT \(columns.joined(separator: ", ")) FROM \(ForeignDatabase.quoted(table.name))\(order)", [], of: self
        )
    }

    /// The rows of a table, as ``rows(_:)`` gives them, that refer to no row of another.
    package func dangling(_ table: ForeignTable, _ reference: ForeignTable.Reference) throws -> ForeignRows {
        let child = ForeignDatabase.quoted(reference.columns[0])
        let parent = ForeignDatabase.quoted(reference.targets[0])
        let number = table.rowNumber.map { "c.\($0)" } ?? "NULL"
        let columns = [number] + table.columns.map { "c.\(ForeignDatabase.quoted($0.name))" }
        return try ForeignRows(
            """
            SELECT \(columns.joined(separator: ", ")) FROM \(ForeignDatabase.quoted(table.name)) c
            WHERE c.\(child) IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM \(ForeignDatabase.quoted(reference.table)) p WHERE p.\(parent) = c.\(child))
            """, [], of: self)
    }

    /// A name as it stands in SQL.
    static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
}

/// A value as SQLite has it: each has a type of its own, whatever its column was declared as.
package enum ForeignValue: Sendable, Hashable {
    case null
    case int(Int)
    case real(Double)
    case text(String)
    case blob([UInt8])
    /// Text that is not valid Unicode.
    case brokenText

    /// The integer; nil for anything else.
    package var int: Int? { if case .int(let int) = self { int } else { nil } }
    /// The text; nil for anything else.
    package var text: String? { if case .text(let text) = self { text } else { nil } }
}

/// A row that was read.
package struct ForeignRow: Sendable {
    package let values: [ForeignValue]
}

/// Reads rows one by one. Not Sendable: one task uses it.
package final class ForeignRows {
    private let database: ForeignDatabase
    private let statement: SQLiteStatement

    init(_ sql: String, _ values: [Value], of database: ForeignDatabase) throws {
        self.database = database
        do {
            // The schema of a database that Cairn did not make is nobody's here.
            let watch = SchemaWatch(database.handle, place: database.path, expected: nil)
            statement = try SQLiteStatement(sql, on: database.handle, watch, isPersistent: false)
        } catch let failure as SQLiteFailure {
            throw failure.storageError(at: database.path)
        }
        statement.bind(values)
    }

    /// The next row; nil after the last.
    package func next() throws -> ForeignRow? {
        try Deadline.check()
        do {
            guard try statement.step() else { return nil }
        } catch let failure as SQLiteFailure {
            throw failure.storageError(at: database.path)
        }
        return ForeignRow(values: (0..<sqlite3_column_count(statement.handle)).map(value))
    }

    private func value(_ column: Int32) -> ForeignValue {
        let handle = statement.handle
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .int(Int(sqlite3_column_int64(handle, column)))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            // The order matters: asking for the text may convert, and the count is that of the last form asked for.
            guard let text = sqlite3_column_text(handle, column) else { return .brokenText }
            let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(handle, column)))
            return Utf8.string(bytes).map(ForeignValue.text) ?? .brokenText
        case SQLITE_BLOB:
            let bytes = sqlite3_column_blob(handle, column)
            let count = Int(sqlite3_column_bytes(handle, column))
            return .blob(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
        default: return .null
        }
    }
}
