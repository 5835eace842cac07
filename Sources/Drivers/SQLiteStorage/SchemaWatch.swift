import CSQLite
import CairnCore

/// Notices that the file got another schema under a connection that serves the one it had.
///
/// The problem: a program that has the file open when another migrates it would read columns by an old meaning, and write records
/// that the new schema forbids. Asking the file before each read would cost too much. The idea: every migration changes what
/// SQLite counts as its own schema, so SQLite prepares each statement anew before it runs again, and counts that. A statement
/// that was prepared anew, and the first one of a connection, ask for the id of the schema, in the same view of the file they
/// read, before anybody sees a row. As long as the answer is another schema every statement asks and fails.
///
/// Belongs to its connection and is used under the connection's lock.
final class SchemaWatch {
    private let connection: OpaquePointer
    private let place: String
    /// The id of the schema that the connection serves; nil as long as it serves none.
    private var expected: String?
    private var question: OpaquePointer?
    /// Whether the schema may be another than when it was last asked for.
    private(set) var isSuspect = true

    init(_ connection: OpaquePointer, place: String, expected: String?) {
        self.connection = connection
        self.place = place
        self.expected = expected
    }

    /// The connection serves a schema from now on.
    func expect(_ id: String) {
        expected = id
        isSuspect = true
    }

    /// Something hints at another schema.
    func suspect() { isSuspect = true }

    /// Makes SQLite prepare every statement anew, also of other connections: by that they notice.
    static func touch(_ access: SQLiteConnection.Access) throws {
        try access.run("CREATE TABLE \"_cairn_changed\" (\"x\" INTEGER) STRICT")
        try access.run("DROP TABLE \"_cairn_changed\"")
    }

    /// Lets go of the statement it asks with.
    func finish() {
        sqlite3_finalize(question)
        question = nil
    }

    /// Asks for the schema of the file.
    /// - Throws: `storage.schema_mismatch` when it is another than the connection serves; failures of SQLite.
    func verify() throws {
        guard let expected else { return isSuspect = false }
        let found = try schemaID()
        guard found == expected else {
            isSuspect = true
            throw StorageError(
                .schemaMismatch,
                "the schema of \(place) was changed while this program had it open, to \(found.flatMap(SchemaID.init)?.short ?? "another")",
                remedy: "start the program of the new schema, or generate this one's code from it")
        }
        isSuspect = false
    }

    private func schemaID() throws -> String? {
        if question == nil {
            let sql = "SELECT \"value\" FROM \"_cairn_store\" WHERE \"name\" = 'schema_id'"
            guard
                sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &question, nil) == SQLITE_OK
            else { throw SQLiteFailure(connection) }
        }
        defer { sqlite3_reset(question) }
        switch sqlite3_step(question) {
        case SQLITE_ROW: return sqlite3_column_text(question, 0).map { String(cString: $0) }
        case SQLITE_DONE: return nil
        default: throw SQLiteFailure(connection)
        }
    }
}

/// What a connection serves: a schema, and the statements of its tables.
struct ServedSchema: Sendable {
    let id: String
    let tables: [TableSQL]

    init(_ schema: Schema) {
        id = schema.id.description
        tables = schema.tables.map(TableSQL.init)
    }
}
