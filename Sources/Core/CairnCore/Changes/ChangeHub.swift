/// Where a driver says what was committed, and who wants to know is told.
///
/// The problem: readers of changes and observers of queries come and go while commits go on, and a store that nobody listens to must
/// not pay for them. The idea: each driver has one hub. Before a commit it asks for the ``interest``, which is nothing for most stores;
/// after the commit it tells what happened.
///
/// What a driver must keep:
/// - It tells commits one after the other, in the order in which they became visible, when they are visible, and nothing that was
///   rolled back.
/// - A listener that was added before a commit became visible hears of it: where a driver looks at the interest before the commit,
///   ``add(_:watching:)`` must not come between the look and the commit.
public final class ChangeHub: Sendable {
    /// What listeners want to know.
    public enum Interest: Sendable, Hashable, Comparable {
        /// Nobody listens.
        case nothing
        /// Which tables were written.
        case tables
        /// Which records were written, as they were before and after.
        case records
    }

    private struct State {
        var listeners: [Int: ChangeListener] = [:]
        var nextID = 0
        var interest = Interest.nothing
        /// Looks for commits of others while anyone listens.
        var watch: Task<Void, Never>?
        var isFinished = false
    }

    private let state = Lock(State())

    /// A hub that nobody listens to yet.
    public init() {}

    deinit { state.withLock { $0.watch?.cancel() } }

    /// What listeners want to know now.
    public var interest: Interest { state.withLock { $0.interest } }

    // MARK: Listeners

    /// Lets a listener hear of what is told from now on, until nobody has an interest in it any more.
    /// - Parameter watch: Looks for commits of others and tells them. Begun with the first listener, cancelled with the last: it must
    ///   end then, and not keep the store alive.
    /// - Throws: `storage.closed` when the hub has finished.
    public func add(_ listener: ChangeListener, watching watch: (@Sendable () async -> Void)? = nil) throws {
        let id = try state.withLock { state in
            guard !state.isFinished else { throw StorageError.closed("store") }
            state.nextID += 1
            state.listeners[state.nextID] = listener
            state.interest = max(state.interest, listener.interest)
            // For all who listen: it has no deadline of the one who came first.
            if let watch, state.watch == nil { state.watch = Task.detached { await watch() } }
            return state.nextID
        }
        listener.onLeave { [weak self] in self?.remove(id) }
    }

    private func remove(_ id: Int) {
        state.withLock { state in
            state.listeners[id] = nil
            state.interest = state.listeners.values.map(\.interest).max() ?? .nothing
            guard state.listeners.isEmpty else { return }
            state.watch?.cancel()
            state.watch = nil
        }
    }

    private var listeners: [ChangeListener] { state.withLock { Array($0.listeners.values) } }

    // MARK: Telling

    /// A commit is visible, and this is what it did. Nothing is told of one that did nothing.
    public func tell(_ commit: CommittedChanges) {
        guard !commit.changes.isEmpty else { return }
        for listener in listeners { listener.tell(commit) }
    }

    /// A commit is visible that wrote tables, by their positions, while nobody wanted to know more.
    public func tell(tables: Set<Int>) {
        guard !tables.isEmpty else { return }
        for listener in listeners { listener.tell(tables: tables) }
    }

    /// The newest commit is another one, which did nothing. Who listens to all tables looks: a position goes along with it.
    package func tellEmpty() {
        for listener in listeners { listener.tellEmpty() }
    }

    /// Commits may be visible of which nobody knows what they did. Readers of changes are not told: they read what this handle knows.
    public func tellUnknown() {
        for listener in listeners { listener.tellUnknown() }
    }

    /// Commits are visible, or may be, that readers of changes should have been told and cannot be: they end with an error. Observers
    /// of queries look again.
    /// - Parameter error: What they end with, behind what they were told before.
    public func interrupt(_ error: StorageError) {
        for listener in listeners { listener.interrupt(error) }
    }

    /// Nothing can be told any more for now: ends all that listen, and not those who begin to later.
    public func fail(_ error: StorageError) {
        let listeners = state.withLock { state in
            // Listeners leave one by one, and who had an error may be back before the last of them has left: it needs a watch of its own.
            state.watch?.cancel()
            state.watch = nil
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish(error) }
    }

    /// Ends all that listen: at the close of the store, or with the error that ended it.
    public func finish(_ error: StorageError? = nil) {
        let listeners = state.withLock { state in
            state.isFinished = true
            state.watch?.cancel()
            state.watch = nil
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish(error) }
    }
}
