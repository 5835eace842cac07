import CairnCore

/// Counts the moments at which something changes in a bucket, and lets a process die at one of them.
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
    }

    private struct State {
        var count = 0
        var judge: (@Sendable (Int, SimulatedProcess) -> Verdict)?
    }

    private let state = Lock(State())

    package init() {}

    /// How many there were.
    package var count: Int { state.withLock { $0.count } }

    /// Decides from now on what happens at each effect, by its number from 1 and its sender.
    package func judge(_ judge: (@Sendable (Int, SimulatedProcess) -> Verdict)?) {
        state.withLock { $0.judge = judge }
    }

    /// Lets a request do its work, or not.
    func pass(_ request: SimulatedRequest, _ process: SimulatedProcess, _ work: @escaping @Sendable () -> Void) {
        guard request.isWrite else { return work() }
        let (number, judge) = state.withLock { state in
            state.count += 1
            return (state.count, state.judge)
        }
        switch judge?(number, process) ?? .pass {
        case .pass: work()
        case .dieBefore: process.kill()
        case .dieAfter:
            work()
            process.kill()
        case .dieAndLand(let delay):
            process.kill()
            process.world.after(delay, work)
        }
    }
}
