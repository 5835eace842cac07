import CairnCore

/// A line on the error output that changes while something is under way; nothing where it is no terminal.
final class Progress: Sendable {
    private let write: (@Sendable (String) -> Void)?
    private let state = Lock(State())

    private struct State {
        /// When the line was last written.
        var shown: ContinuousClock.Instant?
    }

    /// - Parameter write: Writes a text as it is; nil where nobody looks.
    init(_ write: (@Sendable (String) -> Void)?) {
        self.write = write
    }

    /// Whether somebody looks.
    var isVisible: Bool { write != nil }

    /// Shows a line in place of the one before, at most ten times a second.
    func show(_ line: @autoclosure () -> String) {
        guard let write else { return }
        let isDue = state.withLock { state in
            if let shown = state.shown, .now - shown < .milliseconds(100) { return false }
            state.shown = .now
            return true
        }
        if isDue { write("\r\u{1B}[K\(Printable.line(line()))") }
    }

    /// Takes the line away.
    func end() {
        guard let write else { return }
        let wasShown = state.withLock { state in
            defer { state.shown = nil }
            return state.shown != nil
        }
        if wasShown { write("\r\u{1B}[K") }
    }
}

/// How far a transfer is, in words: `12.5 MiB of 64.0 MiB, 8.1 MiB/s, 6 s left`.
struct TransferRate: Sendable {
    private let begun = ContinuousClock.now

    /// - Parameter total: Bytes in all; nil when nobody knows.
    func text(done: Int, total: Int?, now: ContinuousClock.Instant = .now) -> String {
        let seconds = (now - begun) / .seconds(1)
        let rate = seconds > 0 ? Double(done) / seconds : 0
        var parts = [total.map { "\(ByteCount.text(done)) of \(ByteCount.text($0))" } ?? ByteCount.text(done)]
        // A rate of nothing, or of an instant, says nothing.
        if done > 0, seconds > 0.5 {
            parts.append("\(ByteCount.text(Int(rate)))/s")
            if let total, done < total {
                parts.append("\(Int((Double(total - done) / rate).rounded(.up))) s left")
            }
        }
        return parts.joined(separator: ", ")
    }
}

/// Counts of bytes for people.
enum ByteCount {
    /// `512 B`, `1.5 KiB`, `2.0 GiB`.
    static func text(_ bytes: Int) -> String {
        var value = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 { return unit == "B" ? "\(bytes) B" : "\(decimal(value)) \(unit)" }
            value /= 1024
        }
        return "\(decimal(value)) TiB"
    }

    private static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
