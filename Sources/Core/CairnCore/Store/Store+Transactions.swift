extension Store {
    /// Runs `body` as a transaction: as if nothing else happened meanwhile.
    ///
    /// If `body` throws, or the task is cancelled before the commit, nothing was written. If another transaction changed
    /// what this one read, or what it read is no longer kept, `body` runs again, up to ``Limits/transactionAttempts`` times; so
    /// it should do nothing else but read and write.
    /// - Throws: what `body` throws; `storage.contention` when it lost every race; what the driver throws.
    public func transaction<Result>(_ body: (Session) async throws -> Result) async throws -> Result {
        try await core.transaction(body)
    }

    /// Runs `body` with a view of one moment. It neither blocks writers nor sees what they write.
    /// - Throws: what `body` throws; what the driver throws.
    public func snapshot<Result>(
        _ freshness: Freshness = .latest, _ body: (Session) async throws -> Result
    ) async throws -> Result {
        try await core.snapshot(freshness, body)
    }

    /// Writes several records, of any tables, in one commit: all or nothing.
    ///
    /// - Parameters:
    ///   - idempotencyKey: Makes the call safe to repeat: within 24 hours, the same writes under the same key return the
    ///     first receipt and write nothing. Other writes under it are `storage.invalid`.
    ///   - body: Lists the writes. It writes nothing itself.
    @discardableResult
    public func write(idempotencyKey: String? = nil, _ body: (inout WriteBatch) throws -> Void) async throws -> Receipt
    {
        var batch = WriteBatch(schema)
        try body(&batch)
        return try await session.write(Batch(batch.operations, idempotencyKey: idempotencyKey))
    }
}

extension StoreCore {
    /// Reads one moment; see ``Store/snapshot(_:_:)``.
    func snapshot<Result>(_ freshness: Freshness, _ body: (Session) async throws -> Result) async throws -> Result {
        try await lend(try await storage.snapshot(freshness), body)
    }

    /// Runs `body` with a snapshot, and closes it.
    func lend<Result>(
        _ snapshot: any StorageSnapshot, _ body: (Session) async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await body(Session(core: self, reader: snapshot, mode: .snapshot))
            await snapshot.close()
            return result
        } catch {
            await snapshot.close()
            throw error
        }
    }

    /// Runs a transaction; see ``Store/transaction(_:)``.
    func transaction<Result>(_ body: (Session) async throws -> Result) async throws -> Result {
        try await transactionWithReceipt(body).result
    }

    /// Runs a transaction, and tells what its commit did.
    func transactionWithReceipt<Result>(
        _ body: (Session) async throws -> Result
    ) async throws -> (result: Result, receipt: Receipt) {
        try TransactionContext.refuseOutside(self)
        var observation = Observation(observers, .transaction, table: nil)
        do {
            let result = try await run(body, &observation)
            observation.end(.success)
            return result
        } catch {
            observation.end(Observation.outcome(of: error))
            throw error
        }
    }

    private func run<Result>(
        _ body: (Session) async throws -> Result, _ observation: inout Observation
    ) async throws -> (result: Result, receipt: Receipt) {
        var backoff = Backoff(first: .milliseconds(1), largest: .milliseconds(200))
        while true {
            do {
                return try await attempt(body)
            } catch let error as StorageError where error.isRetryable && error.isOfTheMoment {
                observation.retries += 1
                guard observation.retries < Limits.transactionAttempts else {
                    throw StorageError.contention(attempts: observation.retries, last: error)
                }
                try await Backoff.sleep(backoff.next())
            }
        }
    }

    private func attempt<Result>(
        _ body: (Session) async throws -> Result
    ) async throws -> (result: Result, receipt: Receipt) {
        try Deadline.check()
        let transaction = try await storage.transaction()
        let context = TransactionContext(self)
        defer { context.end() }
        do {
            let session = Session(core: self, reader: transaction, mode: .transaction(transaction))
            let result = try await TransactionContext.$current.withValue(context) { try await body(session) }
            try Deadline.check()
            try session.checkSavepoints()
            return (result, try await transaction.commit())
        } catch {
            await transaction.rollback()
            throw error
        }
    }
}

extension StorageError {
    /// Whether a transaction may succeed if it is run again, with a view of now.
    fileprivate var isOfTheMoment: Bool { code == .conflict || code == .snapshotExpired }
}

/// Knows that the current task is inside a transaction, so that a write beside it is an error and not a deadlock.
///
/// On SQLite a transaction has the only writer: a write that waited for it from inside would wait for ever. On other drivers
/// it would go through and conflict; the same program must mean the same, so it is refused on all.
final class TransactionContext: Sendable {
    @TaskLocal static var current: TransactionContext?

    private let core: StoreCore
    private let outer: TransactionContext?
    private let isActive = Lock(true)

    init(_ core: StoreCore) {
        self.core = core
        outer = TransactionContext.current
    }

    /// From here on the task, and tasks it started, may write to the store again.
    func end() { isActive.withLock { $0 = false } }

    /// Refuses what would wait for the transaction of the same task.
    /// - Parameter what: What is refused, for the message.
    static func refuseOutside(_ core: StoreCore, _ what: String = "this writes to the store") throws {
        var context = current
        while let found = context {
            if found.core === core, found.isActive.withLock({ $0 }) {
                throw StorageError.misuse(
                    "\(what) beside the transaction the task is in",
                    remedy: "write through the transaction (tx), use tx.savepoint { } to nest, or do it afterwards")
            }
            context = found.outer
        }
    }
}
