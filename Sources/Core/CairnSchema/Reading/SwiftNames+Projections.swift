extension SwiftNames {
    /// Checks the names that the projections of a table will have: types nested in that of the record.
    /// - Parameters:
    ///   - taken: The types nested there already.
    ///   - referred: The record types that the code of the table names.
    static func checkProjections(
        of table: TableDraft, beside taken: Set<String>, _ referred: Set<String>,
        _ diagnostics: inout DiagnosticCollector
    ) {
        for projection in table.projections {
            let name = projection.name
            let what = "projection '\(name)' of table '\(table.name)'"
            if !isTypeName(name) {
                diagnostics.error(
                    "schema.name", at: projection.offset, "the \(what) is not a name of a Swift type",
                    remedy: "write it in upper camel case, like \"Summary\"")
            } else if reservedTypes.contains(name) {
                diagnostics.error(
                    "schema.reserved", at: projection.offset,
                    "the \(what) has a name that means something else there",
                    remedy: "call it '\(name)Summary', or say more precisely what it has")
            } else if taken.contains(name) {
                diagnostics.error(
                    "schema.collision", at: projection.offset,
                    "the \(what) has the name of the Swift type of an enum of the table", remedy: "rename one")
            } else if name == table.entityName || referred.contains(name) {
                diagnostics.error(
                    "schema.collision", at: projection.offset,
                    "the \(what) makes the Swift type '\(name)', which hides the record type '\(name)' there",
                    remedy: "rename it")
            }
        }
    }
}
