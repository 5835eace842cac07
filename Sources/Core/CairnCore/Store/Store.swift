public import CairnSchema

/// An open store: a schema, and the driver that keeps its tables.
///
/// The generated database type wraps one. Used directly it gives records without generated code, for tools and for
/// programs that read the schema at run time; the checks are the same.
public final class Store: Sendable {
    /// The schema of the tables.
    public let schema: Schema
    /// Reads and writes outside a transaction, each call on its own.
    public let session: Session
    let core: StoreCore

    private init(core: StoreCore) {
        self.core = core
        schema = core.schema
        session = Session(core: core, reader: core.storage, mode: .store)
    }

    /// Opens a store that holds the tables of a schema; creates them in one that holds nothing yet, and changes them where
    /// ``StoreOptions/migrating`` says so.
    /// - Throws: `storage.schema_mismatch` when it holds another schema; what the driver throws.
    public static func open(
        _ storage: any Storage, schema: Schema, options: StoreOptions = StoreOptions()
    ) async throws -> Store {
        var held = if let held = try await storage.schema() { held } else { try await create(schema, in: storage) }
        if held.id != schema.id, options.migrating == .additive, try WindowView(of: held, presenting: schema) == nil {
            held = try await migrate(held, to: schema, in: storage)
        }
        // Also one that another program opened for both schemas while this one would have changed it.
        if let view = try WindowView(of: held, presenting: schema) {
            try await storage.attach(held)
            return Store(core: StoreCore(schema: schema, storage: WindowStorage(view, storage), options: options))
        }
        guard held.id == schema.id else {
            throw SchemaMismatch(held: held, wanted: schema, location: storage.capabilities.location).error
        }
        try await storage.attach(schema)
        return Store(
            core: StoreCore(schema: schema, storage: storage, options: options, isReadOnly: schema.window != nil))
    }

    /// Gives an empty store its schema.
    /// - Returns: The schema it holds then: another's, if another was quicker.
    private static func create(_ schema: Schema, in storage: any Storage) async throws -> Schema {
        do {
            try await storage.apply(.create(schema))
            return schema
        } catch let error as StorageError where error.code == .schemaMismatch {
            guard let held = try await storage.schema() else { throw error }
            return held
        }
    }

    /// Changes the schema of a store, if that only adds.
    /// - Returns: The schema it holds then: another's, if another was quicker.
    /// - Throws: `storage.schema_mismatch` when it would do more than add; what the driver throws.
    private static func migrate(_ held: Schema, to schema: Schema, in storage: any Storage) async throws -> Schema {
        let mismatch = SchemaMismatch(held: held, wanted: schema, location: storage.capabilities.location)
        let migration: Migration
        do {
            migration = try Migration(from: held, to: schema)
        } catch let error as StorageError {
            let ambiguity = SchemaDiff(from: held, to: schema).ambiguities.first
            throw mismatch.error(because: ambiguity?.messageOnOpening ?? error.message)
        }
        guard migration.isAdditive else { throw mismatch.error(because: migration.firstBeyondAdding) }
        do {
            try await storage.apply(.migrate(migration))
            return schema
        } catch let error as StorageError where error.code == .schemaMismatch {
            guard let now = try await storage.schema(), now.id != held.id else { throw error }
            return now
        }
    }

    /// Opens a store by the schema it holds itself, for tools. One that programs of two schemas use can be read so, with all that either
    /// has, and not written: what one of them does not see must be made by what the schemas declare.
    /// - Throws: `storage.not_a_store` when it holds none yet.
    public static func open(
        existing storage: any Storage, options: StoreOptions = StoreOptions()
    ) async throws -> Store {
        guard let schema = try await storage.schema() else {
            throw StorageError(
                .notAStore, "\(storage.capabilities.location) holds no tables yet",
                remedy: "open it once with the program that has the schema; that creates them")
        }
        try await storage.attach(schema)
        return Store(
            core: StoreCore(schema: schema, storage: storage, options: options, isReadOnly: schema.window != nil))
    }

