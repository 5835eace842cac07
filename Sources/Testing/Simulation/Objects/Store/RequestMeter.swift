import CairnCore

/// Counts the requests that one task and those it waits for make.
///
/// What the driver does beside a call, such as writing record files, runs in tasks of its own and is not counted.
final class RequestMeter: Sendable {
    /// The meter of the running task; nil: nobody counts.
    @TaskLocal static var current: RequestMeter?

    private let number = Lock(0)

    /// How many there were.
    var count: Int { number.withLock { $0 } }

    func add() { number.withLock { $0 += 1 } }
}
