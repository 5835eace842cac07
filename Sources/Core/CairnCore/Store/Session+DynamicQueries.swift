public import CairnSchema

extension Session {
    /// Reads what a query gives, row by row, in order, until `body` returns false. Rows are not all in memory at
    /// once, unless they must be sorted on another driver than SQLite; groups are, also those that `having` and `limit` leave out: ``DynamicQuery/budget(requests:rows:)`` bounds them.
    ///
    /// It goes the way of typed queries: the same indexes, covered where they have all columns, the same requests, the same checks.
    /// - Throws: what reading throws: `query.overflow`, `query.unindexed`, `query.budget` among others.
    public func read(_ query: DynamicQuery, _ body: (SelectedRow) throws -> Bool) async throws {
        let (columns, places) = (query.columns, query.places)
        switch query.content {
        case .records(let rows):
            try await read(rows) { try body(SelectedRow(columns: columns, values: try places.map($0.value))) }
        case .columns(var rows):
            rows.columns = Set(places)
            try await read(rows) { try body(SelectedRow(columns: columns, values: try places.map($0.value))) }
        case .groups(let groups):
            for result in try await aggregate(groups) {
                let row = SelectedRow(columns: columns, values: places.map { result[$0] })
                guard try body(row) else { return }
            }
        }
    }

    /// What a query gives, in order. All rows are in memory at once.
    /// - Throws: as ``read(_:_:)-(DynamicQuery,_)``.
    public func rows(of query: DynamicQuery) async throws -> [SelectedRow] {
        var rows: [SelectedRow] = []
        try await read(query) { row in
            rows.append(row)
            return true
        }
        return rows
    }

    /// What a query in text gives, without generated code; see ``DynamicQuery/init(parsing:schema:parameters:reaching:)``. All in memory
    /// at once.
    /// - Throws: `query.invalid` with line and column for a query that cannot be read; what reading throws.
    public func rows(matching text: String, parameters: [String: Value] = [:]) async throws -> [SelectedRow] {
        try await rows(of: DynamicQuery(parsing: text, schema: schema, parameters: parameters))
    }

    /// How a query is answered.
    /// - Parameter run: Whether it is run, and the plan says what that took.
    /// - Throws: with `run`, as reading does.
    public func explain(_ query: DynamicQuery, run: Bool = false) async throws -> QueryPlan {
        switch query.content {
        case .records(let rows): return try await explain(rows, run: run)
        case .columns(var rows):
            rows.columns = Set(query.places)
            return try await explain(rows, run: run)
        case .groups(let groups): return try await explain(groups, run: run)
        }
    }
}
