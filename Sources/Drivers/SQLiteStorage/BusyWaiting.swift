import CairnCore

/// Waits for another process that has the database, without blocking a thread.
struct BusyWaiting {
    private let deadline: ContinuousClock.Instant
    private let isTaskDeadline: Bool
    private var backoff = Backoff(first: .milliseconds(1), largest: .milliseconds(50))

    init(timeout: Duration) {
        deadline = Deadline.earliest(within: timeout)
        isTaskDeadline = deadline == Deadline.current
    }

    /// Runs `body`, again and again while the database is busy.
    /// - Throws: `storage.busy` when the time is up; `storage.timeout` when it was the task's; what `body` throws.
    mutating func retry<Result>(at place: String, _ body: () throws -> Result) async throws -> Result {
        while true {
            do {
                return try body()
            } catch let failure as SQLiteFailure {
                guard failure.isBusy else { throw failure.storageError(at: place) }
                guard ContinuousClock.now < deadline else {
                    throw isTaskDeadline ? StorageError.timeout() : failure.storageError(at: place)
                }
            }
            try await Task.sleep(for: backoff.next())
        }
    }
}
