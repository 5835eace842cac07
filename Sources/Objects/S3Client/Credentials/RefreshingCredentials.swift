import CairnCore
import CairnSchema

/// Keeps the credentials of a source, and gets others before they end.
///
/// One refresh is under way at a time, whoever asks. With more than five minutes left the credentials at hand are given at once.
/// In the last five they still are, while a refresh goes on behind; in the last one, and when there are none, callers wait for it.
/// A refresh that fails is forgotten as long as what is at hand is good, and tried again after a pause.
final class RefreshingCredentials: CredentialsProvider {
    /// Before the end: get others, without waiting for them.
    static let early = Duration.seconds(5 * 60)
    /// Before the end: wait for others.
    static let late = Duration.seconds(60)
    /// After a refresh that failed.
    static let pause = Duration.seconds(30)

    private struct State {
        var current: Credentials?
        var isRefreshing = false
        /// No refresh before this, as long as the current credentials are good.
        var notBefore = Timestamp.min
        var waiters: [Int: CheckedContinuation<Credentials, any Error>] = [:]
        var nextID = 0
        /// Waiters cancelled before they were there.
        var cancelled: Set<Int> = []
    }

    private enum Plan { case give(Credentials), wait(id: Int) }

    private let source: any CredentialsLoading
    private let now: @Sendable () -> Timestamp
    private let state = Lock(State())

    init(_ source: any CredentialsLoading, now: @escaping @Sendable () -> Timestamp) {
        self.source = source
        self.now = now
    }

    /// How many wait for a refresh.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    func credentials() async throws -> Credentials {
        let now = now()
        let (plan, startsRefresh) = state.withLock { state -> (Plan, Bool) in
            if let current = state.current {
                let left = RefreshingCredentials.timeLeft(of: current, at: now)
                let isPausing = now < state.notBefore && left > .zero
                if left > RefreshingCredentials.early || isPausing { return (.give(current), false) }
                if left > RefreshingCredentials.late {
                    let starts = !state.isRefreshing
                    state.isRefreshing = true
                    return (.give(current), starts)
                }
            }
            let starts = !state.isRefreshing
            state.isRefreshing = true
            state.nextID += 1
            return (.wait(id: state.nextID), starts)
        }
        if startsRefresh { refresh() }
        switch plan {
        case .give(let credentials): return credentials
        case .wait(let id): return try await wait(id)
        }
    }

    func refused(_ credentials: Credentials) {
        state.withLock { state in
            if state.current == credentials { state.current = nil }
        }
    }

    private static func timeLeft(of credentials: Credentials, at now: Timestamp) -> Duration {
        guard let end = credentials.expiration.flatMap({ Timestamp($0) }) else { return .seconds(Int32.max) }
        return .microseconds(end.microseconds - now.microseconds)
    }

    // MARK: Refreshing

    /// Asks the source, in a task of its own: the one who came first may be cancelled, and the others wait for the same.
    private func refresh() {
        Task.detached { [self] in
            let result: Result<Credentials, any Error>
            do {
                switch try await source.load() {
                case .found(let credentials): result = .success(credentials)
                case .absent(let reason):
                    result = .failure(
                        S3Error.credentials(
                            "\(source.name): \(reason)", remedy: "set it up, or choose another source of credentials"))
                }
            } catch {
                result = .failure(error)
            }
            finish(result)
        }
    }

    private func finish(_ result: Result<Credentials, any Error>) {
        let now = now()
        let (waiters, outcome) = state.withLock {
            state -> ([CheckedContinuation<Credentials, any Error>], Result<Credentials, any Error>) in
            state.isRefreshing = false
            var outcome = result
            switch result {
            case .success(let credentials):
                state.current = credentials
                state.notBefore = .min
            case .failure:
                state.notBefore =
                    now.adding(microseconds: RefreshingCredentials.pause.components.seconds * 1_000_000) ?? now
                if let current = state.current, RefreshingCredentials.timeLeft(of: current, at: now) > .zero {
                    outcome = .success(current)
                }
            }
            let waiters = Array(state.waiters.values)
            state.waiters = [:]
            return (waiters, outcome)
        }
        for waiter in waiters { waiter.resume(with: outcome) }
    }

    // MARK: Waiting

    private enum Arrival { case waits, isCancelled, found(Credentials), mustAsk }

    private func wait(_ id: Int) async throws -> Credentials {
        // A cancellation that came after the waiter was resumed leaves its id behind.
        defer { state.withLock { state in _ = state.cancelled.remove(id) } }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let arrival = state.withLock { state -> Arrival in
                    if state.cancelled.remove(id) != nil { return .isCancelled }
                    if !state.isRefreshing {
                        // The refresh ended before this one was there to be told.
                        if let current = state.current, RefreshingCredentials.timeLeft(of: current, at: now()) > .zero {
                            return .found(current)
                        }
                        state.isRefreshing = true
                        state.waiters[id] = continuation
                        return .mustAsk
                    }
                    state.waiters[id] = continuation
                    return .waits
                }
                switch arrival {
                case .waits: break
                case .mustAsk: refresh()
                case .found(let credentials): continuation.resume(returning: credentials)
                case .isCancelled: continuation.resume(throwing: CancellationError())
                }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Credentials, any Error>? in
                if let waiter = state.waiters.removeValue(forKey: id) { return waiter }
                state.cancelled.insert(id)
                return nil
            }
            waiter?.resume(throwing: CancellationError())
        }
    }
}
