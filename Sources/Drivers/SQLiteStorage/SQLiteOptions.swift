/// How to open a SQLite store.
public struct SQLiteOptions: Sendable, Hashable {
    /// Where the data is.
    public enum Location: Sendable, Hashable {
        /// A database file; the file beside it that ends in `-wal` belongs to it.
        case file(String)
        /// A database that ends with the store: in shared memory where the system has it, else in the temporary folder.
        case temporary
    }

    /// What may be done with the file.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// Read and write; the file is made if there is none.
        case create
        /// Read and write a file that exists.
        case existing
        /// Only read a file that exists.
        case readOnly = "read_only"
    }

    /// When a commit is on the disk.
    public enum Synchronous: String, Sendable, Hashable, CaseIterable {
        /// Before it is acknowledged: survives loss of power. Commits that wait together share the cost.
        case full
        /// A little later: survives a killed process; loss of power may lose the last commits, never part of one.
        case normal
    }

    /// Where the data is.
    public var location: Location
    /// What may be done with the file.
    public var mode: Mode
    /// When a commit is on the disk.
    public var synchronous: Synchronous
    /// How long to wait for another process or task that has the database.
    public var timeout: Duration
    /// How many connections may read at once.
    public var maximumReaders: Int
    /// How often the file is asked whether another process has committed, while a query is observed or changes are read. It costs some
    /// microseconds each time, and nothing while nobody does.
    public var watchInterval = Duration.milliseconds(250)
    /// How many changes of tables with `"changes": true` are kept at least, as long as they are younger than ``changeLifetime``. What is more
    /// goes with later commits, some thousands at a time.
    public var keptChanges = 100_000
    /// How long changes of tables with `"changes": true` are kept; the newest commit is kept always. A longer one than there
    /// is time, such as `.seconds(Int64.max)`, keeps them as long as ``keptChanges`` does.
    public var changeLifetime = Duration.seconds(7 * 24 * 3600)
    /// The name of a SQLite VFS, for tests that make the disk fail.
    package var vfs: String?

    /// The defaults: create the file if needed, full durability, 5 seconds, 64 readers.
    public init(
        _ location: Location, mode: Mode = .create, synchronous: Synchronous = .full, timeout: Duration = .seconds(5),
        maximumReaders: Int = 64
    ) {
        self.location = location
        self.mode = mode
        self.synchronous = synchronous
        self.timeout = timeout
        self.maximumReaders = max(1, maximumReaders)
    }
}
