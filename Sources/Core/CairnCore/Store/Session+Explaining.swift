import CairnSchema

extension Session {
    /// How a query is answered.
    /// - Parameter run: Whether it is run, all of its rows are read, and the plan says what that took.
    /// - Throws: with `run`, as reading does: `query.unindexed`, `query.budget` among others.
    public func explain(_ query: Query, run: Bool = false) async throws -> QueryPlan {
        let checked = try checked(query)
        let plan = try await reader.explain(checked)
        guard run else { return plan }
        return try await measured(plan, checked) {
            var rows = 0
            try await read(query) { _ in
                rows += 1
                return true
            }
            return rows
        }
    }

    /// How aggregates are computed.
    /// - Parameter run: Whether they are computed, and the plan says what that took.
    /// - Throws: with `run`, as computing them does: `query.unindexed`, `query.budget` among others.
    public func explain(_ query: AggregateQuery, run: Bool = false) async throws -> QueryPlan {
        let checked = try checked(query)
        let plan = try await reader.explain(checked)
        guard run else { return plan }
        return try await measured(plan, checked.source) { try await aggregate(query).count }
    }

    /// A plan with what a run took: how many rows it gave, requests, time, and what was read of the rows that the plan is of.
    func measured(
        _ plan: QueryPlan, _ query: Query, _ run: () async throws -> Int
    ) async throws -> QueryPlan {
        var plan = plan
        let measure = QueryMeasure()
        let requests = RequestBudget(counting: query.table)
        let start = ContinuousClock.now
        let rows = try await QueryMeasure.$current.withValue(measure) {
            try await RequestBudget.within(requests) { try await run() }
        }
        measure.describe(&plan)
        plan.run = QueryPlan.Run(
            rows: rows, requests: requests.count, duration: start.duration(to: .now))
        return plan
    }
}
