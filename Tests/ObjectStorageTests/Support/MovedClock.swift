import CairnCore
import Foundation

@testable import ObjectStorage

/// The time of a store and of the processes that use it. It stands still until a test moves it.
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

    /// A machine whose time moves with the clock, beside that which passes by itself.
    /// - Parameter wrong: How far its time of day is from the store's.
    func machine(wrong: Duration = .zero) -> Surroundings {
        var machine = Surroundings.machine { [self] in
            now.adding(microseconds: wrong.components.seconds * 1_000_000) ?? now
        }
        let uptime = machine.uptime
        machine.uptime = { [self] in uptime() + passed.withLock { $0 } }
        return machine
    }
}
