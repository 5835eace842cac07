/// The commits of a store as they happen, in order: `for try await commit in store.changes() { … }`.
///
/// It begins with the call that made it, not with the loop, so nothing is missed in between. It is for one loop: two share its commits.
/// It ends when the store is closed, and waits as long as nothing happens; a cancelled task leaves it with `CancellationError`.
///
/// What waits for the reader is bounded, in changes and not in bytes: with large records ask for a smaller buffer. One that falls behind gets
/// all that came before, in order, then `changes.missed`.
public struct CommitSequence: AsyncSequence, Sendable {
    /// One commit.
    public typealias Element = CommittedChanges

    private let core: StoreCore
    private let subscription: Result<Subscription, any Error>

    init(_ core: StoreCore, buffer: Int) {
        self.core = core
        subscription = Result { try Subscription(.commits(room: buffer), to: core.storage) }
    }

    /// A sequence that ends with an error.
    init(_ core: StoreCore, failing error: StorageError) {
        self.core = core
        subscription = .failure(error)
    }

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(core: core, subscription: subscription) }

    /// Reads on. Not shared between tasks.
    public struct Iterator: AsyncIteratorProtocol {
        let core: StoreCore
        let subscription: Result<Subscription, any Error>
        private(set) var isOver = false

        /// The next commit; nil when the store was closed.
        /// - Throws: `changes.missed`; `storage.closed` when the store was closed before the sequence was made; `storage.timeout`;
        ///   `CancellationError`; what ended the store.
        public mutating func next() async throws -> CommittedChanges? {
            if isOver { return nil }
            do {
                try TransactionContext.refuseOutside(core, "this waits for commits of the store")
                let commit = try await subscription.get().listener.next()
                isOver = commit == nil
                return commit
            } catch {
                isOver = true
                throw error
            }
        }
    }
}

/// The changes of one table as they are committed, in order: `for try await change in atlas.cities.changes() { … }`.
///
/// As ``CommitSequence`` otherwise.
public struct ChangeSequence<Item: Sendable>: AsyncSequence, Sendable {
    /// What a commit did to one record.
    public typealias Element = Change<Item>

    private let commits: CommitSequence
    private let table: Int
    private let make: @Sendable (Record) throws -> Item

    init(_ commits: CommitSequence, of table: Int, _ make: @escaping @Sendable (Record) throws -> Item) {
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
        fileprivate var commits: CommitSequence.Iterator
        fileprivate let table: Int
        fileprivate let make: @Sendable (Record) throws -> Item
        private var changes: [Change<Record>] = []
        private var place = 0

        fileprivate init(
            commits: CommitSequence.Iterator, table: Int, make: @escaping @Sendable (Record) throws -> Item
        ) {
            self.commits = commits
            self.table = table
            self.make = make
        }

        /// The next change; nil when the store was closed.
        /// - Throws: as ``CommitSequence/Iterator/next()``.
        public mutating func next() async throws -> Change<Item>? {
            while true {
                while place < changes.count {
                    let change = changes[place]
                    place += 1
                    if change.table.position == table { return try change.map(make) }
                }
                guard let commit = try await commits.next() else { return nil }
                changes = commit.changes
                place = 0
            }
        }
    }
}
