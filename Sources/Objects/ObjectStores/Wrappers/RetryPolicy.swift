/// When a call that failed is made again. Pure: it knows no clock, makes no random numbers and waits for nothing.
///
/// The numbers and rules are those of the standard retry mode of AWS's SDKs (SDKs and Tools reference guide, "Retry behavior"):
/// few attempts, random pauses that grow, and a quota that runs out when most calls fail, so that a store in trouble is not
/// buried under repetitions. One rule more: a write with a condition whose answer was lost is never made again. It may
/// have happened; made again, it would be refused because of itself, and look like somebody else's. Nor is one that was in conflict
/// with another write: which of the two came first is not said, and what a repetition is told would hide that.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a call is made at most, the first time included.
    public var maximumAttempts = 3
    /// The longest first pause; doubled each time.
    public var firstDelay = Duration.milliseconds(50)
    /// The longest first pause when the store asks for fewer requests; doubled each time.
    public var firstThrottledDelay = Duration.seconds(1)
    /// The longest pause.
    public var maximumDelay = Duration.seconds(20)
    /// How much longer a pause may be because the store asks for it.
    public var maximumExtraDelay = Duration.seconds(5)
    /// What there is to spend on repetitions, for all calls of a store together.
    public var quota = 500
    /// What a repetition costs. It is given back when the repetition succeeds.
    public var retryCost = 14
    /// What a repetition costs when the store asked for fewer requests.
    public var throttledRetryCost = 5
    /// What a call that succeeds at once adds to what there is to spend.
    public var refund = 1

    /// The standard.
    public init() {}

    /// What is known of a call that failed.
    public struct Failure: Sendable {
        /// The call.
        public var call: ObjectCall
        /// Why it failed.
        public var error: ObjectStoreError
        /// How often it was made.
        public var attempts: Int
        /// What there is to spend.
        public var quota: Int
        /// How much time its caller has left; nil without end.
        public var timeLeft: Duration?

        /// A failure.
        public init(
            call: ObjectCall, error: ObjectStoreError, attempts: Int, quota: Int, timeLeft: Duration? = nil
        ) {
            self.call = call
            self.error = error
            self.attempts = attempts
            self.quota = quota
            self.timeLeft = timeLeft
        }
    }

    /// What to do.
    public enum Decision: Sendable {
        /// Wait so long, spend so much, and make the call again.
        case retry(after: Duration, cost: Int)
        /// Tell the caller.
        case fail(ObjectStoreError)
    }

    /// What to do about a failure.
    /// - Parameter random: A number from 0 to 1.
    public func decision(_ failure: Failure, random: Double) -> Decision {
        let error = failure.error
        let call = failure.call
        if call.operation.isWrite, error.mayHaveTakenEffect, call.isConditional || call.isFenced {
            return .fail(error.code == .outcomeUnknown ? error : .outcomeUnknown(of: error))
        }
        if call.operation.isWrite, call.isConditional, error.code == .conflict { return .fail(error) }
        let isThrottled = error.code == .throttled
        let cost = isThrottled ? throttledRetryCost : retryCost
        guard error.isRetryable, !call.isFenced, call.isReplayable, failure.attempts < maximumAttempts,
            failure.quota >= cost
        else { return .fail(error) }
        let delay = delay(failure, random)
        if let timeLeft = failure.timeLeft, timeLeft <= delay { return .fail(error) }
        return .retry(after: delay, cost: cost)
    }

    /// A random part of a ceiling that doubles ("full jitter"), or a little more if the store asks for it.
    private func delay(_ failure: Failure, _ random: Double) -> Duration {
        let first = failure.error.code == .throttled ? firstThrottledDelay : firstDelay
        // Past thirty doublings every ceiling is the longest.
        let ceiling = min(first * (1 << min(max(0, failure.attempts - 1), 30)), maximumDelay)
        let delay = ceiling * min(max(random, 0), 1)
        guard let asked = failure.error.retryAfter else { return delay }
        return max(delay, min(asked, delay + maximumExtraDelay))
    }
}
