import CSQLite
import CairnCore

/// One migration of a SQLite file, inside a transaction that somebody else begins and ends.
///
/// The order of the work is what makes it safe. Columns that the schema does not make are looked for (`UnknownColumns`), since nothing
/// would keep what they have. Names are settled first, by SQLite's own `ALTER TABLE`, which follows them into
/// the foreign keys of other tables; through names in between, so that two can be exchanged. Then each table whose form changes
/// is made anew beside the old one and filled record by record (`TableRebuild`), what is dropped is put aside, indexes are brought
/// to what they should be, and references are looked at. At the end the records of each table are counted, and the file is
/// compared with the new schema. Whatever goes wrong is thrown, and the transaction takes all of it back.
struct SQLiteMigration {
    private let migration: Migration
    private let access: SQLiteConnection.Access
    private let place: String
    private let time: Timestamp
    private let log: MigrationLog

    init(_ migration: Migration, _ access: SQLiteConnection.Access, place: String, at time: Timestamp) {
        self.migration = migration
        self.access = access
        self.place = place
        self.time = time
        log = MigrationLog(access)
    }

    /// - Parameter held: The schema of the file.
    /// - Throws: `storage.schema_mismatch` when it is not the one the migration starts from; what stands in its way.
    func run(_ held: () throws -> Schema?) throws {
        try migration.checkStart(held(), at: place)
        let unknown = UnknownColumns(access, place: place)
        for pair in migration.pairs { try unknown.check(pair, in: migration) }
        let number = try log.next()
        let counts = try migration.pairs.map { try count(of: $0.old.name) }
        let lookups = try MigrationLookups(migration, access)
        var names = MigrationNames(migration, access)
        try MigrationNames.forgetDropped(access)
        try names.settle()
        var kept: [String] = []
        for pair in migration.pairs { kept += try change(pair, names, number, lookups) }
        try lookups.drop()
        for table in migration.diff.dropped {
            kept.append(try keep(names.name(ofDropped: table), "*", as: table.name, number))
            try access.run("DROP TABLE \(TableSQL.quoted(names.name(ofDropped: table)))")
        }
        try MigrationNames.forgetDropped(access)
        for table in migration.diff.created { try access.run(SQLiteSchema.createTable(table, in: migration.to)) }
        let shape = SQLiteShape(access, migration.to, place: place)
        for table in migration.to.tables { try shape.settleIndexes(of: table) }
        try checkReferences()
        for (pair, count) in zip(migration.pairs, counts) where try self.count(of: pair.new.name) != count {
            throw StorageError.damaged(pair.new, "records were lost in the migration, which was taken back")
        }
        try shape.check()
        try ChangeTable(access).migrate(to: migration.to, at: time)
        try log.add(number, migration.diff, kept: kept, at: time)
        try write(migration.to)
    }

    private func count(of table: String) throws -> Int {
        try access.with("SELECT count(*) FROM \(TableSQL.quoted(table))") { statement in
            try statement.step() ? Int(sqlite3_column_int64(statement.handle, 0)) : 0
        }
    }

    // MARK: Tables

    /// Brings a table to its new form.
    /// - Returns: The tables that keep what was dropped.
    private func change(
        _ pair: TablePair, _ names: MigrationNames, _ number: Int, _ lookups: MigrationLookups
    ) throws -> [String] {
        let records = RecordMigration(pair, in: migration, at: time)
        var kept: [String] = []
        if !pair.dropped.isEmpty {
            // By name: the same for every order in which a program declares them.
            let dropped = MigrationLog.order(pair.dropped, of: pair.old).map { column in
                "\(names.column(column, of: pair)) AS \(TableSQL.quoted(pair.old.columns[column].name))"
            }
            let keys = pair.new.key.map { TableSQL.quoted(pair.new.columns[$0].name) }
            let columns = (keys + dropped + [TableSQL.revisionColumn, "\"_created_at\""]).joined(separator: ", ")
            kept.append(try keep(pair.new.name, columns, as: pair.old.name, number))
        }
        switch TableForm.change(pair, in: migration) {
        case .none:
            if records.needsLook { try look(records) }
        case .columns(let columns):
            for column in columns {
                let type = SQLiteColumn.type(of: column.valueType)
                try access.run(
                    "ALTER TABLE \(TableSQL.quoted(pair.new.name)) ADD COLUMN \(TableSQL.quoted(column.name)) \(type)")
            }
            if records.needsLook { try look(records) }
        case .everything:
            try TableRebuild(records, migration.to, access, columns: names.columns(of: pair), lookups).run()
        }
        return kept
    }

    /// Reads the records of a table that keeps its form.
    private func look(_ records: RecordMigration) throws {
        let sql = TableSQL(records.pair.new).selectAll
        try access.with(sql) { statement in
            let row = SQLiteRow(table: records.pair.new, statement: statement.handle)
            while try statement.step() { try records.look(at: row.values()) }
        }
    }

    /// Puts data aside that is about to be dropped.
    private func keep(_ table: String, _ columns: String, as name: String, _ number: Int) throws -> String {
        let kept = MigrationLog.name(ofKept: name, number)
        try access.run(
            "CREATE TABLE \(TableSQL.quoted(kept)) AS SELECT \(columns) FROM \(TableSQL.quoted(table))")
        return kept
    }

    // MARK: The end

    /// Checks every reference of the tables that changed, so that an error can name the record; then SQLite checks all of them.
    private func checkReferences() throws {
        for pair in migration.pairs {
            for reference in pair.new.references { try check(reference, of: pair.new) }
        }
        let isBroken = try access.with("PRAGMA foreign_key_check") { try $0.step() }
        if isBroken {
            throw StorageError(
                .reference, "a reference would point to nothing", remedy: "insert what it refers to first")
        }
    }

    private func check(_ reference: Reference, of table: Table) throws {
        let target = migration.to.tables[reference.target]
        let column = table.columns[reference.column]
        let keys = table.key.map { "t.\(TableSQL.quoted(table.columns[$0].name))" }.joined(separator: ", ")
        let value = "t.\(TableSQL.quoted(column.name))"
        let sql = """
            SELECT \(keys), \(value) FROM \(TableSQL.quoted(table.name)) AS t WHERE \(value) IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM \(TableSQL.quoted(target.name)) AS o WHERE o.\(TableSQL.quoted(target.columns[target.key[0]].name)) = \(value)) LIMIT 1
            """
        try access.with(sql) { statement in
            guard try statement.step() else { return }
            let key = try SQLiteKeyRow(table: table, statement: statement.handle).key
            let row = SQLiteRow(table: table, statement: statement.handle)
            let value = try row.value(at: table.key.count, of: column.valueType)
            throw StorageError.danglingReference(
                table, key, column: column, target: Key(value), isSecret: migration.isSecret(column, of: table))
        }
    }

    /// Writes down the new schema, so that other connections notice.
    private func write(_ schema: Schema) throws {
        try SchemaWatch.touch(access)
        for (name, value) in [("schema_id", schema.id.description), ("schema", schema.canonicalText)] {
            try access.run(
                "UPDATE \"_cairn_store\" SET \"value\" = ? WHERE \"name\" = ?", [.string(value), .string(name)])
        }
    }
}
