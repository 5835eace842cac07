import CairnCore

extension OrderTerm {
    /// What rows are ordered by: a column of theirs, or of the record that references lead to, looked up by its key; null where there
    /// is none, as SQLite gives it.
    /// - Parameters:
    ///   - rows: How the rows are called.
    ///   - columns: The names of their columns.
    func sql(of rows: String, _ columns: [String]) throws -> String {
        path.isEmpty ? columns[column] : try sql(behind: path[...], of: rows, columns)
    }

    private func sql(behind path: ArraySlice<FollowedReference>, of rows: String, _ columns: [String]) throws -> String
    {
        guard let step = path.first else { return "\(rows).\(columns[column])" }
        let table = try step.table.bound()
        // No table is called so: the rows further out are meant by their own name also where they are of the same table.
        let alias = "\"~\(path.startIndex)\""
        let names = table.columns.map { TableSQL.quoted($0.name) }
        let value = try sql(behind: path.dropFirst(), of: alias, names)
        return
            "(SELECT \(value) FROM \(TableSQL.quoted(table.name)) AS \(alias) WHERE \(alias).\(names[table.key[0]]) = \(rows).\(columns[step.column]))"
    }
}
