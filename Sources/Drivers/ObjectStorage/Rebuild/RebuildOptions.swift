public import CairnSchema
public import ObjectStores

/// How a store is rebuilt from its record files.
public struct RebuildOptions: Sendable {
    /// Whether a store is rebuilt in which nothing seems to be missing.
    public var isForced = false
    /// Whether to wait until no program that has the store open can write any more: half an hour by the store's clock. Only whoever
    /// knows that no other program has it open may leave that out; one that goes on writing would lose what it writes.
    public var waits = true
    /// Problems that do not keep the store from being rebuilt. Files that cannot be read are left where they are, and out of the
    /// indexes; records without a file are lost, those whose file is outdated are what that says; records that share a unique value, and references to nothing, stay as they are.
    public var accepted: Set<RebuildProblem.Kind> = []
    /// The schema of the store; nil to find out which it is.
    public var schema: Schema?
    /// What is stored with record files that the log has and nobody has written.
    public var recordAttributes = ObjectAttributes()
    /// Tags of these files that follow from the records; none by default.
    public var recordTags: RecordTags?

    /// The defaults.
    public init() {}
}

/// What stands in the way of a rebuild.
public struct RebuildProblem: Sendable, Hashable, CustomStringConvertible {
    /// What it is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A record file is not what Cairn writes, and the log does not have the record.
        case unreadableFile = "unreadable_file"
        /// A record of the log is missing or damaged: what it changed may be lost, if nobody had written the record files.
        case unreadableLog = "unreadable_log"
        /// The newest checkpoint has a record, and neither a file nor the log has it any more.
        case missingFile = "missing_file"
        /// A record file is of an earlier commit than the newest checkpoint says, and the log does not have the later one any more.
        case outdatedFile = "outdated_file"
        /// Two records have the same values in a unique index.
        case duplicateValue = "duplicate_value"
        /// A record refers to one that is not there.
        case danglingReference = "dangling_reference"
    }

    /// What it is.
    public let kind: Kind
    /// The object it is about.
    public let object: String
    /// The table; nil for an object of the log.
    public let table: String?
    /// The key of the record, as text, if it is about one.
    public let id: String?
    /// What was found, in words.
    public let message: String

    public var description: String { "\(kind.rawValue) \(object): \(message)" }
}

/// What a rebuild came to.
public struct RebuildReport: Sendable, Hashable {
    /// One table.
    public struct Table: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// How many records it has.
        public internal(set) var records = 0
        /// How many deleted records it remembers.
        public internal(set) var deleted = 0
        /// How many record files were written anew because the log was ahead of them.
        public internal(set) var fromLog = 0

        init(_ name: String) { self.name = name }
    }

    /// Whether the store was rebuilt. If not, nothing was changed, and ``problems`` say why.
    public internal(set) var isDone = false
    /// The tables, in the order of the schema.
    public internal(set) var tables: [Table] = []
    /// All that is wrong: what was accepted, or all that is in the way.
    public internal(set) var problems: [RebuildProblem] = []
    /// What else there is to know.
    public internal(set) var notes: [String] = []
    /// Commits go on behind this number.
    public internal(set) var commit = 0
}

/// How far a rebuild is.
public struct RebuildProgress: Sendable, Hashable {
    /// What it is doing.
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        /// Reading the log.
        case log
        /// Reading record files.
        case files
        /// Waiting until nobody else can write: seconds.
        case waiting
        /// Writing.
        case writing
    }

    /// What it is doing.
    public let phase: Phase
    /// The table it is at.
    public let table: String?
    /// How much is done.
    public let done: Int
    /// How much there is to do; nil when that is not known.
    public let total: Int?
}
