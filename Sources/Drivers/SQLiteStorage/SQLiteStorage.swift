public import CairnCore

/// A store in a SQLite file: real tables, columns, indexes and foreign keys, that other tools can read.
///
/// One connection writes, others read. A point read runs on the caller's thread. Writers of this process take turns, and
/// single commits that wait together share one; other processes are waited for without blocking a thread.
public final class SQLiteStorage: Storage {
    static let driver = "sqlite"

    let file: DatabaseFile
    let options: SQLiteOptions
    let clock: @Sendable () -> Timestamp
    /// The connection that writes, for whoever has possession of `gate`.
    let writer: SQLiteConnection
    let gate: FairQueue
    let readers: ReaderPool
    let shared = Lock(Shared())
    let hub = ChangeHub()
    /// Reads records as they were before a transaction that is about to commit; nil until that is needed.
    let past = Lock<SQLiteConnection?>(nil)
    /// Runs SQL of the application's own; nil until that is needed.
    let sqlReader = Lock<SQLiteConnection?>(nil)
    let sqlTurns: FairQueue

    /// What is known once the schema is.
    struct Shared {
        /// What the file said last of its schema.
        var held: StoredSchema.Held?
        var schema: Schema?
        var commits: CommitLog?
        /// Keeps changes; nil for a schema that does not ask for it.
        var keeper: ChangeKeeper?
        var isClosed = false
    }

    /// Opens a database.
    /// - Throws: `storage.not_a_store` for a file that is not there, not a database, or not Cairn's; `storage.busy` when another
    ///   process has it locked; `storage.io`; `storage.damaged`; `storage.upgrade_required`.
    public static func open(_ options: SQLiteOptions) async throws -> SQLiteStorage {
        try await open(options, clock: { .now })
    }

    /// Opens a database with a clock of the caller's, for tests of what time does.
    package static func open(
        _ options: SQLiteOptions, clock: @escaping @Sendable () -> Timestamp
    ) async throws -> SQLiteStorage {
        let file = try DatabaseFile(options)
        try file.checkExistence()
        var waiting = BusyWaiting(timeout: options.timeout)
        let (writer, held) = try await waiting.retry(at: file.place) {
            let connection = try file.openWriter()
            let held = try connection.withLockRaw { access in
                // What is not ours, or too new, is refused before anything about it is changed.
                let held = try StoredSchema(access, place: file.place).read(nil)
                try file.configureWriter(access)
                return held
            }
            return (connection, held)
        }
        return SQLiteStorage(file, writer, held, clock)
    }

    private init(
        _ file: DatabaseFile, _ writer: SQLiteConnection, _ held: StoredSchema.Held?,
        _ clock: @escaping @Sendable () -> Timestamp
    ) {
        self.file = file
        options = file.options
        self.clock = clock
        self.writer = writer
        gate = FairQueue(timeout: options.timeout)
        sqlTurns = FairQueue(timeout: options.timeout)
        readers = ReaderPool(file, size: options.maximumReaders, timeout: options.timeout)
        shared.withLock { $0.held = held }
    }

    public var capabilities: StorageCapabilities {
        var capabilities = StorageCapabilities(
            driver: SQLiteStorage.driver, location: file.place, isPersistent: options.location != .temporary,
            isShared: options.location != .temporary, isWritable: !file.isReadOnly, hasNativeQueries: true)
        capabilities.keepsChanges = true
        capabilities.changesAgeWithEveryCommit = false
        return capabilities
    }

    // MARK: Schema

    public func schema() async throws -> Schema? {
        try checkOpen()
        var waiting = BusyWaiting(timeout: options.timeout)
        return try await waiting.retry(at: file.place) {
            try writer.withLockRaw { try storedSchema($0) }
        }
    }

