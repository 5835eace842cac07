import CairnCore
import ObjectStores

/// What becomes of one request, decided when it is sent.
struct Fate: Sendable {
    /// An answer that the bucket does not give.
    struct Refusal: Sendable {
        let code: ObjectStoreError.Code
        let message: String
        let providerCode: String?
        let status: Int
        var isRetryable = false
        var mayHaveTakenEffect = false
        /// Seconds it was in a cache.
        var age: Int?
        /// Whether the request does its work before it.
        var comesAfterEffect = false
    }

    enum Damage: Sendable { case none, truncated, flipped, flippedUnseen }

    var fault: SimulatedFault?
    /// Microseconds to the bucket; nil when it never gets there.
    var travel: Int?
    /// Microseconds between its admission and its effect.
    var lingering = 0
    var refusal: Refusal?
    /// Microseconds of the answer on its way back; nil when it never comes.
    var back: Int?
    /// Microseconds after which it arrives once more.
    var again: Int?
    var damage = Damage.none
    /// Whether it ends with its sender, if that dies before it arrived.
    var endsWithSender = false
    /// Microseconds after which the sender gives up.
    var patience: Int
}

/// Decides what becomes of requests, by a seed.
final class FaultSource: Sendable {
    private struct State {
        var random: SeededRandom
        var mix: FaultMix
        /// Until when requests of all are throttled.
        var throttledUntil: World.Moment = 0
        /// Until when the credentials of a process do not work.
        var deniedUntil: [String: World.Moment] = [:]
        /// Processes for whose requests nothing goes wrong.
        var spared: Set<String> = []
    }

    private let state: Lock<State>
    private let world: World
    /// Whether nothing went wrong from the beginning.
    let isCalm: Bool

    init(_ world: World, seed: UInt64, _ mix: FaultMix) {
        self.world = world
        isCalm = mix.rates.isEmpty
        state = Lock(State(random: SeededRandom(seed: seed), mix: mix))
    }

    /// Goes on with another mix; what lasts a while ends.
    func follow(_ mix: FaultMix) {
        state.withLock { state in
            state.mix = mix
            state.throttledUntil = 0
            state.deniedUntil = [:]
        }
    }

    /// Lets nothing go wrong with the requests of a process, or no longer.
    func spare(_ process: SimulatedProcess, _ isSpared: Bool) {
        state.withLock { state in
            if isSpared { state.spared.insert(process.name) } else { state.spared.remove(process.name) }
        }
    }

    private static let second = 1_000_000
    /// How long a sender waits for an answer.
    static let patience = 30 * second
    /// How long a request may be under way at most, so that its date is just good, or just not.
    private static let longest = (SimulatedBucket.skewSeconds + 60) * second
    /// How long a request that was admitted takes at most until it happens.
    private static let lingers = 4 * 60 * second

    func fate(of request: SimulatedRequest, from process: SimulatedProcess) -> Fate {
        let now = world.now
        return state.withLock { state in
            var fate = Fate(
                travel: state.random.number(state.mix.travel), back: state.random.number(state.mix.travel),
                endsWithSender: state.random.chance(50), patience: FaultSource.patience)
            let fault =
                state.spared.contains(process.name) ? nil : FaultSource.chosen(request, process, now, &state)
            fate.fault = fault
            if let fault { FaultSource.apply(fault, to: &fate, request, process, now, &state) }
            return fate
        }
    }

    private static func chosen(
        _ request: SimulatedRequest, _ process: SimulatedProcess, _ now: World.Moment, _ state: inout State
    ) -> SimulatedFault? {
        if state.throttledUntil > now, state.random.chance(80) { return .slowDown }
        if let until = state.deniedUntil[process.name], until > now { return .expiredCredentials }
        var rest = state.random.below(10_000)
        for (fault, rate) in state.mix.rates {
            if rest < rate { return fault.applies(to: request) ? fault : nil }
            rest -= rate
        }
        return nil
    }

