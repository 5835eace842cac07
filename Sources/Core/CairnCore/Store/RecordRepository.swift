public import CairnSchema

/// The records of one table without generated code, in a store, a transaction or a snapshot. The same checks and the same
/// meaning as typed repositories, which add types and nothing else.
public struct RecordRepository: Sendable {
    /// Where it reads and writes.
    public let session: Session
    /// The table.
    public let table: Table

    /// The records of a table.
    /// - Throws: `storage.invalid` when the schema has no such table.
    public init(_ session: Session, table name: String) throws {
        guard let table = session.schema.table(named: name) else {
            throw StorageError(
                .invalid, "the database '\(session.schema.database)' has no table '\(name)'",
                remedy: NearestName.hintOrList(name, among: session.schema.tables.map(\.name)))
        }
        self.session = session
        self.table = table
    }

    /// The record of a key; nil when there is none.
    public func find(_ key: Key) async throws -> Record? {
        var record: Record?
        try await session.get(table, key) { row in record = try Record(row: row) }
        return record
    }

    /// The record of a key.
    /// - Throws: `storage.not_found` when there is none.
    public func get(_ key: Key) async throws -> Record {
        guard let record = try await find(key) else { throw StorageError.notFound(table, key) }
        return record
    }

    /// The records of several keys, all of one moment. Keys without a record are not in the result.
    public func find(_ keys: [Key]) async throws -> [Key: Record] {
        var records: [Key: Record] = [:]
        try await session.find(table, keys) { row in records[try row.key()] = try Record(row: row) }
        return records
    }

    /// The records of a query.
    public func all(_ query: Query) async throws -> [Record] {
        try check(query.table)
        var records: [Record] = []
        try await session.read(query) { row in
            records.append(try Record(row: row))
            return true
        }
        return records
    }

    /// All records, in the order of the key.
    public func all() async throws -> [Record] { try await all(Query(table)) }

    /// A page of a query, and where the next one begins. Records that come or go between pages neither repeat nor hide others.
    /// - Parameters:
    ///   - size: The records of a page, at least 1.
    ///   - cursor: Where the page before ended; nil for the first.
    /// - Throws: `query.cursor` for the cursor of another query.
    public func page(_ query: Query, size: Int, after cursor: PageCursor? = nil) async throws -> Page<Record> {
        try check(query.table)
        return try await session.page(of: query, size: size, after: cursor) { try Record(row: $0) }
    }

    /// How many records a query has; all by default.
    public func count(_ query: Query? = nil) async throws -> Int {
        try check(query?.table ?? table)
        return try await session.count(query ?? Query(table))
    }

    /// Some columns of the records of a query, by their positions: for each record its values, in the order of `columns`. An
    /// index that has the columns answers without reading records.
    public func select(_ columns: [Int], of query: Query) async throws -> [[Value]] {
        try check(query.table)
        return try await session.select(columns, of: query)
    }

    /// Computes aggregates of the records of a query: see ``AggregateQuery``.
    /// - Throws: `query.overflow` when a sum does not fit its type.
    public func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        try check(query.table)
        return try await session.aggregate(query)
    }

    /// Stores a new record.
    @discardableResult
    public func insert(_ record: Record) async throws -> Record {
        try await write(record, .insert(table, record.values))
    }

    /// Stores new values of a record that was read before.
    @discardableResult
    public func update(_ record: Record) async throws -> Record {
        try Revisions.refuseUnstored(record.revision, table)
        return try await write(record, .update(table, record.values, expecting: record.revision))
    }

    /// Stores a record whether it exists or not, and whatever its revision.
    @discardableResult
    public func upsert(_ record: Record) async throws -> Record {
        try await write(record, .upsert(table, record.values))
    }

    /// Deletes the record of a key; with a revision, only if it has it.
    public func delete(_ key: Key, revision: Int? = nil) async throws {
        _ = try await session.write([.delete(table, key, expecting: revision)])
    }

    private func write(_ record: Record, _ operation: WriteOperation) async throws -> Record {
        try check(record.table)
        let results = try await session.write([operation])
        var stored = record
        stored.metadata = results[0]
        return stored
    }

    func check(_ other: Table) throws {
        guard other === table else {
            throw StorageError.misuse(
                "this is of table '\(other.name)' of another store, not of '\(table.name)' of this one")
        }
    }
}

extension Session {
    /// The records of a table, without generated code.
    /// - Throws: `storage.invalid` when the schema has no such table.
    public func records(_ table: String) throws -> RecordRepository {
        try RecordRepository(self, table: table)
    }
}
