import CairnSchema

/// What is read with records that were read.
public struct Loading<Item: Sendable, Output: Sendable>: Sendable {
    /// The columns of the records that say what to read.
    let columns: [Int]
    /// The columns that the records are made of; nil: all.
    var reading: Set<Int>?
    /// The positions of the tables it is read from.
    let tables: Set<Int>
    /// Which outputs are no news beside each other.
    let sameness: Sameness<Output>
    /// Makes a record of a row.
    let item: @Sendable (RowReader) throws -> Item
    /// Reads it for all records together. Of each record there are the values of the columns.
    let load: @Sendable (Session, [Item], [[Value]]) async throws -> [Output]
    /// How each relation is read.
    let explain: @Sendable (Session) async throws -> [QueryPlan]
}

/// A record that was read, and what says which others are related to it.
private struct LoadedRow<Item: Sendable>: Sendable {
    let item: Item
    let values: [Value]
}

extension Loading {
    // MARK: Of one moment

    /// The records of a query with what is related to them, within one budget.
    func all(in session: Session, _ query: Query) async throws -> [Output] {
        try await moment(of: session, query) { try await rows(in: $0, query).map(\.output) }
    }

    /// A page of a query with what is related to its records, within one budget.
    func page(in session: Session, of query: Query, size: Int, after cursor: PageCursor?) async throws -> Page<Output> {
        let query = narrowed(query)
        return try await moment(of: session, query) { session in
            try await RequestBudget.within(RequestBudget(query)) {
                let page = try await session.page(of: query, size: size, after: cursor, row)
                return Page(items: try await outputs(of: page.items, in: session), next: page.next)
            }
        }
    }

    /// How a query is answered, and how what is related to its records is read: see ``QueryPlan/included``.
    func plan(in session: Session, of query: Query, run: Bool) async throws -> QueryPlan {
        let narrow = narrowed(query)
        var plan = try await session.explain(narrow)
        plan.included = try await explain(session)
        guard run else { return plan }
        let query = try session.checked(narrow)
        return try await session.measured(plan, query) {
            try await moment(of: session, query) { session in
                try await RequestBudget.within(RequestBudget(query)) {
                    let rows = try await read(query, in: session)
                    // The rows of a plan are those of its own table.
                    return try await QueryMeasure.$current.withValue(nil) {
                        try await outputs(of: rows, in: session).count
                    }
                }
            }
        }
    }

    /// Reads in a session that stays at one moment.
    private func moment<Result>(
        of session: Session, _ query: Query, _ body: (Session) async throws -> Result
    ) async throws -> Result {
        guard session.isStore else { return try await body(session) }
        // To find out what the latest moment is can take a request, too.
        return try await RequestBudget.within(RequestBudget(query)) {
            try await session.core.snapshot(.latest) { try await body($0) }
        }
    }

    /// A query with the columns that the records are made of, whatever it was to read before.
    private func narrowed(_ query: Query, with column: Int? = nil) -> Query {
        var query = query
        query.columns = needed(with: column)
        return query
    }

    // MARK: In a session

    /// The columns that must be read of a record; nil: all.
    /// - Parameter column: One that is needed, too.
    func needed(with column: Int?) -> Set<Int>? {
        reading.map { $0.union(columns + [column].compactMap(\.self)) }
    }

    /// Reads the records of a query of the same table, and what is read with them. With each comes the value of a column.
    /// - Parameter keeps: Whether a record is wanted, by that value; others are not made, and nothing is read with them.
    func rows(
        in session: Session, _ query: Query, keyedBy column: Int? = nil,
        keeping keeps: (Value) throws -> Bool = { _ in true }
    ) async throws -> [(key: Value, output: Output)] {
        let query = narrowed(query, with: column)
        var keys: [Value] = []
        var rows: [LoadedRow<Item>] = []
        let outputs = try await RequestBudget.within(RequestBudget(query)) {
            try await session.read(query) { row in
                let key = try column.map(row.value) ?? .null
                guard try keeps(key) else { return true }
                keys.append(key)
                rows.append(try self.row(row))
                return true
            }
            return try await self.outputs(of: rows, in: session)
        }
        return zip(keys, outputs).map { ($0, $1) }
    }

    /// Reads the records of keys, and what is read with them. The order is not defined.
    func find(_ keys: [Key], of table: Table, in session: Session) async throws -> [(key: Value, output: Output)] {
        var found: [Value] = []
        var rows: [LoadedRow<Item>] = []
        try await session.find(table, keys) { row in
            found.append(try row.key().first)
            rows.append(try self.row(row))
        }
        return zip(found, try await outputs(of: rows, in: session)).map { ($0, $1) }
    }

    private func read(_ query: Query, in session: Session) async throws -> [LoadedRow<Item>] {
        var rows: [LoadedRow<Item>] = []
        try await session.read(query) { row in
            rows.append(try self.row(row))
            return true
        }
        return rows
    }

    @Sendable private func row(_ row: RowReader) throws -> LoadedRow<Item> {
        LoadedRow(item: try item(row), values: try columns.map(row.value))
    }

    private func outputs(of rows: [LoadedRow<Item>], in session: Session) async throws -> [Output] {
        try await load(session, rows.map(\.item), rows.map(\.values))
    }
}
