import CairnCore

/// The tables of a store in SQL: the declared ones and Cairn's own.
enum SQLiteSchema {
    /// The version of what Cairn writes beside the declared tables.
    static let format = 1
    /// Marks the file as Cairn's, for `file` and other tools: "Carn".
    static let applicationID = 0x4361_726E

    /// The statements that make the tables of a schema in an empty database.
    static func creation(_ schema: Schema, storeID: String, at time: Timestamp) -> [(sql: String, values: [Value])] {
        var statements = ownTables.map { ($0.sql, [Value]()) }
        for table in schema.tables {
            statements.append((createTable(table, in: schema), []))
            statements += table.indexes.map { (createIndex($0, of: table), []) }
        }
        if schema.keepsChanges { statements += [(ChangeTable.creation, []), ChangeTable.beginning(at: time)] }
        for (name, value) in marker(schema, storeID: storeID, at: time) {
            statements.append(
                ("INSERT INTO \"_cairn_store\" (\"name\", \"value\") VALUES (?, ?)", [.string(name), .string(value)]))
        }
        return statements + header.map { ($0, []) }
    }

    /// What a file says of itself.
    static func marker(_ schema: Schema, storeID: String, at time: Timestamp) -> [(name: String, value: String)] {
        [
            ("format", String(format)), ("needs", ""), ("store_id", storeID), ("created_at", time.description),
            ("schema_id", schema.id.description), ("schema", schema.canonicalText),
        ]
    }

    /// Marks the file for other tools.
    static let header = ["PRAGMA application_id = \(applicationID)", "PRAGMA user_version = \(format)"]

    /// Cairn's own tables.
    ///
    /// `_cairn_store` says what the file is. `_cairn_commits` has a row for each open store with the number of its last
    /// commit, by which the outcome of a commit is known later. `_cairn_receipts` keeps receipts for idempotency keys.
    /// `_cairn_deleted` keeps the last revision of deleted keys, so that none is used twice. `_cairn_changes` is there beside them where
    /// a table keeps its changes (``ChangeTable``).
    static let ownTables: [(name: String, sql: String)] = [
        (
            "_cairn_store",
            """
            CREATE TABLE "_cairn_store" ("name" TEXT NOT NULL PRIMARY KEY, "value" TEXT NOT NULL) STRICT, WITHOUT ROWID
            """
        ),
        (
            "_cairn_commits",
            """
            CREATE TABLE "_cairn_commits" ("writer" TEXT NOT NULL PRIMARY KEY, "sequence" INTEGER NOT NULL, "at" INTEGER NOT NULL)
            STRICT, WITHOUT ROWID
            """
        ),
        (
            "_cairn_receipts",
            """
            CREATE TABLE "_cairn_receipts" ("key" TEXT NOT NULL PRIMARY KEY, "digest" BLOB NOT NULL, "receipt" TEXT NOT NULL,
            "at" INTEGER NOT NULL) STRICT, WITHOUT ROWID
            """
        ),
        (
            "_cairn_deleted",
            """
            CREATE TABLE "_cairn_deleted" ("table" TEXT NOT NULL, "key" BLOB NOT NULL, "revision" INTEGER NOT NULL,
            PRIMARY KEY ("table", "key")) STRICT, WITHOUT ROWID
            """
        ),
    ]

    /// - Parameter name: What to call it; by its own name where it is left out.
    static func createTable(_ table: Table, in schema: Schema, named name: String? = nil) -> String {
        var parts = table.columns.map { column in
            let type = SQLiteColumn.type(of: column.valueType)
            return "\(TableSQL.quoted(column.name)) \(type)\(column.isNullable ? "" : " NOT NULL")"
        }
        parts += TableSQL.systemColumns.map { "\($0) INTEGER NOT NULL" }
        let keys = table.key.map { TableSQL.quoted(table.columns[$0].name) }
        parts.append("PRIMARY KEY (\(keys.joined(separator: ", ")))")
        for reference in table.references {
            let target = schema.tables[reference.target]
            let targetKey = TableSQL.quoted(target.columns[target.key[0]].name)
            // No action, deferred: references are checked at the end of a batch, so trees and cycles load in any order.
            parts.append(
                "FOREIGN KEY (\(TableSQL.quoted(table.columns[reference.column].name))) REFERENCES \(TableSQL.quoted(target.name)) (\(targetKey)) ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED"
            )
        }
        let options = hasRowID(table) ? "STRICT" : "STRICT, WITHOUT ROWID"
        return "CREATE TABLE \(TableSQL.quoted(name ?? table.name)) (\(parts.joined(separator: ", "))) \(options)"
    }

    /// Whether the key is SQLite's own row number: one column of type `INTEGER`.
    static func hasRowID(_ table: Table) -> Bool {
        table.key.count == 1 && SQLiteColumn.type(of: table.columns[table.key[0]].valueType) == "INTEGER"
    }

    static func createIndex(_ index: Index, of table: Table) -> String {
        var columns = index.parts.map { part in
            TableSQL.quoted(table.columns[part.column].name) + (part.isDescending ? " DESC" : "")
        }
        // SQLite has no included columns; behind the others they serve the same. The key goes before them, so that entries
        // with equal values still come by key. In a unique index they would change what is unique, so there they are left
        // out and the record is read.
        if !index.isUnique, !index.included.isEmpty {
            let key = table.key.filter { key in !index.parts.contains { $0.column == key } }
            columns += (key + index.included).map { TableSQL.quoted(table.columns[$0].name) }
        }
        let condition = index.condition.map { " WHERE \($0.sql(table))" } ?? ""
        return
            "CREATE \(index.isUnique ? "UNIQUE " : "")INDEX \(TableSQL.quoted(indexName(index, of: table))) ON \(TableSQL.quoted(table.name)) (\(columns.joined(separator: ", ")))\(condition)"
    }

    /// The name of an index in SQLite, where indexes of all tables share one space of names. No name of a schema has a dot.
    static func indexName(_ index: Index, of table: Table) -> String { "\(table.name).\(index.name)" }
}
