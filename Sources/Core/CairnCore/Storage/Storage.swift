public import CairnSchema

/// A place that keeps tables: the contract every driver fulfils. `StorageConformance` turns each line of it into a test.
///
/// A driver checks what needs its data: keys, unique indexes, references, revisions. Everything else (types, bounds,
/// lengths, limits, defaults) the core has checked before a driver sees it.
///
/// Reading from the storage itself reads the latest state; each call sees one moment. ``snapshot(_:)`` gives several
/// calls the same moment, ``transaction()`` adds writes.
public protocol Storage: StorageReader {
    /// What this store can do. Data, not types: nothing is found out by casting.
    var capabilities: StorageCapabilities { get }

    /// The schema the store holds, in canonical form; nil for a store that holds nothing yet.
    /// - Throws: `storage.not_a_store`, `storage.damaged`, `storage.upgrade_required`.
    func schema() async throws -> Schema?

    /// Makes one change to the schema, all or nothing: whoever reads meanwhile sees the state before or the state after, and a
    /// process that is killed leaves one of the two.
    /// - Throws: `storage.schema_mismatch` when the store does not hold what the change starts from; for a migration also
    ///   `storage.unsupported` when the driver makes none, `migration.unsupported` when it does not make this one, and what stands in its way: `storage.duplicate`, `storage.reference`,
    ///   `storage.invalid` or `storage.limit`, naming the record.
    func apply(_ change: SchemaChange) async throws

    /// What a migration of the store will cost, roughly; nil, which is the default, where that cannot be told.
    ///
    /// No record is read; SQLite counts those of the tables that change, object stores send the requests that opening takes.
    /// - Throws: `migration.unsupported` for a migration that this driver does not make, or not of this store, as ``apply(_:)``.
    func cost(of migration: Migration) async throws -> MigrationCost?

    /// The migrations that were made of the store, oldest first. None, which is the default, where the driver does not remember.
    ///
    /// Requests: on object stores three for each of them.
    /// - Throws: `storage.damaged`.
    func migrations() async throws -> [PastMigration]

    /// Lends what a migration dropped of the records of a table, some at a time, as long as the store keeps it.
    /// - Parameters:
    ///   - migration: One of ``migrations()``.
    ///   - table: A table of its ``PastMigration/from``. Of a table that lost columns the values are those of the columns it lost, of
    ///     one that was dropped those of all columns.
    /// - Throws: `storage.damaged` when what is kept cannot be read; what `body` throws.
    func dropped(
        by migration: PastMigration, of table: Table, _ body: ([DroppedRecord]) async throws -> Void
    ) async throws

    /// Prepares to serve the tables of a schema the store holds: table and column positions in calls are those of this
    /// value. Called once, after ``apply(_:)`` and before any reading or writing.
    func attach(_ schema: Schema) async throws

    /// A view of one moment, that neither blocks writers nor sees them.
    func snapshot(_ freshness: Freshness) async throws -> any StorageSnapshot

    /// The moments that are over; nil, which is the default, where the driver keeps the present only.
    var past: (any StoragePast)? { get }

    /// Begins a transaction.
    func transaction() async throws -> any StorageTransaction

    /// Writes all operations of a batch, in order, or none.
    ///
    /// Keys, revisions and unique indexes are checked at each operation, references at the end, so that trees and cycles
    /// load in any order and two unique values can be swapped through a third.
    /// - Throws: `storage.duplicate`, `storage.conflict`, `storage.not_found`, `storage.reference`; `storage.invalid`
    ///   when the idempotency key was used for another batch; `storage.outcome_unknown`.
    func commit(_ batch: Batch) async throws -> Receipt

    /// Whether a commit happened.
    func outcome(of token: OutcomeToken) async throws -> CommitOutcome

    /// Lets a listener hear of commits from now on: adds it to the driver's ``ChangeHub``, which is told of each commit.
    ///
    /// The commits of this handle, and those of others as far as the driver learns of them.
    /// - Throws: `storage.closed`.
    func listen(_ listener: ChangeListener) throws

    /// The place behind the newest commit. Asked for only where the schema has a table with `"changes": true`. There is no `+` in its text:
    /// behind one the core writes down how much of the next commit was read.
    ///
    /// Requests: on object stores one.
    /// - Throws: `storage.unsupported`, by default, where ``StorageCapabilities/keepsChanges`` says no.
    func changePosition() async throws -> ChangePosition

