import CairnSchema

/// A query that reads some columns of records, as a type that the schema names: `atlas.cities.where { … }.select(City.Summary.self)`.
///
/// An index that has all columns the query names, those of its conditions too, answers without reading records: on an object store that
/// saves a request for each. Like ``RepositoryQuery`` it is not a sequence itself; ``rows`` is.
public struct ProjectionQuery<Base: ReadableRepository, Part: Projection>: RelatedQuery
where Part._Record == Base.Item {
    /// Which records.
    public let records: RepositoryQuery<Base>

    init(_ records: RepositoryQuery<Base>) {
        self.records = records
    }

    private var session: Session { records.base.session }

    /// The records, with the columns that are read of them.
    @usableFromInline var query: Query {
        var query = records.query
        query.columns = Set(Part.columnPositions)
        return query
    }

    // MARK: Refining

    /// Only records that satisfy a condition too. It may name columns that are not read.
    public func `where`(_ condition: (Base.Item.Columns) -> Condition) -> Self { Self(records.where(condition)) }

    /// The records in an order; a second call adds less significant columns. Ties are ordered by the key, ascending.
    public func order(@OrderBuilder _ order: (Base.Item.Columns) -> [OrderTerm]) -> Self { Self(records.order(order)) }

    /// At most `count` records.
    public func limit(_ count: Int) -> Self { Self(records.limit(count)) }

    // MARK: Running

    /// What is read of the records, all in memory at once.
    @inlinable
    public func all() async throws -> [Part] {
        var parts: [Part] = []
        try await records.base.session.read(query) { row in
            parts.append(try Part(row: row))
            return true
        }
        return parts
    }

    /// What is read of the first record; nil when there is none.
    public func first() async throws -> Part? {
        try await limit(Swift.min(1, records.query.limit ?? 1)).all().first
    }

    /// What is read of the only record.
    /// - Throws: `storage.not_found` when there is none; `query.not_unique` when there are several.
    public func one() async throws -> Part {
        let parts = try await limit(Swift.min(2, records.query.limit ?? 2)).all()
        guard let part = parts.first, parts.count == 1 else {
            throw StorageError.notOne(records.base.table, isNone: parts.isEmpty)
        }
        return part
    }

    /// A stream that holds a few at a time, all of one moment.
    public var rows: RowSequence<Part> { RowSequence(session: session, query: query) }

    /// A page, and where the next one begins. A cursor is that of the records: their pages and these go on behind one another.
    /// - Parameters:
    ///   - size: The records of a page, at least 1.
    ///   - cursor: Where the page before ended; nil for the first.
    /// - Throws: `query.cursor` for the cursor of another query; `query.invalid` for an order by columns of other records.
    public func page(size: Int, after cursor: PageCursor? = nil) async throws -> Page<Part> {
        try await session.page(of: query, size: size, after: cursor) { try Part(row: $0) }
    }

    /// How the query is answered: see ``RepositoryQuery/explain(run:)``.
    /// - Parameter run: Whether it is run, and the plan says what that took: rows read and given, requests, time.
    /// - Throws: with `run`, as reading does.
    public func explain(run: Bool = false) async throws -> QueryPlan {
        try await session.explain(query, run: run)
    }

    // MARK: Being related

    /// Nothing is read with it.
    public var loading: Loading<Part, Part> {
        Loading(
            columns: [], reading: Set(Part.columnPositions), tables: [], sameness: .equal, item: Part.init(row:)
        ) { _, parts, _ in
            parts
        } explain: { _ in
            []
        }
    }
}

extension ProjectionQuery {
    /// What is read, now and whenever it has changed: see ``ResultSequence``. A commit that changes other columns alone gives no new result.
    public func observe<Item>() -> ResultSequence<[Part]> where Base == Repository<Item> {
        let query = records.query
        return session.observe(query.tables, .equal) { session in
            try await ProjectionQuery<SnapshotRepository<Item>, Part>(
                RepositoryQuery(SnapshotRepository(session), query)
            ).all()
        }
    }
}

extension RepositoryQuery {
    /// Some columns of the records, as a type that the schema names: `.select(City.Summary.self).all()`.
    public func select<Part: Projection>(_ type: Part.Type) -> ProjectionQuery<Base, Part>
    where Part._Record == Base.Item {
        ProjectionQuery(self)
    }
}

extension ReadableRepository {
    /// Some columns of all records, in the order of the key: `.select(City.Summary.self).all()`.
    public func select<Part: Projection>(_ type: Part.Type) -> ProjectionQuery<Self, Part> where Part._Record == Item {
        query.select(type)
    }
}
