import CairnSchema

extension Executor {
    /// Computes aggregates, from the ends of an index where they are minima and maxima, else from the rows; from the entries
    /// of an index alone where it has all columns needed.
    package func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        var prepared = query
        prepared.rows = try await self.prepared(
            query.source, columns: query.columns, needsOrder: query.source.limit != nil)
        switch try await way(prepared, plan) {
        case .ends(let plans):
            let counting = QueryMeasure.current?.counting(plans) ?? plans
            return try await Aggregation.results(of: ends(counting, query), query)
        case .rows(let plan):
            let counting = QueryMeasure.current?.counting(plan) ?? plan
            return try await Aggregation.results(of: try await rows(counting), query)
        }
    }

    package func explain(_ query: AggregateQuery) async throws -> QueryPlan {
        let (plan, _, rows) = try await explained(query)
        var description = plan.description(driver: driver).computing(query)
        if description.estimatedRows != nil { description.estimatedRows = rows }
        return description
    }

    /// The plan to show, how many of its kind are run, and about how many rows all of them read.
    package func explained(_ query: AggregateQuery) async throws -> (plan: AccessPlan, count: Int, rows: Int) {
        switch try await way(query, explained) {
        case .ends(let plans): (plans[0], plans.count, plans.reduce(0) { $0 + $1.estimatedRows })
        case .rows(let plan): (plan, 1, plan.estimatedRows)
        }
    }

    // MARK: Choosing

    /// How aggregates are computed.
    private enum Way {
        /// The first row of each plan has the value of one aggregate.
        case ends([AccessPlan])
        /// By reading these rows.
        case rows(AccessPlan)
    }

    /// How a query is planned: to be run, or to be shown.
    private typealias Planning = (_ query: Query, _ columns: Set<Int>?, _ needsOrder: Bool) async throws -> AccessPlan

    private func way(_ query: AggregateQuery, _ plan: Planning) async throws -> Way {
        let rows = try await plan(query.source, query.columns, query.source.limit != nil)
        guard query.groups.isEmpty, query.source.limit == nil, !query.aggregates.isEmpty else { return .rows(rows) }
        var ends: [AccessPlan] = []
        for aggregate in query.aggregates {
            guard let end = try await end(aggregate, query.source, plan), end.scan == nil || end.isSorted else {
                return .rows(rows)
            }
            ends.append(end)
        }
        return ends.reduce(0) { $0 + $1.cost } < rows.cost ? .ends(ends) : .rows(rows)
    }

    /// The best plan for the row that has a minimum or a maximum; nil for other aggregates.
    private func end(_ aggregate: Aggregate, _ rows: Query, _ plan: Planning) async throws -> AccessPlan? {
        let term: OrderTerm
        switch aggregate {
        case .minimum(let column): term = OrderTerm(column: column)
        case .maximum(let column): term = OrderTerm(column: column, isDescending: true)
        default: return nil
        }
        var best: AccessPlan?
        // Which of several rows with the value comes first does not matter: whichever way an index serves.
        for isDescending in [false, true] {
            var query = rows
            query.restrict(to: .not(.isNull(column: term.column)))
            query.order = [term] + query.table.key.map { OrderTerm(column: $0, isDescending: isDescending) }
            query.limit = 1
            let plan = try await plan(query, [term.column], true)
            if plan.cost < best?.cost ?? .infinity { best = plan }
        }
        return best
    }

    private func ends(_ plans: [AccessPlan], _ query: AggregateQuery) async throws -> [Aggregation.Group] {
        var states: [AggregateState] = []
        for (plan, aggregate) in zip(plans, query.aggregates) {
            var value = Value.null
            let cursor = try await rows(plan)
            defer { cursor.close() }
            _ = try await cursor.next(1) { row in
                if let column = aggregate.column { value = try row.value(column) }
                return false
            }
            states.append(.extreme(value))
        }
        return [Aggregation.Group(values: [], states: states)]
    }
}

extension Aggregation {
    /// Computes the results of a query from its rows, and closes them.
    static func results(of rows: any RowCursor, _ query: AggregateQuery) async throws -> [[Value]] {
        defer { rows.close() }
        let aggregation = Aggregation(query)
        func take(_ row: RowReader) throws -> Bool {
            try aggregation.add(row)
            return true
        }
        while try await rows.next(1024, take) { try Deadline.check() }
        return try aggregation.results()
    }
}
