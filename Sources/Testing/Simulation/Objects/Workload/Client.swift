import CairnCore

/// One task of a process that works on its store, one deed after the other, and writes down what it does and sees.
final class Client: Sendable {
    let process: SimulatedProcess
    let storage: any Storage
    let store: Store
    let tables: SimulationSchema
    let plan: WorkloadPlan
    let history: History
    /// Which of the stores at the place it works on.
    let epoch: Int
    /// Whether that store is there.
    let isCurrent: @Sendable () -> Bool
    private let random: Lock<SeededRandom>
    /// Whether a call said that the store is closed.
    private let isClosed = Lock(false)
    /// Batches that were sent: keys, and what stood in them.
    private let sent = Lock<[(deed: Int, batch: Batch)]>([])

    init(
        _ process: SimulatedProcess, _ storage: any Storage, _ store: Store, _ tables: SimulationSchema,
        _ plan: WorkloadPlan, _ history: History, seed: UInt64, epoch: Int, isCurrent: @escaping @Sendable () -> Bool
    ) {
        self.process = process
        self.storage = storage
        self.store = store
        self.tables = tables
        self.plan = plan
        self.history = history
        self.epoch = epoch
        self.isCurrent = isCurrent
        random = Lock(SeededRandom(seed: seed))
    }

    /// The tables as the store has them: those of the same schema.
    func below(_ bound: Int) -> Int { random.withLock { $0.below(bound) } }
    func chance(_ percent: Int) -> Bool { random.withLock { $0.chance(percent) } }

    /// Does one deed after the other, while there are any left.
    func work(_ takeOne: () -> Bool) async {
        while !Task.isCancelled, !isClosed.withLock({ $0 }), takeOne() {
            await doSomething()
            let pause = below(plan.thinking + 1)
            if pause > 0 { try? await process.sleep(.microseconds(pause)) }
        }
    }

    private func doSomething() async {
        let place = random.withLock { $0.weighted(plan.weights) }
        let kind = WorkloadPlan.Kind.allCases[place]
        guard plan.cancellations > 0, chance(plan.cancellations) else { return await perform(kind) }
        let patience = below(200_000)
        let task = Task(executorPreference: process) { [self] in await perform(kind) }
        let timer = process.world.after(patience) { task.cancel() }
        await task.value
        process.world.cancel(timer)
    }

    private func perform(_ kind: WorkloadPlan.Kind) async {
        switch kind {
        case .insertUser: await insertUser()
        case .updateUser: await updateUser()
        case .birthday: await birthday()
        case .deleteUser: await deleteUser()
        case .swapHandles: await swapHandles()
        case .admit: await admit()
        case .insertPost: await insertPost()
        case .deletePost: await deletePost()
        case .transfer: await transfer()
        case .append: await append()
        case .batch: await batch()
        case .find: await find()
        case .query: await query()
        case .count: await count()
        case .snapshot: await snapshot()
        case .audit: await audit()
        case .outcome: await outcome()
        case .maintain: await maintain()
        case .note: await note()
        }
    }

    // MARK: One deed

    /// Does something under a number of its own, and notes how it ended.
    /// - Returns: How it ended.
    @discardableResult
    func deed(_ kind: String, _ body: (inout Deed) async throws -> Receipt?) async -> Deed.Outcome {
        var deed = history.begin(kind, process, epoch)
        let meter = RequestMeter()
        let outcome = await RequestMeter.$current.withValue(meter) { await Client.outcome { try await body(&deed) } }
        deed.requests = meter.count
        history.end(deed, outcome, process)
        if case .failed(let error) = outcome, error.code == .closed || isOver(error) {
            isClosed.withLock { $0 = true }
        }
        return outcome
    }

    /// Whether an error tells that the store is not there any more.
    private func isOver(_ error: StorageError) -> Bool {
        !isCurrent() && [.replaced, .damaged, .notAStore].contains(error.code)
    }

    /// Complains of what was read, if the store is there that it was read from.
    func complain(_ rule: String, _ message: String) { if isCurrent() { history.complain(rule, message) } }

    private static func outcome(_ body: () async throws -> Receipt?) async -> Deed.Outcome {
        do {
            return .done(try await body())
        } catch let error as StorageError {
            return error.code == .outcomeUnknown ? .unknown(error.details.token) : .failed(error)
        } catch is CancellationError {
            return .cancelled
        } catch {
            return .strange("\(type(of: error)): \(error)")
        }
    }

    /// Runs a transaction until it loses no race. Each attempt is a deed of its own.
    func transaction(_ kind: String, _ body: (inout Deed, any StorageTransaction) async throws -> Void) async {
        for attempt in 0..<8 {
            let outcome = await deed(kind) { deed in
                deed.isWriting = true
                let transaction = try await storage.transaction()
                do {
                    try await body(&deed, transaction)
                    return try await transaction.commit()
                } catch {
                    await transaction.rollback()
                    throw error
                }
            }
            guard case .failed(let error) = outcome, error.code == .conflict, error.isRetryable else { return }
            if attempt == 7 { process.world.tally.count("transaction_gave_up") }
            try? await process.sleep(.microseconds(below(20_000 << attempt)))
        }
    }

