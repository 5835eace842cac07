import CairnSchema

/// The records of a query in groups that have the same values in some columns: a value to refine, then to run.
///
/// Results come in the order asked for, then by the columns of the group, ascending, null first. They are all in memory at
/// once, also those that `having` and `limit` leave out; the `budget(rows:)` of the query that is grouped stops it with `query.budget` when
/// there are more. Nulls do not take part in sums, averages, minima and maxima; null itself is a group like any other value.
public struct GroupedQuery<Base: ReadableRepository, each Key: OrderedColumnValue>: Sendable {
    private let base: Base
    private var query: AggregateQuery
    private var problem: StorageError?

    init(_ base: Base, _ rows: Query, _ columns: repeat TypedColumn<each Key>) {
        self.base = base
        var groups: [Int] = []
        for column in repeat each columns { groups.append(column.position) }
        query = AggregateQuery(rows, groups: groups, aggregates: [])
    }

    // MARK: Refining

    /// Only groups that satisfy a condition too: `.having { $0.count >= 10 && $0.population.sum > 1_000_000 }`.
    public func having(_ condition: (GroupColumns<Base.Item.Columns>) -> Condition) -> Self {
        var copy = self
        let condition = copy.read(condition)
        copy.query.having = copy.query.having.map { $0 && condition } ?? condition
        return copy
    }

    /// The groups in an order: `.order { $0.population.sum.descending }`; a second call adds less significant terms.
    public func order(@OrderBuilder _ order: (GroupColumns<Base.Item.Columns>) -> [OrderTerm]) -> Self {
        var copy = self
        copy.query.order += copy.read(order)
        return copy
    }

    /// At most `count` groups: the first of the order.
    public func limit(_ count: Int) -> Self {
        var copy = self
        copy.query.limit = count
        return copy
    }

    /// Runs a closure on what can be said of a group, and keeps the aggregates it names.
    private mutating func read<Result>(_ body: (GroupColumns<Base.Item.Columns>) -> Result) -> Result {
        let list = AggregateList(query, problem)
        let result = body(GroupColumns(columns: Base.Item.columns, list: list))
        query = list.query
        problem = list.problem
        return result
    }

    // MARK: Running

    /// What tells the groups apart: the different values, or combinations of values, there are.
    public func keys() async throws -> [(repeat each Key)] {
        try await results().map { row in
            var row = ResultRow(row, query.groups.indices)
            return (repeat try row.next((each Key).self))
        }
    }

    /// How many records each group has.
    public func count() async throws -> [(repeat each Key, Int)] { try await with(.rows, Int.self) }

    /// The sum of a column for each group, exact; of a column that may be null, nil for a group without a value.
    /// - Throws: `query.overflow` when it is beyond what the column's type can hold.
    public func sum<Value: SummableColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> [(repeat each Key, Value)] {
        try await with(.sum(column: column(Base.Item.columns).position), Value.self)
    }

    /// The average of a column for each group: the exact sum divided by the count, as a double.
    /// - Throws: `query.overflow` when the sum of doubles or decimals is beyond what their type can hold.
    public func average<Value: SummableColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> [(repeat each Key, Value.Mean)] {
        try await with(.average(column: column(Base.Item.columns).position), Value.Mean.self)
    }

    /// The value of a column that sorts first, for each group.
    public func min<Value: OrderedColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> [(repeat each Key, Value)] {
        try await with(.minimum(column: column(Base.Item.columns).position), Value.self)
    }

    /// The value of a column that sorts last, for each group.
    public func max<Value: OrderedColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> [(repeat each Key, Value)] {
        try await with(.maximum(column: column(Base.Item.columns).position), Value.self)
    }

    /// Several things of each group: `.select { ($0.country, $0.count, $0.population.sum) }`.
    /// - Throws: `query.invalid` for a column that the rows are not grouped by; `query.overflow`.
    public func select<each Result: ColumnValue>(
        _ results: (GroupColumns<Base.Item.Columns>) -> (repeat GroupExpression<each Result>)
    ) async throws -> [(repeat each Result)] {
        let (copy, places) = selecting(results)
        return try await copy.select(places, in: base.session)
    }

    /// Several things of each group, now and whenever one of them has changed: `.observe { ($0.country, $0.count) }`. After a commit that
    /// wrote the table, or one that the condition leads to, the groups are computed again. See ``ResultSequence``.
    public func observe<Item, each Result: ColumnValue>(
        selecting results: (GroupColumns<Item.Columns>) -> (repeat GroupExpression<each Result>)
    ) -> ResultSequence<[(repeat each Result)]> where Base == Repository<Item> {
        let (copy, places) = selecting(results)
        let sameness = Sameness<(repeat each Result)>.tuple(repeat Sameness<each Result>.stored)
        return base.session.observe(query.rows.tables, sameness.ofLists, problem: copy.problem) { session in
            try await copy.select(places, in: session)
        }
    }

    /// The query with the aggregates that are asked for, and where each of what is asked for is among its results.
    private func selecting<each Result: ColumnValue>(
        _ results: (GroupColumns<Base.Item.Columns>) -> (repeat GroupExpression<each Result>)
    ) -> (GroupedQuery, places: [Int]) {
        var copy = self
        let selected = copy.read(results)
        var places: [Int] = []
        // Taken one by one before the aggregates are read: the place of a column that is no group is a problem to tell.
        for expression in repeat each selected { places.append(copy.note(expression)) }
        return (copy, places)
    }

    /// What is at some places of the results.
    private func select<each Result: ColumnValue>(
        _ places: [Int], in session: Session
    ) async throws -> [(repeat each Result)] {
        try await results(in: session).map { row in
            var row = ResultRow(row, places)
            return (repeat try row.next((each Result).self))
        }
    }

    /// How the groups are computed: the index, what is left to filter, the requests and their price.
    /// - Parameter run: Whether they are, and the plan says what that took: rows read, groups, requests, time.
    /// - Throws: with `run`, as computing them does.
    public func explain(run: Bool = false) async throws -> QueryPlan {
        if let problem { throw problem }
        return try await base.session.explain(query, run: run)
    }

    private mutating func note<Result>(_ expression: GroupExpression<Result>) -> Int {
        let place = expression.place
        problem = problem ?? expression.list.problem
        return place
    }

    private func results(in session: Session? = nil) async throws -> [[Value]] {
        if let problem { throw problem }
        return try await (session ?? base.session).aggregate(query)
    }

    /// The keys of each group, and one aggregate.
    private func with<Result: ColumnValue>(
        _ aggregate: Aggregate, _ type: Result.Type
    ) async throws -> [(repeat each Key, Result)] {
        var copy = self
        let place = copy.read { $0.list.place(of: aggregate) }
        return try await copy.results().map { row in
            var row = ResultRow(row, Array(query.groups.indices) + [place])
            return (repeat try row.next((each Key).self), try row.next(type))
        }
    }
}

/// Reads values of a row of results one after the other.
struct ResultRow<Places: Sequence<Int>> {
    private let values: [Value]
    private var places: Places.Iterator

    init(_ values: [Value], _ places: Places) {
        self.values = values
        self.places = places.makeIterator()
    }

    mutating func next<Result: ColumnValue>(_ type: Result.Type) throws -> Result {
        guard let place = places.next(), values.indices.contains(place), let result = Result(columnValue: values[place])
        else {
            throw StorageError(
                .damaged, "a stored value is not a \(Result.self)",
                remedy: "restore the record from a backup; another program may have written it")
        }
        return result
    }
}
