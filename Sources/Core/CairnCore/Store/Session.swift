public import CairnSchema

/// What repositories read from and write to: a store, a transaction or a snapshot.
///
/// Records go through as values; the typed repositories add types and nothing else.
public final class Session: Sendable {
    let core: StoreCore
    let reader: any StorageReader
    let mode: Mode
    private let written = Lock(WriteCount())
    /// Why a savepoint could not be undone.
    private let failedSavepoint = Lock<(any Error)?>(nil)

    /// What a session may write to.
    enum Mode {
        /// The store; each write is a commit.
        case store
        /// A transaction.
        case transaction(any StorageTransaction)
        /// Nothing.
        case snapshot
    }

    /// What a transaction has written so far, against the limits of a batch.
    private struct WriteCount {
        var operations = 0
        var bytes = 0
    }

    init(core: StoreCore, reader: any StorageReader, mode: Mode) {
        self.core = core
        self.reader = reader
        self.mode = mode
    }

    /// Whether writes are commits of their own.
    var isStore: Bool {
        if case .store = mode { return true }
        return false
    }

    /// The schema of the tables.
    public var schema: Schema { core.schema }

    /// A table by its place in the schema; for generated code.
    public func table(at position: Int) -> Table { core.schema.tables[position] }

    // MARK: Reading

