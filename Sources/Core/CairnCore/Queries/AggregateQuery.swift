public import CairnSchema

/// One number or value computed from many rows. Columns are positions in the table.
///
/// Nulls do not take part, as in SQL: of no value at all a sum, an average, a minimum and a maximum are null, and a count is 0.
public enum Aggregate: Sendable, Hashable {
    /// How many rows there are.
    case rows
    /// How many rows have a value in the column.
    case count(column: Int)
    /// How many different values the column has.
    case distinctCount(column: Int)
    /// The sum of the values, exact: of integers an error beyond 64 bits, of decimals beyond 38 digits; of doubles rounded
    /// once, at the end, so that no order of the rows changes it.
    case sum(column: Int)
    /// The exact sum divided by the count, as a double.
    case average(column: Int)
    /// The value that sorts first.
    case minimum(column: Int)
    /// The value that sorts last.
    case maximum(column: Int)

    /// The column it looks at; nil: at whole rows.
    public var column: Int? {
        switch self {
        case .rows: nil
        case .count(let column), .distinctCount(let column), .sum(let column), .average(let column),
            .minimum(let column), .maximum(let column):
            column
        }
    }
}

/// What to compute from the rows of one table, as a value.
///
/// Each result is a list: the values of the columns it is grouped by, then the aggregates. Conditions and orders on results
/// name the places in that list as columns. Without groups there is one result, also of no rows; with groups there is one for
/// each combination of values that rows have, null being a value like others.
public struct AggregateQuery: Sendable, Hashable {
    /// The rows it is computed from. Their order counts only together with a limit.
    public var rows: Query
    /// The columns to group by, each once; none: all rows are one group.
    public var groups: [Int]
    /// What to compute of each group.
    public var aggregates: [Aggregate]
    /// Which results; nil for all.
    public var having: Condition?
    /// The order of the results. Ties are ordered by the groups, ascending.
    public var order: [OrderTerm]
    /// How many results at most; nil for all.
    public var limit: Int?

    /// Computes aggregates from the rows of a query.
    public init(
        _ rows: Query, groups: [Int] = [], aggregates: [Aggregate], having: Condition? = nil, order: [OrderTerm] = [],
        limit: Int? = nil
    ) {
        self.rows = rows
        self.groups = groups
        self.aggregates = aggregates
        self.having = having
        self.order = order
        self.limit = limit
    }

    /// The table.
    public var table: Table { rows.table }

    /// The columns it needs of the rows, beside those that find and order them.
    package var columns: Set<Int> { Set(groups + aggregates.compactMap(\.column)) }

    /// The rows as far as they matter: without a limit their order does not. A budget of rows is for the results.
    package var source: Query {
        var source = rows
        source.budget?.rows = nil
        if source.limit == nil { source.order = [] }
        return source
    }

    /// The results as rows of a table, with the condition, the order and the limit they have.
    /// - Precondition: the query is valid.
    package var results: Query {
        let table = table
        let columns = groups.map { Table.ResultColumn(table.columns[$0]) } + aggregates.map { $0.result(of: table) }
        let results = Table.results(of: table, columns: columns, keyCount: groups.count)
        return Query(results, where: having, order: order, limit: limit)
    }

    // MARK: Checking

    /// The same query, with the tables its rows lead to looked up in a schema.
    package func bound(in schema: Schema) throws -> AggregateQuery {
        var query = self
        query.rows = try rows.bound(in: schema)
        return query
    }

    /// Checks a query that did not come from generated code.
    /// - Throws: `query.invalid` naming the column.
    package func validate() throws {
        try rows.validate()
        guard rows.after == nil else {
            throw StorageError(.query, "aggregates are of all rows of a query, not of those after a position")
        }
        var seen: Set<Int> = []
        for position in groups {
            let column = try column(position)
            guard column.valueType.isOrdered else { throw unsupported("group by", column) }
            guard seen.insert(position).inserted else {
                throw StorageError(.query, "table '\(table.name)' is grouped by '\(column.name)' twice")
            }
        }
        guard aggregates.count <= Limits.aggregates else {
            throw StorageError(
                .query,
                "\(aggregates.count) aggregates of table '\(table.name)' are asked for; the limit is \(Limits.aggregates)",
                remedy: "ask for some of them in a query of their own")
        }
        for aggregate in aggregates { try validate(aggregate) }
        guard having?.hasRelations != true else {
            throw StorageError(
                .query, "a condition on groups of table '\(table.name)' does not lead to other tables",
                remedy: "put it on the records, before they are grouped")
        }
        guard order.allSatisfy(\.path.isEmpty) else {
            throw StorageError(
                .query, "the order of groups of table '\(table.name)' does not lead to other tables",
                remedy: "order them by what they are grouped by, or by what is computed of them")
        }
        try results.validate()
    }

    private func validate(_ aggregate: Aggregate) throws {
        guard let position = aggregate.column else { return }
        let column = try column(position)
        switch aggregate {
        case .sum, .average:
            switch column.valueType {
            case .int, .double, .decimal: break
            default: throw unsupported(aggregate.word, column)
            }
        case .minimum, .maximum, .distinctCount:
            guard column.valueType.isOrdered else { throw unsupported(aggregate.word, column) }
        case .rows, .count: break
        }
    }

    private func column(_ position: Int) throws -> Column {
        guard table.columns.indices.contains(position) else {
            throw StorageError(.query, "table '\(table.name)' has no column at position \(position)")
        }
        return table.columns[position]
    }

    private func unsupported(_ operation: String, _ column: Column) -> StorageError {
        StorageError(
            .query,
            "'\(operation)' cannot be used on column '\(column.name)' of table '\(table.name)' of type \(column.valueType)"
        )
    }
}

extension Aggregate {
    /// What it is called in errors.
    var word: String {
        switch self {
        case .rows, .count: "count"
        case .distinctCount: "count of distinct"
        case .sum: "sum"
        case .average: "average"
        case .minimum: "min"
        case .maximum: "max"
        }
    }

    /// In words: `sum of population`.
    package func describe(in table: Table) -> String {
        column.map { "\(word) of \(table.columns[$0].name)" } ?? word
    }

    /// As queries in text write it: `sum(population)`, `count()`.
    package func text(in table: Table) -> String {
        let name = column.map { table.columns[$0].name } ?? ""
        if case .distinctCount = self { return "count(distinct \(name))" }
        return "\(word)(\(name))"
    }

    /// The column of the results that holds it.
    fileprivate func result(of table: Table) -> Table.ResultColumn {
        let column = column.map { table.columns[$0] }
        let name = text(in: table)
        return switch (self, column) {
        case (.rows, _), (.count, _), (.distinctCount, _), (_, nil):
            Table.ResultColumn(name: name, .int, isNullable: false, from: column)
        case (.average, _): Table.ResultColumn(name: name, .double, isNullable: true, from: column)
        case (.sum, let column?), (.minimum, let column?), (.maximum, let column?):
            Table.ResultColumn(name: name, column.valueType, isNullable: true, from: column)
        }
    }
}
