import CairnCore

/// What may go wrong between a caller and a store.
public enum Fault: Sendable, Hashable {
    /// The request is lost: nothing happens, and no answer comes.
    case dropRequest
    /// The answer is lost: it happens, and nobody hears of it.
    case dropAnswer
    /// The request is held up somewhere: no answer comes, and it happens when ``FaultInjectingObjectStore/deliver()`` is called.
    case holdRequest
    /// The request arrives twice: it happens and is answered, and happens again when
    /// ``FaultInjectingObjectStore/deliver()`` is called.
    case duplicate
    /// The request takes so long to arrive, by the clock of the faults.
    case delay(Duration)
    /// The body of a GET breaks off half-way.
    case truncate
    /// The store asks for fewer requests; nothing happens.
    case throttle(retryAfter: Duration?)
    /// The store fails; nothing happens.
    case failBefore
    /// The store fails after it has happened.
    case failAfter

    /// The kinds of faults, to count them by.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// ``Fault/dropRequest``.
        case dropRequest = "drop_request"
        /// ``Fault/dropAnswer``.
        case dropAnswer = "drop_answer"
        /// ``Fault/holdRequest``.
        case holdRequest = "hold_request"
        /// ``Fault/duplicate``.
        case duplicate
        /// ``Fault/delay(_:)``.
        case delay
        /// ``Fault/truncate``.
        case truncate
        /// ``Fault/throttle(retryAfter:)``.
        case throttle
        /// ``Fault/failBefore``.
        case failBefore = "fail_before"
        /// ``Fault/failAfter``.
        case failAfter = "fail_after"
    }

    /// Its kind.
    public var kind: Kind {
        switch self {
        case .dropRequest: .dropRequest
        case .dropAnswer: .dropAnswer
        case .holdRequest: .holdRequest
        case .duplicate: .duplicate
        case .delay: .delay
        case .truncate: .truncate
        case .throttle: .throttle
        case .failBefore: .failBefore
        case .failAfter: .failAfter
        }
    }

    /// Whether it can happen to a call.
    func applies(to call: ObjectCall) -> Bool {
        switch self {
        case .truncate: call.operation == .get
        // What happens later reads its body when nobody waits for it any more.
        case .holdRequest, .duplicate: call.operation.isWrite && call.isReplayable
        case .dropRequest, .dropAnswer, .delay, .throttle, .failBefore, .failAfter: true
        }
    }
}

/// Which calls something goes wrong with.
public struct FaultPlan: Sendable {
    /// Chooses the fault of a call; nil for none. Called once for each call, one after the other.
    let choose: @Sendable (ObjectCall) -> Fault?

    /// A plan by what chooses.
    public init(_ choose: @escaping @Sendable (ObjectCall) -> Fault?) {
        self.choose = choose
    }

    /// Nothing goes wrong.
    public static let none = FaultPlan { _ in nil }

    /// Faults at random, the same for the same seed and the same order of calls.
    /// - Parameter rates: How often of a hundred calls each fault happens; together at most 100.
    public static func random(seed: UInt64, _ rates: [(fault: Fault, percent: Int)]) -> FaultPlan {
        let random = Lock(SplitMix64(state: seed))
        return FaultPlan { _ in
            var rest = Int(random.withLock { $0.next() } % 100)
            for (fault, percent) in rates {
                if rest < percent { return fault }
                rest -= percent
            }
            return nil
        }
    }

    /// Faults for the first calls of a kind, one for each; nil lets a call pass.
    public static func script(_ operation: ObjectCall.Operation, _ faults: [Fault?]) -> FaultPlan {
        let rest = Lock(faults[...])
        return FaultPlan { call in
            guard call.operation == operation else { return nil }
            return rest.withLock { $0.popFirst() ?? nil }
        }
    }
}

/// Random numbers that are the same for the same seed (Steele, Lea, Flood 2014).
private struct SplitMix64: Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
