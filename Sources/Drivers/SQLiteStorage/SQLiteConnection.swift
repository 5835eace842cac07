import CSQLite
import CairnCore

/// One connection to a database, with its prepared statements.
///
/// Safety of `@unchecked Sendable`: every use goes through `withLock`, which holds a mutex, so one thread at a time touches
/// the connection and its statements. SQLite is opened without mutexes of its own (`SQLITE_OPEN_NOMUTEX`), which is safe
/// for exactly that. `init` and `deinit` run while nobody else has a reference.
final class SQLiteConnection: @unchecked Sendable {
    /// Where the database is, for messages.
    let place: String
    private let handle: OpaquePointer
    private let lock = Lock(())
    private let watch: SchemaWatch
    private var tables: [TableStatements]
    private var cache = StatementCache(capacity: 128)
    private var isClosed = false

    /// What the code under the lock works with.
    struct Access {
        fileprivate let connection: SQLiteConnection
        /// The database handle.
        let handle: OpaquePointer
    }

    /// Opens a connection.
    /// - Parameters:
    ///   - path: The file.
    ///   - place: What to call it in messages.
    ///   - flags: Whether it reads, writes, creates.
    ///   - vfs: How SQLite reaches the disk; nil for the usual way.
    ///   - patience: For how many milliseconds each statement waits for a lock, and blocks its thread.
    ///   - served: The schema it serves; nil while that is not known.
    init(
        path: String, place: String, flags: Int32, vfs: String?, patience: Int32 = 0,
        serving served: ServedSchema? = nil
    ) throws {
        var opened: OpaquePointer?
        // SQLite would take such a path for a URI, with parameters and escapes in it.
        let path = path.hasPrefix("file:") ? "./\(path)" : path
        let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs)
        guard code == SQLITE_OK, let opened else {
            let failure = SQLiteFailure(opened)
            sqlite3_close_v2(opened)
            throw failure
        }
        handle = opened
        self.place = place
        let watch = SchemaWatch(opened, place: place, expected: served?.id)
        self.watch = watch
        tables = served?.tables.map { TableStatements($0, watch) } ?? []
        // First of all: already what configures a connection reads the file.
        sqlite3_busy_timeout(opened, patience)
        do {
            try configure()
        } catch {
            sqlite3_close_v2(opened)
            throw error
        }
    }

    deinit {
        finish()
    }

    /// Closes the connection; using it after that fails with `storage.closed`.
    func close() {
        lock.withLock { _ in finish() }
    }

    private func finish() {
        guard !isClosed else { return }
        isClosed = true
        // Statements first: a connection with statements left would stay open.
        tables = []
        cache = StatementCache(capacity: 0)
        watch.finish()
        sqlite3_close_v2(handle)
    }

    private func configure() throws {
        try check(cairn_sqlite3_enable_defensive(handle))
        try check(cairn_sqlite3_disable_double_quoted_strings(handle))
        try SQLiteFunctions.register(on: handle)
        try execute("PRAGMA trusted_schema = OFF")
        try execute("PRAGMA temp_store = MEMORY")
        try execute("PRAGMA cache_size = -8192")
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw SQLiteFailure(code: code) }
    }

    private func execute(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw SQLiteFailure(handle) }
    }

    /// Makes long reading statements look at the deadline and the cancellation of the task that runs them.
    func watchTask() {
        sqlite3_progress_handler(
            handle, 50_000,
            { _ in
                if Task.isCancelled { return 1 }
                if let deadline = Deadline.current, deadline <= .now { return 1 }
                return 0
            }, nil)
    }

    /// Runs `body` alone with the connection; failures of SQLite become storage errors.
    func withLock<Result>(_ body: (Access) throws -> Result) throws -> Result {
        do {
            return try withLockRaw(body)
        } catch let failure as SQLiteFailure {
            throw failure.storageError(at: place)
        }
    }

    /// Runs `body` alone with the connection; failures of SQLite stay what they are.
    func withLockRaw<Result>(_ body: (Access) throws -> Result) throws -> Result {
        try alone { access in
            guard let access else { throw StorageError.closed("store") }
            return try body(access)
        }
    }

    /// Runs `body` alone, with the connection unless it is closed.
    func alone<Result>(_ body: (Access?) throws -> Result) rethrows -> Result {
        try lock.withLock { _ in try body(isClosed ? nil : Access(connection: self, handle: handle)) }
    }
}

