import CairnSchema

/// The commits of a store behind a position, in order, and then those that follow as they happen:
/// `for try await commit in store.changes(since: position) { … }`.
///
/// The problem: a reader that is told of commits must keep up, and what it was not told is lost to it. The idea: this one is told only
/// that there is something, and takes it from what the store keeps when it pleases. So nothing waits for it in memory, it can pause for
/// as long as changes are kept, and a position is all that a later run needs.
///
/// What holds:
/// - It listens before it reads first, so that no commit falls between the two.
/// - Nothing is read while nothing is committed to the tables that it tells of. Where positions count all commits the others are read past:
///   what it stands behind would be forgotten otherwise while it waits.
/// - What cannot be told ends it with an error; nothing is skipped. Behind the position of the last one it can be taken up again.
///
/// It ends when the store is closed, and is left with `CancellationError` by a cancelled task.
public struct KeptCommitSequence: AsyncSequence, Sendable {
    /// One commit.
    public typealias Element = KeptCommit

    /// How many changes are asked for at once. A commit is not split: it has at most ``Limits/batchOperations`` changes.
    private static let pageSize = 1000

    let core: StoreCore
    let start: ChangePosition
    /// Why there is nothing to follow.
    var problem: StorageError?

    /// The positions of the tables whose commits it must hear of; nil: any.
    private var tables: Set<Int>? {
        if core.storage.capabilities.changesAgeWithEveryCommit { return nil }
        return Set(core.schema.tables.filter(\.options.changes).map(\.position))
    }

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Reads on. Not shared between tasks.
    public struct Iterator: AsyncIteratorProtocol {
        private let sequence: KeptCommitSequence
        private var subscription: Subscription?
        /// The place behind what was read.
        private var end: ChangePosition
        /// What of the next commit was told before.
        private var told: ChangePosition.Inside?
        private var commits: [KeptCommit] = []
        private var place = 0
        private var freshness = Freshness.latest
        private var isComplete = false
        private var isOver = false

        fileprivate init(_ sequence: KeptCommitSequence) {
            self.sequence = sequence
            end = sequence.start
        }

        /// The next commit; nil when the store was closed.
        /// - Throws: `storage.unsupported` where no changes are kept; `storage.invalid` for a position that is none, and inside a
        ///   transaction of the store; `storage.snapshot_expired` for one of another store, and where changes behind it are no longer
        ///   kept; `storage.damaged` for a change that cannot be read; `storage.closed` when the store was closed before;
        ///   `storage.timeout`; `CancellationError`; what reading throws. The sequence is over then.
        public mutating func next() async throws -> KeptCommit? {
            if isOver { return nil }
            do {
                if let problem = sequence.problem { throw problem }
                try TransactionContext.refuseOutside(sequence.core, "this waits for commits of the store")
                let commit = try await nextCommit()
                isOver = commit == nil
                return commit
            } catch {
                isOver = true
                throw error
            }
        }

        private mutating func nextCommit() async throws -> KeptCommit? {
            let listener = try listen()
            while true {
                try Deadline.check()
                if let commit = try take() { return commit }
                if isComplete, try await !listener.awaitChange() { return nil }
                guard try await read(listener) else { return nil }
            }
        }

        /// The listener; it begins with the first call.
        private mutating func listen() throws -> ChangeListener {
            if let subscription { return subscription.listener }
            (end, told) = try sequence.start.split()
            let subscription = try Subscription(.tables(sequence.tables), to: sequence.core.storage)
            self.subscription = subscription
            return subscription.listener
        }

        /// The next of the commits that were read.
        /// - Throws: `storage.snapshot_expired` when the position is inside a commit of a copy that has gone another way.
        private mutating func take() throws -> KeptCommit? {
            while place < commits.count {
                let commit = commits[place]
                place += 1
                guard let told else {
                    // A commit that did nothing to what the program knows.
                    if commit.changes.isEmpty { continue }
                    return commit
                }
                self.told = nil
                guard told.commit == commit.position.digest else { throw StorageError.foreignPosition(sequence.start) }
                if let rest = commit.dropping(told.changes) { return rest }
            }
            return nil
        }

        /// Reads on.
        /// - Returns: Whether the store is still open.
        private mutating func read(_ listener: ChangeListener) async throws -> Bool {
            do {
                let page = try await sequence.core.storage.keptChanges(
                    since: end, freshness, limit: KeptCommitSequence.pageSize)
                (commits, place, end, isComplete) = (page.commits, 0, page.end, page.isComplete)
            } catch let error as StorageError where error.code == .closed {
                try await listener.awaitClose()
                return false
            }
            // Of what comes later this handle hears: an object store need not be asked whether there is more.
            if isComplete { freshness = .cached }
            return true
        }
    }
}

/// The changes of one table behind a position, in order, and then those that follow:
/// `for try await change in atlas.cities.changes(since: position) { … }`.
///
/// As ``KeptCommitSequence`` otherwise. Each change has a position of its own, so that a loop can be taken up inside a commit.
public struct KeptChangeSequence<Item: Sendable>: AsyncSequence, Sendable {
    /// What a commit did to one record.
    public typealias Element = KeptChange<Item>

    private let commits: KeptCommitSequence
    private let table: Int
    private let make: @Sendable (Record) throws -> Item

    init(_ commits: KeptCommitSequence, of table: Int, _ make: @escaping @Sendable (Record) throws -> Item) {
        self.commits = commits
        self.table = table
        self.make = make
    }

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator {
        Iterator(commits: commits.makeAsyncIterator(), table: table, make: make)
    }

    /// Reads on. Not shared between tasks.
    public struct Iterator: AsyncIteratorProtocol {
        private var commits: KeptCommitSequence.Iterator
        private let table: Int
        private let make: @Sendable (Record) throws -> Item
        private var commit: KeptCommit?
        /// The places in the commit of the changes that are still to be told, the next one last.
        private var rest: [Int] = []
        private var isOver = false

        fileprivate init(
            commits: KeptCommitSequence.Iterator, table: Int, make: @escaping @Sendable (Record) throws -> Item
        ) {
            self.commits = commits
            self.table = table
            self.make = make
        }

        /// The next change; nil when the store was closed.
        /// - Throws: as ``KeptCommitSequence/Iterator/next()``, and for a record that cannot be read.
        public mutating func next() async throws -> KeptChange<Item>? {
            if isOver { return nil }
            do {
                let change = try await nextChange()
                isOver = change == nil
                return change
            } catch {
                isOver = true
                throw error
            }
        }

        private mutating func nextChange() async throws -> KeptChange<Item>? {
            while true {
                if let commit, let place = rest.popLast() {
                    // Behind the last one of the table others of the commit may be left to tell, to who follows the store.
                    return KeptChange(
                        position: commit.position(behind: place), time: commit.time,
                        change: try commit.changes[place].map(make))
                }
                guard let next = try await commits.next() else { return nil }
                commit = next
                rest = next.changes.indices.filter { next.changes[$0].table.position == table }.reversed()
            }
        }
    }
}
