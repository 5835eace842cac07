public import CairnSchema

/// What one commit did to the tables that have `"changes": true`, as `changes(since:)` tells it: each record once, in the order in which
/// they were first written.
public struct KeptCommit: Sendable, Hashable {
    /// The place before it.
    public let start: ChangePosition
    /// The place behind it: `changes(since:)` goes on there with the next commit.
    public let position: ChangePosition
    /// When it was decided.
    public let time: Timestamp
    /// The records it inserted, updated and deleted, those that went along with a deleted one among them. Columns that are `sensitive`
    /// are in it as they were written.
    public let changes: [Change<Record>]

    /// A commit.
    public init(start: ChangePosition, position: ChangePosition, time: Timestamp, changes: [Change<Record>]) {
        self.start = start
        self.position = position
        self.time = time
        self.changes = changes
    }

    /// What is left of it behind its first changes.
    func dropping(_ count: Int) -> KeptCommit {
        KeptCommit(
            start: start.advanced(by: count, in: position), position: position, time: time,
            changes: Array(changes.dropFirst(count)))
    }
}

/// What a commit did to one record of a table, and where to go on behind it.
public struct KeptChange<Item: Sendable>: Sendable {
    /// The place behind it: `changes(since:)` of the table, or of the store, goes on there.
    public let position: ChangePosition
    /// When its commit was decided.
    public let time: Timestamp
    /// What was done.
    public let change: Change<Item>

    /// The record before the commit; nil for one that was inserted.
    public var before: Item? { change.before }
    /// The record after the commit; nil for one that was deleted.
    public var after: Item? { change.after }
}

extension KeptChange: Equatable where Item: Equatable {}
extension KeptChange: Hashable where Item: Hashable {}

/// Some of the commits behind a position, as a driver gives them out.
public struct KeptChanges: Sendable {
    /// The next commits that have changes, in their order.
    public var commits: [KeptCommit]
    /// The place behind them, and behind commits that have none.
    public var end: ChangePosition
    /// Whether there is nothing behind ``end`` for now.
    public var isComplete: Bool

    /// About how many bytes of records a driver gives out at once, however few changes these are.
    package static let pageBytes = 8 << 20

    /// Some commits.
    public init(commits: [KeptCommit], end: ChangePosition, isComplete: Bool) {
        self.commits = commits
        self.end = end
        self.isComplete = isComplete
    }
}
