// The tables whose rows a query looks at: what is written to others cannot change its result.

extension Query {
    /// The positions of the tables that its rows, or their order, depend on: its own, and those its condition and its order lead to.
    var tables: Set<Int> {
        order.reduce(into: (condition?.tables ?? []).union([table.position])) { $0.formUnion($1.tables) }
    }
}

extension Condition {
    /// The positions of the tables it leads to.
    fileprivate var tables: Set<Int> {
        switch self {
        case .reference(_, let table, let part): part.tables.union([table.position])
        case .isInRows(_, let rows): rows.tables
        case .and(let parts), .or(let parts): parts.reduce(into: []) { $0.formUnion($1.tables) }
        case .not(let part): part.tables
        case .constant, .compare, .isNull, .isIn, .text, .computed, .hasElement, .hasPath, .isPathNull,
            .pathText:
            []
        }
    }
}

extension RelatedRows {
    fileprivate var tables: Set<Int> {
        order.reduce(into: (condition?.tables ?? []).union([table.position])) { $0.formUnion($1.tables) }
    }
}

extension OrderTerm {
    fileprivate var tables: Set<Int> { Set(path.map(\.table.position)) }
}
