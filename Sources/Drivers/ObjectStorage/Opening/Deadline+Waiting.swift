import CairnCore

extension Deadline {
    /// Waits for something, no longer than the current task has time.
    /// - Parameters:
    ///   - sleep: Waits; throws when its task is cancelled.
    ///   - expire: The time is over: ends the waiting, also when that has yet to begin.
    ///   - wait: Waits, until somebody ends it.
    static func wait<Result: Sendable>(
        _ sleep: @escaping @Sendable (Duration) async throws -> Void, expire: @escaping @Sendable () -> Void,
        _ wait: @Sendable () async throws -> Result
    ) async throws -> Result {
        guard let current else { return try await wait() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                guard (try? await sleep(ContinuousClock.now.duration(to: current))) != nil else { return }
                expire()
            }
            defer { group.cancelAll() }
            return try await wait()
        }
    }
}
