import CairnCore

/// The tokens that the retries of a client share.
final class RetryQuota: Sendable {
    private let capacity: Int
    private let available: Lock<Int>

    init(_ policy: S3RetryPolicy) {
        capacity = policy.quota
        available = Lock(policy.quota)
    }

    /// Takes tokens, if there are enough.
    func take(_ cost: Int) -> Bool {
        available.withLock { available in
            guard available >= cost else { return false }
            available -= cost
            return true
        }
    }

    /// Gives tokens back; the quota is never fuller than full.
    func give(_ tokens: Int) {
        available.withLock { available in available = min(available + tokens, capacity) }
    }

    /// The tokens left.
    var count: Int { available.withLock { $0 } }
}
