import CairnSchema

/// A table that a condition or an order leads to, by its position in the schema.
public struct RelatedTable: Sendable, Hashable {
    /// The position of the table in the schema.
    public let position: Int
    /// The table itself. Known once the query was checked against a schema: drivers are asked nothing else.
    package let table: Table?

    /// The table at a position.
    public init(_ position: Int) {
        self.init(position, nil)
    }

    /// A table.
    package init(_ table: Table) {
        self.init(table.position, table)
    }

    private init(_ position: Int, _ table: Table?) {
        self.position = position
        self.table = table
    }

    public static func == (left: RelatedTable, right: RelatedTable) -> Bool { left.position == right.position }
    public func hash(into hasher: inout Hasher) { hasher.combine(position) }

    /// The table, in a query that was checked.
    package func bound() throws -> Table {
        guard let table else {
            throw StorageError(.query, "a query leads to the table at position \(position), of no known schema")
        }
        return table
    }

    /// The same, with the table of a schema.
    /// - Throws: `query.invalid` for a position the schema does not have, and for a table of another store.
    func bound(in schema: Schema) throws -> RelatedTable {
        guard schema.tables.indices.contains(position) else {
            throw StorageError(.query, "the database '\(schema.database)' has no table at position \(position)")
        }
        let found = schema.tables[position]
        if let table, !table.isAlike(found) {
            throw StorageError(
                .query, "a query asks for records of table '\(table.name)' of another store",
                remedy: "take the query from the store, transaction or snapshot that is asked")
        }
        return RelatedTable(found)
    }
}

/// Some rows of a table, the same one or another, and one of their columns: what a value is looked up in.
public struct RelatedRows: Sendable, Hashable {
    /// The table.
    public let table: RelatedTable
    /// The position of the column whose values count. Nulls do not.
    public let column: Int
    /// Which rows; nil for all.
    public var condition: Condition?
    /// The order, which matters with a limit only.
    public var order: [OrderTerm]
    /// How many rows at most; nil for all.
    public var limit: Int?

    /// The values of a column in some rows of the table at a position.
    public init(
        _ table: RelatedTable, column: Int, where condition: Condition? = nil, order: [OrderTerm] = [],
        limit: Int? = nil
    ) {
        self.table = table
        self.column = column
        self.condition = condition
        self.order = order
        self.limit = limit
    }

    /// The values of a column in the rows of a query.
    init(_ query: Query, column: Int) {
        self.init(
            RelatedTable(query.table), column: column, where: query.condition, order: query.order, limit: query.limit)
    }

    /// The rows as a query that reads the column.
    package func query() throws -> Query {
        var query = Query(try table.bound(), where: condition, order: limit == nil ? [] : order, limit: limit)
        query.columns = [column]
        return query
    }
}

// MARK: Binding

extension Query {
    /// The same query, with the tables its condition and its order lead to looked up in a schema.
    package func bound(in schema: Schema) throws -> Query {
        guard hasRelations else { return self }
        var query = self
        query.condition = try condition?.bound(in: schema)
        query.order = try order.map { try $0.bound(in: schema) }
        return query
    }
}

extension Condition {
    /// Whether it looks at other rows than the one it is asked about.
    package var hasRelations: Bool {
        switch self {
        case .reference, .isInRows: true
        case .and(let parts), .or(let parts): parts.contains(where: \.hasRelations)
        case .not(let part): part.hasRelations
        case .constant, .compare, .isNull, .isIn, .text, .computed, .hasElement, .hasPath, .isPathNull,
            .pathText:
            false
        }
    }

    fileprivate func bound(in schema: Schema) throws -> Condition {
        switch self {
        case .reference(let column, let table, let part):
            return .reference(column: column, try table.bound(in: schema), try part.bound(in: schema))
        case .isInRows(let column, let rows):
            let bound = RelatedRows(
                try rows.table.bound(in: schema), column: rows.column, where: try rows.condition?.bound(in: schema),
                order: try rows.order.map { try $0.bound(in: schema) }, limit: rows.limit)
            return .isInRows(column: column, bound)
        case .and(let parts): return .and(try parts.map { try $0.bound(in: schema) })
        case .or(let parts): return .or(try parts.map { try $0.bound(in: schema) })
        case .not(let part): return .not(try part.bound(in: schema))
        case .constant, .compare, .isNull, .isIn, .text, .computed, .hasElement, .hasPath, .isPathNull,
            .pathText:
            return self
        }
    }
}
