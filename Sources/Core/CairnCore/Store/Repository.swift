public import CairnSchema

/// The records of one table that can be read: in a store, a transaction or a snapshot.
///
/// A function that only reads takes `some ReadableRepository<City>` and works with all three.
public protocol ReadableRepository<Item>: Sendable {
    /// The record type.
    associatedtype Item: Entity
    /// Where it reads.
    var session: Session { get }
}

/// The records of one table in a store or a transaction.
public struct Repository<Item: Entity>: WritableRepository {
    /// The store or the transaction.
    public let session: Session

    /// For generated code: the records of the entity's table.
    @inlinable
    public init(_ session: Session) {
        self.session = session
    }
}

/// The records of one table in a snapshot: they can be read, not written.
public struct SnapshotRepository<Item: Entity>: ReadableRepository {
    /// The snapshot.
    public let session: Session

    /// For generated code: the records of the entity's table.
    @inlinable
    public init(_ session: Session) {
        self.session = session
    }
}

extension ReadableRepository {
    /// The table.
    @inlinable public var table: Table { session.table(at: Item.tablePosition) }

    // MARK: By key

    /// The record of an id.
    /// - Throws: `storage.not_found` when there is none.
    @inlinable
    public func get(_ id: Item.ID) async throws -> Item {
        guard let item = try await find(id) else { throw StorageError.missing(table, id.key) }
        return item
    }

    /// The record of an id; nil when there is none.
    @inlinable
    public func find(_ id: Item.ID) async throws -> Item? {
        var item: Item?
        try await session.get(table, id.key) { row in item = try Item(row: row) }
        return item
    }

    /// The records of several ids, read together, all of one moment. Ids without a record are not in the result.
    @inlinable
    public func find(_ ids: some Sequence<Item.ID>) async throws -> [Item.ID: Item] {
        var items: [Item.ID: Item] = [:]
        try await session.find(table, ids.map(\.key)) { row in
            let item = try Item(row: row)
            items[item.id] = item
        }
        return items
    }

    /// Whether there is a record of an id.
    @inlinable
    public func exists(_ id: Item.ID) async throws -> Bool {
        try await session.get(table, id.key) { _ in }
    }

    // MARK: Queries

    /// All records as a query to refine. In the order of the key.
    @inlinable public var query: RepositoryQuery<Self> { RepositoryQuery(self) }

    /// The records that satisfy a condition: `.where { $0.country == "FR" && $0.population > 100_000 }`.
    @inlinable
    public func `where`(_ condition: (Item.Columns) -> Condition) -> RepositoryQuery<Self> { query.where(condition) }

    /// The records in an order: `.order { $0.country; $0.population.descending }`.
    @inlinable
    public func order(@OrderBuilder _ order: (Item.Columns) -> [OrderTerm]) -> RepositoryQuery<Self> {
        query.order(order)
    }

    /// The first records.
    @inlinable
    public func limit(_ count: Int) -> RepositoryQuery<Self> { query.limit(count) }

    /// All records, in the order of the key. They are all in memory at once: for a large table use ``rows``.
    @inlinable
    public func all() async throws -> [Item] { try await query.all() }

    /// How many records there are.
    @inlinable
    public func count() async throws -> Int { try await query.count() }

    /// All records as a stream, in the order of the key.
    @inlinable public var rows: RowSequence<Item> { query.rows }

    /// A page of all records, in the order of the key.
    @inlinable
    public func page(size: Int, after cursor: PageCursor? = nil) async throws -> Page<Item> {
        try await query.page(size: size, after: cursor)
    }

    /// For generated code: what a named query of the schema asks for.
    public func namedQuery(
        _ condition: Condition?, order: [OrderTerm] = [], limit: Int? = nil
    ) -> RepositoryQuery<Self> {
        RepositoryQuery(self, Query(table, where: condition?.folded, order: order, limit: limit))
    }

    /// For generated code: the only record that has the values of a unique index, each by the position of its column.
    public func findUnique(_ values: (column: Int, value: Value)...) async throws -> Item? {
        let terms = values.map { Condition.compare(column: $0.column, .equal, $0.value) }
        let condition = terms.count == 1 ? terms[0] : .and(terms)
        var item: Item?
        try await session.read(Query(table, where: condition, limit: 1)) { row in
            item = try Item(row: row)
            return false
        }
        return item
    }
}

extension StorageError {
    /// No record has the key.
    public static func missing(_ table: Table, _ key: Key) -> StorageError { notFound(table, key) }

    /// A query that was to have one record has none, or several.
    @usableFromInline
    static func notOne(_ table: Table, isNone: Bool) -> StorageError {
        var details = Details()
        details.table = table.name
        return isNone
            ? StorageError(
                .notFound, "table '\(table.name)' has no record that the query asks for",
                remedy: "use first() where there may be none", details: details)
            : StorageError(
                .notUnique, "table '\(table.name)' has several records that the query asks for",
                remedy: "use first() or all(), or a condition that only one record satisfies", details: details)
    }
}
