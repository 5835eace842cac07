import CairnSchema

extension RepositoryQuery {
    // MARK: Groups

    /// The records in groups that have the same value in a column, or in several: `.group { $0.country }`,
    /// `.group { ($0.country, $0.timezone) }`.
    public func group<each Key: OrderedColumnValue>(
        _ columns: (Base.Item.Columns) -> (repeat TypedColumn<each Key>)
    ) -> GroupedQuery<Base, repeat each Key> {
        let columns = columns(Base.Item.columns)
        return GroupedQuery(base, query, repeat each columns)
    }

    /// The different values of a column, ascending, null first.
    public func distinct<Value: OrderedColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> [Value] {
        try await GroupedQuery(base, query, column(Base.Item.columns)).keys()
    }

    /// The different combinations of values of several columns, in the order of the columns, ascending, null first.
    public func distinct<each Key: OrderedColumnValue>(
        _ columns: (Base.Item.Columns) -> (repeat TypedColumn<each Key>)
    ) async throws -> [(repeat each Key)] {
        let columns = columns(Base.Item.columns)
        return try await GroupedQuery(base, query, repeat each columns).keys()
    }

    // MARK: All records together

    /// The sum of a column, exact; nil when no record has a value.
    ///
    /// The sum of doubles is rounded once, at the end, so the order of the records does not change it.
    /// - Throws: `query.overflow` when it is beyond what the column's type can hold: never a wrong number.
    public func sum<Value: SummableColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> Value.Number? {
        try await value(.sum(column: column(Base.Item.columns).position))
    }

    /// The average of a column: the exact sum divided by the count, as a double; nil when no record has a value.
    /// - Throws: `query.overflow` when the sum of doubles or decimals is beyond what their type can hold.
    public func average<Value: SummableColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> Double? {
        try await value(.average(column: column(Base.Item.columns).position))
    }

    /// The value of a column that sorts first, nulls apart; nil when no record has one. An index that begins with the column,
    /// behind columns that the condition fixes, gives it without reading other records.
    public func min<Value: OrderedColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> Value? {
        try await value(.minimum(column: column(Base.Item.columns).position))
    }

    /// The value of a column that sorts first, nulls apart; nil when no record has one.
    public func min<Value: OrderedColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value?>
    ) async throws -> Value? {
        try await value(.minimum(column: column(Base.Item.columns).position))
    }

    /// The value of a column that sorts last, nulls apart; nil when no record has one. An index that begins with the column,
    /// behind columns that the condition fixes, gives it without reading other records.
    public func max<Value: OrderedColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> Value? {
        try await value(.maximum(column: column(Base.Item.columns).position))
    }

    /// The value of a column that sorts last, nulls apart; nil when no record has one.
    public func max<Value: OrderedColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value?>
    ) async throws -> Value? {
        try await value(.maximum(column: column(Base.Item.columns).position))
    }

    /// How many different values a column has, nulls apart.
    public func distinctCount<Value: OrderedColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) async throws -> Int {
        try await value(.distinctCount(column: column(Base.Item.columns).position)) ?? 0
    }

    private func value<Result: ColumnValue>(_ aggregate: Aggregate) async throws -> Result? {
        let results = try await base.session.aggregate(AggregateQuery(query, aggregates: [aggregate]))
        // Without groups there is one result, of one value.
        var row = ResultRow(results.first ?? [], 0...0)
        return try row.next(Result?.self)
    }
}

extension ReadableRepository {
    /// All records in groups that have the same value in a column, or in several: `.group { $0.country }`.
    public func group<each Key: OrderedColumnValue>(
        _ columns: (Item.Columns) -> (repeat TypedColumn<each Key>)
    ) -> GroupedQuery<Self, repeat each Key> {
        query.group(columns)
    }
}
