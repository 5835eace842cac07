import CairnCore

/// The SQL of one table: made once when a store is opened.
struct TableSQL: Sendable {
    let table: Table
    let keyLayout: KeyLayout
    /// The name of the table, in quotes.
    let name: String
    /// The names of the columns, in quotes.
    let columns: [String]
    /// All rows: all columns, then revision and times.
    let selectAll: String
    let select: String
    let insert: String
    let update: String
    let delete: String
    /// Revision and creation of a record.
    let metadata: String
    /// Whether any key of the table was deleted.
    let hasDeleted: String
    /// Forgets the last revision of a deleted key.
    let forgetDeleted: String
    /// Remembers the last revision of a deleted key.
    let putDeleted: String
    /// The positions of the columns an update sets: all but those of the key.
    let updatedColumns: [Int]

    static let revisionColumn = "\"_revision\""
    static let createdColumn = "\"_created_at\""
    static let updatedColumn = "\"_updated_at\""
    static let systemColumns = [revisionColumn, createdColumn, updatedColumn]
    /// Their names without quotes.
    static let systemNames = ["_revision", "_created_at", "_updated_at"]

    init(_ table: Table) {
        self.table = table
        keyLayout = KeyLayout(keyOf: table)
        name = TableSQL.quoted(table.name)
        let columns = table.columns.map { TableSQL.quoted($0.name) }
        self.columns = columns
        let all = columns + TableSQL.systemColumns
        let selectList = all.joined(separator: ", ")
        let byKey = table.key.map { "\(columns[$0]) = ?" }.joined(separator: " AND ")
        selectAll = "SELECT \(selectList) FROM \(name)"
        select = "\(selectAll) WHERE \(byKey)"
        insert =
            "INSERT INTO \(name) (\(selectList)) VALUES (\(repeatElement("?", count: all.count).joined(separator: ", ")))"
        updatedColumns = table.columns.indices.filter { !table.isKey($0) }
        let assignments =
            updatedColumns.map { "\(columns[$0]) = ?" }
            + ["\(TableSQL.revisionColumn) = ?", "\(TableSQL.updatedColumn) = ?"]
        // What an update returns goes through a table of SQLite's own; reading first costs less, and tells what is wrong.
        metadata = "SELECT \(TableSQL.revisionColumn), \(TableSQL.createdColumn) FROM \(name) WHERE \(byKey)"
        update = "UPDATE \(name) SET \(assignments.joined(separator: ", ")) WHERE \(byKey)"
        delete = "DELETE FROM \(name) WHERE \(byKey)"
        let ofTable = "\"table\" = '\(table.name)'"
        hasDeleted = "SELECT 1 FROM \"_cairn_deleted\" WHERE \(ofTable) LIMIT 1"
        forgetDeleted = "DELETE FROM \"_cairn_deleted\" WHERE \(ofTable) AND \"key\" = ?"
        putDeleted =
            "INSERT OR REPLACE INTO \"_cairn_deleted\" (\"table\", \"key\", \"revision\") VALUES ('\(table.name)', ?, ?)"
    }

    /// The keys of the first two records that have given values in columns, of those that a condition is true of.
    func owner(by columns: [Int], where filter: IndexCondition? = nil) -> String {
        let keys = table.key.map { self.columns[$0] }.joined(separator: ", ")
        let condition = columns.map { "\(self.columns[$0]) = ?" }.joined(separator: " AND ")
        let rest = filter.map { " AND \($0.sql(table))" } ?? ""
        return "SELECT \(keys) FROM \(name) WHERE \(condition)\(rest) LIMIT 2"
    }

    /// An identifier in SQL. Names of schemas hold no quotes; doubling them costs nothing and is right for any name.
    static func quoted(_ name: String) -> String {
        "\"\(name.contains("\"") ? name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") : name)\""
    }
}

/// The prepared statements of one table on one connection, each prepared when it is first needed.
///
/// A statement here is used and reset within one call under the connection's lock, so it is always free.
final class TableStatements {
    let sql: TableSQL
    private var selectStatement: (SQLiteStatement, SQLiteRow)?
    private var prepared: [Kind: SQLiteStatement] = [:]
    private var insertStatement: SQLiteStatement?
    private var updateStatement: SQLiteStatement?
    private var metadataStatement: SQLiteStatement?

    /// Statements that are looked up each time; the others are too frequent for that.
    enum Kind: Hashable {
        case delete, hasDeleted, forgetDeleted, putDeleted
    }

    private let watch: SchemaWatch

    init(_ sql: TableSQL, _ watch: SchemaWatch) {
        self.sql = sql
        self.watch = watch
    }

    /// Reads a record by key, with its reader.
    func select(_ handle: OpaquePointer) throws -> (SQLiteStatement, SQLiteRow) {
        if let selectStatement { return selectStatement }
        let statement = try SQLiteStatement(sql.select, on: handle, watch)
        let pair = (statement, SQLiteRow(table: sql.table, statement: statement.handle))
        selectStatement = pair
        return pair
    }

    func insert(_ handle: OpaquePointer) throws -> SQLiteStatement {
        if let insertStatement { return insertStatement }
        let statement = try SQLiteStatement(sql.insert, on: handle, watch)
        insertStatement = statement
        return statement
    }

    func update(_ handle: OpaquePointer) throws -> SQLiteStatement {
        if let updateStatement { return updateStatement }
        let statement = try SQLiteStatement(sql.update, on: handle, watch)
        updateStatement = statement
        return statement
    }

    /// Reads revision and creation of a record by key.
    func metadata(_ handle: OpaquePointer) throws -> SQLiteStatement {
        if let metadataStatement { return metadataStatement }
        let statement = try SQLiteStatement(sql.metadata, on: handle, watch)
        metadataStatement = statement
        return statement
    }

    func statement(_ kind: Kind, _ handle: OpaquePointer) throws -> SQLiteStatement {
        if let statement = prepared[kind] { return statement }
        let text =
            switch kind {
            case .delete: sql.delete
            case .hasDeleted: sql.hasDeleted
            case .forgetDeleted: sql.forgetDeleted
            case .putDeleted: sql.putDeleted
            }
        let statement = try SQLiteStatement(text, on: handle, watch)
        prepared[kind] = statement
        return statement
    }
}
