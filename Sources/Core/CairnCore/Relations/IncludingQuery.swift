import CairnSchema

/// The records of a query, each with others that are related to it: a value to refine, then to run.
///
/// Everything is of one moment. The number of reads does not depend on how many records there are: one for the records, and one for
/// each relation. What was not asked for is not in the result, so nothing can be touched that was not loaded.
public struct IncludingQuery<Base: ReadableRepository, each Related: Sendable>: RelatedQuery {
    /// Which records.
    public let records: RepositoryQuery<Base>
    private let inclusions: (repeat Inclusion<each Related>)

    init(_ records: RepositoryQuery<Base>, _ inclusions: repeat Inclusion<each Related>) {
        self.records = records
        self.inclusions = (repeat each inclusions)
    }

    /// The related records, each relation in a read of its own.
    public var loading: Loading<Base.Item, (Base.Item, repeat each Related)> {
        let inclusions = inclusions
        var columns: [Int] = []
        var tables: Set<Int> = []
        for inclusion in repeat each inclusions {
            columns.append(inclusion.column)
            tables.formUnion(inclusion.tables)
        }
        return Loading(
            columns: columns, tables: tables,
            sameness: .tuple(Sameness<Base.Item>.record, repeat (each inclusions).sameness),
            item: Base.Item.init(row:)
        ) { session, items, values in
            var reading = RelatedReading(session: session, values: values)
            let related = (repeat try await reading.next(each inclusions))
            return items.indices.map { place in (items[place], repeat (each related)[place]) }
        } explain: { session in
            var plans: [QueryPlan] = []
            for inclusion in repeat each inclusions { plans.append(try await inclusion.explain(session)) }
            return plans
        }
    }

    // MARK: Refining

    /// Only records that satisfy a condition too.
    public func `where`(_ condition: (Base.Item.Columns) -> Condition) -> Self {
        IncludingQuery(records.where(condition), repeat each inclusions)
    }

    /// The records in an order; a second call adds less significant columns. Ties are ordered by the key, ascending.
    public func order(@OrderBuilder _ order: (Base.Item.Columns) -> [OrderTerm]) -> Self {
        IncludingQuery(records.order(order), repeat each inclusions)
    }

    /// At most `count` records.
    public func limit(_ count: Int) -> Self { IncludingQuery(records.limit(count), repeat each inclusions) }

    /// Lets the query of the records read a whole table to give a part of it: see ``RepositoryQuery/unindexed()``. Related records have
    /// queries of their own.
    public func unindexed() -> Self { IncludingQuery(records.unindexed(), repeat each inclusions) }

    /// Stops the query with `query.budget` before it makes more requests to an object store, those for related records among them, or when
    /// it has more records than this. Related ones are not counted: their queries may have budgets of their own.
    public func budget(requests: Int? = nil, rows: Int? = nil) -> Self {
        IncludingQuery(records.budget(requests: requests, rows: rows), repeat each inclusions)
    }

    func adding<Result>(_ inclusion: Inclusion<Result>) -> IncludingQuery<Base, repeat each Related, Result> {
        IncludingQuery<Base, repeat each Related, Result>(records, repeat each inclusions, inclusion)
    }

    // MARK: Running

    /// The records with what is related to them, all in memory at once.
    /// - Throws: `storage.reference` in a transaction that wrote a reference before the record it names.
    public func all() async throws -> [(Base.Item, repeat each Related)] {
        try await loading.all(in: records.base.session, records.query)
    }

    /// The first record with what is related to it; nil when there is none.
    public func first() async throws -> (Base.Item, repeat each Related)? {
        try await limit(Swift.min(1, records.query.limit ?? 1)).all().first
    }

    /// The only record with what is related to it.
    /// - Throws: `storage.not_found` when there is none; `query.not_unique` when there are several.
    public func one() async throws -> (Base.Item, repeat each Related) {
        let rows = try await limit(Swift.min(2, records.query.limit ?? 2)).all()
        guard let row = rows.first, rows.count == 1 else {
            throw StorageError.notOne(records.base.table, isNone: rows.isEmpty)
        }
        return row
    }

    /// A page of records with what is related to them, and where the next one begins: see ``RepositoryQuery/page(size:after:)``. A cursor is
    /// one of the records alone too, and the other way round. What is related is as it is when its page is read.
    /// - Parameters:
    ///   - size: The records of a page, at least 1.
    ///   - cursor: Where the page before ended; nil for the first.
    /// - Throws: `query.cursor` for the cursor of another query; `query.invalid` for an order by columns of other records.
    public func page(
        size: Int, after cursor: PageCursor? = nil
    ) async throws -> Page<(Base.Item, repeat each Related)> {
        try await loading.page(in: records.base.session, of: records.query, size: size, after: cursor)
    }

