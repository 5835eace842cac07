/// What may go wrong between a process and a bucket.
package enum SimulatedFault: String, Sendable, Hashable, CaseIterable {
    /// The request is lost; the sender hears nothing.
    case requestLost = "request_lost"
    /// It happens, and the answer is lost.
    case answerLost = "answer_lost"
    /// It happens twice: the second time later, and nobody hears of it.
    case duplicated
    /// It is on its way for up to as long as its date allows; the sender gives up before.
    case late
    /// It or its answer takes seconds.
    case slow
    /// It is taken in time, and happens minutes later.
    case lingering
    /// 409, and nothing happens.
    case conflict
    /// 409 though it happens.
    case conflictAfterEffect = "conflict_after_effect"
    /// 404 that says nothing about the object.
    case strangeAbsence = "strange_absence"
    /// 404: there is no such bucket.
    case noSuchBucket = "no_such_bucket"
    /// 404 out of a cache.
    case cachedAbsence = "cached_absence"
    /// 403.
    case denied
    /// 500, and nothing happens.
    case failedBefore = "failed_before"
    /// 500 though it happens.
    case failedAfter = "failed_after"
    /// 503: a burst of them.
    case slowDown = "slow_down"
    /// The credentials have ended: for a while, all requests of the process are refused.
    case expiredCredentials = "expired_credentials"
    /// The body of a GET breaks off.
    case truncated
    /// A bit of the body of a GET is wrong, and found to be.
    case flipped
    /// A bit of the body of a GET of an index file is wrong, and nothing on the way finds it.
    case flippedUnseen = "flipped_unseen"
    /// 200, and an error in the body.
    case errorInSuccess = "error_in_success"

    /// Whether it can happen to a request.
    func applies(to request: SimulatedRequest) -> Bool {
        switch self {
        case .duplicated, .lingering, .conflictAfterEffect, .failedAfter, .errorInSuccess: request.isWrite
        case .conflict: request.isWrite && request.isConditional
        case .flippedUnseen: request.isReading && request.key.hasPrefix("_index/")
        case .truncated, .flipped, .strangeAbsence, .cachedAbsence: request.isReading
        case .requestLost, .answerLost, .late, .slow, .noSuchBucket, .denied, .failedBefore, .slowDown,
            .expiredCredentials:
            true
        }
    }
}

extension SimulatedRequest {
    /// Whether it reads one object.
    fileprivate var isReading: Bool {
        switch action {
        case .get: true
        case .head, .put, .delete, .deleteAll, .list, .copy: false
        }
    }
}

/// Which faults there are, and how often of ten thousand requests each happens.
package struct FaultMix: Sendable {
    package var rates: [(fault: SimulatedFault, rate: Int)] = []
    /// Microseconds from a process to the bucket, at least and at most.
    package var travel = 2_000...30_000

    package init() {}

    /// Nothing goes wrong.
    package static let none = FaultMix()

    /// One fault, and nothing else.
    package static func only(_ fault: SimulatedFault, rate: Int) -> FaultMix {
        var mix = FaultMix()
        mix.rates = [(fault, rate)]
        return mix
    }

    /// Some faults, by chance: often a few kinds that come often, at times all of them, at times none. A storm of everything
    /// would hide what needs a long quiet run.
    package static func random(_ random: inout SeededRandom) -> FaultMix {
        var mix = FaultMix()
        mix.travel = random.pick([2_000...30_000, 500...2_000, 1_000...300_000], else: 2_000...30_000)
        let share = random.pick([0, 20, 40, 40, 70, 100], else: 40)
        let scale = random.pick([20, 60, 60, 150, 400], else: 60)
        for fault in SimulatedFault.allCases where random.chance(share) {
            mix.rates.append((fault, max(1, random.number(scale / 4...scale) / fault.weight)))
        }
        return mix
    }
}

extension SimulatedFault {
    /// How much rarer it is made than others, because one of it does much.
    fileprivate var weight: Int {
        switch self {
        case .slowDown, .expiredCredentials: 12
        case .denied, .noSuchBucket, .strangeAbsence, .cachedAbsence: 3
        default: 1
        }
    }
}
