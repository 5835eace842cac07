import CairnSchema

/// A query of a typed repository: a value to refine, then to run.
///
/// It is not a sequence itself, or a `.filter { }` would compile and read the whole table; ``rows`` is.
public struct RepositoryQuery<Base: ReadableRepository>: Sendable {
    /// Where it reads.
    public let base: Base
    /// What it reads.
    public private(set) var query: Query

    /// All records of a repository.
    @inlinable
    public init(_ base: Base) {
        self.init(base, Query(base.table))
    }

    @usableFromInline
    init(_ base: Base, _ query: Query) {
        self.base = base
        self.query = query
    }

    // MARK: Refining

    /// Only records that satisfy a condition too.
    public func `where`(_ condition: (Base.Item.Columns) -> Condition) -> Self {
        var copy = self
        copy.query.restrict(to: condition(Base.Item.columns))
        return copy
    }

    /// The records in an order; a second call adds less significant columns. Ties are ordered by the key, ascending.
    public func order(@OrderBuilder _ order: (Base.Item.Columns) -> [OrderTerm]) -> Self {
        var copy = self
        copy.query.order += order(Base.Item.columns)
        return copy
    }

    /// At most `count` records.
    public func limit(_ count: Int) -> Self {
        var copy = self
        copy.query.limit = count
        return copy
    }

    /// Lets the query read a whole table to give a part of it, in a store that refuses such queries: see ``UnindexedPolicy``.
    public func unindexed() -> Self {
        var copy = self
        copy.query.isUnindexedAllowed = true
        return copy
    }

    /// Stops the query with `query.budget` before it makes more requests to an object store, or when its result has more rows, than
    /// this. Nothing is shortened in silence, as a limit does. Of what is grouped, the groups are counted.
    public func budget(requests: Int? = nil, rows: Int? = nil) -> Self {
        var copy = self
        copy.query.budget = QueryBudget(requests: requests, rows: rows)
        return copy
    }

    // MARK: Running

    /// The records, all in memory at once.
    @inlinable
    public func all() async throws -> [Base.Item] {
        var items: [Base.Item] = []
        try await base.session.read(query) { row in
            items.append(try Base.Item(row: row))
            return true
        }
        return items
    }

    /// The first record; nil when there is none.
    @inlinable
    public func first() async throws -> Base.Item? {
        try await limit(Swift.min(1, query.limit ?? 1)).all().first
    }

    /// The only record.
    /// - Throws: `storage.not_found` when there is none; `query.not_unique` when there are several.
    @inlinable
    public func one() async throws -> Base.Item {
        let items = try await limit(Swift.min(2, query.limit ?? 2)).all()
        guard let item = items.first, items.count == 1 else {
            throw StorageError.notOne(base.table, isNone: items.isEmpty)
        }
        return item
    }

    /// Whether there is a record.
    public func exists() async throws -> Bool {
        try await limit(Swift.min(1, query.limit ?? 1)).count() > 0
    }

    /// How many records there are, at most the limit.
    public func count() async throws -> Int {
        try await base.session.count(query)
    }

    /// The records as a stream that holds a few at a time, all of one moment.
    public var rows: RowSequence<Base.Item> { RowSequence(session: base.session, query: query) }

    /// A page of records, and where the next one begins.
    ///
    /// Pages are cut by the values of the order, not by counting: records that come or go meanwhile neither repeat nor
    /// hide others.
    /// - Parameters:
    ///   - size: The records of a page, at least 1.
    ///   - cursor: Where the page before ended; nil for the first.
    /// - Throws: `query.cursor` for the cursor of another query; `query.invalid` for an order by columns of other records.
    public func page(size: Int, after cursor: PageCursor? = nil) async throws -> Page<Base.Item> {
        try await base.session.page(of: query, size: size, after: cursor) { try Base.Item(row: $0) }
    }

    /// How the query is answered: the index, what is left to filter and sort, the requests and their price.
    /// - Parameter run: Whether it is run, and the plan says what that took: rows read and given, requests, time.
    /// - Throws: with `run`, as reading does.
    public func explain(run: Bool = false) async throws -> QueryPlan {
        try await base.session.explain(query, run: run)
    }
}

extension RepositoryQuery where Base: WritableRepository {
    /// Changes columns of all records of the query, in one transaction: `.update { $0.timezone.set(nil) }`.
    /// - Returns: How many records it changed.
    /// - Throws: as ``WritableRepository/update(_:)``; `storage.invalid` for a column of the key.
    @discardableResult
    public func update(
        @AssignmentBuilder _ assignments: (Base.Item.Columns) -> [Assignment]
    ) async throws -> Int {
        try await base.session.update(query, assignments(Base.Item.columns))
    }

    /// Deletes all records of the query, in one transaction.
    /// - Returns: How many records it deleted.
    /// - Throws: `storage.reference` when others refer to one of them.
    @discardableResult
    public func delete() async throws -> Int {
        try await base.session.delete(query)
    }
}
