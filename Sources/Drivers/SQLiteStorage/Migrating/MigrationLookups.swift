import CSQLite
import CairnCore

/// What a migration looks up in other tables, put aside before anything is changed: a table is renamed, made anew or dropped while others
/// still ask it.
struct MigrationLookups {
    private let access: SQLiteConnection.Access
    /// Their tables, by what they are of.
    private var tables: [RowLookup: String] = [:]

    init(_ migration: Migration, _ access: SQLiteConnection.Access) throws {
        self.access = access
        for lookup in migration.pairs.flatMap({ $0.lookups.values }) where tables[lookup] == nil {
            let name = TableSQL.quoted("_cairn_lookup_\(tables.count)")
            let (unique, result) = (TableSQL.quoted(lookup.unique.name), TableSQL.quoted(lookup.result.name))
            try access.run(
                "CREATE TABLE \(name) AS SELECT \(unique) AS \"k\", \(result) AS \"v\" FROM \(TableSQL.quoted(lookup.table.name)) WHERE \(unique) IS NOT NULL"
            )
            try access.run(
                "CREATE UNIQUE INDEX \(TableSQL.quoted("_cairn_lookup_index_\(tables.count)")) ON \(name) (\"k\")")
            tables[lookup] = name
        }
    }

    /// What the record has that has a value; nil when there is none.
    func found(_ lookup: RowLookup, _ value: Value) throws -> Value? {
        guard let name = tables[lookup] else { return try RecordMigration.noLookUp(lookup, value) }
        return try access.with("SELECT \"v\" FROM \(name) WHERE \"k\" = ?", [value]) { statement in
            guard try statement.step() else { return nil }
            let row = SQLiteRow(table: lookup.table, statement: statement.handle)
            return try row.value(at: 0, of: lookup.result.valueType)
        }
    }

    /// Removes what was put aside.
    func drop() throws {
        for name in tables.values { try access.run("DROP TABLE \(name)") }
    }
}