    private static func apply(
        _ fault: SimulatedFault, to fate: inout Fate, _ request: SimulatedRequest, _ process: SimulatedProcess,
        _ now: World.Moment, _ state: inout State
    ) {
        switch fault {
        case .requestLost:
            fate.travel = nil
            fate.patience = silence(&state)
        case .answerLost:
            fate.back = nil
            fate.patience = max(silence(&state), fate.travel ?? 0)
        case .duplicated: fate.again = state.random.number(1_000...longest)
        case .late: fate.travel = state.random.number(second...longest)
        case .slow:
            fate.travel = state.random.number(second / 10...20 * second)
            fate.back = state.random.number(second / 10...9 * second)
        case .lingering: fate.lingering = state.random.number(second...lingers)
        case .truncated: fate.damage = .truncated
        case .flipped: fate.damage = .flipped
        case .flippedUnseen: fate.damage = .flippedUnseen
        case .slowDown:
            if state.throttledUntil <= now { state.throttledUntil = now + state.random.number(second...60 * second) }
            fate.refusal = Fate.Refusal(fault, request)
        case .expiredCredentials:
            if (state.deniedUntil[process.name] ?? 0) <= now {
                state.deniedUntil[process.name] = now + state.random.number(second...300 * second)
            }
            fate.refusal = Fate.Refusal(fault, request)
        case .conflict, .conflictAfterEffect, .strangeAbsence, .noSuchBucket, .cachedAbsence, .denied, .failedBefore,
            .failedAfter, .errorInSuccess:
            fate.refusal = Fate.Refusal(fault, request)
            if fault == .errorInSuccess { fate.refusal?.comesAfterEffect = state.random.chance(50) }
        }
    }

    /// When one hears that no answer will come: soon when the connection breaks, late when nothing tells.
    private static func silence(_ state: inout State) -> Int {
        state.random.chance(70) ? state.random.number(1_000...2 * second) : patience
    }
}

extension Fate.Refusal {
    /// The answer that a fault is; as the S3 client tells them.
    fileprivate init?(_ fault: SimulatedFault, _ request: SimulatedRequest) {
        let isWrite = request.isWrite
        switch fault {
        case .conflict, .conflictAfterEffect:
            self.init(
                code: .conflict, message: "another operation is in the way", providerCode: "ConditionalRequestConflict",
                status: 409, isRetryable: true, comesAfterEffect: fault == .conflictAfterEffect)
        case .strangeAbsence:
            self.init(code: .unavailable, message: "nothing was found", providerCode: nil, status: 404)
        case .cachedAbsence:
            self.init(
                code: .notFound, message: "there is no object, says a cache", providerCode: "NoSuchKey", status: 404,
                age: 7)
        case .noSuchBucket:
            self.init(
                code: .noSuchContainer, message: "there is no such bucket", providerCode: "NoSuchBucket", status: 404)
        case .denied:
            self.init(code: .accessDenied, message: "it was refused", providerCode: "AccessDenied", status: 403)
        case .expiredCredentials:
            self.init(
                code: .accessDenied, message: "the credentials have ended", providerCode: "ExpiredToken", status: 400,
                isRetryable: true)
        case .failedBefore, .failedAfter:
            self.init(
                code: .unavailable, message: "the server failed", providerCode: "InternalError", status: 500,
                isRetryable: true, mayHaveTakenEffect: isWrite, comesAfterEffect: fault == .failedAfter)
        case .slowDown:
            self.init(
                code: .throttled, message: "too many requests", providerCode: "SlowDown", status: 503,
                isRetryable: true, mayHaveTakenEffect: isWrite)
        case .errorInSuccess:
            self.init(
                code: .unavailable, message: "the server failed after it had begun to answer",
                providerCode: "InternalError", status: 200, isRetryable: true, mayHaveTakenEffect: isWrite)
        case .requestLost, .answerLost, .duplicated, .late, .slow, .lingering, .truncated, .flipped, .flippedUnseen:
            return nil
        }
    }
}
