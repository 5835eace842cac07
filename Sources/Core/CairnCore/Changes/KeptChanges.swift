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
    /// For each change its place among all that the store keeps of the commit behind ``start``. Positions count those: they mean the same
    /// to a program that does not know some of the tables.
    let places: [Int]
    /// How many changes the store keeps of the commit behind ``start``.
    let count: Int

    /// A commit.
    public init(start: ChangePosition, position: ChangePosition, time: Timestamp, changes: [Change<Record>]) {
        self.init(
            start: start, position: position, time: time, changes: changes, places: Array(changes.indices),
            count: changes.count)
    }

    private init(
        start: ChangePosition, position: ChangePosition, time: Timestamp, changes: [Change<Record>], places: [Int],
        count: Int
    ) {
        self.start = start
        self.position = position
        self.time = time
        self.changes = changes
        self.places = places
        self.count = count
    }

    /// What is left of it behind the first changes that the store keeps of it; nil when nothing is.
    func dropping(_ count: Int) -> KeptCommit? {
        let first = places.firstIndex { $0 >= count } ?? places.count
        if first == places.count { return nil }
        return KeptCommit(
            start: start.advanced(by: count, in: position), position: position, time: time,
            changes: Array(changes[first...]), places: places[first...].map { $0 - count }, count: self.count - count)
    }

    /// The same commit with other changes, or none, in place of its own.
    func mapChanges(_ body: (Change<Record>) -> Change<Record>?) -> KeptCommit {
        var (kept, keptPlaces): ([Change<Record>], [Int]) = ([], [])
        for (change, place) in zip(changes, places) {
            guard let change = body(change) else { continue }
            kept.append(change)
            keptPlaces.append(place)
        }
        return KeptCommit(
            start: start, position: position, time: time, changes: kept, places: keptPlaces, count: count)
    }

    /// The place behind one of its changes: that of the commit, behind the last one that the store keeps of it.
    /// - Parameter index: Among ``changes``.
    func position(behind index: Int) -> ChangePosition {
        let next = places[index] + 1
        return next == count ? position : start.advanced(by: next, in: position)
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
    /// The next commits that have changes, in their order. Between programs of two schemas one may have none that a program knows.
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