    /// Some of the commits behind a position that wrote tables with `"changes": true`, in their order, none left out, with the changes
    /// of these tables alone. The core asks again behind what it got, and after the driver's ``ChangeHub`` told that there is more.
    /// - Parameters:
    ///   - position: One that this method or ``changePosition()`` gave out.
    ///   - freshness: How new the last of the commits must be: what the hub has told is always there.
    ///   - limit: About how many changes there may be, and fewer where they are large. A commit is not split.
    /// - Returns: Something, or that there is nothing: it may have no commits only where it is complete, or its end is a later place.
    /// - Throws: `storage.invalid` for a text that is no position; `storage.snapshot_expired` for one of another store, and where not
    ///   all commits behind it are kept; `storage.damaged` for a change that cannot be read; `storage.unsupported`.
    func keptChanges(since position: ChangePosition, _ freshness: Freshness, limit: Int) async throws -> KeptChanges

    /// Housekeeping that is never urgent: forgets receipts and outcomes past their time, and what else the driver
    /// collects. Safe at any time.
    func maintain() async throws -> MaintenanceReport

    /// Lets go of files and connections, and ends those who listen. Calls after it fail with `storage.closed`.
    func close() async throws
}

/// What can be read, from a store, a snapshot or a transaction.
///
/// Rows are handed to a closure while the driver holds them, so a driver need not copy. The closures run on the caller's
/// thread and must not call the store again.
public protocol StorageReader: Sendable {
    /// Reads the record of a key.
    /// - Returns: Whether it exists; `body` ran once then, and not otherwise.
    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool

    /// Reads the records of several keys, all of one moment. `body` gets the index of the key; keys that do not exist
    /// are left out; the order is not defined.
    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws

    /// Begins to read the rows of a query, in its total order, all of one moment.
    func rows(_ query: Query) async throws -> any RowCursor

    /// How many rows a query has. Order and position do not count, the limit does.
    func count(_ query: Query) async throws -> Int

    /// How a query would be answered, without reading its rows.
    func explain(_ query: Query) async throws -> QueryPlan

    /// Computes aggregates of the rows of a query, all of one moment: for each group the values it is grouped by, then the
    /// aggregates, in the order of the query. A driver that has no better way reads the rows; that is the default.
    /// - Throws: `query.overflow` when a sum does not fit.
    func aggregate(_ query: AggregateQuery) async throws -> [[Value]]

    /// How aggregates would be computed, without reading rows.
    func explain(_ query: AggregateQuery) async throws -> QueryPlan
}

extension StorageReader {
    /// Reads the rows of the query and computes the aggregates from them.
    public func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        try await Aggregation.results(of: try await rows(query.source), query)
    }

    /// How the rows would be read.
    public func explain(_ query: AggregateQuery) async throws -> QueryPlan {
        try await explain(query.source).computing(query)
    }
}

/// The rows of a query being read. Not shared between tasks.
public protocol RowCursor: AnyObject {
    /// Reads the next rows: at most `count`, and none after the one for which `body` returns false.
    /// - Returns: Whether there may be more.
    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool

    /// Ends the reading and gives its resources back. Also when it ended by itself or failed; twice does no harm.
    func close()
}

/// A view of one moment.
public protocol StorageSnapshot: StorageReader {
    /// Gives its resources back. Reading after it fails with `storage.closed`.
    func close() async
}

/// A transaction: reads see one moment and the transaction's own writes; the commit succeeds only as if it had run alone.
///
/// Several tasks may use it at once; its operations run one after the other.
public protocol StorageTransaction: StorageReader {
    /// Writes operations in order, or none of them. Checks as ``Storage/commit(_:)`` does, except for references, which
    /// are checked at the commit.
    /// - Returns: For each operation, the metadata the record has now (a deleted one: its last revision plus one).
    func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata]

    /// Marks a point to go back to. Points nest; the result is how many there are.
    func savepoint() async throws -> Int

    /// Goes back to a point and removes it. Points end in the reverse order of their beginning.
    /// - Throws: `storage.invalid` when a later point is open; the transaction must not be committed then.
    func rollback(to savepoint: Int) async throws

    /// Removes a point and keeps what was written since.
    /// - Throws: `storage.invalid` when a later point is open.
    func release(_ savepoint: Int) async throws

    /// Makes everything permanent, or nothing. The transaction is over either way.
    /// - Throws: `storage.reference`; `storage.conflict`, retryable, when another transaction changed what this one
    ///   read; `storage.outcome_unknown`.
    func commit() async throws -> Receipt

    /// Forgets everything. The transaction is over. Never fails: nothing was written yet.
    func rollback() async
}

