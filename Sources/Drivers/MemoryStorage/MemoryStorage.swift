public import CairnCore

/// A store in the memory of the process: a real driver, not a mock, for tests, caches and small data.
///
/// Readers never wait: they read a view of one moment, made by copying a few references. Writers take turns. Everything is
/// gone when the process ends, unless ``save(to:)`` kept it.
public final class MemoryStorage: Storage {
    /// What readers and writers share.
    struct Shared {
        var schema: Schema?
        var state = MemoryState()
        /// What commits did to tables that keep their changes.
        var kept = ChangeRing()
        /// Whether a program relies on the order of the columns.
        var isAttached = false
        var isClosed = false
    }

    let shared = Lock(Shared())
    let writers = FairQueue(timeout: .seconds(60))
    let clock: @Sendable () -> Timestamp
    let hub = ChangeHub()
    /// Tells the tokens of this store from those of others.
    let instance = UUID.version7().text

    /// An empty store.
    public convenience init() {
        self.init(clock: { .now })
    }

    /// A store with what ``save(to:)`` kept.
    /// - Throws: `storage.not_a_store`, `storage.upgrade_required`; `storage.damaged` with the line.
    public convenience init(contentsOf path: String) throws {
        self.init()
        let (schema, state) = try MemoryFile.read(path)
        shared.withLock { shared in
            shared.schema = schema
            shared.state = state
        }
    }

    /// Writes everything committed so far to a file, whole or not at all. Receipts of idempotency keys are not kept. It does not wait for
    /// the disk: loss of power soon afterwards may undo it.
    /// - Throws: `storage.io`; `storage.closed`; `storage.invalid` for a store without a schema.
    public func save(to path: String) async throws {
        let (schema, state) = try shared.withLock { shared in
            try shared.checkOpen()
            return (shared.schema, shared.state)
        }
        guard let schema else {
            throw StorageError.misuse("the store has no schema yet", remedy: "open it through Store.open")
        }
        try MemoryFile.write(schema, state, to: path)
    }

    /// A store with a clock of the caller's, for tests of what time does.
    package init(clock: @escaping @Sendable () -> Timestamp) {
        self.clock = clock
    }

    public var capabilities: StorageCapabilities {
        var capabilities = StorageCapabilities(
            driver: MemoryStorage.driver, location: "memory:", isPersistent: false, isShared: false, isWritable: true,
            hasNativeQueries: false)
        capabilities.keepsChanges = true
        capabilities.changesAgeWithEveryCommit = false
        return capabilities
    }

    static let driver = "memory"

    // MARK: Schema

    public func schema() async throws -> Schema? {
        try shared.withLock { shared in
            try shared.checkOpen()
            return shared.schema
        }
    }

    public func apply(_ change: SchemaChange) async throws {
        switch change {
        case .create(let schema):
            try shared.withLock { shared in
                try shared.checkOpen()
                guard shared.schema == nil else {
                    throw StorageError(.schemaMismatch, "the store has a schema already")
                }
                shared.schema = schema
                shared.state.tables = schema.tables.map(MemoryTable.init)
            }
        case .migrate(let migration): try await migrate(migration)
        }
    }

    public func attach(_ schema: Schema) async throws {
        try shared.withLock { shared in
            try shared.checkOpen()
            guard shared.schema == schema else {
                throw StorageError(.schemaMismatch, "the store does not hold this schema")
            }
            let isAlike = shared.state.tables.elementsEqual(schema.tables) { $0.table.isAlike($1) }
            if !isAlike, !shared.isAttached { shared.state = shared.state.rearranged(for: schema) }
            guard isAlike || !shared.isAttached else {
                throw StorageError(
                    .unsupported, "this memory store is open with the same schema, its columns in another order",
                    remedy: "open it with one schema file, or use a store for each program")
            }
            shared.isAttached = true
        }
    }

    // MARK: Reading

    /// The latest state.
    func state() throws -> MemoryState {
        try shared.withLock { shared in
            try shared.checkOpen()
            return shared.state
        }
    }