    public func apply(_ change: SchemaChange) async throws {
        switch change {
        case .create(let schema):
            try await exclusively { access in
                guard try storedSchema(access) == nil else {
                    throw StorageError(.schemaMismatch, "\(file.place) has a schema already")
                }
                let storeID = UUID.version7().text
                for statement in SQLiteSchema.creation(schema, storeID: storeID, at: clock()) {
                    try access.run(statement.sql, statement.values)
                }
            }
        case .migrate(let migration): try await migrate(migration)
        }
    }

    public func attach(_ schema: Schema) async throws {
        try checkOpen()
        if let attached = shared.withLock({ $0.schema }) {
            guard attached.tables.elementsEqual(schema.tables, by: { $0.isAlike($1) }) else {
                throw StorageError(
                    .unsupported, "this SQLite store is open with the same schema, its columns in another order",
                    remedy: "open it with one schema file, or open the file once for each program")
            }
            return
        }
        let served = ServedSchema(schema)
        let storeID = try writer.withLock { access in
            guard try storedSchema(access)?.id == schema.id else {
                throw StorageError(.schemaMismatch, "\(file.place) does not hold this schema")
            }
            access.attach(served)
            return try StoredSchema(access, place: file.place).value("store_id") ?? ""
        }
        readers.attach(served)
        shared.withLock { shared in
            shared.schema = schema
            shared.commits = CommitLog(storeID: storeID, writerID: UUID.version7().text)
            shared.keeper = ChangeKeeper(schema, store: storeID, options)
        }
    }

    /// The schema in the file; nil as long as it has none.
    func storedSchema(_ access: SQLiteConnection.Access) throws -> Schema? {
        let held = try StoredSchema(access, place: file.place).read(shared.withLock { $0.held })
        shared.withLock { $0.held = held }
        return held?.schema
    }

    /// Runs `body` as one write transaction that no other of this process runs beside.
    private func exclusively(_ body: (SQLiteConnection.Access) throws -> Void) async throws {
        try checkWritable()
        _ = try await gate.wait(nil)
        defer { gate.release() }
        try await transact(body)
    }

    /// Runs `body` as one write transaction, for the one in possession of the gate.
    func transact(_ body: (SQLiteConnection.Access) throws -> Void) async throws {
        try await beginWriting()
        try writer.withLock { access in
            do {
                try body(access)
                try access.execute("COMMIT")
            } catch {
                if access.isInTransaction { try? access.execute("ROLLBACK") }
                throw error
            }
        }
    }

    /// Begins a transaction on the writing connection, waiting for other processes.
    func beginWriting() async throws {
        var waiting = BusyWaiting(timeout: options.timeout)
        try await waiting.retry(at: file.place) {
            try writer.withLockRaw { try $0.execute("BEGIN IMMEDIATE") }
        }
    }

    func checkOpen() throws {
        if shared.withLock({ $0.isClosed }) { throw StorageError.closed("store") }
    }

    func checkWritable() throws {
        try checkOpen()
        if file.isReadOnly {
            throw StorageError(
                .readOnly, "\(file.place) was opened for reading", remedy: "open it without mode=read_only")
        }
    }

    /// The schema the store serves, and the numbers of its commits.
    func attached() throws -> (schema: Schema, commits: CommitLog) {
        try shared.withLock { shared in
            if shared.isClosed { throw StorageError.closed("store") }
            guard let schema = shared.schema, let commits = shared.commits else {
                throw StorageError.misuse("the store has no schema yet", remedy: "open it through Store.open")
            }
            return (schema, commits)
        }
    }

    // MARK: Reading

