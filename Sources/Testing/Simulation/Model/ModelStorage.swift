import CairnCore
import CairnSchema
import StorageConformance

/// The contract as a program: the simplest storage there can be, to compare drivers with. Slow with many records.
final class ModelStorage: Storage {
    private struct Shared: Sendable {
        var state: ModelState?
        var isClosed = false
        /// What commits did to tables that keep their changes.
        var kept: [(time: Timestamp, changes: [Change<Record>])] = []
    }

    private let shared = Lock(Shared())
    private let hub = ChangeHub()
    let clock: @Sendable () -> Timestamp

    init(clock: @escaping @Sendable () -> Timestamp) {
        self.clock = clock
    }

    var capabilities: StorageCapabilities {
        var capabilities = StorageCapabilities(
            driver: "model", location: "model:", isPersistent: false, isShared: false, isWritable: true,
            hasNativeQueries: false)
        capabilities.hasReferenceActions = true
        capabilities.keepsChanges = true
        return capabilities
    }

    // MARK: Schema

    func schema() async throws -> Schema? { shared.withLock { $0.state?.schema } }

    func apply(_ change: SchemaChange) async throws {
        switch change {
        case .create(let schema): shared.withLock { $0.state = ModelState(schema) }
        case .migrate: throw Migration.unsupported(by: capabilities.driver, at: capabilities.location)
        }
    }

    func attach(_ schema: Schema) async throws {}

    // MARK: Reading

    /// The latest state.
    func state() throws -> ModelState {
        try shared.withLock { shared in
            guard !shared.isClosed, let state = shared.state else { throw StorageError.closed("store") }
            return state
        }
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try ModelReader(state()).get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try ModelReader(state()).get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor { ArrayCursor(query.table, try state().rows(query)) }
    func count(_ query: Query) async throws -> Int { try state().count(query) }
    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] { try state().aggregate(query) }
    func explain(_ query: Query) async throws -> QueryPlan { ModelReader.plan(query) }
    func snapshot(_ freshness: Freshness) async throws -> any StorageSnapshot { ModelSnapshot(try state()) }
    func transaction() async throws -> any StorageTransaction { ModelTransaction(self, try state()) }

    // MARK: Writing

    func commit(_ batch: Batch) async throws -> Receipt {
        var state = try state()
        let time = clock()
        if let key = batch.idempotencyKey, let kept = state.receipts[Array(key.utf8)],
            !Limits.isPast(kept.receipt.time, Limits.receiptLifetime, at: time)
        {
            guard kept.digest == batch.digest else { throw StorageError.otherBatch(underKey: key) }
            return kept.receipt
        }
        let (results, operations) = try state.apply(batch.operations, at: time)
        try state.checkReferences(operations)
        return try publish(&state, results, of: operations, at: time, keyed: batch)
    }

    func publish(
        _ state: inout ModelState, _ results: [RecordMetadata], of operations: [WriteOperation], at time: Timestamp,
        keyed batch: Batch? = nil
    ) throws -> Receipt {
        state.commitCount += 1
        let token = OutcomeToken(rawValue: "model:\(state.commitCount):\(time.microseconds)")
        let receipt = Receipt(token: token, time: time, results: results)
        if let batch, let key = batch.idempotencyKey {
            state.receipts[Array(key.utf8)] = .init(digest: batch.digest, receipt: receipt)
        }
        let newState = state
        let old = shared.withLock { shared in
            defer { shared.state = newState }
            let changes = newState.changes(from: shared.state, by: operations).filter(\.table.options.changes)
            if !changes.isEmpty { shared.kept.append((time, changes)) }
            return shared.state
        }
        hub.tell(CommittedChanges(time: time, changes: newState.changes(from: old)))
        return receipt
    }

    func listen(_ listener: ChangeListener) throws { try hub.add(listener) }

    // MARK: Kept changes

    private static func position(_ number: Int) -> ChangePosition { ChangePosition("model", store: "model", [number]) }

    func changePosition() async throws -> ChangePosition { Self.position(shared.withLock { $0.kept.count }) }

    func keptChanges(since position: ChangePosition, _ freshness: Freshness, limit: Int) async throws -> KeptChanges {
        let start = try position.numbers(1, of: "model", store: "model")[0]
        let kept = shared.withLock { $0.kept }
        let commits = kept.indices.dropFirst(start).prefix(limit).map { number in
            KeptCommit(
                start: Self.position(number), position: Self.position(number + 1), time: kept[number].time,
                changes: kept[number].changes)
        }
        let end = start + commits.count
        return KeptChanges(commits: commits, end: Self.position(end), isComplete: end == kept.count)
    }

    func outcome(of token: OutcomeToken) async throws -> CommitOutcome {
        guard let text = token.rawValue.split(separator: ":").last,
            let time = Int64(text).flatMap({ Timestamp(microseconds: $0) })
        else { throw StorageError.unknownToken(token) }
        return Limits.isPast(time, Limits.outcomeLifetime, at: clock()) ? .expired : .committed
    }