    /// Opens a store by the schema it holds itself, for what writes whole records of it, also where programs of two schemas use it.
    /// - Throws: as ``open(existing:options:)``.
    package static func open(rewriting storage: any Storage) async throws -> Store {
        let schema = try await open(existing: storage).schema
        return Store(core: StoreCore(schema: schema, storage: storage, options: StoreOptions()))
    }

    /// What the driver can do.
    public var capabilities: StorageCapabilities { core.storage.capabilities }

    /// The records of a table, without generated code.
    /// - Throws: `storage.invalid` when the schema has no such table.
    public func records(_ table: String) throws -> RecordRepository {
        try RecordRepository(session, table: table)
    }

    /// Whether a commit happened, by the token of its receipt or of `storage.outcome_unknown`. Answers for seven days.
    /// - Throws: `storage.invalid` for a token that is none, and when the task is inside a transaction of the store, for which
    ///   it might wait.
    public func outcome(of token: OutcomeToken) async throws -> CommitOutcome {
        try TransactionContext.refuseOutside(core, "this asks for an outcome")
        return try await core.storage.outcome(of: token)
    }

    /// Housekeeping that is never urgent; safe at any time, but inside a transaction.
    /// - Throws: `storage.invalid` when the task is inside a transaction of the store, for which it would wait.
    @discardableResult
    public func maintain() async throws -> MaintenanceReport {
        try TransactionContext.refuseOutside(core, "this keeps house in the store")
        return try await core.storage.maintain()
    }

    /// Lets go of files and connections. Calls after it fail with `storage.closed`.
    /// - Throws: `storage.invalid` when the task is inside a transaction of the store, for which it would wait.
    public func close() async throws {
        try TransactionContext.refuseOutside(core, "this closes the store")
        try await core.storage.close()
    }
}

/// Choices that hold for every driver.
public struct StoreOptions: Sendable {
    /// Hear about each call. Without any, calls are not timed.
    public var observers: [Observer]

    /// What is done when a store holds another schema than the program.
    public var migrating: OpenMigration

    /// What is done with a query that no index serves. The parameter `unindexed` of an address says otherwise for its store.
    public var unindexed: UnindexedPolicy

    /// Hears, once for each kind of query, of those that no index serves where ``unindexed`` is `warn`. A line to standard error by
    /// default.
    public var warn: @Sendable (String) -> Void = IndexGuard.printWarning

    /// The defaults: no observers, no schema is changed, and every query runs.
    public init(
        observers: [Observer] = [], migrating: OpenMigration = .never, unindexed: UnindexedPolicy = .allow
    ) {
        self.observers = observers
        self.migrating = migrating
        self.unindexed = unindexed
    }

    /// What is done when a store that is opened holds another schema than the program.
    public enum OpenMigration: Sendable, Hashable {
        /// The store is refused.
        case never
        /// The store is changed if that only adds: tables, columns that may be null or have a default, values of enums, indexes
        /// that are not unique, bounds that allow more. It is refused otherwise, for a rename too: a generated program does not know the
        /// `renamed_from` of its schema file.
        ///
        /// Programs of the old schema that have it open fail from then on, with `storage.schema_mismatch`. Two programs that
        /// open it at once do no harm: one of them changes it.
        case additive
    }
}

/// What the sessions of a store share.
final class StoreCore: Sendable {
    let schema: Schema
    let storage: any Storage
    let check: BatchCheck
    let observers: [Observer]
    let indexGuard: IndexGuard
    /// Whether writes are refused, because programs of two schemas use the store and this is neither.
    let isReadOnly: Bool

    init(schema: Schema, storage: any Storage, options: StoreOptions, isReadOnly: Bool = false) {
        self.isReadOnly = isReadOnly
        self.schema = schema
        self.storage = storage
        check = BatchCheck(schema)
        observers = options.observers
        indexGuard = IndexGuard(options.unindexed, warn: options.warn)
    }
}
