import CairnCore

/// Ends calls that take too long with `object.timeout`.
///
/// A call ends at the limit or at the deadline of its task (`withDeadline`), whichever comes first, by being cancelled; a result
/// that comes even so is handed out. A body is limited chunk by chunk only by the store itself, if at all. A write that is
/// timed out may have taken effect, and its error says so.
public struct TimeLimitedObjectStore: ObjectStoreWrapper {
    /// The store inside.
    public let base: any ObjectStore
    private let limit: Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// A store whose calls end in time.
    /// - Parameter sleep: Waits; throws when its task is cancelled.
    public init(
        _ base: any ObjectStore, limit: Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.base = base
        self.limit = limit
        self.sleep = sleep
    }

    private enum Event<Result: Sendable>: Sendable {
        case ended(Swift.Result<Result, any Error>)
        case timeIsUp
        case timerEnded
    }

    public func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let left = Deadline.current.map { min(limit, ContinuousClock.now.duration(to: $0)) } ?? limit
        guard left > .zero else { throw timeout(call, hasBegun: false, nil) }
        return try await withThrowingTaskGroup(of: Event<Result>.self) { group in
            group.addTask {
                do {
                    return .ended(.success(try await body()))
                } catch {
                    return .ended(.failure(error))
                }
            }
            group.addTask { [sleep] in
                do {
                    try await sleep(left)
                    return .timeIsUp
                } catch {
                    return .timerEnded
                }
            }
            var isTimeUp = false
            while let event = try await group.next() {
                switch event {
                case .timerEnded: continue
                case .timeIsUp: isTimeUp = true
                case .ended(let result):
                    group.cancelAll()
                    if isTimeUp, case .failure(let error) = result { throw late(call, error) }
                    return try result.get()
                }
                group.cancelAll()
            }
            throw CancellationError()
        }
    }

    /// What a call fails with that was cancelled because its time was up.
    private func late(_ call: ObjectCall, _ error: any Error) -> any Error {
        // A definite answer that came after all is worth more.
        if let error = error as? ObjectStoreError, !error.isRetryable, !error.mayHaveTakenEffect { return error }
        if error is CancellationError, Task.isCancelled { return error }
        return timeout(call, hasBegun: true, error)
    }

    private func timeout(_ call: ObjectCall, hasBegun: Bool, _ error: (any Error)?) -> ObjectStoreError {
        .timeout(
            "\(call.operation.rawValue) of '\(call.key)'", key: call.key,
            mayHaveTakenEffect: hasBegun && call.operation.isWrite, underlying: error)
    }
}