    public func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        let connection = try await readers.borrow()
        defer { readers.giveBack(connection) }
        return try connection.withLock { try $0.get(table, key, body) }
    }

    public func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        let connection = try await readers.borrow()
        defer { readers.giveBack(connection) }
        try connection.withLock { access in
            try access.execute("BEGIN")
            defer { try? access.execute("COMMIT") }
            try access.get(table, keys, body)
        }
    }

    public func rows(_ query: Query) async throws -> any RowCursor {
        let loan = try await ReaderLoan(readers, for: "cursor")
        return try loan.use.withLock { try SQLiteCursor(query, $0, in: loan.use, onEnd: { loan.end() }) }
    }

    public func count(_ query: Query) async throws -> Int {
        let connection = try await readers.borrow()
        defer { readers.giveBack(connection) }
        return try connection.withLock { try $0.count(query) }
    }

    public func explain(_ query: Query) async throws -> QueryPlan {
        let connection = try await readers.borrow()
        defer { readers.giveBack(connection) }
        return try connection.withLock { try $0.explain(query) }
    }

    public func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        let connection = try await readers.borrow()
        defer { readers.giveBack(connection) }
        return try connection.withLock { try $0.aggregate(query) }
    }

    public func explain(_ query: AggregateQuery) async throws -> QueryPlan {
        let connection = try await readers.borrow()
        defer { readers.giveBack(connection) }
        return try connection.withLock { try $0.explain(query) }
    }

    public func snapshot(_ freshness: Freshness) async throws -> any StorageSnapshot {
        try await SQLiteSnapshot(readers)
    }

    public func transaction() async throws -> any StorageTransaction {
        try checkWritable()
        let (schema, commits) = try attached()
        _ = try await gate.wait(nil)
        do {
            try await beginWriting()
        } catch {
            gate.release()
            throw error
        }
        return SQLiteTransaction(self, schema, commits, shared.withLock { $0.keeper }, at: clock())
    }

    // MARK: Housekeeping

    public func outcome(of token: OutcomeToken) async throws -> CommitOutcome {
        let (_, commits) = try attached()
        let outcome = try await withReader { try commits.outcome(of: token, $0, at: clock()) }
        guard outcome == .notCommitted, !file.isReadOnly else { return outcome }
        // A commit whose sync failed may stand in the log unseen, and be found after a crash. Another commit takes its place in
        // the log, and what is not there after that never will be.
        try await exclusively { try commits.touch($0, at: clock()) }
        return try await withReader { try commits.outcome(of: token, $0, at: clock()) }
    }

    func withReader<Result>(_ body: (SQLiteConnection.Access) throws -> Result) async throws -> Result {
        let connection = try await readers.borrow()
        defer { readers.giveBack(connection) }
        return try connection.withLock(body)
    }

    public func maintain() async throws -> MaintenanceReport {
        try checkWritable()
        let (_, commits) = try attached()
        var report = MaintenanceReport()
        // One turn for all of it: between two, the writing connection may be in somebody's transaction.
        _ = try await gate.wait(nil)
        defer { gate.release() }
        try await transact { access in
            report.expiredReceipts = try Receipts(access).removeExpired(at: clock())
            try MigrationLog(access).removeExpired(at: clock())
            try commits.removeExpired(access, at: clock())
            try shared.withLock { $0.keeper }?.trimAll(access, at: clock())
        }
        var waiting = BusyWaiting(timeout: options.timeout)
        try await waiting.retry(at: file.place) {
            try writer.withLockRaw { access in
                // What SQLite chooses among indexes by. `PRAGMA optimize` would only look at what this connection has asked, and
                // it asks little. The limit bounds what is read of each index (https://sqlite.org/lang_analyze.html).
                try access.execute("PRAGMA analysis_limit = 1000")
                try access.execute("ANALYZE")
                try access.execute("PRAGMA wal_checkpoint(PASSIVE)")
            }
        }
        return report
    }

    public func close() async throws {
        // Waits for the writer in possession, if any: its work is not cut off.
        _ = try await gate.wait(nil)
        defer { gate.release() }
        let wasClosed = shared.withLock { shared in
            defer { shared.isClosed = true }
            return shared.isClosed
        }
        if wasClosed { return }
        hub.finish()
        readers.close()
        for connection in [past, sqlReader] {
            connection.withLock { connection in
                connection?.close()
                connection = nil
            }
        }
        writer.close()
    }
}
