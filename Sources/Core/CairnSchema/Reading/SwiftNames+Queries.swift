extension SwiftNames {
    /// Members of repositories that a named query must not be called like.
    package static let repositoryMembers: Set<String> = [
        "session", "table", "get", "find", "findUnique", "exists", "query", "namedQuery", "where", "order", "limit",
        "all", "count", "rows", "page", "first", "one", "ids", "explain", "unindexed", "budget", "select", "group",
        "distinct", "distinctCount", "sum", "average", "min", "max", "including", "insert", "update", "upsert",
        "delete",
        "jsonCodec", "changes", "observe",
    ]

    /// Checks the names that the function of a query will have.
    /// - Parameter taken: The queries before it in the file, by their tables and their Swift names.
    static func check(
        _ query: NamedQuery, _ draft: QueryFileDraft, beside taken: inout [[String]: String],
        _ diagnostics: inout DiagnosticCollector
    ) {
        let name = query.swiftName
        if repositoryMembers.contains(name) {
            diagnostics.error(
                "schema.reserved", at: draft.offset,
                "query '\(query.name)' makes the Swift name '\(name)', which repositories have already",
                remedy: "say more precisely what it asks for, like '\(query.name)_by_name'")
        }
        if let other = taken.updateValue(query.name, forKey: [query.template.table.name, name]) {
            diagnostics.error(
                "schema.collision", at: draft.offset,
                "queries '\(other)' and '\(query.name)' of table '\(query.template.table.name)' make the same Swift name '\(name)'",
                remedy: "rename one")
        }
        check(query.template, of: query.name, draft, &diagnostics)
        var names: [String: String] = [:]
        for parameter in query.parameters.map(\.parameter) {
            let offset = diagnostics.place(ofByte: parameter.offset, inStringAt: draft.textOffset)
            NameRules.check(parameter.name, "parameter", at: offset, &diagnostics)
            let name = Naming.lowerCamelCase(parameter.name)
            if let other = names.updateValue(parameter.name, forKey: name) {
                diagnostics.error(
                    "schema.collision", at: offset,
                    "parameters '$\(other)' and '$\(parameter.name)' of query '\(query.name)' make the same Swift name '\(name)'",
                    remedy: "rename one")
            }
        }
    }
    /// Checks the labels that what is selected will have.
    private static func check(
        _ template: QueryTemplate, of name: String, _ draft: QueryFileDraft,
        _ diagnostics: inout DiagnosticCollector
    ) {
        guard let columns = template.selection?.columns, columns.count > 1 else { return }
        var labels: [String: String] = [:]
        for (column, item) in zip(columns, draft.draft.selected) {
            let label = column.swiftName(in: template.table)
            if let other = labels.updateValue(column.name, forKey: label) {
                diagnostics.error(
                    "schema.collision", at: diagnostics.place(ofByte: item.offset, inStringAt: draft.textOffset),
                    "'\(other)' and '\(column.name)' of query '\(name)' make the same Swift name '\(label)'",
                    remedy: "select one of them, or rename the column")
            }
        }
    }
}