    func maintain() async throws -> MaintenanceReport {
        let now = clock()
        return shared.withLock { shared in
            let receipts = shared.state?.receipts ?? [:]
            let kept = receipts.filter { !Limits.isPast($0.value.receipt.time, Limits.receiptLifetime, at: now) }
            shared.state?.receipts = kept
            return MaintenanceReport(expiredReceipts: receipts.count - kept.count)
        }
    }

    func close() async throws {
        shared.withLock { $0.isClosed = true }
        hub.finish()
    }
}

/// Reads one state.
struct ModelReader {
    private let state: ModelState

    init(_ state: ModelState) {
        self.state = state
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) throws -> Bool {
        guard let row = state.tables[table.position][key] else { return false }
        try body(RecordRow(table: table, values: row.values, metadata: row.metadata))
        return true
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) throws {
        for (place, key) in keys.enumerated() { _ = try get(table, key) { try body(place, $0) } }
    }

    /// The model has one plan: it looks at everything.
    static func plan(_ query: Query) -> QueryPlan {
        QueryPlan(driver: "model", table: query.table.name, access: .table)
    }
}

/// A view of one moment: a copy.
private final class ModelSnapshot: StorageSnapshot {
    private let state: Lock<ModelState?>

    init(_ state: ModelState) {
        self.state = Lock(state)
    }

    private func open() throws -> ModelState {
        guard let state = state.withLock({ $0 }) else { throw StorageError.closed("snapshot") }
        return state
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try ModelReader(open()).get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try ModelReader(open()).get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor { ArrayCursor(query.table, try open().rows(query)) }
    func count(_ query: Query) async throws -> Int { try open().count(query) }
    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] { try open().aggregate(query) }
    func explain(_ query: Query) async throws -> QueryPlan { ModelReader.plan(query) }
    func close() async { state.withLock { $0 = nil } }
}

/// A transaction: a copy that is put in place at the end. The simulation runs one writer at a time, so it never loses a race.
private final class ModelTransaction: StorageTransaction {
    private struct Content: Sendable {
        var state: ModelState
        var operations: [WriteOperation] = []
        var savepoints: [(state: ModelState, operationCount: Int)] = []
        var isOver = false
    }

    private let storage: ModelStorage
    private let time: Timestamp
    private let content: Lock<Content>

    init(_ storage: ModelStorage, _ state: ModelState) {
        self.storage = storage
        time = storage.clock()
        content = Lock(Content(state: state))
    }

    private func whileOpen<Result>(_ body: (inout Content) throws -> Result) throws -> Result {
        try content.withLock { content in
            if content.isOver { throw StorageError.closed("transaction") }
            return try body(&content)
        }
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try ModelReader(whileOpen { $0.state }).get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try ModelReader(whileOpen { $0.state }).get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor {
        ArrayCursor(query.table, try whileOpen { $0.state.rows(query) })
    }

    func count(_ query: Query) async throws -> Int { try whileOpen { $0.state.count(query) } }
    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        try whileOpen { try $0.state.aggregate(query) }
    }
    func explain(_ query: Query) async throws -> QueryPlan { ModelReader.plan(query) }

    func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata] {
        try whileOpen { content in
            let (results, applied) = try content.state.apply(operations, at: time)
            content.operations += applied
            return results
        }
    }

    func savepoint() async throws -> Int {
        try whileOpen { content in
            content.savepoints.append((content.state, content.operations.count))
            return content.savepoints.count
        }
    }

    func rollback(to savepoint: Int) async throws {
        try whileOpen { content in
            guard let point = content.savepoints.popLast() else { throw StorageError.savepointOrder() }
            content.state = point.state
            content.operations.removeSubrange(point.operationCount...)
        }
    }

    func release(_ savepoint: Int) async throws {
        try whileOpen { content in
            guard content.savepoints.popLast() != nil else { throw StorageError.savepointOrder() }
        }
    }

    func commit() async throws -> Receipt {
        var content = try whileOpen { content in
            content.isOver = true
            return content
        }
        try content.state.checkReferences(content.operations)
        return try storage.publish(&content.state, [], of: content.operations, at: time)
    }

    func rollback() async { content.withLock { $0.isOver = true } }
}

/// Rows that are all in memory.
final class ArrayCursor: RowCursor {
    private let rows: [ModelState.Row]
    private let row: RecordRow
    private var place = 0

    init(_ table: Table, _ rows: [ModelState.Row]) {
        self.rows = rows
        row = RecordRow(table: table)
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        let end = place + min(count, rows.count - place)
        while place < end {
            row.current = rows[place].values
            row.currentMetadata = rows[place].metadata
            place += 1
            if try !body(row) { break }
        }
        return place < rows.count
    }

    func close() {}
}
