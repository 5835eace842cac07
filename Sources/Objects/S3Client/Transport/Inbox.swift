import CCurl
import CairnCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What an event loop is told from outside its thread, in order.
final class Inbox: Sendable {
    enum Command {
        case start(Transfer)
        case cancel(Transfer)
        /// The reader of the body wants more.
        case resumeReceiving(Transfer)
        /// The stream of the request's body has more, or has ended.
        case resumeSending(Transfer)
    }

    private struct State {
        var commands: [Command] = []
        /// Whether the thread waits, or is about to, and must be woken.
        var isAsleep = false
        var isClosed = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Lock(State())
    /// Wakes the thread when it is written to. Open as long as the inbox lives.
    let wakeFile: Int32

    /// - Throws: `resources`.
    init() throws(TransportError) {
        wakeFile = cairn_events_wake_file()
        guard wakeFile >= 0 else { throw .resources("no file to be woken by: \(SystemError.last).") }
    }

    deinit { _ = Glibc.close(wakeFile) }

    /// - Returns: Whether it will be done; false once closed.
    @discardableResult
    func post(_ command: Command) -> Bool {
        let (isTaken, mustWake) = state.withLock { state in
            if state.isClosed { return (false, false) }
            state.commands.append(command)
            defer { state.isAsleep = false }
            return (true, state.isAsleep)
        }
        if mustWake { cairn_events_wake(wakeFile) }
        return isTaken
    }

    // MARK: The thread's side

    /// Takes what was posted into `commands`, which is empty. It goes back with the next call, so that its memory is used
    /// again.
    /// - Returns: Whether the loop is to go on.
    func take(into commands: inout [Command]) -> Bool {
        let taken = commands
        commands = []
        let (posted, isOpen) = state.withLock { state in
            var spare = taken
            swap(&spare, &state.commands)
            state.isAsleep = false
            return (spare, !state.isClosed)
        }
        commands = posted
        return isOpen
    }

    /// - Returns: Whether the thread may wait: nothing was posted. From then on a post wakes it.
    func fallAsleep() -> Bool {
        state.withLock { state in
            state.isAsleep = state.commands.isEmpty && !state.isClosed
            return state.isAsleep
        }
    }

    /// The thread has woken, and will take what is posted before it waits again.
    func stayAwake() { state.withLock { state in state.isAsleep = false } }

    /// The thread has let go of everything.
    func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: Closing

    /// Takes nothing more, and tells the thread to end.
    func close() {
        state.withLock { state in state.isClosed = true }
        cairn_events_wake(wakeFile)
    }

    /// Closes, and waits until the thread has ended.
    func closeAndWait() async {
        close()
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}
