import CairnSchema

/// Queries of a program, asked of the expanded schema: the same columns under the places they have there. What a query gives is the same,
/// in the same order, since the columns of the key are the same in both.
extension WindowView {
    func expanded(_ query: Query) throws -> Query {
        let table = try table(query.table)
        var expanded = Query(
            table.expanded, where: try query.condition.map { try self.expanded($0, of: table) },
            order: try query.order.map { try self.expanded($0, of: table) }, limit: query.limit)
        expanded.after = query.after
        expanded.columns = query.columns.map { Set($0.map { table.places[$0] }) }
        expanded.isUnindexedAllowed = query.isUnindexedAllowed
        expanded.budget = query.budget
        return expanded
    }

    func expanded(_ query: AggregateQuery) throws -> AggregateQuery {
        let places = try table(query.table).places
        // Conditions and orders on results name places in the results.
        return AggregateQuery(
            try expanded(query.rows), groups: query.groups.map { places[$0] },
            aggregates: query.aggregates.map { $0.moved(places) }, having: query.having, order: query.order,
            limit: query.limit)
    }

    private func expanded(_ related: RelatedTable) throws -> (table: WindowTable, expanded: RelatedTable) {
        let table = try table(at: related.position)
        return (table, RelatedTable(table.expanded))
    }

    private func expanded(_ term: OrderTerm, of table: WindowTable) throws -> OrderTerm {
        var table = table
        let path = try term.path.map { step in
            let column = table.places[step.column]
            let next = try expanded(step.table)
            table = next.table
            return FollowedReference(column: column, next.expanded)
        }
        return OrderTerm(column: table.places[term.column], isDescending: term.isDescending, behind: path)
    }

    private func expanded(_ condition: Condition, of table: WindowTable) throws -> Condition {
        let places = table.places
        switch condition {
        case .constant: return condition
        case .compare(let column, let comparison, let value):
            return .compare(column: places[column], comparison, value)
        case .isNull(let column): return .isNull(column: places[column])
        case .isIn(let column, let values): return .isIn(column: places[column], values)
        case .text(let column, let match, let operand, let ignoringCase):
            return .text(column: places[column], match, operand, ignoringCase: ignoringCase)
        case .computed(let left, let comparison, let right):
            return .computed(left.moved(places), comparison, right.moved(places))
        case .hasElement(let column, let value): return .hasElement(column: places[column], value)
        case .hasPath(let column, let path): return .hasPath(column: places[column], path)
        case .isPathNull(let column, let path): return .isPathNull(column: places[column], path)
        case .pathText(let column, let path, let match, let operand, let ignoringCase):
            return .pathText(column: places[column], path, match, operand, ignoringCase: ignoringCase)
        case .reference(let column, let related, let part):
            let next = try expanded(related)
            return .reference(column: places[column], next.expanded, try expanded(part, of: next.table))
        case .isInRows(let column, let rows):
            let next = try expanded(rows.table)
            let moved = RelatedRows(
                next.expanded, column: next.table.places[rows.column],
                where: try rows.condition.map { try expanded($0, of: next.table) },
                order: try rows.order.map { try expanded($0, of: next.table) }, limit: rows.limit)
            return .isInRows(column: places[column], moved)
        case .and(let parts): return .and(try parts.map { try expanded($0, of: table) })
        case .or(let parts): return .or(try parts.map { try expanded($0, of: table) })
        case .not(let part): return .not(try expanded(part, of: table))
        }
    }
}

extension RowExpression {
    /// The same of a table whose columns stand elsewhere.
    fileprivate func moved(_ places: [Int]) -> RowExpression {
        switch self {
        case .column(let column): .column(places[column])
        case .value: self
        case .count(let column): .count(column: places[column])
        case .path(let column, let path): .path(column: places[column], path)
        case .arithmetic(let left, let operation, let right):
            .arithmetic(left.moved(places), operation, right.moved(places))
        }
    }
}

extension Aggregate {
    /// The same of a table whose columns stand elsewhere.
    fileprivate func moved(_ places: [Int]) -> Aggregate {
        switch self {
        case .rows: .rows
        case .count(let column): .count(column: places[column])
        case .distinctCount(let column): .distinctCount(column: places[column])
        case .sum(let column): .sum(column: places[column])
        case .average(let column): .average(column: places[column])
        case .minimum(let column): .minimum(column: places[column])
        case .maximum(let column): .maximum(column: places[column])
        }
    }
}
