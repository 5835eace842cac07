/// A name that generated Swift could not have.
package struct NameConflict: Sendable, Hashable {
    /// The table; nil for the name of the database.
    package let table: String?
    /// The column; nil when the table itself is meant.
    package let column: String?
    /// What is wrong.
    package let message: String
    /// What to do about it.
    package let remedy: String?
}

extension Schema {
    /// The names that the reader of schema files would refuse. A file that was read has none; a schema that was put together may.
    package var nameConflicts: [NameConflict] {
        // The check points to places of a file. Here each declaration gets a line of its own in a file of empty lines.
        var declarations: [(table: String?, column: String?)] = [(nil, nil)]
        func line(_ table: String, _ column: String?) -> Int {
            declarations.append((table, column))
            return declarations.count - 1
        }
        let drafts = tables.map { table -> TableDraft in
            let offset = line(table.name, nil)
            var draft = TableDraft(name: table.name, offset: offset)
            draft.entity = (table.entity, offset)
            draft.columns = table.columns.map { column in
                let offset = line(table.name, column.name)
                return ColumnDraft(name: column.name, offset: offset, type: column.type, typeOffset: offset)
            }
            draft.key = table.key.map { (table.columns[$0].name, draft.columns[$0].offset) }
            return draft
        }
        let lines = SourceText(name: "", bytes: Array(repeating: 0x0A, count: declarations.count))
        var diagnostics = DiagnosticCollector(lines)
        SwiftNames(database: database, drafts: TableDrafts(drafts)).check(databaseOffset: 0, &diagnostics)
        return diagnostics.diagnostics.filter { $0.severity == .error }.map { diagnostic in
            let place = declarations[min(diagnostic.location.line, declarations.count) - 1]
            return NameConflict(
                table: place.table, column: place.column, message: diagnostic.message, remedy: diagnostic.remedy)
        }
    }
}
