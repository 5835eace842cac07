import CairnCore

/// Counts the moments at which something changes in a bucket, and decides what becomes of the change, its answer and its sender.
package final class EffectGate: Sendable {
    /// What happens at an effect.
    package enum Verdict: Sendable {
        /// It takes place.
        case pass
        /// The sender dies before it, and it never takes place.
        case dieBefore
        /// The sender dies just after it.
        case dieAfter
        /// The sender dies, and it takes place so many microseconds later.
        case dieAndLand(after: Int)
        /// It never takes place, and the sender hears nothing.
        case vanish
        /// It takes place, and the sender hears nothing.
        case passUnheard
        /// It takes place, and the sender stands still for so long before it hears of it.
        case sleepAfter(Int, isSeen: Bool)
    }

    /// Decides about an effect, by its number from 1, its sender and the request.
    package typealias Judge = @Sendable (Int, SimulatedProcess, SimulatedRequest) -> Verdict

    private struct State {
        var count = 0
        var judge: Judge?
    }

    private let state = Lock(State())

    package init() {}

    /// How many there were.
    package var count: Int { state.withLock { $0.count } }

    /// Decides from now on what happens at each effect.
    package func judge(_ judge: Judge?) { state.withLock { $0.judge = judge } }

    /// Lets a request do its work, or not.
    /// - Parameter work: Does it; whether the sender hears of it.
    func pass(
        _ request: SimulatedRequest, _ process: SimulatedProcess, _ work: @escaping @Sendable (_ isHeard: Bool) -> Void
    ) {
        guard request.isWrite else { return work(true) }
        let (number, judge) = state.withLock { state in
            state.count += 1
            return (state.count, state.judge)
        }
        switch judge?(number, process, request) ?? .pass {
        case .pass: work(true)
        case .dieBefore: process.kill()
        case .dieAfter:
            work(true)
            process.kill()
        case .dieAndLand(let delay):
            process.kill()
            process.world.after(delay) { work(true) }
        case .vanish: break
        case .passUnheard: work(false)
        case .sleepAfter(let duration, let isSeen):
            work(true)
            process.pause(for: duration, isSeen: isSeen)
        }
    }
}
