import CairnCore

// How SQLite reads the rows of other tables that a query asks about: `LIST SUBQUERY` for those that values are looked up in, all of them
// read once, and `CORRELATED SCALAR SUBQUERY` for a record that an order leads to, read for each row.
extension SQLitePlan {
    /// - Parameter lines: What SQLite says of the other rows, in the order in which it reads them.
    static func related(
        _ query: Query, _ lines: [Line], _ statistics: (Table) throws -> SQLiteStatistics?
    ) throws -> [QueryPlan.Related] {
        let scalars = lines.filter { $0.text.contains("SCALAR") }
        let terms = query.order.filter { !$0.path.isEmpty }
        var related: [QueryPlan.Related] = []
        for line in lines where !line.text.contains("SCALAR") {
            guard let plan = try lookedUp(query, line, statistics) else { continue }
            related.append(QueryPlan.Related(plan, isFirst: !line.text.contains("CORRELATED")))
        }
        // Which is of which column SQLite does not say: each column has one, in their order.
        guard scalars.count == terms.count else { return related }
        for (line, term) in zip(scalars, terms) {
            related.append(QueryPlan.Related(try followed(term.path[...], line, statistics), isFirst: false))
        }
        return related
    }

    /// How the rows are read that a condition looks values up in; nil where it cannot be told which these are.
    private static func lookedUp(
        _ query: Query, _ line: Line, _ statistics: (Table) throws -> SQLiteStatistics?
    ) throws -> QueryPlan? {
        let scans = scans(line.below.flatMap(\.own))
        var found: [RelatedRows] = []
        for (_, rows) in query.condition?.lookups ?? [] {
            let name = try rows.table.bound().name
            if !found.contains(rows), scans.contains(where: { isOf(name, $0) }) { found.append(rows) }
        }
        guard let table = try found.first?.table.bound() else { return nil }
        let plans = try found.map { try SQLitePlan($0.query(), line.below, "", statistics) }
        let inner = line.below.flatMap(\.related)
        // Of two look-ups in one table SQLite does not say which this is; what a search uses may tell.
        let fitting = plans.filter { $0.saysBounds && $0.related.count == inner.count }
        let candidates = plans.count == 1 ? plans : fitting
        if candidates.count == 1 { return candidates[0].partialPlan }
        var plan = try SQLitePlan(Query(table), line.below, "", statistics).partialPlan
        let either = Query(table, where: .or(found.compactMap(\.condition)))
        plan.related = try related(either.lowered(), inner, statistics)
        return plan
    }

    /// How a record is read that references lead to.
    private static func followed(
        _ path: ArraySlice<FollowedReference>, _ line: Line, _ statistics: (Table) throws -> SQLiteStatistics?
    ) throws -> QueryPlan {
        let step = path[path.startIndex]
        var plan = try SQLitePlan(Query(try step.table.bound()), line.below, "", statistics).partialPlan
        let rest = path.dropFirst()
        if let inner = line.below.flatMap(\.related).first, !rest.isEmpty {
            plan.related = [QueryPlan.Related(try followed(rest, inner, statistics), isFirst: false)]
        }
        return plan
    }

    /// Whether a line that says how rows are come to is about a table.
    private static func isOf(_ table: String, _ line: String) -> Bool {
        ["SCAN \(table)", "SEARCH \(table)"].contains { line == $0 || line.hasPrefix("\($0) ") }
    }
}
