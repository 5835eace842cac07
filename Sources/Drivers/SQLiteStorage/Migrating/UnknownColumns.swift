import CairnCore

/// Columns that somebody added to a table, and that its schema does not make.
///
/// A table that is made anew has the columns of the new schema, and no others: what such a column has would be gone, and no table keeps
/// it. So they are looked for before anything is changed.
struct UnknownColumns {
    private let access: SQLiteConnection.Access
    private let place: String

    init(_ access: SQLiteConnection.Access, place: String) {
        self.access = access
        self.place = place
    }

    /// Refuses a migration of a table that has some.
    /// - Throws: `migration.unsupported`, naming them all.
    func check(_ pair: TablePair, in migration: Migration) throws {
        let table = pair.old
        let known = Set(table.columns.map { TableSQL.quoted($0.name) } + TableSQL.systemColumns)
        let found = try access.texts(
            "SELECT name, hidden FROM pragma_table_xinfo(?) ORDER BY cid", [.string(table.name)])
        // One that SQLite computes has nothing of its own, and stays where the table does.
        let keepsComputed = if case .everything = TableForm.change(pair, in: migration) { false } else { true }
        let unknown = found.filter { !known.contains(TableSQL.quoted($0[0])) && !($0[1] != "0" && keepsComputed) }
        guard let first = unknown.first?[0] else { return }
        let names = unknown.map { "'\($0[0])'" }.joined(separator: ", ")
        var details = StorageError.Details()
        details.table = table.name
        details.column = first
        let drop = "ALTER TABLE \(TableSQL.quoted(table.name)) DROP COLUMN \(TableSQL.quoted(first))"
        throw StorageError(
            .migrationUnsupported,
            "table '\(table.name)' in \(place) has \(unknown.count == 1 ? "the column" : "the columns") \(names), which its schema does not make and the migration would lose",
            remedy:
                "nothing was changed; if nobody needs it, drop it first: \(drop); to keep it, declare it in the schema that the file has now, and 'cairn migrate baseline --to SCHEMA' takes it in; then migrate",
            details: details)
    }
}