    /// Writes some operations at once.
    func write(_ kind: String, _ make: (Int) -> [WriteOperation]) async -> Deed.Outcome {
        await deed(kind) { deed in
            deed.isWriting = true
            let operations = make(deed.id)
            deed.operations = operations
            return try await commit(Batch(operations, idempotencyKey: Client.key(deed.id, operations)))
        }
    }

    /// Sends a batch through the checks of the core.
    func commit(_ batch: Batch) async throws -> Receipt {
        try await store.write(idempotencyKey: batch.idempotencyKey) { writes in
            for operation in batch.operations { writes.append(operation) }
        }
    }

    /// What carries no stamp of its own is found in the log by its key.
    private static func key(_ id: Int, _ operations: [WriteOperation]) -> String? {
        let isStamped = operations.contains { if case .delete = $0 { false } else { true } }
        return isStamped ? nil : "op-\(id)"
    }

    // MARK: Batches

    /// Writes several records under an idempotency key, and perhaps sends the same again.
    private func batch() async {
        let isHeavy = plan.heavy > 0 && chance(plan.heavy)
        if isHeavy { process.world.tally.count("heavy_batch") }
        let size = 1 + below(plan.batchSize)
        var made = Batch()
        var first = 0
        var outcome = await deed("batch") { deed in
            deed.isWriting = true
            first = deed.id
            let operations = isHeavy ? heavy(stamp: deed.id) : (0..<size).map { _ in upsert(stamp: deed.id) }
            made = Batch(operations, idempotencyKey: "op-\(deed.id)")
            deed.operations = operations
            return try await commit(made)
        }
        let (batch, number) = (made, first)
        sent.withLock { $0.append((number, batch)) }
        var attempts = 0
        while attempts < 4, !Task.isCancelled, Client.isOpen(outcome) || (attempts == 0 && chance(plan.repetitions)) {
            attempts += 1
            try? await process.sleep(.microseconds(below(3_000_000)))
            outcome = await send(batch, again: number)
        }
        if chance(plan.repetitions), let old = sent.withLock({ $0.isEmpty ? nil : $0[below($0.count)] }) {
            await send(old.batch, again: old.deed)
        }
    }

    private static func isOpen(_ outcome: Deed.Outcome) -> Bool {
        if case .unknown = outcome { true } else { false }
    }

    @discardableResult
    func send(_ batch: Batch, again number: Int) async -> Deed.Outcome {
        await deed("batch_again") { deed in
            deed.isWriting = true
            deed.repeats = number
            history.note(deed, repeats: number)
            deed.operations = batch.operations
            return try await commit(batch)
        }
    }

    /// More than one object holds.
    func heavy(stamp: Int) -> [WriteOperation] {
        let text = String(repeating: "n", count: 2_200_000)
        return [0, 1].map { .upsert(tables.notes, tables.note($0, text, stamp: stamp)) }
    }

    private func upsert(stamp: Int) -> WriteOperation {
        let id = below(plan.users)
        return .upsert(
            tables.users, tables.user(id, handle: "h\(id)-\(below(2))", age: below(60), stamp: stamp))
    }

    // MARK: Reading

    /// Reads one record and notes it.
    func read(_ reader: any StorageReader, _ table: Table, _ key: Key, _ deed: inout Deed) async throws
        -> ModelState.Row?
    {
        var rows: [ModelState.Row] = []
        _ = try await reader.get(table, key) { rows.append(try ModelState.Row($0)) }
        deed.reads.append(ReadNote(what: .key(table, key), result: .rows(rows)))
        return rows.first
    }

    /// Reads the rows of a query and notes them.
    @discardableResult
    func read(_ reader: any StorageReader, _ query: Query, _ deed: inout Deed) async throws -> [ModelState.Row] {
        let cursor = try await reader.rows(query)
        defer { cursor.close() }
        var rows: [ModelState.Row] = []
        var hasMore = true
        while hasMore {
            hasMore = try await cursor.next(1 + below(20)) { row in
                rows.append(try ModelState.Row(row))
                return true
            }
        }
        deed.reads.append(ReadNote(what: .query(query), result: .rows(rows)))
        return rows
    }

    func readCount(_ reader: any StorageReader, _ query: Query, _ deed: inout Deed) async throws -> Int {
        let count = try await reader.count(query)
        deed.reads.append(ReadNote(what: .count(query), result: .count(count)))
        return count
    }
}

extension ModelState.Row {
    init(_ row: RowReader) throws {
        self.init(values: try row.values(), metadata: row.metadata)
    }
}
