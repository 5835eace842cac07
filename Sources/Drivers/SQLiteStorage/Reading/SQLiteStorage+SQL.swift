import CSQLite
import CairnCore

/// SQL of one's own, for what the queries of Cairn do not say. It reads and nothing else.
extension SQLiteStorage {
    /// The rows of a statement, all in memory at once, all of one moment.
    ///
    ///     for row in try await storage.read("SELECT country, count(*) AS n FROM cities WHERE population > \(least) GROUP BY country") {
    ///         print(try row.get("country", as: String.self), try row.get("n", as: Int.self))
    ///     }
    ///
    /// Tables and columns have the names of the schema; each table also has `_revision`, `_created_at` and `_updated_at`. Statements run one
    /// after the other, on a connection of their own that cannot write.
    /// - Throws: `query.invalid` for a statement that SQLite does not understand, that does anything but read, or that is more than
    ///   one; `storage.timeout`; `storage.busy`; `storage.io`; `CancellationError`.
    public func read(_ sql: SQL) async throws -> [SQLRow] {
        let (schema, _) = try attached()
        _ = try await sqlTurns.wait(nil)
        defer { sqlTurns.release() }
        try Deadline.check()
        let connection = try sqlReader.withLock { reader in
            if let reader { return reader }
            let connection = try file.openReader(ServedSchema(schema))
            connection.watchTask()
            try connection.withLock { $0.allowReadingOnly() }
            reader = connection
            return connection
        }
        return try connection.withLock { try $0.read(sql) }
    }
}

extension SQLiteConnection.Access {
    /// From here on SQLite itself refuses statements that do anything but read tables of this file.
    fileprivate func allowReadingOnly() {
        sqlite3_set_authorizer(
            handle,
            { _, action, _, _, _, _ in
                switch action {
                case SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_RECURSIVE: SQLITE_OK
                default: SQLITE_DENY
                }
            }, nil)
    }

    fileprivate func read(_ sql: SQL) throws -> [SQLRow] {
        do {
            return try with(sql.text) { statement in
                try check(statement.handle, sql)
                statement.bind(sql.values)
                return try rows(statement)
            }
        } catch let failure as SQLiteFailure where failure.primaryCode == SQLITE_AUTH {
            throw StorageError.notOnlyReading(sql)
        } catch let failure as SQLiteFailure where failure.primaryCode == SQLITE_OK {
            throw StorageError(.query, "there is no statement in the SQL '\(sql.text)'")
        } catch let failure as SQLiteFailure where failure.primaryCode == SQLITE_ERROR {
            throw StorageError(.query, "SQLite does not understand the SQL: \(failure.message): \(sql.text)")
        }
    }

    /// Refuses what is no single statement that reads, and values beside those of the literal.
    private func check(_ statement: OpaquePointer, _ sql: SQL) throws {
        let count = sqlite3_sql(statement).map { String(cString: $0).utf8.count } ?? 0
        let rest = sql.text.utf8.dropFirst(count)
        guard rest.allSatisfy({ Array(" \t\r\n;".utf8).contains($0) }) else {
            throw StorageError(
                .query, "this is more than one statement: \(sql.text)", remedy: "read them one after the other")
        }
        guard sqlite3_stmt_readonly(statement) != 0, sqlite3_column_count(statement) > 0 else {
            throw StorageError.notOnlyReading(sql)
        }
        guard Int(sqlite3_bind_parameter_count(statement)) == sql.values.count else {
            throw StorageError(
                .query,
                "the SQL has \(sqlite3_bind_parameter_count(statement)) parameters and \(sql.values.count) values: \(sql.text)",
                remedy: "write each value as \\(value) and no parameter by hand")
        }
    }

    private func rows(_ statement: SQLiteStatement) throws -> [SQLRow] {
        let columns = (0..<sqlite3_column_count(statement.handle)).map { place in
            sqlite3_column_name(statement.handle, place).map { String(cString: $0) } ?? ""
        }
        var rows: [SQLRow] = []
        while try statement.step() {
            let values = try columns.indices.map { try value(statement.handle, Int32($0), columns[$0]) }
            rows.append(SQLRow(columns: columns, values: values))
        }
        return rows
    }

    private func value(_ statement: OpaquePointer, _ place: Int32, _ column: String) throws -> Value {
        switch sqlite3_column_type(statement, place) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER: return .int(Int(sqlite3_column_int64(statement, place)))
        case SQLITE_FLOAT: return .double(sqlite3_column_double(statement, place))
        case SQLITE_TEXT:
            let text = sqlite3_column_text(statement, place)
            let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, place)))
            guard let string = Utf8.string(bytes) else {
                throw StorageError(.query, "the text of column '\(column)' is not UTF-8", remedy: "read it as a blob")
            }
            return .string(string)
        default:
            let bytes = sqlite3_column_blob(statement, place)
            let count = Int(sqlite3_column_bytes(statement, place))
            return .bytes(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
        }
    }
}

extension StorageError {
    fileprivate static func notOnlyReading(_ sql: SQL) -> StorageError {
        StorageError(
            .query, "SQL that does more than read tables is not run: \(sql.text)",
            remedy: "write through the store, so that revisions, references and listeners know")
    }
}
