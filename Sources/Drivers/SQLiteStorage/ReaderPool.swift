import CairnCore

/// The connections for reading: lent to one user at a time, made when needed, kept for the next.
final class ReaderPool: Sendable {
    private struct State {
        var idle: [SQLiteConnection] = []
        var served: ServedSchema?
        var isClosed = false
    }

    private let file: DatabaseFile
    private let places: FairQueue
    private let state = Lock(State())

    init(_ file: DatabaseFile, size: Int, timeout: Duration) {
        self.file = file
        places = FairQueue(timeout: timeout, places: size)
    }

    /// Sets the schema that connections made from now on serve.
    func attach(_ served: ServedSchema) {
        state.withLock { state in
            state.served = served
            state.idle = []
        }
    }

    /// Borrows a connection.
    /// - Throws: `storage.closed`; `storage.busy` when all stayed in use too long; what opening one throws.
    func borrow() async throws -> SQLiteConnection {
        if !places.takeIfFree() { _ = try await places.wait(nil) }
        do {
            let (idle, served) = try state.withLock { state in
                if state.isClosed { throw StorageError.closed("store") }
                return (state.idle.popLast(), state.served)
            }
            if let idle { return idle }
            let connection = try file.openReader(served)
            connection.watchTask()
            return connection
        } catch {
            places.release()
            throw error
        }
    }

    /// Gives a connection back. It holds no statement open and no transaction.
    func giveBack(_ connection: SQLiteConnection) {
        state.withLock { state in
            if !state.isClosed { state.idle.append(connection) }
        }
        places.release()
    }

    /// Forgets idle connections; borrowed ones go when they are given back.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        // Closed here, outside the lock.
        _ = idle
    }
}

/// A borrowed connection that is given back exactly once, at the latest when nobody refers to the loan any more.
final class ReaderLoan: Sendable {
    private let pool: ReaderPool
    let use: ConnectionUse

    init(_ pool: ReaderPool, for what: String) async throws {
        self.pool = pool
        use = ConnectionUse(of: try await pool.borrow(), by: what)
    }

    deinit { end() }

    /// Gives the connection back, at rest.
    func end() {
        var isFirst = false
        // It fails when it has ended before: then the connection is somebody else's.
        try? use.end { access in
            isFirst = true
            if let access, access.isInTransaction { try access.execute("ROLLBACK") }
        }
        if isFirst { pool.giveBack(use.connection) }
    }
}
