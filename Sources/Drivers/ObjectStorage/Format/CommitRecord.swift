package import CairnCore
package import CairnSchema

/// One numbered record of the log: what decides that transactions happened.
///
/// It stands at `_log/main/<number>.json`, created once and never changed. Whoever creates it has decided; the array order
/// of its transactions is their serial order. `previous` chains it to the record before, so that a gap, a swap or a flipped bit
/// is found.
package struct CommitRecord: Sendable, Hashable {
    /// What a record is for.
    package enum Kind: String, Sendable, CaseIterable {
        /// Transactions.
        case commit
        /// Nothing but taking the number, so that an uncertain attempt at it can never land.
        case empty
        /// A new schema.
        case schema
        /// The end of writing, for a maintenance window.
        case close
        /// The end of a maintenance window.
        case open
    }

    /// The store it belongs to.
    package var store: String
    /// Its number, from 1.
    package var number: Int
    /// The SHA-256 of the bytes of the record before; zeros for the first.
    package var previous: [UInt8]
    /// What no other attempt at any record shares: its author, and 16 random bytes.
    package var commit: String
    /// The schema its images follow.
    package var schema: SchemaID
    /// When it was decided, by the clock of the store as its writer knew it.
    package var time: Timestamp
    package var kind: Kind
    package var transactions: [LoggedTransaction]
    /// For `close`: who closed, why, and until when at most.
    package var note: MaintenanceNote?
    /// For `open`: the revisions below which no record of a table may begin, where that is not 0.
    package var floors: [RevisionFloor]
    /// For `schema`: what it is that changed.
    package var change: SchemaCommit?

    package init(
        store: String, number: Int, previous: [UInt8], commit: String, schema: SchemaID, time: Timestamp, kind: Kind,
        transactions: [LoggedTransaction] = [], note: MaintenanceNote? = nil, floors: [RevisionFloor] = [],
        change: SchemaCommit? = nil
    ) {
        self.store = store
        self.number = number
        self.previous = previous
        self.commit = commit
        self.schema = schema
        self.time = time
        self.kind = kind
        self.transactions = transactions
        self.note = note
        self.floors = floors
        self.change = change
    }

    /// Who wrote it: process, machine, and what tells open stores of one process apart.
    var author: String { commit.lastIndex(of: "-").map { String(commit[..<$0]) } ?? commit }

    /// What stands for the hash of the record before the first.
    package static let noHash = [UInt8](repeating: 0, count: 32)
}

/// Why a store is closed for writing.
package struct MaintenanceNote: Sendable, Hashable {
    /// Who closed it.
    package var by: String
    /// What for.
    package var reason: String
    /// When it will be open again at the latest, as planned.
    package var until: Timestamp

    package init(by: String, reason: String, until: Timestamp) {
        self.by = by
        self.reason = reason
        self.until = until
    }
}

/// That a store is closed for writing.
package struct Closing: Sendable, Hashable {
    /// The number of the commit record that closed it: what tells this window from any other.
    package var number: Int
    package var note: MaintenanceNote

    package init(number: Int, note: MaintenanceNote) {
        self.number = number
        self.note = note
    }
}

/// The highest revision of a table that was forgotten with a deleted record. What is inserted where nothing is known goes on above
/// it, so that no key ever has a revision twice.
package struct RevisionFloor: Sendable, Hashable {
    package var table: String
    package var revision: Int

    package init(table: String, revision: Int) {
        self.table = table
        self.revision = revision
    }
}

/// One transaction in the log.
package struct LoggedTransaction: Sendable, Hashable {
    /// What its outcome token names it by.
    package var id: String
    /// Makes it safe to send again, with what tells other batches under the same key from it.
    package var idempotency: Idempotency?
    /// What it did, one operation for each record.
    package var operations: [LoggedOperation]

    package init(id: String, idempotency: Idempotency? = nil, operations: [LoggedOperation]) {
        self.id = id
        self.idempotency = idempotency
        self.operations = operations
    }

    /// The idempotency key of a batch, and what a repetition must be answered with.
    package struct Idempotency: Sendable, Hashable {
        package var key: String
        /// The SHA-256 of the batch.
        package var digest: [UInt8]
        /// For each operation of the batch, the metadata its record had then.
        package var results: [RecordMetadata]

        package init(key: String, digest: [UInt8], results: [RecordMetadata]) {
            self.key = key
            self.digest = digest
            self.results = results
        }
    }
}
