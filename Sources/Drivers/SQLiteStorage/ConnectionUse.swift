import CairnCore

/// The time in which somebody has a connection: a transaction the writing one, a snapshot or a cursor one for reading.
///
/// Several tasks may work within one use while another ends it. So whether it is over is asked and said under the lock of
/// the connection: what comes late finds it over, and never runs in the use of the next one. At the end no statement is left
/// running, because one that still read would hold the connection at an old state of the database.
///
/// Safety of `@unchecked Sendable`: `isOver` is touched under the lock of the connection only.
final class ConnectionUse: @unchecked Sendable {
    let connection: SQLiteConnection
    /// What has the connection, for messages.
    private let what: String
    private var isOver = false

    init(of connection: SQLiteConnection, by what: String) {
        self.connection = connection
        self.what = what
    }

    /// Runs `body` alone with the connection.
    /// - Throws: `storage.closed` after the end.
    func withLock<Result>(_ body: (SQLiteConnection.Access) throws -> Result) throws -> Result {
        try connection.withLock { access in
            if isOver { throw StorageError.closed(what) }
            return try body(access)
        }
    }

    /// Ends the use. `last` runs alone, with the connection unless it is closed.
    /// - Throws: `storage.closed` when the use was over already; what `last` throws: the use is over all the same.
    func end<Result>(_ last: (SQLiteConnection.Access?) throws -> Result) throws -> Result {
        do {
            return try connection.alone { access in
                if isOver { throw StorageError.closed(what) }
                isOver = true
                access?.resetStatements()
                return try last(access)
            }
        } catch let failure as SQLiteFailure {
            throw failure.storageError(at: connection.place)
        }
    }
}
