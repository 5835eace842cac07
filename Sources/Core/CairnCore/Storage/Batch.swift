public import CairnSchema

/// One write of one record.
///
/// Values are in the order of the columns of the table, and checked: drivers rely on it.
public enum WriteOperation: Sendable {
    /// A new record. Fails with `storage.duplicate` when its key exists.
    case insert(Table, [Value])
    /// New values of an existing record. With a revision, fails with `storage.conflict` when the record has another.
    case update(Table, [Value], expecting: Int?)
    /// A new record, or new values of an existing one.
    case upsert(Table, [Value])
    /// The end of a record. With a revision, fails with `storage.conflict` when the record has another.
    case delete(Table, Key, expecting: Int?)

    /// The table it writes to.
    public var table: Table {
        switch self {
        case .insert(let table, _), .update(let table, _, _), .upsert(let table, _), .delete(let table, _, _): table
        }
    }

    /// The key of the record it writes.
    public var key: Key {
        switch self {
        case .insert(let table, let values), .update(let table, let values, _), .upsert(let table, let values):
            table.key(of: values)
        case .delete(_, let key, _): key
        }
    }
}

/// Writes that happen together or not at all.
public struct Batch: Sendable {
    /// The writes, in the order in which they apply.
    public var operations: [WriteOperation]
    /// Makes the batch safe to send again: within 24 hours the same key returns the first receipt instead of writing twice.
    public var idempotencyKey: String?
    /// The digest of the batch that this one was made of; nil for one that a program wrote.
    package var origin: [UInt8]?

    /// A batch.
    public init(_ operations: [WriteOperation] = [], idempotencyKey: String? = nil) {
        self.operations = operations
        self.idempotencyKey = idempotencyKey
    }
}

/// What a commit did.
public struct Receipt: Sendable, Hashable {
    /// What to ask `outcome(of:)` with.
    public let token: OutcomeToken
    /// The time of the commit, which new records carry.
    public let time: Timestamp
    /// For each operation, the metadata its record has now (a deleted one: its last revision plus one). Empty for a
    /// transaction, which gave them out as it wrote.
    public let results: [RecordMetadata]

    /// A receipt.
    public init(token: OutcomeToken, time: Timestamp, results: [RecordMetadata]) {
        self.token = token
        self.time = time
        self.results = results
    }
}
