import CSQLite
import CairnCore

/// Makes a table anew in its new form, with all its records.
///
/// The procedure of SQLite's documentation (https://sqlite.org/lang_altertable.html#otheralter): a new table under another name,
/// filled from the old one, which is dropped and whose name the new one takes; what else stood on the table is made again.
struct TableRebuild {
    private static let name = "_cairn_new"

    private let records: RecordMigration
    private let schema: Schema
    private let access: SQLiteConnection.Access
    /// What the columns of the old table are called now, in quotes.
    private let columns: [String]
    private let lookups: MigrationLookups
    private var table: Table { records.pair.new }

    init(
        _ records: RecordMigration, _ schema: Schema, _ access: SQLiteConnection.Access, columns: [String],
        _ lookups: MigrationLookups
    ) {
        self.records = records
        self.schema = schema
        self.access = access
        self.columns = columns
        self.lookups = lookups
    }

    func run() throws {
        let others = try othersOnTable()
        try access.run(SQLiteSchema.createTable(table, in: schema, named: TableRebuild.name))
        try fill()
        let name = TableSQL.quoted(table.name)
        // Without this SQLite would refuse for views that name the table, and lead the references of others to the new name.
        try access.execute("PRAGMA legacy_alter_table = ON")
        try access.run("DROP TABLE \(name)")
        try access.run("ALTER TABLE \(TableSQL.quoted(TableRebuild.name)) RENAME TO \(name)")
        try access.execute("PRAGMA legacy_alter_table = OFF")
        for sql in others { try access.run(sql) }
    }

    private func fill() throws {
        let old = records.pair.old
        let all = (table.columns.map { TableSQL.quoted($0.name) } + TableSQL.systemColumns)
        let marks = repeatElement("?", count: all.count).joined(separator: ", ")
        let insert =
            "INSERT INTO \(TableSQL.quoted(TableRebuild.name)) (\(all.joined(separator: ", "))) VALUES (\(marks))"
        let select =
            "SELECT \((columns + TableSQL.systemColumns).joined(separator: ", ")) FROM \(TableSQL.quoted(table.name))"
        try access.with(insert) { writing in
            try access.with(select) { reading in
                let row = SQLiteRow(table: old, statement: reading.handle)
                while try reading.step() {
                    let values = try records.migrate(row.values(), lookUp: lookups.found)
                    writing.bind(
                        values + [.int(row.revision), .timestamp(row.createdAt), .timestamp(row.updatedAt)])
                    try writing.run()
                }
            }
        }
    }

    /// What others made on the table: triggers and indexes that go when it is dropped.
    private func othersOnTable() throws -> [String] {
        let sql = """
            SELECT "sql" FROM "sqlite_schema" WHERE "tbl_name" = ? AND "sql" IS NOT NULL
            AND ("type" = 'trigger' OR ("type" = 'index' AND instr("name", '.') = 0))
            """
        return try access.with(sql, [.string(table.name)]) { statement in
            var texts: [String] = []
            while try statement.step() {
                if let text = sqlite3_column_text(statement.handle, 0) { texts.append(String(cString: text)) }
            }
            return texts
        }
    }
}