    /// Reads the record of a key; `body` runs when it exists.
    @discardableResult
    public func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try core.check.check(table)
        try table.check(key)
        if core.observers.isEmpty { return try await reader.get(table, key, body) }
        return try await observe(.get, table) { observation in
            let exists = try await reader.get(table, key, body)
            observation.rows = exists ? 1 : 0
            return exists
        }
    }

    /// Reads the records of several keys, all of one moment.
    public func find(_ table: Table, _ keys: [Key], _ body: (RowReader) throws -> Void) async throws {
        try core.check.check(table)
        for key in keys { try table.check(key) }
        try await observe(.find, table) { observation in
            try await reader.get(table, keys) { _, row in
                observation.rows += 1
                try body(row)
            }
        }
    }

    /// Reads the rows of a query, in order, until `body` returns false.
    public func read(_ query: Query, _ body: (RowReader) throws -> Bool) async throws {
        let query = try checked(query)
        try core.indexGuard.check(query)
        guard query.budget != nil else { return try await readAll(query, body) }
        try await RequestBudget.within(RequestBudget(query)) {
            var rows = 0
            try await readAll(query) { row in
                rows += 1
                try query.checkBudget(rows: rows)
                return try body(row)
            }
        }
    }

    private func readAll(_ query: Query, _ body: (RowReader) throws -> Bool) async throws {
        try await observe(.query, query.table) { observation in
            if !core.observers.isEmpty { observation.plan = try await reader.explain(query) }
            let cursor = try await reader.rows(query)
            defer { cursor.close() }
            var isWanted = true
            var turn = ContinuousClock.now
            while isWanted {
                let hasMore = try await cursor.next(Session.portion) { row in
                    observation.rows += 1
                    isWanted = try body(row)
                    return isWanted
                }
                guard hasMore, isWanted else { return }
                try Deadline.check()
                // A long result must not keep the caller's executor from everyone else.
                let now = ContinuousClock.now
                if turn.duration(to: now) > Session.turn {
                    await Task.yield()
                    turn = .now
                }
            }
        }
    }

    /// A query that may be run, with all tables it leads to.
    func checked(_ query: Query) throws -> Query {
        try core.check.check(query.table)
        let query = try query.bound(in: schema)
        try query.validate()
        return query
    }

    /// How many rows are read between two looks at deadline and cancellation.
    static let portion = 1024

    /// How long a call may read on before it lets others go first. To go on costs microseconds and the caches of a processor.
    private static let turn: Duration = .milliseconds(10)

    /// How many rows a query has.
    public func count(_ query: Query) async throws -> Int {
        let query = try checked(query)
        try core.indexGuard.check(query, needsOrder: false)
        return try await observe(.count, query.table) { observation in
            if !core.observers.isEmpty { observation.plan = try await reader.explain(query) }
            let count = try await RequestBudget.within(RequestBudget(query)) { try await reader.count(query) }
            observation.rows = count
            return count
        }
    }

    /// Reads some columns of the rows of a query, in order: for each row its values, in the order of `columns`.
    public func select(_ columns: [Int], of query: Query) async throws -> [[Value]] {
        var results: [[Value]] = []
        try await select(columns, of: query) { row in results.append(try columns.map(row.value)) }
        return results
    }

    /// Reads some columns of the rows of a query, in order. Only these columns of a row are defined.
    func select(_ columns: [Int], of query: Query, _ body: (RowReader) throws -> Void) async throws {
        var query = query
        query.columns = Set(columns)
        try await read(query) { row in
            try body(row)
            return true
        }
    }

    /// Computes aggregates of the rows of a query: for each group the values it is grouped by, then the aggregates. The
    /// groups are all in memory at once, also those that a condition or a limit leaves out.
    /// - Throws: `query.overflow` when a sum does not fit its type; `query.budget` when there are more groups than the budget of the rows
    ///   allows.
    public func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        let query = try checked(query)
        try core.indexGuard.check(query.source, needsOrder: query.source.limit != nil)
        return try await observe(.aggregate, query.table) { observation in
            if !core.observers.isEmpty { observation.plan = try await reader.explain(query) }
            let results = try await RequestBudget.within(RequestBudget(query.source)) {
                try await reader.aggregate(query)
            }
            observation.rows = results.count
            return results
        }
    }

    func checked(_ query: AggregateQuery) throws -> AggregateQuery {
        try core.check.check(query.table)
        let query = try query.bound(in: schema)
        try query.validate()
        return query
    }

    /// Begins to read the rows of a query in portions, all of the moment of this call. Whoever asks for it closes it.
    public func cursor(_ query: Query) async throws -> any RowCursor {
        let query = try checked(query)
        try core.indexGuard.check(query)
        guard query.budget != nil else { return try await reader.rows(query) }
        let budget = RequestBudget(query)
        return BudgetedCursor(
            try await RequestBudget.within(budget) { try await reader.rows(query) }, query, budget)
    }

    // MARK: Writing

    /// Writes operations in order, or none: as a batch of its own, or as part of the transaction.
    /// - Returns: For each operation, the metadata its record has now.
    public func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata] {
        try await write(Batch(operations)).results
    }

    func write(_ batch: Batch) async throws -> Receipt {
        if core.observers.isEmpty { return try await checkedWrite(batch) }
        let first = batch.operations.first?.table
        let table = batch.operations.allSatisfy { $0.table === first } ? first : nil
        return try await observe(.write, table) { observation in
            observation.rows = batch.operations.count
            return try await checkedWrite(batch)
        }
    }

    /// Commits a batch of the store under an idempotency key whose deletes take nothing along: where records refer to what they delete
    /// it is `storage.reference`.
    func writeKeyed(_ batch: Batch) async throws -> Receipt {
        var batch = batch
        _ = try core.check.check(&batch.operations)
        try TransactionContext.refuseOutside(core)
        try Session.check(idempotencyKey: batch.idempotencyKey)
        try Deadline.check()
        return try await core.storage.commit(batch)
    }

    func checkedWrite(_ batch: Batch) async throws -> Receipt {
        if core.isReadOnly { throw StorageError.usedByTwo(core.storage.capabilities.location) }
        var batch = batch
        let bytes = try core.check.check(&batch.operations)
        switch mode {
        case .store:
            try TransactionContext.refuseOutside(core)
            try Session.check(idempotencyKey: batch.idempotencyKey)
            try Session.check(idempotencyKeyOf: batch)
            try Deadline.check()
            if batch.operations.contains(where: core.mayHaveConsequences) {
                return try await writeWithConsequences(batch)
            }
            return try await core.storage.commit(batch)
        case .transaction(let transaction):
            try count(operations: batch.operations.count, bytes: bytes)
            let results =
                if batch.operations.contains(where: core.mayHaveConsequences) {
                    try await writeWithConsequences(batch.operations, in: transaction)
                } else {
                    try await transaction.write(batch.operations)
                }
            return Receipt(token: OutcomeToken(rawValue: ""), time: .epoch, results: results)
        case .snapshot:
            throw StorageError.misuse("a snapshot is for reading", remedy: "write to the store, or in a transaction")
        }
    }

    private static func check(idempotencyKey: String?) throws {
        guard let key = idempotencyKey else { return }
        guard !key.isEmpty, key.utf8.count <= Limits.idempotencyKeyBytes else {
            throw StorageError.limit(
                "an idempotency key has 1 to \(Limits.idempotencyKeyBytes) bytes, found \(key.utf8.count)")
        }
    }

    /// Takes writes of a transaction into account.
    /// - Throws: `storage.limit`.
    func count(operations: Int, bytes: Int) throws {
        try written.withLock { written in
            written.operations += operations
            written.bytes += bytes
            try BatchCheck.checkSize(operations: written.operations, bytes: written.bytes, what: "a transaction")
        }
    }

    // MARK: Savepoints

    /// Runs `body` so that its writes can be taken back alone: if it throws, they are gone and the transaction goes on.
    public func savepoint<Result>(_ body: () async throws -> Result) async throws -> Result {
        guard case .transaction(let transaction) = mode else {
            throw StorageError.misuse("a savepoint is part of a transaction", remedy: "call it inside transaction { }")
        }
        let point = try await transaction.savepoint()
        let before = written.withLock { $0 }
        do {
            let result = try await body()
            try await transaction.release(point)
            return result
        } catch {
            do {
                try await transaction.rollback(to: point)
            } catch {
                // What should be gone is not, so the rest must not be committed either.
                failedSavepoint.withLock { $0 = $0 ?? error }
                throw error
            }
            written.withLock { $0 = before }
            throw error
        }
    }

    /// Says no to a commit that would make permanent what a savepoint could not take back.
    func checkSavepoints() throws {
        if let error = failedSavepoint.withLock({ $0 }) { throw error }
    }

    // MARK: Observing

    private func observe<Result>(
        _ kind: OperationEvent.Kind, _ table: Table?, _ body: (inout Observation) async throws -> Result
    ) async throws -> Result {
        var observation = Observation(core.observers, kind, table: table?.name)
        do {
            let result = try await body(&observation)
            observation.end(.success)
            return result
        } catch {
            observation.end(Observation.outcome(of: error))
            throw error
        }
    }
}
