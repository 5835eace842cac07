import CairnCore

/// What happened in a world, line by line.
package final class Trace: Sendable {
    private struct State {
        var lines: [String] = []
        var isOpen = true
    }

    private let state = Lock(State())
    /// Whether lines are kept: they cost more than what they tell of.
    package let isOn: Bool

    init(isOn: Bool) {
        self.isOn = isOn
    }

    /// All lines.
    package var lines: [String] { state.withLock { $0.lines } }

    func add(_ time: World.Moment, _ who: String, _ text: String) {
        let line = "\(Trace.text(time)) \(who): \(text)"
        state.withLock { if $0.isOpen { $0.lines.append(line) } }
    }

    /// Nothing counts any more.
    func close() { state.withLock { $0.isOpen = false } }

    /// A time or a duration: days, hours, minutes, seconds to the microsecond.
    package static func text(_ microseconds: Int) -> String {
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let seconds = microseconds / 1_000_000
        let days = seconds / 86_400 > 0 ? "\(seconds / 86_400)d " : ""
        return days + "\(padded(seconds / 3600 % 24, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
            + ".\(padded(microseconds % 1_000_000, 6))"
    }
}

/// Counts what happened, by name.
package final class Tally: Sendable {
    private let counts = Lock<[String: Int]>([:])

    package init() {}

    package func count(_ name: String, by amount: Int = 1) { counts.withLock { $0[name, default: 0] += amount } }

    /// How often each thing happened.
    package var all: [String: Int] { counts.withLock { $0 } }

    package subscript(name: String) -> Int { counts.withLock { $0[name] ?? 0 } }
}