/// How current a snapshot must be. A process always sees its own writes. Memory and SQLite are always latest.
public enum Freshness: Sendable, Hashable {
    /// Everything committed before the call.
    case latest
    /// Everything committed at least this many seconds before the call.
    case bounded(seconds: Int)
    /// Whatever is at hand.
    case cached
}

extension Storage {
    /// Nothing can be told.
    public func cost(of migration: Migration) async throws -> MigrationCost? { nil }

    /// No changes are kept.
    public func changePosition() async throws -> ChangePosition { throw StorageError.keepsNoChanges(capabilities) }

    /// No changes are kept.
    public func keptChanges(
        since position: ChangePosition, _ freshness: Freshness, limit: Int
    ) async throws -> KeptChanges { throw StorageError.keepsNoChanges(capabilities) }
}

/// A change of the schema of a store.
public enum SchemaChange: Sendable {
    /// Gives an empty store its schema.
    case create(Schema)
    /// Changes the schema of a store, and its records with it. Asked for before ``Storage/attach(_:)``.
    case migrate(Migration)
}

/// Whether a commit happened.
public enum CommitOutcome: String, Sendable, Hashable {
    /// It did.
    case committed
    /// It did not, and never will.
    case notCommitted = "not_committed"
    /// It is too long ago: the store forgot.
    case expired
}

/// What a store can do.
public struct StorageCapabilities: Sendable, Hashable {
    /// The name of the driver: `memory`, `sqlite`.
    public var driver: String
    /// Where the data is, for people; no secrets.
    public var location: String
    /// Whether data outlives the process.
    public var isPersistent: Bool
    /// Whether other processes may use the store at the same time.
    public var isShared: Bool
    /// Whether writes are possible.
    public var isWritable: Bool
    /// Whether the driver runs queries itself, instead of the shared planner and executor.
    public var hasNativeQueries: Bool
    /// The isolation of transactions.
    public var isolation: Isolation
    /// Whether the driver itself deletes and nulls what refers to a deleted record by `on_delete`. If not, the core does, and the
    /// driver sees the operations it comes to.
    public var hasReferenceActions = false
    /// Whether the driver keeps the changes of tables that have `"changes": true`.
    public var keepsChanges = false
    /// Whether a place in the changes grows old by commits that wrote no table with `"changes": true`, too: who follows then goes along
    /// with every commit. If not, those commits wake nobody.
    public var changesAgeWithEveryCommit = true

    /// The isolation of transactions.
    public enum Isolation: String, Sendable, Hashable {
        /// As if they ran one after the other.
        case serializable
    }

    /// Describes a driver.
    public init(
        driver: String, location: String, isPersistent: Bool, isShared: Bool, isWritable: Bool, hasNativeQueries: Bool,
        isolation: Isolation = .serializable
    ) {
        self.driver = driver
        self.location = location
        self.isPersistent = isPersistent
        self.isShared = isShared
        self.isWritable = isWritable
        self.hasNativeQueries = hasNativeQueries
        self.isolation = isolation
    }
}

/// What `maintain()` did.
public struct MaintenanceReport: Sendable, Hashable {
    /// Receipts and outcomes forgotten because their time was over. A driver may have forgotten others before, in passing.
    public var expiredReceipts: Int
    /// What was removed because nobody can need it any more.
    public var removed = Removed()
    /// Objects that were to be removed and could not be: the next run tries again.
    public var failures = 0
    /// Names in the store that the driver does not know, at most 100. It leaves them alone: another program, or a newer
    /// Cairn, may have put them there.
    public var unknown: [String] = []
    /// Why nothing was removed though the driver keeps what it no longer needs; nil when it was.
    public var notCollected: String?

    /// A report.
    public init(expiredReceipts: Int = 0) {
        self.expiredReceipts = expiredReceipts
    }

    /// Objects that were removed, by what they were. Zero for drivers that keep no objects.
    public struct Removed: Sendable, Hashable {
        /// Checkpoints that newer ones have replaced.
        public var manifests = 0
        /// Index files that no checkpoint names.
        public var indexFiles = 0
        /// Records of the commit log.
        public var logRecords = 0
        /// Bodies of large records of the commit log, and what is left of commits that were cut short.
        public var parts = 0
        /// Objects with what migrations dropped a month ago, and with values that others kept which were given up.
        public var trash = 0
        /// The bytes of all of them.
        public var bytes = 0

        /// Nothing.
        public init() {}
    }
}
