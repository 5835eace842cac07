/// How often, and after what pauses, a failed request is tried again: the standard mode of the AWS SDKs.
///
/// A pause is random between nothing and a limit that doubles with each failure. Every retry takes tokens from a quota that all
/// requests of a client share, and successes fill it again: when nothing works, clients stop asking instead of asking three times.
public struct S3RetryPolicy: Sendable, Hashable {
    /// Attempts of one request, the first included.
    public var maximumAttempts: Int
    /// The limit of the first pause.
    public var firstDelay: Duration
    /// The limit of the first pause when the server said that there are too many requests.
    public var firstThrottledDelay: Duration
    /// The limit of every pause, and the longest that a server's `Retry-After` is followed.
    public var maximumDelay: Duration
    /// Tokens of the quota when it is full.
    public var quota: Int
    /// Tokens that a retry takes.
    public var retryCost: Int
    /// Tokens that a retry takes after a timeout.
    public var timeoutCost: Int
    /// Tokens that a retry takes after the server said that there are too many requests.
    public var throttledCost: Int

    /// Makes a policy; what is not given is as in ``standard``.
    public init(
        maximumAttempts: Int = 3, firstDelay: Duration = .seconds(1), firstThrottledDelay: Duration = .seconds(1),
        maximumDelay: Duration = .seconds(20), quota: Int = 500, retryCost: Int = 5, timeoutCost: Int = 10,
        throttledCost: Int = 5
    ) {
        self.maximumAttempts = maximumAttempts
        self.firstDelay = firstDelay
        self.firstThrottledDelay = firstThrottledDelay
        self.maximumDelay = maximumDelay
        self.quota = quota
        self.retryCost = retryCost
        self.timeoutCost = timeoutCost
        self.throttledCost = throttledCost
    }

    /// Three attempts, pauses from 1 s doubling to 20 s, 500 tokens, 5 for a retry and 10 after a timeout (AWS SDKs and Tools
    /// Reference Guide, "Retry behavior").
    public static let standard = S3RetryPolicy()

    /// The same mode as the SDKs have it with `AWS_NEW_RETRIES_2026`: a first pause of 50 ms unless the server asks for less, and
    /// retries that cost more.
    public static let standard2026 = S3RetryPolicy(firstDelay: .milliseconds(50), retryCost: 14, timeoutCost: 14)

    /// No retries.
    public static let never = S3RetryPolicy(maximumAttempts: 1)
}