extension SQLiteConnection.Access {
    /// Where the database is, for messages.
    var place: String { connection.place }

    /// The statements of a table.
    func statements(of table: Table) -> TableStatements { connection.statements(of: table) }

    /// Sets the schema the connection serves.
    func attach(_ served: ServedSchema) { connection.attach(served) }

    /// Runs SQL without parameters and rows.
    func execute(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw SQLiteFailure(handle) }
    }

    /// Lends the cached statement of an SQL text to `body`, with its parameters bound.
    func with<Result>(_ sql: String, _ values: [Value] = [], _ body: (SQLiteStatement) throws -> Result) throws
        -> Result
    {
        let statement = try take(sql)
        defer { give(back: statement, sql) }
        statement.bind(values)
        return try body(statement)
    }

    /// Runs SQL with parameters and no rows.
    func run(_ sql: String, _ values: [Value] = []) throws {
        try with(sql, values) { try $0.run() }
    }

    /// Takes a statement out of the cache, or prepares it; nobody else uses it until it is given back.
    func take(_ sql: String) throws -> SQLiteStatement {
        try connection.take(sql, handle)
    }

    /// Gives a statement back for the next user.
    func give(back statement: SQLiteStatement, _ sql: String) {
        statement.reset()
        connection.give(back: statement, sql)
    }

    /// Ends the run of every statement of the connection, also of those whose owners are about to end.
    func resetStatements() {
        var statement = sqlite3_next_stmt(handle, nil)
        while let found = statement {
            sqlite3_reset(found)
            statement = sqlite3_next_stmt(handle, found)
        }
    }

    /// Whether the connection is inside a transaction.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Rows changed by the statement that ran last.
    var changes: Int { Int(sqlite3_changes(handle)) }

    /// Whether references are broken at this moment.
    var hasBrokenReferences: Bool {
        var current: Int32 = 0
        var high: Int32 = 0
        sqlite3_db_status(handle, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &high, 0)
        return current != 0
    }
}

// The members of the connection that `Access` reaches; they run under the lock.
extension SQLiteConnection {
    fileprivate func statements(of table: Table) -> TableStatements { tables[table.position] }
    fileprivate func attach(_ served: ServedSchema) {
        watch.expect(served.id)
        tables = served.tables.map { TableStatements($0, watch) }
    }
    fileprivate func take(_ sql: String, _ handle: OpaquePointer) throws -> SQLiteStatement {
        try cache.take(sql) ?? SQLiteStatement(sql, on: handle, watch)
    }
    fileprivate func give(back statement: SQLiteStatement, _ sql: String) { cache.give(back: statement, sql) }
}

/// Prepared statements by their text, the least recently used of them forgotten first.
struct StatementCache {
    private struct Entry {
        let statement: SQLiteStatement
        var lastUse: Int
    }

    private let capacity: Int
    private var entries: [String: Entry] = [:]
    private var clock = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Takes a statement out, so that no second user gets it.
    mutating func take(_ sql: String) -> SQLiteStatement? {
        entries.removeValue(forKey: sql)?.statement
    }

    mutating func give(back statement: SQLiteStatement, _ sql: String) {
        clock += 1
        entries[sql] = Entry(statement: statement, lastUse: clock)
        guard entries.count > capacity else { return }
        // Rarely reached, so a look at all entries is cheaper than keeping them in order.
        if let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key { entries[oldest] = nil }
    }
}
