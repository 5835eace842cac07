package import CairnCore
package import CairnSchema

/// A record as one commit left it: its values, or that it is deleted.
package struct RecordImage: Sendable, Hashable {
    /// One value for each column of the table; nil for a deleted record.
    package var values: [Value]?
    /// Its revision and times. Revisions go on over a deletion, so a key never has one twice.
    package var metadata: RecordMetadata
    /// The number of the commit that left it so.
    package var commit: Int

    package init(values: [Value]?, metadata: RecordMetadata, commit: Int) {
        self.values = values
        self.metadata = metadata
        self.commit = commit
    }

    /// Whether there is a record.
    package var isLive: Bool { values != nil }
}

/// What one transaction did to one record, all its writes taken together.
package struct LoggedOperation: Sendable, Hashable {
    package let table: Table
    package let key: Key
    /// The record before the transaction; nil when there never was one.
    package var before: RecordImage?
    /// The record after it.
    package var after: RecordImage

    package init(table: Table, key: Key, before: RecordImage?, after: RecordImage) {
        self.table = table
        self.key = key
        self.before = before
        self.after = after
    }

    /// What it is called in the log.
    package enum Kind: String, Sendable, CaseIterable {
        /// There is a record where none was, or a deleted one.
        case insert
        /// The record has new values.
        case update
        /// There is no record any more. Also one that was made and deleted by the same transaction.
        case delete
    }

    package var kind: Kind {
        if !after.isLive { return .delete }
        return before?.isLive == true ? .update : .insert
    }

    /// What it does to the number of records of its table.
    package var countChange: Int { (after.isLive ? 1 : 0) - (before?.isLive == true ? 1 : 0) }
}
