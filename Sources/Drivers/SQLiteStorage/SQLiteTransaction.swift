import CairnCore

/// A transaction on the writing connection, which it has to itself until it ends: it runs alone because it is alone.
final class SQLiteTransaction: StorageTransaction {
    private struct State {
        /// For each open savepoint, what came before it.
        var savepoints: [(operations: Int, records: Int)] = []
        /// What was written, to find the culprit should a reference be broken at the end.
        var operations: [WriteOperation] = []
        /// The records that were written, for those who listen when it commits.
        var records: [RecordName] = []
    }

    private let storage: SQLiteStorage
    private let schema: Schema
    private let commits: CommitLog
    private let keeper: ChangeKeeper?
    /// What its records carry as their time.
    private let time: Timestamp
    private let use: ConnectionUse
    private let state = Lock(State())
    private let cursors = CursorList()

    /// The storage has possession of its gate, and the writing connection has begun a transaction.
    init(
        _ storage: SQLiteStorage, _ schema: Schema, _ commits: CommitLog, _ keeper: ChangeKeeper?, at time: Timestamp
    ) {
        self.storage = storage
        self.schema = schema
        self.commits = commits
        self.keeper = keeper
        self.time = time
        use = ConnectionUse(of: storage.writer, by: "transaction")
    }

    deinit { rollBack() }

    /// Runs `body` alone with the connection.
    private func withLock<Result>(_ body: (SQLiteConnection.Access) throws -> Result) throws -> Result {
        try use.withLock { access in
            try checkAlive(access)
            return try body(access)
        }
    }

    /// Some failures of the disk make SQLite roll back by itself. What came after would then be commits of its own.
    private func checkAlive(_ access: SQLiteConnection.Access) throws {
        guard access.isInTransaction else {
            throw StorageError(
                .io, "SQLite rolled the transaction back after a failure of the disk",
                remedy: "run the transaction again")
        }
    }

    // MARK: Reading

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try withLock { try $0.get(table, key, body) }
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try withLock { try $0.get(table, keys, body) }
    }

    func rows(_ query: Query) async throws -> any RowCursor {
        try withLock { access in
            let cursor = try SQLiteCursor(query, access, in: use, onEnd: {})
            cursors.add(cursor)
            return cursor
        }
    }

    func count(_ query: Query) async throws -> Int { try withLock { try $0.count(query) } }
    func explain(_ query: Query) async throws -> QueryPlan { try withLock { try $0.explain(query) } }
    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] { try withLock { try $0.aggregate(query) } }
    func explain(_ query: AggregateQuery) async throws -> QueryPlan { try withLock { try $0.explain(query) } }

    // MARK: Writing

    /// Runs `body` on the connection once no open cursor can be disturbed by it.
    private func change<Result>(_ body: (SQLiteConnection.Access) throws -> Result) throws -> Result {
        // Outlives the lock, which the end of a cursor takes.
        var reading: [SQLiteCursor] = []
        defer { withExtendedLifetime(reading) {} }
        return try withLock { access in
            reading = cursors.live
            for cursor in reading { try cursor.detach(access) }
            return try body(access)
        }
    }

    func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata] {
        try change { access in
            let results = try apply(operations, access)
            state.withLock { state in
                state.operations += operations.filter { !$0.table.references.isEmpty || !$0.table.referrers.isEmpty }
                for operation in operations { state.records.append(RecordName(operation)) }
            }
            return results
        }
    }

    /// Applies all operations or none.
    private func apply(_ operations: [WriteOperation], _ access: SQLiteConnection.Access) throws -> [RecordMetadata] {
        var writer = SQLiteWriter(access, schema, at: time)
        if let only = operations.first, operations.count == 1, only.isOneStatement {
            return [try writer.apply(only)]
        }
        try access.run("SAVEPOINT operations")
        do {
            let results = try operations.map { try writer.apply($0) }
            try access.run("RELEASE operations")
            return results
        } catch {
            if access.isInTransaction {
                try access.run("ROLLBACK TO operations")
                try access.run("RELEASE operations")
            }
            throw error
        }
    }

    func savepoint() async throws -> Int {
        try change { access in
            let number = state.withLock { $0.savepoints.count + 1 }
            try access.execute("SAVEPOINT point_\(number)")
            state.withLock { $0.savepoints.append(($0.operations.count, $0.records.count)) }
            return number
        }
    }

    func rollback(to savepoint: Int) async throws {
        try change { access in
            try checkInnermost(savepoint)
            try access.execute("ROLLBACK TO point_\(savepoint)")
            try access.execute("RELEASE point_\(savepoint)")
            state.withLock { state in
                guard let point = state.savepoints.popLast() else { return }
                state.operations.removeSubrange(point.operations...)
                state.records.removeSubrange(point.records...)
            }
        }
    }

    func release(_ savepoint: Int) async throws {
        try change { access in
            try checkInnermost(savepoint)
            try access.execute("RELEASE point_\(savepoint)")
            state.withLock { _ = $0.savepoints.popLast() }
        }
    }

    /// Savepoints end in the reverse order of their beginning.
    private func checkInnermost(_ savepoint: Int) throws {
        guard state.withLock({ $0.savepoints.count }) == savepoint else { throw StorageError.savepointOrder() }
    }

    // MARK: The end

    func commit() async throws -> Receipt {
        try finish { access in
            let ending = TransactionEnd(access, commits, place: storage.file.place)
            do {
                try checkAlive(access)
                try ReferenceCheck(access, schema).check(state.withLock { $0.operations })
                let report = storage.report(of: state.withLock { $0.records }, schema, access, at: time)
                try keepChanges(access)
                let token = try commits.write(access, at: time)
                try ending.commit(at: time, token, telling: report)
                return Receipt(token: token, time: time, results: [])
            } catch {
                ending.rollback()
                throw error
            }
        }
    }

    /// Writes down what it did to the tables that keep their changes.
    private func keepChanges(_ access: SQLiteConnection.Access) throws {
        guard let keeper else { return }
        let names = ChangeReport.distinct(state.withLock { $0.records }.filter(\.table.options.changes))
        guard !names.isEmpty else { return }
        let last = try keeper.newest(access)
        try keeper.keep(names, before: storage.recordsBefore(names, schema), access, at: time)
        try keeper.trim(behind: last, access, at: time)
    }

    func rollback() async { rollBack() }

    /// Forgets what was not committed. Does nothing after the end.
    private func rollBack() {
        try? finish { TransactionEnd($0, commits, place: storage.file.place).rollback() }
    }

    /// Ends the transaction and lets the next writer in.
    /// - Throws: `storage.closed` when it was over already, or the store is; what `last` throws.
    private func finish<Result>(_ last: (SQLiteConnection.Access) throws -> Result) throws -> Result {
        var isFirst = false
        defer { if isFirst { storage.gate.release() } }
        return try use.end { access in
            isFirst = true
            guard let access else { throw StorageError.closed("store") }
            return try last(access)
        }
    }
}
