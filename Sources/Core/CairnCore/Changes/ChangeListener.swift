/// Hears what a ``ChangeHub`` tells, for one reader, who takes it when it pleases.
///
/// What waits for a reader of changes is bounded. When it is full the listener keeps what it has and takes nothing more: the
/// reader gets what came before, in order and without a gap, and then an error. For an observer only that something changed is kept,
/// so it cannot be late, and the last state is never missed.
public final class ChangeListener: Sendable {
    /// What it wants to know.
    enum Subject: Sendable {
        /// Commits, of which so many changes may wait.
        case commits(room: Int)
        /// Whether one of the tables at these positions was written; nil is any table.
        case tables(Set<Int>?)
    }

    fileprivate enum End {
        case closed
        case failed(StorageError)
    }

    /// One task that waits, by the state of its waiting.
    fileprivate enum Waiter {
        case coming
        case waiting(CheckedContinuation<Void, Never>)
        case woken
    }

    fileprivate struct State {
        var commits = WaitingLine<CommittedChanges>()
        /// How many changes wait.
        var count = 0
        /// The number of the last commit that was taken in.
        var last: Int?
        /// Whether something changed since the reader last asked.
        var isDirty = false
        var end: End?
        var waiters: [Int: Waiter] = [:]
        var nextID = 0
        var leave: (@Sendable () -> Void)?
    }

    private let subject: Subject
    private let state = Lock(State())
    /// Who is told instead, as a program sees it that uses the store with another schema; nil for a listener of the store's own.
    private let relay: Relay?

    private struct Relay: Sendable {
        let listener: ChangeListener
        let view: WindowView
    }

    init(_ subject: Subject) {
        self.subject = subject
        relay = nil
    }

    /// Hears for another one. It leaves its hub with that one.
    init(relayingTo listener: ChangeListener, through view: WindowView) {
        subject = listener.subject
        relay = Relay(listener: listener, view: view)
        listener.onLeave { [weak self] in self?.leave() }
    }

    var interest: ChangeHub.Interest {
        switch subject {
        case .commits: .records
        case .tables: .tables
        }
    }

    /// Keeps what takes the listener out of its hub.
    func onLeave(_ leave: @escaping @Sendable () -> Void) { state.withLock { $0.leave = leave } }

    /// Leaves the hub.
    func leave() {
        let leave = state.withLock { state in
            defer { state.leave = nil }
            return state.leave
        }
        leave?()
    }

    // MARK: Hearing

    func tell(_ commit: CommittedChanges) {
        if let relay {
            let changes = relay.view.presented(commit.changes)
            let told = CommittedChanges(number: commit.number, time: commit.time, changes: changes)
            return changes.isEmpty ? relay.listener.tellEmpty() : relay.listener.tell(told)
        }
        change { state in
            switch subject {
            case .tables(let tables):
                guard commit.changes.contains(where: { tables?.contains($0.table.position) ?? true }) else { return }
                state.isDirty = true
            case .commits(let room):
                // A commit larger than the room is taken by whoever has nothing else to read.
                guard state.count == 0 || state.count + commit.changes.count <= room else {
                    state.end = .failed(StorageError.behind(room: room, last: state.last))
                    return
                }
                state.commits.append(commit)
                state.count += commit.changes.count
                state.last = commit.number
            }
        }
    }

    func tell(tables written: Set<Int>) {
        if let relay {
            let tables = relay.view.presented(written)
            return tables.isEmpty ? relay.listener.tellEmpty() : relay.listener.tell(tables: tables)
        }
        change { state in
            guard case .tables(let tables) = subject, tables.map({ !$0.isDisjoint(with: written) }) ?? true else {
                return
            }
            state.isDirty = true
        }
    }

    func tellEmpty() {
        if let relay { return relay.listener.tellEmpty() }
        change { state in
            if case .tables(nil) = subject { state.isDirty = true }
        }
    }

    func tellUnknown() {
        if let relay { return relay.listener.tellUnknown() }
        change { state in
            if case .tables = subject { state.isDirty = true }
        }
    }

    func interrupt(_ error: StorageError) {
        if let relay { return relay.listener.interrupt(error) }
        change { state in
            switch subject {
            case .tables: state.isDirty = true
            case .commits: state.end = .failed(error)
            }
        }
    }

    func finish(_ error: StorageError?) {
        if let relay { return relay.listener.finish(error) }
        change { $0.end = error.map(End.failed) ?? .closed }
    }

