import CSQLite
import CairnCore

/// Aggregates on one connection.
///
/// SQLite groups, counts and compares as the contract says, so those are its own. Its sums are not: those of integers fail when
/// a sum on the way overflows, those of doubles depend on the order of the rows. So it adds the halves of integers apart, which
/// cannot overflow, and where doubles or decimals are added it only reads the columns, and the core adds.
extension SQLiteConnection.Access {
    func aggregate(_ query: AggregateQuery) throws -> [[Value]] {
        let compiled = try compile(query)
        return try with(compiled.sql) { statement in
            statement.bind(compiled.parameters)
            guard let parts = SQLiteAggregate.parts(of: query) else {
                let row = SQLiteRow(table: query.table, statement: statement.handle)
                let aggregation = Aggregation(query)
                while try statement.step() { try aggregation.add(row) }
                return try aggregation.results()
            }
            let row = SQLiteRow(table: query.results.table, statement: statement.handle)
            var groups: [Aggregation.Group] = []
            var values = 0
            while try statement.step() {
                try query.checkBudget(groups: groups.count + 1)
                let group = try SQLiteAggregate.group(row, query, parts)
                values += SQLiteAggregate.distinctValues(of: group, parts)
                try query.checkBudget(values: values)
                groups.append(group)
            }
            return try Aggregation.results(of: groups, query)
        }
    }

    func explain(_ query: AggregateQuery) throws -> QueryPlan {
        let compiled = try compile(query)
        var plan = try plan(of: compiled, query.source).plan.computing(query)
        // What SQLite sorts, without a limit, are the groups.
        if query.source.limit == nil { plan.sort = [] }
        return plan
    }

    private func compile(_ query: AggregateQuery) throws -> QueryCompiler.Statement {
        let sql = statements(of: query.table).sql
        guard let parts = SQLiteAggregate.parts(of: query) else { return try QueryCompiler.source(query, sql) }
        return try QueryCompiler.groups(query, cells: SQLiteAggregate.cells(query, parts, sql), sql)
    }
}

/// An aggregate that SQLite computes as the contract says.
private enum SQLiteAggregate {
    case rows
    case count(Int)
    case distinctCount(Int)
    /// The sum of integers.
    case sum(Int)
    case minimum(Int, ValueType)
    case maximum(Int, ValueType)

    /// The aggregates of a query; nil when SQLite does not have one of them.
    static func parts(of query: AggregateQuery) -> [SQLiteAggregate]? {
        // A statement has at least one column.
        guard !query.aggregates.isEmpty || !query.groups.isEmpty else { return nil }
        let parts = query.aggregates.compactMap { SQLiteAggregate($0, of: query.table) }
        return parts.count == query.aggregates.count ? parts : nil
    }

    private init?(_ aggregate: Aggregate, of table: Table) {
        switch aggregate {
        case .rows: self = .rows
        case .count(let column): self = .count(column)
        case .distinctCount(let column): self = .distinctCount(column)
        case .sum(let column), .average(let column):
            guard table.columns[column].valueType == .int else { return nil }
            self = .sum(column)
        case .minimum(let column): self = .minimum(column, table.columns[column].valueType)
        case .maximum(let column): self = .maximum(column, table.columns[column].valueType)
        }
    }

    // MARK: Expressions

    /// What is selected: the columns of the groups, one expression for each aggregate, and then the others that sums need. So the
    /// first have the places that the results have.
    static func cells(_ query: AggregateQuery, _ parts: [SQLiteAggregate], _ sql: TableSQL) -> [String] {
        // Where a column is looked up in other rows, SQLite takes the first row of an index for the least though it begins with
        // another of the values. Of an expression it knows no order, and looks at all rows.
        let sign = query.rows.condition?.hasRelations == true ? "+" : ""
        return query.groups.map { sql.columns[$0] } + parts.map { $0.cell(sql, sign) }
            + parts.flatMap { $0.moreCells(sql) }
    }

    /// - Parameter sign: What stands before a column whose least or greatest value is asked for.
    private func cell(_ sql: TableSQL, _ sign: String) -> String {
        switch self {
        case .rows: "count(*)"
        case .count(let column): "count(\(sql.columns[column]))"
        case .distinctCount(let column): "count(DISTINCT \(sql.columns[column]))"
        case .sum(let column): "sum(\(sql.columns[column]) >> 32)"
        case .minimum(let column, _): "min(\(sign)\(sql.columns[column]))"
        case .maximum(let column, _): "max(\(sign)\(sql.columns[column]))"
        }
    }

    private func moreCells(_ sql: TableSQL) -> [String] {
        guard case .sum(let column) = self else { return [] }
        return ["sum(\(sql.columns[column]) & 4294967295)", "count(\(sql.columns[column]))"]
    }

    // MARK: Reading

    /// The group that a row of the statement is.
    static func group(
        _ row: SQLiteRow, _ query: AggregateQuery, _ parts: [SQLiteAggregate]
    ) throws -> Aggregation.Group {
        let values = try query.groups.enumerated().map { place, column in
            try row.value(at: place, of: query.table.columns[column].valueType)
        }
        var more = values.count + parts.count
        let states = try parts.enumerated().map { number, part in
            try part.state(row, at: values.count + number, &more)
        }
        return Aggregation.Group(values: values, states: states)
    }

    /// How many different values were counted for a group.
    static func distinctValues(of group: Aggregation.Group, _ parts: [SQLiteAggregate]) -> Int {
        zip(parts, group.states).reduce(0) { sum, pair in
            guard case .distinctCount = pair.0, case .count(let count) = pair.1 else { return sum }
            return sum + count
        }
    }

    private func state(_ row: SQLiteRow, at place: Int, _ more: inout Int) throws -> AggregateState {
        switch self {
        case .rows, .count, .distinctCount: return .count(try row.int(place))
        case .sum:
            defer { more += 2 }
            let sum = Int128(try row.int(place)) << 32 + Int128(try row.int(more))
            return .integers(sum, count: try row.int(more + 1))
        case .minimum(_, let type), .maximum(_, let type): return .extreme(try row.value(at: place, of: type))
        }
    }
}
