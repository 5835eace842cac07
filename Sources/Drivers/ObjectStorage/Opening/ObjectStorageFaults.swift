/// Deliberate mistakes, so that the simulation can show that it would find them. None is ever on in a program.
package struct ObjectStorageFaults: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Commit records carry no date past which they must not take effect.
    package static let noFence = Self(rawValue: 1 << 0)
    /// Record files are written without conditions.
    package static let blindFiles = Self(rawValue: 1 << 1)
    /// Ranges that were read are not compared with later commits.
    package static let noRangeCheck = Self(rawValue: 1 << 2)
    /// The missing file of a deleted record counts as written.
    package static let missingIsDeleted = Self(rawValue: 1 << 3)
    /// A refusal after an uncertain attempt counts as "not executed".
    package static let trustsRefusals = Self(rawValue: 1 << 4)
    /// A commit that was found renews the proof of the tip.
    package static let hitConfirms = Self(rawValue: 1 << 5)
    /// Transactions of one record are not compared with one another.
    package static let groupsUnordered = Self(rawValue: 1 << 6)
    /// An absence is believed however old the last proof of the tip is.
    package static let trustsAbsence = Self(rawValue: 1 << 7)
    /// A manifest leaves out what is pending.
    package static let noPending = Self(rawValue: 1 << 8)
    /// A lost number is tried again without looking who won it.
    package static let skipsLoser = Self(rawValue: 1 << 9)
    /// A commit whose answer was lost is taken for one that failed.
    package static let lostIsFailed = Self(rawValue: 1 << 10)
    /// Unique values are looked for in the index files only, not in what came since.
    package static let staleUnique = Self(rawValue: 1 << 11)
    /// A commit record of another store counts as one of the log.
    package static let strayRecords = Self(rawValue: 1 << 12)
    /// A manifest of another store counts as one of this.
    package static let strayManifests = Self(rawValue: 1 << 13)
}
