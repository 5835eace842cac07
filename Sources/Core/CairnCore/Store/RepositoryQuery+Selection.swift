import CairnSchema

extension RepositoryQuery {
    /// A column of the records, in order: `.select { $0.name }` gives a list of names. All are in memory at once.
    ///
    /// An index that has all columns the query names, those of its conditions too, answers without reading records: on an object
    /// store that saves a request for each.
    public func select<Result: ColumnValue>(
        _ column: (Base.Item.Columns) -> TypedColumn<Result>
    ) async throws -> [Result] {
        let column = column(Base.Item.columns)
        var results: [Result] = []
        try await base.session.select([column.position], of: query) { row in
            results.append(try row.value(of: column))
        }
        return results
    }

    /// Columns of the records, in order: `.select { ($0.name, $0.population) }` gives a list of pairs. All are in memory at once.
    ///
    /// An index that has all columns the query names, those of its conditions too, answers without reading records: on an object
    /// store that saves a request for each.
    public func select<each Result: ColumnValue>(
        _ columns: (Base.Item.Columns) -> (repeat TypedColumn<each Result>)
    ) async throws -> [(repeat each Result)] {
        let columns = columns(Base.Item.columns)
        var places: [Int] = []
        for column in repeat each columns { places.append(column.position) }
        var results: [(repeat each Result)] = []
        try await base.session.select(places, of: query) { row in
            results.append((repeat try row.value(of: each columns)))
        }
        return results
    }

    /// The ids of the records, in order. All are in memory at once.
    public func ids() async throws -> [Base.Item.ID] {
        var ids: [Base.Item.ID] = []
        try await base.session.read(query) { row in
            ids.append(try Base.Item(row: row).id)
            return true
        }
        return ids
    }
}

extension RepositoryQuery where Base.Item.ID: ColumnIdentifier {
    /// The ids of the records, in order. All are in memory at once. Any index that serves the query has them, so no record is read.
    public func ids() async throws -> [Base.Item.ID] {
        let key = TypedColumn<Base.Item.ID>(base.table.key[0])
        return try await select { _ in key }
    }
}

extension ReadableRepository {
    /// A column of all records, in the order of the key: `.select { $0.name }`.
    public func select<Result: ColumnValue>(
        _ column: (Item.Columns) -> TypedColumn<Result>
    ) async throws -> [Result] {
        try await query.select(column)
    }

    /// Columns of all records, in the order of the key: `.select { ($0.name, $0.population) }`.
    public func select<each Result: ColumnValue>(
        _ columns: (Item.Columns) -> (repeat TypedColumn<each Result>)
    ) async throws -> [(repeat each Result)] {
        try await query.select(columns)
    }
}

extension RepositoryQuery {
    /// A column of the records, in order, now and whenever one of its values has changed, came or went: `.observe { $0.name }`. A commit
    /// that changes other columns alone gives no new result. See ``ResultSequence``.
    public func observe<Item, Result: ColumnValue>(
        selecting column: (Item.Columns) -> TypedColumn<Result>
    ) -> ResultSequence<[Result]> where Base == Repository<Item> {
        let (query, column) = (query, column(Item.columns))
        return base.session.observe(query.tables, Sameness<Result>.stored.ofLists) { session in
            try await RepositoryQuery<SnapshotRepository<Item>>(SnapshotRepository(session), query)
                .select { _ in column }
        }
    }

    /// Columns of the records, in order, now and whenever one of their values has changed, came or went:
    /// `.observe { ($0.name, $0.population) }`. A commit that changes other columns alone gives no new result. See ``ResultSequence``.
    public func observe<Item, each Result: ColumnValue>(
        selecting columns: (Item.Columns) -> (repeat TypedColumn<each Result>)
    ) -> ResultSequence<[(repeat each Result)]> where Base == Repository<Item> {
        let (query, columns) = (query, columns(Item.columns))
        let sameness = Sameness<(repeat each Result)>.tuple(repeat Sameness<each Result>.stored)
        return base.session.observe(query.tables, sameness.ofLists) { session in
            try await RepositoryQuery<SnapshotRepository<Item>>(SnapshotRepository(session), query)
                .select { _ in columns }
        }
    }
}

extension RowReader {
    /// The value of a column as its Swift type.
    fileprivate func value<Result: ColumnValue>(of column: TypedColumn<Result>) throws -> Result {
        guard let result = Result(columnValue: try value(column.position)) else { throw mismatch(column.position) }
        return result
    }
}
