import CairnCore

/// A transaction on a private copy of the state.
///
/// It begins with the latest state, which copying makes its own. Its reads and writes go to that copy, so queries see its
/// writes without further ado. At the commit, if others committed meanwhile, everything it read is compared between the
/// state it began with and the latest one; if nothing differs, its writes are applied to the latest, and the result is as if
/// it had run then. Otherwise it lost the race.
final class MemoryTransaction: StorageTransaction {
    fileprivate struct Content: Sendable {
        let base: MemoryState
        /// What its records carry as their time.
        let time: Timestamp
        var state: MemoryState
        var reads = ReadSet()
        var operations: [WriteOperation] = []
        var savepoints: [Savepoint] = []
        var isOver = false
    }

    fileprivate struct Savepoint: Sendable {
        let state: MemoryState
        let operationCount: Int
    }

    private let storage: MemoryStorage
    private let content: Lock<Content>

    init(_ storage: MemoryStorage, _ state: MemoryState) {
        self.storage = storage
        content = Lock(Content(base: state, time: storage.clock(), state: state))
    }

    /// Runs `body` unless the transaction is over.
    private func whileOpen<Result>(_ body: (inout Content) throws -> Result) throws -> Result {
        try content.withLock { content in
            if content.isOver { throw StorageError.closed("transaction") }
            return try body(&content)
        }
    }

    // MARK: Reading

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        let view = try whileOpen { content in
            content.reads.add(key: content.state.tables[table.position].keyLayout.encode(key), of: table)
            return MemoryView(content.state)
        }
        return try view.get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        let view = try whileOpen { content in
            let layout = content.state.tables[table.position].keyLayout
            for key in keys { content.reads.add(key: layout.encode(key), of: table) }
            return MemoryView(content.state)
        }
        try view.get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor { try await executor().rows(query) }
    func count(_ query: Query) async throws -> Int { try await executor().count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try await executor().explain(query) }
    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] { try await executor().aggregate(query) }
    func explain(_ query: AggregateQuery) async throws -> QueryPlan { try await executor().explain(query) }

    private func executor() throws -> Executor {
        let state = try whileOpen { $0.state }
        return Executor(TrackingScanner(self, MemoryView(state)), driver: MemoryStorage.driver)
    }

    /// Remembers what a scan is about to read; how far it got is known from the cursor itself.
    fileprivate func track(_ scan: IndexScan, _ cursor: TrackedScan) throws {
        try whileOpen { $0.reads.add(scan, cursor) }
    }

    // MARK: Writing

    func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata] {
        try whileOpen { content in
            var state = content.state
            let results = try operations.map { operation in
                content.reads.add(operation, in: state)
                do {
                    return try state.apply(operation, at: content.time)
                } catch let error as StorageError {
                    content.reads.add(refusal: error, of: operation, in: state)
                    throw error
                }
            }
            content.state = state
            content.operations += operations
            return results
        }
    }

    func savepoint() async throws -> Int {
        try whileOpen { content in
            content.savepoints.append(Savepoint(state: content.state, operationCount: content.operations.count))
            return content.savepoints.count
        }
    }

    func rollback(to savepoint: Int) async throws {
        try whileOpen { content in
            try content.checkInnermost(savepoint)
            let point = content.savepoints.removeLast()
            content.state = point.state
            content.operations.removeSubrange(point.operationCount...)
        }
    }

    func release(_ savepoint: Int) async throws {
        try whileOpen { content in
            try content.checkInnermost(savepoint)
            content.savepoints.removeLast()
        }
    }

    // MARK: The end

    func commit() async throws -> Receipt {
        let content = try whileOpen { content in
            content.isOver = true
            return content
        }
        if content.operations.isEmpty {
            return Receipt(token: OutcomeToken(rawValue: ""), time: content.time, results: [])
        }
        return try await storage.exclusively {
            var state = try storage.state()
            if state.version == content.base.version {
                state = content.state
            } else {
                try content.reads.validate(from: content.base, to: state)
                // What an operation was refused for now, it was not refused for then: another transaction did that.
                do {
                    for operation in content.operations { _ = try state.apply(operation, at: content.time) }
                } catch let error as StorageError {
                    throw StorageError.lostRace(
                        error.details.table.flatMap { name in
                            content.base.tables.first { $0.table.name == name }?.table
                        })
                }
            }
            try state.checkReferences(content.operations)
            return try storage.publish(&state, [], of: content.operations, at: content.time)
        }
    }

    func rollback() async {
        content.withLock { content in
            content.isOver = true
            content.state = MemoryState()
            content.operations = []
        }
    }
}

extension MemoryTransaction.Content {
    /// Savepoints end in the reverse order of their beginning.
    fileprivate func checkInnermost(_ savepoint: Int) throws {
        guard savepoint == savepoints.count else { throw StorageError.savepointOrder() }
    }
}

/// Scans for a transaction, and tells it what is read.
private struct TrackingScanner: IndexScanner {
    private let transaction: MemoryTransaction
    private let view: MemoryView

    init(_ transaction: MemoryTransaction, _ view: MemoryView) {
        self.transaction = transaction
        self.view = view
    }

    func scan(_ scan: IndexScan) async throws -> any RowCursor {
        let progress = TrackedScan()
        try transaction.track(scan, progress)
        return TrackingCursor(MemoryCursor(view.state.tables[scan.table.position], scan), progress)
    }

    func estimatedCount(of table: Table) async throws -> Int {
        try await view.estimatedCount(of: table)
    }

    func estimatedEntries(of scan: IndexScan) -> Int? { view.estimatedEntries(of: scan) }
}

/// How far a scan of a transaction has got.
final class TrackedScan: Sendable {
    enum Extent: Sendable {
        case nothing
        /// Up to this entry, itself included.
        case upTo([UInt8])
        case everything
    }

    private let extent = Lock(Extent.nothing)

    var current: Extent { extent.withLock { $0 } }
    func set(_ new: Extent) { extent.withLock { $0 = new } }
}

private final class TrackingCursor: RowCursor {
    private let base: MemoryCursor
    private let progress: TrackedScan

    init(_ base: MemoryCursor, _ progress: TrackedScan) {
        self.base = base
        self.progress = progress
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        defer {
            if base.isExhausted {
                progress.set(.everything)
            } else if let last = base.last {
                progress.set(.upTo(last))
            }
        }
        return try await base.next(count, body)
    }

    func close() { base.close() }
}