    /// How the query is answered, and in ``QueryPlan/included`` how what is related to its records is read. Which records these are is not
    /// known before, so the rows and requests of that are told only with `run`.
    /// - Parameter run: Whether it is run, and the plan says what that took, the related records included.
    /// - Throws: with `run`, as reading does.
    public func explain(run: Bool = false) async throws -> QueryPlan {
        try await loading.plan(in: records.base.session, of: records.query, run: run)
    }
}

extension IncludingQuery {
    /// The records with what is related to them, now and whenever one of all these has changed, came or went: see ``ResultSequence``.
    ///
    /// After a commit that wrote one of their tables, or one that a condition or an order leads to, everything is read again; the result
    /// comes if it is another. On an object store that costs the requests of reading, without the one that proves that nothing is newer.
    public func observe<Item>() -> ResultSequence<[(Item, repeat each Related)]> where Base == Repository<Item> {
        let (query, loading) = (records.query, loading)
        return records.base.session.observe(query.tables.union(loading.tables), loading.sameness.ofLists) { session in
            try await loading.all(in: session, query)
        }
    }
}

/// Reads one relation after the other.
private struct RelatedReading {
    let session: Session
    /// For each record the values of the columns that say what is related.
    let values: [[Value]]
    var number = 0

    mutating func next<Result>(_ inclusion: Inclusion<Result>) async throws -> [Result] {
        let place = number
        number += 1
        guard !values.isEmpty else { return [] }
        return try await inclusion.load(session, values.map { $0[place] })
    }
}

// MARK: Adding relations

extension IncludingQuery {
    /// Each record also with the one it refers to: `.including(\.country)`.
    public func including<ID: ColumnIdentifier>(
        _ reference: KeyPath<Base.Item.Columns, TypedColumn<ID>>
    ) -> IncludingQuery<Base, repeat each Related, ID._Record> {
        including(reference) { $0 }
    }

    /// Each record also with the one it refers to; nil where the reference is null.
    public func including<ID: ColumnIdentifier>(
        _ reference: KeyPath<Base.Item.Columns, TypedColumn<ID?>>
    ) -> IncludingQuery<Base, repeat each Related, ID._Record?> {
        including(reference) { $0 }
    }

    /// Each record also with the one it refers to and what is related to that: `.including(\.country) { $0.including(\.continent) }`.
    public func including<ID: ColumnIdentifier, Inner: RelatedQuery>(
        _ reference: KeyPath<Base.Item.Columns, TypedColumn<ID>>,
        _ inner: (RepositoryQuery<SnapshotRepository<ID._Record>>) -> Inner
    ) -> IncludingQuery<Base, repeat each Related, Inner.Output> where Inner.Base == SnapshotRepository<ID._Record> {
        adding(.one(Base.Item.columns[keyPath: reference].position, inner(records.related())))
    }

    /// Each record also with the one it refers to and what is related to that; nil where the reference is null.
    public func including<ID: ColumnIdentifier, Inner: RelatedQuery>(
        _ reference: KeyPath<Base.Item.Columns, TypedColumn<ID?>>,
        _ inner: (RepositoryQuery<SnapshotRepository<ID._Record>>) -> Inner
    ) -> IncludingQuery<Base, repeat each Related, Inner.Output?> where Inner.Base == SnapshotRepository<ID._Record> {
        adding(.optional(Base.Item.columns[keyPath: reference].position, inner(records.related())))
    }

    /// Each record also with all that refer to it, by key: `.including(City.self, by: \.country)`.
    public func including<Other: Entity>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Base.Item.ID>>
    ) -> IncludingQuery<Base, repeat each Related, [Other]> {
        including(type, by: reference) { $0 }
    }

    /// Each record also with all that refer to it by a column that may be null.
    public func including<Other: Entity>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Base.Item.ID?>>
    ) -> IncludingQuery<Base, repeat each Related, [Other]> {
        including(type, by: reference) { $0 }
    }

    /// Each record also with those that refer to it: which, in what order, how many for each record, and what is related to them:
    /// `.including(City.self, by: \.country) { $0.order { $0.population.descending }.limit(3) }`.
    public func including<Other: Entity, Inner: RelatedQuery>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Base.Item.ID>>,
        _ inner: (RepositoryQuery<SnapshotRepository<Other>>) -> Inner
    ) -> IncludingQuery<Base, repeat each Related, [Inner.Output]> where Inner.Base == SnapshotRepository<Other> {
        adding(.many(records.key, inner(records.related()), by: Other.columns[keyPath: reference].position))
    }

    /// Each record also with those that refer to it by a column that may be null: which, in what order, how many for each record,
    /// and what is related to them.
    public func including<Other: Entity, Inner: RelatedQuery>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Base.Item.ID?>>,
        _ inner: (RepositoryQuery<SnapshotRepository<Other>>) -> Inner
    ) -> IncludingQuery<Base, repeat each Related, [Inner.Output]> where Inner.Base == SnapshotRepository<Other> {
        adding(.many(records.key, inner(records.related()), by: Other.columns[keyPath: reference].position))
    }
}
