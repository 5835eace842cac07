import CairnCore
import Foundation

@testable import ObjectStorage

/// The time of a store and of the processes that use it. It stands still until a test moves it, or somebody waits.
final class MovedClock: Sendable {
    private let time = Lock(Timestamp("2026-11-20T15:06:01.870549Z") ?? .epoch)
    private let passed = Lock(Duration.zero)

    var now: Timestamp { time.withLock { $0 } }
    var date: Date { Date(now) }

    func advance(_ duration: Duration) {
        let microseconds =
            duration.components.seconds * 1_000_000
            + duration.components.attoseconds / 1_000_000_000_000
        time.withLock { $0 = $0.adding(microseconds: microseconds) ?? $0 }
        passed.withLock { $0 += duration }
    }

    /// A machine on which waiting takes no time but the clock's.
    /// - Parameter wrong: How far its own time of day is from the store's.
    func machine(wrong: Duration = .zero) -> Surroundings {
        var machine = Surroundings.machine { [self] in
            now.adding(microseconds: wrong.components.seconds * 1_000_000) ?? now
        }
        machine.uptime = { [self] in passed.withLock { $0 } }
        machine.sleep = { [self] in
            try Task.checkCancellation()
            advance($0)
        }
        return machine
    }
}
