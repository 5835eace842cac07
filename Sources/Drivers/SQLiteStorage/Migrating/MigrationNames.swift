import CairnCore

/// Gives tables and columns of a file their new names.
///
/// Everything that moves goes to a name of its own in between: so two names can be exchanged, and one that is dropped can make
/// room for another. Only what is dropped stays there.
struct MigrationNames {
    private let migration: Migration
    private let access: SQLiteConnection.Access
    /// The columns that are dropped, by the names they have until then: by the new table and the old position.
    private var droppedColumns: [String: [Int: String]] = [:]

    init(_ migration: Migration, _ access: SQLiteConnection.Access) {
        self.migration = migration
        self.access = access
    }

    /// Renames what must be.
    mutating func settle() throws {
        for pair in migration.pairs where pair.old.name != pair.new.name {
            try rename(pair.old.name, to: MigrationNames.between(pair.old))
        }
        for table in migration.diff.dropped { try rename(table.name, to: name(ofDropped: table)) }
        for pair in migration.pairs where pair.old.name != pair.new.name {
            try rename(MigrationNames.between(pair.old), to: pair.new.name)
        }
        try MigrationNames.moveDeleted(migration.diff, access)
        for pair in migration.pairs { try settleColumns(of: pair) }
    }

    /// Takes the revisions of deleted keys along with their tables, which have their new names; those of tables that are dropped go to
    /// names in between.
    static func moveDeleted(_ diff: SchemaDiff, _ access: SQLiteConnection.Access) throws {
        func move(from name: String, to new: String) throws {
            try access.run(
                "UPDATE \"_cairn_deleted\" SET \"table\" = ? WHERE \"table\" = ?", [.string(new), .string(name)])
        }
        let renamed = diff.pairs.filter { $0.old.name != $0.new.name }
        for table in renamed.map(\.old) + diff.dropped { try move(from: table.name, to: between(table)) }
        for pair in renamed { try move(from: between(pair.old), to: pair.new.name) }
    }

    /// Forgets the revisions of deleted keys of tables that are dropped: another table may come to the same name in between.
    static func forgetDropped(_ access: SQLiteConnection.Access) throws {
        try access.run("DELETE FROM \"_cairn_deleted\" WHERE \"table\" GLOB '_cairn_table_*'")
    }

    /// The name of a table that is dropped, until it is.
    func name(ofDropped table: Table) -> String { MigrationNames.between(table) }

    /// The name of a column that is dropped, in quotes, until it is.
    func column(_ dropped: Int, of pair: TablePair) -> String {
        TableSQL.quoted(droppedColumns[pair.new.name]?[dropped] ?? pair.old.columns[dropped].name)
    }

    /// The names that the columns of an old table have now, in quotes and in their order.
    func columns(of pair: TablePair) -> [String] {
        pair.old.columns.map { column in
            pair.sources.firstIndex(of: column.position).map { TableSQL.quoted(pair.new.columns[$0].name) }
                ?? self.column(column.position, of: pair)
        }
    }

    private static func between(_ table: Table) -> String { "_cairn_table_\(table.position)" }

    private func rename(_ name: String, to new: String) throws {
        try access.run("ALTER TABLE \(TableSQL.quoted(name)) RENAME TO \(TableSQL.quoted(new))")
    }

    private mutating func settleColumns(of pair: TablePair) throws {
        let renamed = pair.new.columns.compactMap { column -> (from: String, between: String, to: String)? in
            guard let source = pair.sources[column.position], pair.old.columns[source].name != column.name else {
                return nil
            }
            return (pair.old.columns[source].name, "_cairn_column_\(source)", column.name)
        }
        for (from, between, _) in renamed { try rename(column: from, of: pair, to: between) }
        for column in pair.dropped where pair.new.column(named: pair.old.columns[column].name) != nil {
            let between = "_cairn_column_\(column)"
            try rename(column: pair.old.columns[column].name, of: pair, to: between)
            droppedColumns[pair.new.name, default: [:]][column] = between
        }
        for (_, between, to) in renamed { try rename(column: between, of: pair, to: to) }
    }

    private func rename(column: String, of pair: TablePair, to new: String) throws {
        try access.run(
            "ALTER TABLE \(TableSQL.quoted(pair.new.name)) RENAME COLUMN \(TableSQL.quoted(column)) TO \(TableSQL.quoted(new))"
        )
    }
}
