/// What a failed attempt can have done, as far as the client knows.
enum AttemptProgress: Sendable, Hashable {
    /// Nothing of the request left this machine.
    case notSent
    /// Some of it did, and no answer came.
    case unanswered
    /// An answer came.
    case answered
}

/// What decides whether a request may be tried again.
struct RequestTraits: Sendable, Hashable {
    /// What a second attempt of the request can do.
    enum Kind: Sendable, Hashable {
        /// Nothing.
        case read
        /// The same again.
        case write
        /// Fail on what the first attempt did: a write with If-Match or If-None-Match.
        case conditionalWrite
    }

    var kind: Kind
    /// Whether its signing date is pinned: it is sent once, whatever happens.
    var isFenced = false
    /// Whether its body can be sent again from the beginning.
    var canRepeatBody = true
}

/// An attempt that failed.
struct AttemptFailure: Error {
    var error: S3Error
    var progress: AttemptProgress
    /// Whether the answer taught the client another time than the one it signed with.
    var isClockNews = false
    /// What the stream of the body threw.
    var cause: (any Error)?
}

/// What to do before the next attempt, besides waiting.
enum RetryCorrection: Sendable, Hashable {
    /// Nothing. The request is signed again, with the date it is then.
    case none
    /// Get new credentials: those used have ended.
    case newCredentials
    /// Send the request to this region.
    case region(String)
}

/// What to do after a failed attempt.
enum RetryDecision: Sendable {
    /// Give up, with this error.
    case stop(S3Error)
    /// Wait, correct, and try again.
    case again(after: Duration, first: RetryCorrection)
}

/// The retries of one request: a machine without clock, network and chance of its own.
///
/// Tell it how each attempt ended; it tells what comes next. Invariants, each tested:
/// - A fenced request is never sent twice.
/// - A conditional write that may have happened is never sent twice: its error is `s3.outcome_unknown`. A second attempt would
///   fail on what the first did, and the writer would believe to have lost to another.
/// - There are never more attempts than the policy allows, and every correction is made once.
struct RetryState: Sendable {
    private let policy: S3RetryPolicy
    private let quota: RetryQuota
    private let traits: RequestTraits

    /// Attempts that failed.
    private(set) var failures = 0
    /// Whether an attempt may have done its work though it failed. Who ends an upload and then finds none can know it was ended.
    private(set) var mayHaveHappened = false
    /// What the last retry took, given back when it succeeds.
    private var taken = 0
    private var didCorrectClock = false
    private var didRenewCredentials = false
    private var didChangeRegion = false

    init(_ policy: S3RetryPolicy, quota: RetryQuota, traits: RequestTraits) {
        self.policy = policy
        self.quota = quota
        self.traits = traits
    }

    /// The attempt succeeded.
    mutating func succeed() {
        // What a retry took, or one token for a request that needed none (standard mode).
        quota.give(taken > 0 ? taken : 1)
        taken = 0
    }

    /// The attempt failed.
    /// - Parameter timeLeft: Until the deadline of the request, if it has one.
    mutating func fail(
        _ failure: AttemptFailure, timeLeft: Duration? = nil, using random: inout some RandomNumberGenerator
    ) -> RetryDecision {
        failures += 1
        let error = failure.error
        if error.code == .cancelled { return .stop(error) }
        if RetryState.isUncertain(failure) {
            mayHaveHappened = mayHaveHappened || traits.kind != .read
            let isOnce = traits.kind == .conditionalWrite || (traits.kind == .write && traits.isFenced)
            if isOnce { return .stop(.outcomeUnknown(error)) }
        }
        guard !traits.isFenced, traits.canRepeatBody, failures < policy.maximumAttempts else { return .stop(error) }
        if let correction = correction(of: failure) { return .again(after: .zero, first: correction) }
        guard RetryState.isTransient(error) else { return .stop(error) }

        let delay = delay(after: error, using: &random)
        if let timeLeft, delay >= timeLeft { return .stop(error) }
        let cost = cost(of: error)
        guard quota.take(cost) else { return .stop(error) }
        taken = cost
        return .again(after: delay, first: .none)
    }

    /// Whether the request may have been carried out: the answer is lost, or cannot be believed.
    private static func isUncertain(_ failure: AttemptFailure) -> Bool {
        switch failure.progress {
        case .notSent: false
        case .unanswered: true
        // A server that knows no such request did not begin it.
        case .answered where failure.error.details.serverCode == "NotImplemented": false
        // A server that fails does not say when: before the write, or after it. What comes with 2xx and is no success is the same.
        case .answered: failure.error.details.status.map { $0 >= 500 || (200..<300).contains($0) } ?? true
        }
    }

    /// What makes the same request succeed that was refused, and so did nothing: each is tried once.
    private mutating func correction(of failure: AttemptFailure) -> RetryCorrection? {
        guard failure.progress == .answered else { return nil }
        let error = failure.error
        switch error.code {
        // A signature of the wrong day does not match; a server need not say why.
        case .clockSkew where failure.isClockNews && !didCorrectClock,
            .accessDenied where failure.isClockNews && !didCorrectClock:
            didCorrectClock = true
            return RetryCorrection.none
        case .expiredToken where !didRenewCredentials:
            didRenewCredentials = true
            return .newCredentials
        case .wrongRegion where !didChangeRegion:
            guard let region = error.details.region else { return nil }
            didChangeRegion = true
            return .region(region)
        default: return nil
        }
    }

    /// Whether the same request can succeed if only time passes. A conflict is not: something else must be sent then.
    private static func isTransient(_ error: S3Error) -> Bool {
        let codes: Set<S3Error.Code> = [
            .network, .timeout, .server, .throttled, .slowDown, .truncated, .checksumMismatch, .malformedAnswer,
        ]
        return error.isRetryable && codes.contains(error.code)
    }

    private static func isThrottled(_ error: S3Error) -> Bool { [.throttled, .slowDown].contains(error.code) }

    private func cost(of error: S3Error) -> Int {
        if RetryState.isThrottled(error) { return policy.throttledCost }
        return error.code == .timeout ? policy.timeoutCost : policy.retryCost
    }

    private func delay(after error: S3Error, using random: inout some RandomNumberGenerator) -> Duration {
        let first = RetryState.isThrottled(error) ? policy.firstThrottledDelay : policy.firstDelay
        // Beyond 2^20 times the first pause every sensible limit is reached; a larger factor could overflow.
        let limit = min(first * (1 << min(failures - 1, 20)), policy.maximumDelay)
        // The highest 53 bits are what a double holds; from 0 to 1, both possible.
        let delay = limit * (Double(random.next() >> 11) / Double(1 << 53 - 1))
        guard let asked = error.details.retryAfter else { return delay }
        return max(delay, min(asked, policy.maximumDelay))
    }
}
