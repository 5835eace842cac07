import CSQLite
import CairnCore

/// What SQLite has of a schema, against what it should have.
struct SQLiteShape {
    private let access: SQLiteConnection.Access
    private let schema: Schema
    private let place: String

    init(_ access: SQLiteConnection.Access, _ schema: Schema, place: String) {
        self.access = access
        self.schema = schema
        self.place = place
    }

    // MARK: Indexes

    /// Drops the indexes of a table that are not as they should be, and makes those that are missing.
    /// - Throws: `storage.duplicate` for a unique index, naming two records.
    func settleIndexes(of table: Table) throws {
        var wanted = table.indexes.map { (index: $0, sql: SQLiteSchema.createIndex($0, of: table)) }
        for (name, sql) in try indexes(on: table) {
            if let same = wanted.firstIndex(where: { $0.sql == sql }) {
                wanted.remove(at: same)
            } else {
                try access.run("DROP INDEX \(TableSQL.quoted(name))")
            }
        }
        for (index, sql) in wanted {
            do {
                try access.run(sql)
            } catch let failure as SQLiteFailure where failure.isDuplicate {
                throw try duplicate(index, of: table) ?? failure
            }
        }
    }

    /// The indexes that Cairn made on a table: no other index has a dot in its name, unless somebody wants it to look like one.
    private func indexes(on table: Table) throws -> [(name: String, sql: String)] {
        let sql = """
            SELECT "name", "sql" FROM "sqlite_schema" WHERE "type" = 'index' AND "tbl_name" = ? AND "sql" IS NOT NULL
            AND instr("name", '.') > 0
            """
        return try access.texts(sql, [.string(table.name)]).map { ($0[0], $0[1]) }
    }

    /// Two records that have the same values in a unique index.
    private func duplicate(_ index: Index, of table: Table) throws -> StorageError? {
        let columns = index.parts.map { TableSQL.quoted(table.columns[$0.column].name) }
        let keys = table.key.map { TableSQL.quoted(table.columns[$0].name) }.joined(separator: ", ")
        let list = columns.joined(separator: ", ")
        let conditions = columns.map { "\($0) IS NOT NULL" } + (index.condition.map { [$0.sql(table)] } ?? [])
        let filter = index.condition.map { " AND \($0.sql(table))" } ?? ""
        let sql = """
            SELECT \(keys) FROM \(TableSQL.quoted(table.name)) WHERE (\(list)) IN (SELECT \(list) FROM \(TableSQL.quoted(table.name))
            WHERE \(conditions.joined(separator: " AND ")) GROUP BY \(list) HAVING count(*) > 1 LIMIT 1)\(filter)
            ORDER BY \(keys) LIMIT 2
            """
        return try access.with(sql) { statement in
            let row = SQLiteKeyRow(table: table, statement: statement.handle)
            var found: [Key] = []
            while try statement.step() { found.append(try row.key) }
            guard found.count == 2 else { return nil }
            return StorageError.duplicate(table, found[1], index: index, other: found[0])
        }
    }

    // MARK: Tables

    /// Checks that every table has the columns, types and null rules of the schema.
    /// - Throws: `storage.damaged` naming the table.
    func check() throws {
        for table in schema.tables {
            var expected: Set<[String]> = []
            for column in table.columns {
                expected.insert([column.name, SQLiteColumn.type(of: column.valueType), column.isNullable ? "0" : "1"])
            }
            for name in TableSQL.systemNames { expected.insert([name, "INTEGER", "1"]) }
            let found = try access.texts(
                "SELECT \"name\", \"type\", \"notnull\" FROM pragma_table_info(?)", [.string(table.name)])
            guard Set(found) == expected else {
                throw StorageError.damaged(
                    table,
                    "its columns in \(place) are not those of the schema after the migration, which was taken back")
            }
        }
    }
}

extension SQLiteConnection.Access {
    /// The rows of a query as texts; what is null is an empty one.
    func texts(_ sql: String, _ values: [Value] = []) throws -> [[String]] {
        try with(sql, values) { statement in
            var rows: [[String]] = []
            while try statement.step() {
                rows.append(
                    (0..<sqlite3_column_count(statement.handle)).map { column in
                        sqlite3_column_text(statement.handle, column).map { String(cString: $0) } ?? ""
                    })
            }
            return rows
        }
    }
}
