import CairnCore

/// Makes calls again that failed for a reason that may pass, as ``RetryPolicy`` decides.
///
/// A body that breaks off while it is read is read on from where it broke, if the object is still the same version. A write
/// with a condition, or with `notAfter`, whose answer was lost fails with `object.outcome_unknown`.
public struct RetryingObjectStore: ObjectStoreWrapper {
    /// The store inside.
    public let base: any ObjectStore
    private let policy: RetryPolicy
    private let random: @Sendable () -> Double
    private let sleep: @Sendable (Duration) async throws -> Void
    private let quota: Lock<Int>

    /// A store that retries.
    /// - Parameters:
    ///   - random: Gives numbers from 0 to 1, for the pauses.
    ///   - sleep: Waits; throws when its task is cancelled.
    public init(
        _ base: any ObjectStore, _ policy: RetryPolicy = RetryPolicy(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.base = base
        self.policy = policy
        self.random = random
        self.sleep = sleep
        quota = Lock(policy.quota)
    }

    public func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        var attempts = 0
        var spent = 0
        while true {
            attempts += 1
            do {
                let result = try await body()
                giveBack(spent == 0 ? policy.refund : spent)
                return result
            } catch let error as ObjectStoreError {
                spent = try await pause(call, error, attempts)
            }
        }
    }

    /// Waits until the call may be made again.
    /// - Returns: What that costs.
    /// - Throws: What to tell the caller, when it may not.
    private func pause(_ call: ObjectCall, _ error: ObjectStoreError, _ attempts: Int) async throws -> Int {
        let timeLeft = Deadline.current.map { ContinuousClock.now.duration(to: $0) }
        let random = random()
        let decision = quota.withLock { quota in
            let failure = RetryPolicy.Failure(
                call: call, error: error, attempts: attempts, quota: quota, timeLeft: timeLeft)
            let decision = policy.decision(failure, random: random)
            if case .retry(_, let cost) = decision { quota -= cost }
            return decision
        }
        switch decision {
        case .fail(let error): throw error
        case .retry(let delay, let cost):
            try await sleep(delay)
            return cost
        }
    }

    private func giveBack(_ amount: Int) {
        quota.withLock { $0 = min(policy.quota, $0 + amount) }
    }

    // MARK: Bodies

    public func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        let first = try await perform(ObjectCall(.get, key)) { [base] in try await base.get(key, options) }
        if first.content.whole?.count == first.range.count { return first }
        let body = ObjectBody.stream(resuming(first), length: first.range.count)
        return GetResult(info: first.info, range: first.range, body: body)
    }

    /// The bytes of a result; when they break off, the rest is asked for.
    private func resuming(_ first: GetResult) -> ByteStream {
        ByteStream { [self] in
            let call = ObjectCall(.get, first.info.key)
            var body = first.body.makeAsyncIterator()
            var place = first.range.lowerBound
            var attempts = 1
            return {
                while true {
                    do {
                        let chunk = try await body.next()
                        place += chunk?.count ?? 0
                        return chunk
                    } catch let error as ObjectStoreError {
                        guard place < first.range.upperBound else { throw error }
                        let cost = try await pause(call, error, attempts)
                        attempts += 1
                        body = try await rest(of: first, from: place).makeAsyncIterator()
                        giveBack(cost)
                    }
                }
            }
        }
    }

    /// The bytes of a result from an offset on, asked for again.
    private func rest(of first: GetResult, from place: Int) async throws -> ByteStream {
        let key = first.info.key
        let options = GetOptions(
            range: .closed(place...(first.range.upperBound - 1)), conditions: ReadConditions(ifMatch: first.info.etag))
        do {
            return try await perform(ObjectCall(.get, key)) { [base] in try await base.get(key, options) }.body
        } catch let error as ObjectStoreError where error.code == .preconditionFailed || error.code == .notFound {
            throw ObjectStoreError(
                .conflict, "the body of '\(key)' broke off, and there is another version now", key: key,
                remedy: "read it again", isRetryable: true, answer: error.answer, underlying: error)
        }
    }
}
