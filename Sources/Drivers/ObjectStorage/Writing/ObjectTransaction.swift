import CairnCore
import CairnSchema

/// A transaction on a workspace of its own.
///
/// It begins at the newest view this process knows. The first read proves that view to be the newest, because what a caller
/// reads may end in a decision of his own; writes alone need no proof, since the commit is one. At the commit everything that was
/// read, also by writes, is compared with the commits since; if nothing differs, the result is as if it had run then.
final class ObjectTransaction: StorageTransaction {
    private struct Content: Sendable {
        var workspace: Workspace
        var savepoints: [Workspace] = []
        /// Everything that was read, also by writes, and also since a savepoint that was gone back to.
        var reads = ReadSet()
        /// Whether its view was proven to be the newest after it began.
        var isProven = false
        var isOver = false

        /// Takes a workspace with new writes over, and what they have read.
        mutating func take(_ changed: inout Workspace) {
            reads.formUnion(changed.reads)
            changed.reads = ReadSet()
            workspace = changed
        }
    }

    private let engine: Engine
    private let turnstile = Turnstile()
    private let content: Lock<Content>

    init(_ engine: Engine) throws {
        self.engine = engine
        content = Lock(Content(workspace: Workspace(try engine.tip.view(), at: engine.now())))
    }

    /// Runs `body` unless the transaction is over.
    private func whileOpen<Result: Sendable>(_ body: (inout Content) throws -> Result) throws -> Result {
        try content.withLock { content in
            if content.isOver { throw StorageError.closed("transaction") }
            return try body(&content)
        }
    }

    // MARK: Reading

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try await reader().get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await reader().get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor { try await reader().rows(query) }
    func count(_ query: Query) async throws -> Int { try await reader().count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try await reader().explain(query) }
    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] { try await reader().aggregate(query) }
    func explain(_ query: AggregateQuery) async throws -> QueryPlan { try await reader().explain(query) }

    /// Reads the workspace as it is now, and remembers what is read.
    private func reader() async throws -> ViewReader {
        try await turnstile.run {
            try await prove()
            let view = try whileOpen { $0.workspace.view }
            return ViewReader(view, engine.records, engine.indexes) { [self] tracked in
                try whileOpen { $0.reads.add(tracked, view.tables) }
            }
        }
    }

    /// Proves the view to be the newest, once; moves on to the newest one if nothing was read that changed.
    /// - Throws: `storage.conflict`, retryable, if something was.
    private func prove() async throws {
        guard try whileOpen({ !$0.isProven }) else { return }
        let newest = try await engine.follower.follow()
        let (reads, base) = try whileOpen { ($0.reads, $0.workspace.base) }
        if case .changed(let table) = try engine.tip.standing(of: reads, since: base, at: newest) {
            throw StorageError.lostRace(table)
        }
        try whileOpen { content in
            content.isProven = true
            guard newest.number > content.workspace.base else { return }
            content.workspace = content.workspace.rebased(on: newest)
            content.savepoints = content.savepoints.map { $0.rebased(on: newest) }
        }
    }

    // MARK: Writing

    func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata] {
        try await turnstile.run {
            var workspace = try whileOpen { $0.workspace }
            let lookups: Lookups
            do {
                lookups = try await engine.preparation.lookups(for: operations, in: workspace)
            } catch let error as StorageError where error.code == .snapshotExpired {
                // The next run is to begin with a view that is kept.
                _ = try await engine.follower.follow()
                throw error
            }
            do {
                let results = try operations.map { try workspace.apply($0, lookups) }
                try whileOpen { $0.take(&workspace) }
                return results
            } catch let error as StorageError {
                // What was in the way was read, so to say; and it must be in the way of the newest view.
                let reads = workspace.reads
                try whileOpen { $0.reads.formUnion(reads) }
                try await prove()
                throw error
            }
        }
    }

    func savepoint() async throws -> Int {
        try await turnstile.run {
            try whileOpen { content in
                content.savepoints.append(content.workspace)
                return content.savepoints.count
            }
        }
    }

    func rollback(to savepoint: Int) async throws {
        try await turnstile.run {
            try whileOpen { content in
                guard savepoint == content.savepoints.count else { throw StorageError.savepointOrder() }
                content.workspace = content.savepoints.removeLast()
            }
        }
    }

    func release(_ savepoint: Int) async throws {
        try await turnstile.run {
            try whileOpen { content in
                guard savepoint == content.savepoints.count else { throw StorageError.savepointOrder() }
                content.savepoints.removeLast()
            }
        }
    }

    // MARK: The end

    func commit() async throws -> Receipt {
        try await turnstile.run {
            var workspace = try whileOpen { $0.workspace }
            guard !workspace.isUnchanged else {
                // What writes that were taken back have told the caller must be true, too.
                if try whileOpen({ !$0.reads.isEmpty }) { try await prove() }
                _ = try whileOpen { $0.isOver = true }
                return Receipt(token: OutcomeToken(rawValue: ""), time: workspace.time, results: [])
            }
            do {
                try await engine.preparation.checkReferences(&workspace)
            } catch let error as StorageError {
                let reads = workspace.reads
                try whileOpen { $0.reads.formUnion(reads) }
                try await prove()
                end()
                throw error
            }
            workspace.reads = try whileOpen { content in
                content.take(&workspace)
                content.isOver = true
                return content.reads
            }
            switch try await engine.commit(workspace, idempotency: nil) {
            case .committed(let number, let time, let transaction):
                return Receipt(
                    token: engine.token(number, transaction, time), time: time, results: [])
            case .conflict(let table): throw StorageError.lostRace(table)
            case .repeated: throw StorageError.lostRace(nil)
            }
        }
    }

    private func end() { content.withLock { $0.isOver = true } }

    func rollback() async {
        content.withLock { content in
            content.isOver = true
            content.savepoints = []
        }
    }
}

extension ReadSet {
    /// What a reader is about to read.
    mutating func add(_ tracked: ViewReader.Tracked, _ tables: [TableOverlay]) {
        switch tracked {
        case .keys(let table, let keys):
            let layout = tables[table.position].keyLayout
            for key in keys { add(table, key: layout.encode(key)) }
        case .scan(let scan, let progress):
            let layout = tables[scan.table.position].layout(of: scan.index)
            add(
                scan.table, scan.index, scan.byteRanges(layout), isReversed: scan.isReversed, progress: progress)
        case .table(let table): addAll(of: table)
        }
    }
}
