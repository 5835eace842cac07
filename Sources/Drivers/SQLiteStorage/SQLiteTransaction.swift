import CSQLite
import CairnCore

/// A transaction on the writing connection, which it has to itself until it ends: it runs alone because it is alone.
final class SQLiteTransaction: StorageTransaction {
    private struct State {
        var isOver = false
        var savepoints: [Int] = []
        /// What was written, to find the culprit should a reference be broken at the end.
        var operations: [WriteOperation] = []
    }

    private let storage: SQLiteStorage
    private let schema: Schema
    private let commits: CommitLog
    /// What its records carry as their time.
    private let time: Timestamp
    private let state = Lock(State())
    private let cursors = CursorList()

    /// The storage has possession of its gate, and the writing connection has begun a transaction.
    init(_ storage: SQLiteStorage, _ schema: Schema, _ commits: CommitLog, at time: Timestamp) {
        self.storage = storage
        self.schema = schema
        self.commits = commits
        self.time = time
    }

    deinit { end() }

    private func checkOpen() throws {
        if state.withLock({ $0.isOver }) { throw StorageError.closed("transaction") }
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
        try checkOpen()
        return try storage.writer.get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try checkOpen()
        try storage.writer.get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor {
        try checkOpen()
        let cursor = try SQLiteCursor(query, on: storage.writer, onEnd: {})
        cursors.add(cursor)
        return cursor
    }

    func count(_ query: Query) async throws -> Int {
        try checkOpen()
        return try storage.writer.count(query)
    }

    func explain(_ query: Query) async throws -> QueryPlan {
        try checkOpen()
        return try storage.writer.explain(query)
    }

    // MARK: Writing

    /// Runs `body` on the connection once no open cursor can be disturbed by it.
    private func change<Result>(_ body: (SQLiteConnection.Access) throws -> Result) throws -> Result {
        try checkOpen()
        let cursors = cursors.live
        return try withExtendedLifetime(cursors) {
            try storage.writer.withLock { access in
                try checkAlive(access)
                for cursor in cursors { try cursor.detach(access) }
                return try body(access)
            }
        }
    }

    func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata] {
        let results = try change { access in
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
        state.withLock { state in
            state.operations += operations.filter { !$0.table.references.isEmpty || !$0.table.referrers.isEmpty }
        }
        return results
    }

    func savepoint() async throws -> Int {
        let number = try state.withLock { state in
            if state.isOver { throw StorageError.closed("transaction") }
            state.savepoints.append(state.operations.count)
            return state.savepoints.count
        }
        try change { try $0.execute("SAVEPOINT point_\(number)") }
        return number
    }

    func rollback(to savepoint: Int) async throws {
        try removeInnermost(savepoint) { state, count in state.operations.removeSubrange(count...) }
        try change { access in
            try access.execute("ROLLBACK TO point_\(savepoint)")
            try access.execute("RELEASE point_\(savepoint)")
        }
    }

    func release(_ savepoint: Int) async throws {
        try removeInnermost(savepoint) { _, _ in }
        try change { try $0.execute("RELEASE point_\(savepoint)") }
    }

    /// Savepoints end in the reverse order of their beginning.
    private func removeInnermost(_ savepoint: Int, _ body: (inout State, Int) -> Void) throws {
        try state.withLock { state in
            if state.isOver { throw StorageError.closed("transaction") }
            guard savepoint == state.savepoints.count, let count = state.savepoints.popLast() else {
                throw StorageError.savepointOrder()
            }
            body(&state, count)
        }
    }

    // MARK: The end

    func commit() async throws -> Receipt {
        let operations = try state.withLock { state in
            if state.isOver { throw StorageError.closed("transaction") }
            return state.operations
        }
        defer { end() }
        return try change { access in
            try ReferenceCheck(access, schema).check(operations)
            let token = try commits.write(access, at: time)
            try TransactionEnd(access, commits, place: storage.file.place).commit(at: time, token)
            return Receipt(token: token, time: time, results: [])
        }
    }

    func rollback() async { end() }

    /// Ends the transaction, rolling back what was not committed, and lets the next writer in.
    private func end() {
        let wasOver = state.withLock { state in
            defer { state.isOver = true }
            return state.isOver
        }
        if wasOver { return }
        for cursor in cursors.live { cursor.close() }
        try? storage.writer.withLock { access in
            TransactionEnd(access, commits, place: storage.file.place).rollback()
        }
        storage.gate.release()
    }
}

extension WriteOperation {
    /// Whether SQLite undoes it whole if it fails. A delete also writes down the revision.
    fileprivate var isOneStatement: Bool {
        if case .delete = self { return false }
        return true
    }
}
