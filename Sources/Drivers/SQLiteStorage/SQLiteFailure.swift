import CSQLite
import CairnCore

/// An error code of SQLite with its message, before it is known what was being done.
struct SQLiteFailure: Error {
    /// The extended result code.
    let code: Int32
    let message: String

    /// The last failure of a connection.
    init(_ handle: OpaquePointer?) {
        code = handle.map(sqlite3_extended_errcode) ?? SQLITE_NOMEM
        message = handle.flatMap { String(validatingCString: sqlite3_errmsg($0)) } ?? "out of memory"
    }

    init(code: Int32) {
        self.code = code
        message = String(validatingCString: sqlite3_errstr(code)) ?? "error \(code)"
    }

    /// The code without its extension.
    var primaryCode: Int32 { code & 0xFF }

    /// Whether another connection has what this one needs, so that waiting helps.
    var isBusy: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED }

    /// Whether there was no room.
    var isFull: Bool { primaryCode == SQLITE_FULL }

    /// Whether a unique index or a primary key refused.
    var isDuplicate: Bool { cairn_sqlite3_is_duplicate(code) != 0 }

    private static let permissions =
        "check that file and folder may be written: SQLite keeps two files beside the database, even to read it"

    /// What it means to the user of the database at a place.
    func storageError(at place: String) -> any Error {
        switch primaryCode {
        case SQLITE_INTERRUPT:
            return Task.isCancelled ? CancellationError() : StorageError.timeout()
        case SQLITE_BUSY, SQLITE_LOCKED:
            return StorageError(
                .busy, "another process holds the database \(place)",
                remedy: "wait until it is done, or raise 'timeout' in the URL", isRetryable: true)
        case SQLITE_NOTADB:
            return StorageError(
                .notAStore, "\(place) is not a SQLite database", remedy: "check the path; nothing was changed")
        case SQLITE_CORRUPT:
            return StorageError(
                .damaged, "the SQLite file \(place) is damaged: \(message)",
                remedy: "restore it from a backup; 'sqlite3 FILE .recover' saves what can be read")
        case SQLITE_FULL:
            return StorageError(
                .full, "there is no space left for \(place)", remedy: "make room; what was committed is safe",
                isRetryable: true)
        case SQLITE_READONLY:
            return StorageError(
                .readOnly, "\(place) cannot be written: \(message)",
                remedy: SQLiteFailure.permissions)
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            return StorageError(
                .io, "\(place) cannot be opened: \(message)",
                remedy: "check that the folder exists; \(SQLiteFailure.permissions)")
        case SQLITE_TOOBIG:
            return StorageError(.limit, "a value or statement is too large for SQLite: \(message)")
        default:
            return StorageError(.io, "SQLite failed on \(place): \(message) (code \(code))")
        }
    }
}
