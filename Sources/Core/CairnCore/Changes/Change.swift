public import CairnSchema

/// What a commit did to one record, however often its transaction wrote it.
public enum Change<Item: Sendable>: Sendable {
    /// There is a record where none was.
    case inserted(Item)
    /// The record has a new revision.
    case updated(from: Item, to: Item)
    /// There is no record any more; this was the last one.
    case deleted(Item)

    /// What became of a record; nil when there was none and is none.
    package init?(before: Item?, after: Item?) {
        switch (before, after) {
        case (nil, nil): return nil
        case (nil, let after?): self = .inserted(after)
        case (let before?, nil): self = .deleted(before)
        case (let before?, let after?): self = .updated(from: before, to: after)
        }
    }

    /// The record before the commit; nil for one that was inserted.
    public var before: Item? {
        switch self {
        case .inserted: nil
        case .updated(let before, _), .deleted(let before): before
        }
    }

    /// The record after the commit; nil for one that was deleted.
    public var after: Item? {
        switch self {
        case .inserted(let after), .updated(_, let after): after
        case .deleted: nil
        }
    }

    /// The same change of what `make` makes of the records.
    func map<Other>(_ make: (Item) throws -> Other) rethrows -> Change<Other> {
        switch self {
        case .inserted(let item): .inserted(try make(item))
        case .updated(let before, let after): .updated(from: try make(before), to: try make(after))
        case .deleted(let item): .deleted(try make(item))
        }
    }
}

extension Change: Equatable where Item: Equatable {}
extension Change: Hashable where Item: Hashable {}

extension Change where Item == Record {
    /// The table of the record.
    public var table: Table {
        switch self {
        case .inserted(let record), .updated(_, let record), .deleted(let record): record.table
        }
    }
}

/// What one commit did: each record once, in the order in which they were first written.
public struct CommittedChanges: Sendable, Hashable {
    /// The number of the commit in the log of an object store, behind which `changes(since:)` of the driver goes on; nil for others. Commits
    /// that share a record of the log are told together.
    public let number: Int?
    /// When it was decided.
    public let time: Timestamp
    /// The records it inserted, updated and deleted, those that went along with a deleted one among them. Columns that are `sensitive`
    /// are in it as they were written.
    public let changes: [Change<Record>]

    /// A commit.
    public init(number: Int? = nil, time: Timestamp, changes: [Change<Record>]) {
        self.number = number
        self.time = time
        self.changes = changes
    }
}