    public func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try MemoryView(try state()).get(table, key, body)
    }

    public func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try MemoryView(try state()).get(table, keys, body)
    }

    public func rows(_ query: Query) async throws -> any RowCursor {
        try await Executor(MemoryView(try state()), driver: MemoryStorage.driver).rows(query)
    }

    public func count(_ query: Query) async throws -> Int {
        try await Executor(MemoryView(try state()), driver: MemoryStorage.driver).count(query)
    }

    public func explain(_ query: Query) async throws -> QueryPlan {
        try await Executor(MemoryView(try state()), driver: MemoryStorage.driver).explain(query)
    }

    public func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        try await Executor(MemoryView(try state()), driver: MemoryStorage.driver).aggregate(query)
    }

    public func explain(_ query: AggregateQuery) async throws -> QueryPlan {
        try await Executor(MemoryView(try state()), driver: MemoryStorage.driver).explain(query)
    }

    public func snapshot(_ freshness: Freshness) async throws -> any StorageSnapshot {
        MemorySnapshot(try state())
    }

    public func transaction() async throws -> any StorageTransaction {
        MemoryTransaction(self, try state())
    }

    // MARK: Writing

    public func commit(_ batch: Batch) async throws -> Receipt {
        try await exclusively {
            var state = try self.state()
            let time = clock()
            if let kept = try keptReceipt(for: batch, in: state, at: time) { return kept }
            let results = try batch.operations.map { try state.apply($0, at: time) }
            try state.checkReferences(batch.operations)
            return try publish(&state, results, of: batch.operations, at: time, keyed: batch)
        }
    }

    /// Runs `body` while no other writer runs.
    func exclusively<Result>(_ body: () throws -> Result) async throws -> Result {
        _ = try await writers.wait(nil)
        defer { writers.release() }
        return try body()
    }

    /// Makes a state the latest one. Only for the one writer at a time.
    func publish(
        _ state: inout MemoryState, _ results: [RecordMetadata], of operations: [WriteOperation], at time: Timestamp,
        keyed batch: Batch? = nil
    ) throws -> Receipt {
        state.version += 1
        let token = OutcomeToken(rawValue: "memory:\(instance):\(state.version):\(time.microseconds)")
        let receipt = Receipt(token: token, time: time, results: results)
        if let batch, let key = batch.idempotencyKey {
            state.receipts[Array(key.utf8)] = .init(digest: batch.digest, receipt: receipt)
        }
        let newState = state
        let kept = operations.filter(\.table.options.changes)
        let changes = kept.isEmpty ? [] : newState.changes(from: try self.state(), by: kept)
        // Who begins to listen after this look finds the new state.
        let (old, interest) = try shared.withLock { shared -> (MemoryState?, ChangeHub.Interest) in
            try shared.checkOpen()
            let interest = hub.interest
            let old = interest == .nothing ? nil : shared.state
            shared.state = newState
            shared.kept.append(changes, version: newState.version, at: time)
            return (old, interest)
        }
        if let old { tell(interest, operations, from: old, to: newState, at: time) }
        return receipt
    }

    /// The receipt of a batch that was committed before under the same key.
    private func keptReceipt(for batch: Batch, in state: MemoryState, at time: Timestamp) throws -> Receipt? {
        guard let key = batch.idempotencyKey, let kept = state.receipts[Array(key.utf8)],
            !Limits.isPast(kept.receipt.time, Limits.receiptLifetime, at: time)
        else { return nil }
        guard kept.digest == batch.digest else { throw StorageError.otherBatch(underKey: key) }
        return kept.receipt
    }

    public func outcome(of token: OutcomeToken) async throws -> CommitOutcome {
        let state = try state()
        let parts = token.rawValue.split(separator: ":")
        guard parts.count == 4, parts[0] == "memory", let version = Int(parts[2]),
            let time = Int64(parts[3]).flatMap({ Timestamp(microseconds: $0) })
        else { throw StorageError.unknownToken(token) }
        if Limits.isPast(time, Limits.outcomeLifetime, at: clock()) || parts[1] != instance { return .expired }
        return version <= state.version ? .committed : .notCommitted
    }

    // MARK: Housekeeping

    public func maintain() async throws -> MaintenanceReport {
        try await exclusively {
            try shared.withLock { shared in
                try shared.checkOpen()
                let now = clock()
                let before = shared.state.receipts.count
                shared.state.receipts = shared.state.receipts.filter {
                    !Limits.isPast($0.value.receipt.time, Limits.receiptLifetime, at: now)
                }
                return MaintenanceReport(expiredReceipts: before - shared.state.receipts.count)
            }
        }
    }

    public func close() async throws {
        shared.withLock { shared in
            shared.isClosed = true
            shared.state = MemoryState()
            shared.kept = ChangeRing()
        }
        hub.finish()
    }
}

extension MemoryStorage.Shared {
    func checkOpen() throws {
        if isClosed { throw StorageError.closed("store") }
    }
}
