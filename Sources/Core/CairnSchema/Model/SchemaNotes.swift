/// What a schema file says beside what is stored: it belongs to the program and to the people who change it. Stores and generated
/// code hold none of it, and it is no part of the schema's id.
package struct SchemaNotes: Sendable {
    /// Queries that have a name.
    package var queries: [NamedQuery] = []
    /// Some columns of tables as types of their own, table by table.
    package var projections: [NamedProjection] = []
    /// Findings about changes that are allowed, with the reasons.
    package var allowances: [Allowance] = []
    /// Where tables, columns and indexes are declared.
    package var places: [Declaration: Diagnostic.Location] = [:]
    /// Whether all old names are said: what says none is new, and what is named by none is gone.
    package var namesAreSettled = false

    /// Nothing.
    package init() {}
}

/// A table, a column or an index, as one speaks of it.
package enum Declaration: Sendable, Hashable {
    case table(String)
    case column(String, of: String)
    case index(String, of: String)
}
