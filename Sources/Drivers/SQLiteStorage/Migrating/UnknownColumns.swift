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
        throw StorageError(
            .migrationUnsupported,
            "table '\(table.name)' in \(place) has \(unknown.count == 1 ? "the column" : "the columns") \(names), which its schema does not make and the migration would lose",
            remedy: "nothing was changed; \(remedy(unknown[0], of: table, found))",
            details: details)
    }

    /// What to do about a column.
    /// - Parameters:
    ///   - column: Its name, and how it is hidden.
    ///   - found: Those of all columns of the table.
    private func remedy(_ column: [String], of table: Table, _ found: [[String]]) -> String {
        let names = Set(found.map { TableSQL.quoted($0[0]) })
        if let missing = table.columns.first(where: { !names.contains(TableSQL.quoted($0.name)) }) {
            // It may have the values of that one, which dropping it would lose.
            return
                "the column '\(missing.name)' of the schema is missing: look first whether it was renamed by hand; 'cairn migrate drift' says what differs, and how to mend it"
        }
        let drop =
            "if nobody needs it, drop it first: ALTER TABLE \(TableSQL.quoted(table.name)) DROP COLUMN \(TableSQL.quoted(column[0]))"
        return column[1] == "0"
            ? "\(drop); to keep it, declare it in the schema that the file has now, and 'cairn migrate baseline --to SCHEMA' takes it in; then migrate"
            : "\(drop), and add it again when the migration is done: SQLite computes it, and nothing of its own is lost"
    }
}
