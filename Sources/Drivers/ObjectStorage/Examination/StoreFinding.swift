/// Something an examination of a store found.
public struct StoreFinding: Sendable, Hashable, CustomStringConvertible {
    /// What it is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A record file has other values than were committed.
        case editedByHand = "edited_by_hand"
        /// A file lies among those of records, and no commit made it.
        case addedByHand = "added_by_hand"
        /// A record has no file.
        case missingFile = "missing_file"
        /// A record file is not what Cairn writes.
        case damagedFile = "damaged_file"
        /// A record file is older than the newest commit of its record.
        case outdatedFile = "outdated_file"
        /// A record file will be written by the next checkpoint; the log has the record.
        case notWrittenYet = "not_written_yet"
        /// An object without which older record files cannot be read is missing, or is not what was written: what a migration made of the
        /// tables, a schema, or values that it has kept. The record files may be as they were written.
        case damagedObject = "damaged_object"
        /// An index cannot be read. Its table was not examined, if it is the primary one.
        case damagedIndex = "damaged_index"
        /// The manifest says another number of records than one of its indexes has.
        case wrongCount = "wrong_count"
        /// Record files say that they are of a commit behind the end of the log: the newest records of the log were lost, and what they
        /// committed is not seen by readers. The object is the commit record that is not there. Neither action of a repair concerns it.
        case lostCommit = "lost_commit"
        /// A commit record or manifest of another store, which was at the same place before, came late. It counts as nothing.
        case ofAnotherStore = "of_another_store"
    }

    /// What it is.
    public let kind: Kind
    /// The object it is about.
    public let object: String
    /// The table; empty for an object of the log.
    public let table: String
    /// The key of the record, as text; nil when it is about the table.
    public let id: String?
    /// What was found, in words.
    public let message: String
    /// What a person can do about it.
    public let remedy: String

    /// Whether everything is as it should be all the same.
    public var isHarmless: Bool { kind == .notWrittenYet || kind == .ofAnotherStore }

    public var description: String { "\(kind.rawValue) \(object): \(message); \(remedy)" }
}

/// What an examination of a store came to.
public struct StoreExamination: Sendable, Hashable {
    /// The number of the commit that was examined.
    public internal(set) var commit = 0
    /// The maintenance window for which the store was closed for writing then; nil when it was open.
    public internal(set) var closed: ObjectStorage.MaintenanceWindow?
    /// How many record files were looked at.
    public internal(set) var files = 0
    /// How many of them had to be read.
    public internal(set) var filesRead = 0
    /// What was found, table by table.
    public internal(set) var findings: [StoreFinding] = []
    /// What was repaired, of what was found.
    public internal(set) var repaired: [StoreFinding] = []
    /// What should have been repaired and could not be, with the reason.
    public internal(set) var unrepaired: [String] = []

    /// Whether nothing is wrong, or left wrong.
    public var isSound: Bool { findings.allSatisfy { $0.isHarmless || repaired.contains($0) } && unrepaired.isEmpty }
}

/// What to do with record files that are not what was committed.
public enum EditAction: String, Sendable, Hashable, CaseIterable {
    /// Nothing: say what was found.
    case report
    /// Commit what stands in the files, as new revisions. Files that cannot be read are left.
    case accept
    /// Write what was committed again, as far as the log still has it.
    case undo
}

/// How far an examination is.
public struct ExaminationProgress: Sendable, Hashable {
    /// The table being examined.
    public let table: String
    /// Files of all tables looked at so far.
    public let done: Int
    /// About how many there are.
    public let total: Int
}
