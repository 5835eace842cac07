public import CairnCore
public import ObjectStores

/// How tables on an object store are used.
public struct ObjectStorageOptions: Sendable {
    /// What is done where there is no store yet.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// One is made.
        case create
        /// It is an error.
        case existing
        /// It is an error, and nothing is ever written.
        case readOnly = "read_only"
    }

    /// When a commit returns.
    public enum Durability: String, Sendable, Hashable, CaseIterable {
        /// When the log has it: it is decided and visible everywhere. Record files follow.
        case log
        /// When its record files are written, too.
        case materialised
    }

    /// What is done where there is no store yet.
    public var mode = Mode.create
    /// How current reads outside of snapshots are.
    public var freshness = Freshness.latest
    /// When a commit returns.
    public var durability = Durability.log
    /// Whether this process promises to be the only writer: for stores that cannot create an object on the condition that there
    /// is none. Two such writers lose each other's commits.
    public var isSingleWriter = false
    /// What is stored with record files, such as a storage class, or tags that all of them have.
    public var recordAttributes = ObjectAttributes()
    /// Tags of record files that follow from the records; none by default.
    public var recordTags: RecordTags?
    /// How long a commit is tried before it fails, or its outcome is unknown.
    public var timeout = Duration.seconds(60)
    /// Bytes of memory for records that were read.
    public var recordCacheBytes = 32 << 20
    /// Bytes of memory for blocks of indexes.
    public var indexCacheBytes = 32 << 20
    /// A folder of this machine that keeps blocks of index files, for this process and for later ones; nil: none does. It must be one
    /// that only its user can write, since what stands in it is believed if its checksums are right. Any number of processes and
    /// stores may share one.
    public var cacheFolder: String?
    /// Bytes that folder may take; each process that writes to it may exceed them by a sixteenth.
    public var cacheFolderBytes = 256 << 20
    /// How often the log is asked for commits of other processes while a query is observed or changes are read: one GET each time,
    /// unless something else has read the log meanwhile. None while nobody does. Commits of this process are told at once.
    public var watchInterval = Duration.seconds(1)
    /// Hears what went wrong without failing a call, such as a record file that cannot be written yet.
    public var verbose: (@Sendable (String) -> Void)?

    /// How long nothing is heard of a process that migrates the store before another one goes on with it.
    package var migrationPatience = Duration.seconds(30)

    /// The defaults.
    public init() {}
}
