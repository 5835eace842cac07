/// The moment by which the work of the current task must be done.
///
/// Every layer that can wait looks at it: a queue for the writer, a lock another process holds, a long statement. What
/// runs past it fails with `storage.timeout` and leaves nothing behind.
public enum Deadline {
    /// The deadline of the current task; nil when there is none.
    @TaskLocal public static var current: ContinuousClock.Instant?

    /// Fails when the deadline of the current task has passed, or the task was cancelled.
    package static func check() throws {
        try Task.checkCancellation()
        if let current, current <= .now { throw StorageError.timeout() }
    }

    /// The earlier of the task's deadline and `duration` from now.
    package static func earliest(within duration: Duration) -> ContinuousClock.Instant {
        let limit = ContinuousClock.now.advanced(by: duration)
        return current.map { min($0, limit) } ?? limit
    }
}

/// Runs `body` with a deadline: whatever it asks of a store after that fails with `storage.timeout`.
///
/// Deadlines nest; the earliest counts. What was committed before stays committed.
public func withDeadline<Result>(
    after duration: Duration, _ body: () async throws -> Result
) async throws -> Result {
    try await Deadline.$current.withValue(Deadline.earliest(within: duration)) { try await body() }
}