    /// Takes something in, unless the end has come, and wakes who waits.
    private func change(_ body: (inout State) -> Void) {
        let (woken, isOver) = state.withLock { state -> ([CheckedContinuation<Void, Never>], Bool) in
            guard state.end == nil else { return ([], false) }
            body(&state)
            guard state.isReady else { return ([], false) }
            return (state.wakeAll(), state.end != nil)
        }
        for continuation in woken { continuation.resume() }
        if isOver { leave() }
    }

    // MARK: Reading

    /// The next commit; nil when the store was closed.
    /// - Throws: What ended the listening, behind the commits that were taken in before; `CancellationError`; `storage.timeout`.
    func next() async throws -> CommittedChanges? {
        while true {
            try Deadline.check()
            let (commit, end) = state.withLock { state -> (CommittedChanges?, End?) in
                guard let commit = state.commits.popFirst() else { return (nil, state.end) }
                state.count -= commit.changes.count
                return (commit, nil)
            }
            if let commit { return commit }
            switch end {
            case .closed: return nil
            case .failed(let error): throw error
            case nil: await pause()
            }
        }
    }

    /// Waits until something changed since the last call.
    /// - Returns: Whether it did; false when the store was closed.
    /// - Throws: What ended the listening; `CancellationError`; `storage.timeout`.
    func awaitChange() async throws -> Bool {
        while true {
            try Deadline.check()
            let (isDirty, end) = state.withLock { state -> (Bool, End?) in
                defer { state.isDirty = false }
                return (state.isDirty, state.end)
            }
            switch end {
            case .closed: return false
            case .failed(let error): throw error
            case nil: if isDirty { return true }
            }
            await pause()
        }
    }

    /// Whether the store was closed.
    var isClosed: Bool {
        state.withLock { state in
            if case .closed = state.end { return true }
            return false
        }
    }

    /// Waits until the store is closed: a driver may refuse to read before it tells those who listen.
    /// - Throws: What ended the listening instead; `CancellationError`; `storage.timeout`.
    func awaitClose() async throws {
        while try await awaitChange() {}
    }

    /// Waits until there is something to take, or the task is cancelled, or its time is over.
    private func pause() async {
        let id = state.withLock { state in
            state.nextID += 1
            state.waiters[state.nextID] = .coming
            return state.nextID
        }
        let alarm = Deadline.current.map { due in
            Task { [self] in
                guard (try? await Task.sleep(until: due, clock: .continuous)) != nil else { return }
                wake(id)
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state -> Bool in
                    if case .woken = state.waiters[id] { return true }
                    if state.isReady { return true }
                    state.waiters[id] = .waiting(continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wake(id)
        }
        alarm?.cancel()
        state.withLock { _ = $0.waiters.removeValue(forKey: id) }
    }

    private func wake(_ id: Int) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiters[id] else { return nil }
            state.waiters[id] = .woken
            if case .waiting(let continuation) = waiter { return continuation }
            return nil
        }
        continuation?.resume()
    }
}

extension ChangeListener.State {
    /// Whether there is something to take.
    fileprivate var isReady: Bool { isDirty || end != nil || !commits.isEmpty }

    /// Takes those who wait, to be resumed.
    fileprivate mutating func wakeAll() -> [CheckedContinuation<Void, Never>] {
        var woken: [CheckedContinuation<Void, Never>] = []
        for (id, waiter) in waiters {
            if case .waiting(let continuation) = waiter { woken.append(continuation) }
            waiters[id] = .woken
        }
        return woken
    }
}

/// A listener that a reader has: it leaves its hub when nobody refers to this any more.
final class Subscription: Sendable {
    let listener: ChangeListener
    /// Kept open for as long as it is listened to.
    private let storage: any Storage

    /// - Throws: `storage.closed`; what the driver throws.
    init(_ subject: ChangeListener.Subject, to storage: any Storage) throws {
        listener = ChangeListener(subject)
        self.storage = storage
        try storage.listen(listener)
    }

    deinit { listener.leave() }
}

extension StorageError {
    /// A reader of changes was too slow.
    fileprivate static func behind(room: Int, last: Int?) -> StorageError {
        changesMissed("this reader of changes fell behind: more than \(room) changes waited for it", after: last)
    }

    /// Commits happened that a reader of changes cannot be told.
    /// - Parameter last: The number of the last commit it was told.
    package static func changesMissed(_ message: String, after last: Int?) -> StorageError {
        let anew = "call changes() again and read the records anew"
        return StorageError(
            .changesMissed, message,
            remedy: last.map { "\(anew); of an object store, ObjectStorage.changes(since: \($0)) goes on there" }
                ?? "\(anew); a larger buffer bears longer pauses")
    }
}
