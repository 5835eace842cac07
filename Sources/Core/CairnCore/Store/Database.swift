public import CairnSchema

/// A generated database type: a store, with a repository for each table.
public protocol Database: Sendable {
    /// The repositories of a transaction.
    associatedtype TransactionScope: DatabaseTransaction
    /// The repositories of a snapshot.
    associatedtype SnapshotScope: DatabaseSnapshot
    /// The schema file it was generated from, without comments.
    static var schemaText: String { get }
    /// The id of that schema.
    static var schemaID: String { get }
    /// The record types, in the order of the tables.
    static var entities: [any Entity.Type] { get }
    /// The open store.
    var store: Store { get }
    /// For ``open(on:options:)``: wraps a store that has this schema.
    init(store: Store)
}

/// A generated transaction type: the repositories that read and write in it.
public protocol DatabaseTransaction: Sendable {
    /// The transaction.
    var session: Session { get }
    /// For ``Database/transaction(_:)``.
    init(session: Session)
}

/// A generated snapshot type: the repositories that read one moment.
public protocol DatabaseSnapshot: Sendable {
    /// The snapshot.
    var session: Session { get }
    /// For ``Database/snapshot(_:_:)``.
    init(session: Session)
}

extension Database {
    /// The schema the type was generated from.
    /// - Throws: ``SchemaError`` when the generated file was edited.
    public static var schema: Schema {
        get throws { try Schema(stored: schemaText, file: "generated \(Self.self)") }
    }

    /// Opens the database on a driver; creates its tables in a store that holds nothing yet.
    /// - Throws: `storage.schema_mismatch` when the store holds another schema; what the driver throws.
    public static func open(on storage: any Storage, options: StoreOptions = StoreOptions()) async throws -> Self {
        let schema = try schema
        guard schema.id.description == schemaID else {
            throw StorageError(
                .schemaMismatch,
                "the generated code of \(Self.self) says it has schema \(schemaID), its text has \(schema.id)",
                remedy: "generate it again; generated files are not edited")
        }
        return Self(store: try await Store.open(storage, schema: schema, options: options))
    }

    /// Runs `body` as a transaction: as if nothing else happened meanwhile.
    ///
    /// If `body` throws, or the task is cancelled before the commit, nothing was written. If another transaction changed
    /// what this one read, `body` runs again; so it should do nothing else but read and write. It runs on the caller's
    /// executor.
    /// - Throws: what `body` throws; `storage.contention` when it lost every race; `storage.reference` at the commit.
    public func transaction<Result>(_ body: (TransactionScope) async throws -> Result) async throws -> Result {
        try await store.transaction { session in try await body(TransactionScope(session: session)) }
    }

    /// Runs `body` with a view of one moment. It neither blocks writers nor sees what they write.
    /// - Throws: what `body` throws.
    public func snapshot<Result>(
        _ freshness: Freshness = .latest, _ body: (SnapshotScope) async throws -> Result
    ) async throws -> Result {
        try await store.snapshot(freshness) { session in try await body(SnapshotScope(session: session)) }
    }

    /// Writes several records, of any tables, in one commit: all or nothing. See ``Store/write(idempotencyKey:_:)``.
    @discardableResult
    public func write(idempotencyKey: String? = nil, _ body: (inout WriteBatch) throws -> Void) async throws -> Receipt
    {
        try await store.write(idempotencyKey: idempotencyKey, body)
    }

    /// Lets go of files and connections. Calls after it fail with `storage.closed`.
    public func close() async throws {
        try await store.close()
    }
}

extension DatabaseTransaction {
    /// Runs `body` so that its writes can be taken back alone: if it throws, they are gone and the transaction goes on.
    /// Savepoints nest.
    /// - Throws: what `body` throws.
    public func savepoint<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await session.savepoint(body)
    }
}
