import Testing

@testable import S3Client

/// A number for every random one.
private struct Constant: RandomNumberGenerator {
    var value: UInt64
    mutating func next() -> UInt64 { value }

    static var most: Constant { Constant(value: .max) }
}

@Suite("Retries")
struct RetryStateTests {
    private static let object = RequestSubject(method: "PUT", bucket: "b", key: "k")

    private static func answer(_ status: Int, _ code: String? = nil, _ headers: [HeaderField] = []) -> AttemptFailure {
        let body = code.map { Array("<Error><Code>\($0)</Code><Message>m</Message></Error>".utf8) } ?? []
        return AttemptFailure(
            error: S3Error(status: status, headers: headers, body: body, to: object), progress: .answered)
    }

    private static let reset = AttemptFailure(error: .network("reset", object), progress: .unanswered)
    private static let refused = AttemptFailure(error: .network("refused", object), progress: .notSent)
    private static let timeout = AttemptFailure(error: .timeout(object), progress: .unanswered)

    private func state(
        _ kind: RequestTraits.Kind = .read, isFenced: Bool = false, canRepeatBody: Bool = true,
        policy: S3RetryPolicy = .standard, quota: RetryQuota? = nil
    ) -> RetryState {
        RetryState(
            policy, quota: quota ?? RetryQuota(policy),
            traits: RequestTraits(kind: kind, isFenced: isFenced, canRepeatBody: canRepeatBody))
    }

    /// What a first failure leads to: `again`, `again:` with a correction, or the code of the error.
    private func first(_ failure: AttemptFailure, _ state: RetryState) -> String {
        var state = state
        var random = Constant.most
        return RetryStateTests.text(state.fail(failure, using: &random))
    }

    private static func text(_ decision: RetryDecision) -> String {
        switch decision {
        case .stop(let error): error.code.rawValue
        case .again(_, .none): "again"
        case .again(_, .newCredentials): "again: new credentials"
        case .again(_, .region(let region)): "again: \(region)"
        }
    }

    @Test(
        "Reads and plain writes are tried again after what passes, and after nothing else",
        arguments: [
            (reset, "again"), (refused, "again"), (timeout, "again"), (answer(500), "again"), (answer(502), "again"),
            (answer(503), "again"), (answer(504), "again"), (answer(500, "InternalError"), "again"),
            (answer(503, "SlowDown"), "again"), (answer(429), "again"), (answer(400, "RequestTimeout"), "again"),
            (answer(400, "ThrottlingException"), "again"), (answer(200, "InternalError"), "again"),
            (answer(200, "SlowDown"), "again"), (answer(400, "IncompleteBody"), "again"),
            (answer(400, "BadDigest"), "again"), (answer(403, "AccessDenied"), "s3.access_denied"),
            (answer(404, "NoSuchKey"), "s3.no_such_key"), (answer(409, "OperationAborted"), "s3.conflict"),
            (answer(412), "s3.precondition_failed"), (answer(304), "s3.not_modified"), (answer(400), "s3.invalid"),
            (answer(501), "s3.unsupported"),
            (AttemptFailure(error: .cancelled(object), progress: .unanswered), "s3.cancelled"),
        ])
    func transient(_ failure: AttemptFailure, _ wanted: String) {
        #expect(first(failure, state(.read)) == wanted)
        #expect(first(failure, state(.write)) == wanted)
    }

    @Test(
        "A conditional write that may have happened is unknown; one that cannot have is tried again or refused",
        arguments: [
            (reset, "s3.outcome_unknown"), (timeout, "s3.outcome_unknown"), (answer(500), "s3.outcome_unknown"),
            (answer(503, "SlowDown"), "s3.outcome_unknown"), (answer(504), "s3.outcome_unknown"),
            (answer(501), "s3.outcome_unknown"), (answer(200, "InternalError"), "s3.outcome_unknown"),
            (answer(501, "NotImplemented"), "s3.unsupported"), (refused, "again"), (answer(429), "again"),
            (answer(400, "RequestTimeout"), "again"), (answer(400, "IncompleteBody"), "again"),
            (answer(412), "s3.precondition_failed"),
            (answer(409, "ConditionalRequestConflict"), "s3.conflict"), (answer(403), "s3.access_denied"),
            (answer(404, "NoSuchKey"), "s3.no_such_key"),
            (AttemptFailure(error: .cancelled(object), progress: .unanswered), "s3.cancelled"),
        ])
    func conditional(_ failure: AttemptFailure, _ wanted: String) {
        #expect(first(failure, state(.conditionalWrite)) == wanted)
    }

    @Test(
        "A fenced request is never sent again",
        arguments: [
            reset, refused, timeout, answer(500), answer(429), answer(503, "SlowDown"), answer(400, "ExpiredToken"),
            answer(403, "RequestTimeTooSkewed"), answer(301, "PermanentRedirect"),
        ])
    func fenced(_ failure: AttemptFailure) {
        var failure = failure
        failure.isClockNews = true
        for kind in [RequestTraits.Kind.read, .write, .conditionalWrite] {
            #expect(!first(failure, state(kind, isFenced: true)).hasPrefix("again"), "\(kind)")
        }
        #expect(first(Self.reset, state(.write, isFenced: true)) == "s3.outcome_unknown")
        #expect(first(Self.refused, state(.write, isFenced: true)) == "s3.network")
        #expect(first(Self.reset, state(.read, isFenced: true)) == "s3.network")
    }

    @Test("A body that cannot be sent again is not")
    func bodies() {
        #expect(first(Self.refused, state(.write, canRepeatBody: false)) == "s3.network")
    }

    @Test("There are three attempts, or as many as the policy says", arguments: [1, 2, 3, 7])
    func attempts(_ maximum: Int) {
        var state = state(policy: S3RetryPolicy(maximumAttempts: maximum))
        var random = SystemRandomNumberGenerator()
        var attempts = 1
        while case .again = state.fail(Self.reset, using: &random) { attempts += 1 }
        #expect(attempts == maximum)
        #expect(state.failures == maximum)
        #expect(S3RetryPolicy.standard.maximumAttempts == 3)
        #expect(first(Self.reset, self.state(policy: .never)) == "s3.network")
    }

    private func delays(_ failure: AttemptFailure, policy: S3RetryPolicy, random: UInt64 = .max) -> [Duration] {
        var state = state(policy: policy)
        var random = Constant(value: random)
        var delays: [Duration] = []
        while case .again(let delay, _) = state.fail(failure, using: &random) { delays.append(delay) }
        return delays
    }

    private func seconds(_ delays: [Duration]) -> [Double] { delays.map { ($0 / .milliseconds(1)).rounded() / 1000 } }

    @Test("Pauses are random, up to a limit that doubles to 20 seconds")
    func backoff() {
        let patient = S3RetryPolicy(maximumAttempts: 8)
        #expect(seconds(delays(Self.reset, policy: patient)) == [1, 2, 4, 8, 16, 20, 20])
        #expect(seconds(delays(Self.reset, policy: patient, random: 0)) == [0, 0, 0, 0, 0, 0, 0])
        #expect(seconds(delays(Self.reset, policy: .standard, random: 1 << 63)) == [0.5, 1])
        #expect(seconds(delays(Self.reset, policy: .standard2026)) == [0.05, 0.1])
        #expect(seconds(delays(Self.answer(503, "SlowDown"), policy: .standard2026)) == [1, 2])
        let endless = S3RetryPolicy(maximumAttempts: 100, quota: 1_000_000)
        #expect(delays(Self.reset, policy: endless).allSatisfy { $0 <= .seconds(20) })
    }

    @Test("What the server asks to wait is waited, up to the limit")
    func retryAfter() {
        func delay(_ name: String, _ value: String, random: UInt64) -> [Double] {
            let failure = Self.answer(503, "SlowDown", [HeaderField(name, value)])
            return seconds(delays(failure, policy: S3RetryPolicy(maximumAttempts: 2), random: random))
        }
        #expect(delay("Retry-After", "7", random: 0) == [7])
        #expect(delay("Retry-After", "3600", random: 0) == [20])
        #expect(delay("x-amz-retry-after", "250", random: 0) == [0.25])
        #expect(delay("x-amz-retry-after", "250", random: .max) == [1])
    }

    @Test("A pause that would end behind the deadline is not begun")
    func deadline() {
        var state = state()
        var random = Constant.most
        #expect(Self.text(state.fail(Self.reset, timeLeft: .seconds(1), using: &random)) == "s3.network")
        state = self.state()
        #expect(Self.text(state.fail(Self.reset, timeLeft: .seconds(1.1), using: &random)) == "again")
    }

    @Test("The quota is shared, emptied by failures, and filled by successes")
    func quota() {
        let quota = RetryQuota(.standard)
        var random = SystemRandomNumberGenerator()
        for (failure, cost) in [(Self.reset, 5), (Self.timeout, 10), (Self.answer(429), 5)] {
            var state = state(quota: quota)
            let before = quota.count
            _ = state.fail(failure, using: &random)
            #expect(quota.count == before - cost)
            state.succeed()
            #expect(quota.count == before, "a retry that succeeds gives back what it took")
        }
        var stopped = 0
        for _ in 0..<60 {
            var state = state(quota: quota)
            while case .again = state.fail(Self.reset, using: &random) {}
            if state.failures == 1 { stopped += 1 }
        }
        #expect(quota.count == 0)
        #expect(stopped == 10, "100 retries are in 500 tokens, 2 for each request")
        for _ in 0..<4 {
            var state = state(quota: quota)
            state.succeed()
        }
        #expect(first(Self.reset, state(quota: quota)) == "s3.network")
        var fifth = state(quota: quota)
        fifth.succeed()
        #expect(first(Self.reset, state(quota: quota)) == "again")
    }

    @Test("The quota is never fuller than full")
    func fullQuota() {
        let quota = RetryQuota(S3RetryPolicy(quota: 7))
        for _ in 0..<20 {
            var state = state(quota: quota)
            state.succeed()
        }
        #expect(quota.count == 7)
        #expect(quota.take(7))
        #expect(!quota.take(1))
    }

    @Test("A wrong clock, ended credentials and a wrong region are corrected at once, each once, and cost nothing")
    func corrections() {
        var skewed = Self.answer(403, "RequestTimeTooSkewed")
        #expect(first(skewed, state()) == "s3.clock_skew", "nothing was learned, so nothing would change")
        skewed.isClockNews = true
        var mismatch = Self.answer(403, "SignatureDoesNotMatch")
        mismatch.isClockNews = true
        let ended = Self.answer(400, "ExpiredToken")
        let redirected = Self.answer(
            301, "PermanentRedirect", [HeaderField("x-amz-bucket-region", "eu-west-1")])
        for (failure, wanted) in [
            (skewed, "again"), (mismatch, "again"), (ended, "again: new credentials"), (redirected, "again: eu-west-1"),
        ] {
            for kind in [RequestTraits.Kind.read, .conditionalWrite] {
                let quota = RetryQuota(.standard)
                var state = state(kind, quota: quota)
                var random = Constant.most
                let decision = state.fail(failure, using: &random)
                #expect(Self.text(decision) == wanted)
                guard case .again(let delay, _) = decision else { continue }
                #expect(delay == .zero)
                #expect(quota.count == 500)
                #expect(Self.text(state.fail(failure, using: &random)) == failure.error.code.rawValue, "once")
            }
        }
        #expect(first(Self.answer(301, "PermanentRedirect"), state()) == "s3.wrong_region", "no region was named")
    }

    @Test("It is remembered that an attempt may have done its work")
    func mayHaveHappened() {
        var random = Constant.most
        for (failure, kind, wanted) in [
            (Self.reset, RequestTraits.Kind.write, true), (Self.refused, .write, false),
            (Self.answer(500), .write, true),
            (Self.answer(429), .write, false), (Self.reset, .read, false), (Self.reset, .conditionalWrite, true),
        ] {
            var state = state(kind)
            _ = state.fail(failure, using: &random)
            #expect(state.mayHaveHappened == wanted)
        }
    }

    @Test(
        "Whatever happens, attempts are bounded, and what must not be sent twice is not",
        arguments: 0..<50 as Range<UInt64>)
    func random(_ seed: UInt64) {
        var random = SeededRandom(seed)
        let quota = RetryQuota(.standard)
        let statuses = [200, 301, 304, 400, 403, 404, 408, 409, 412, 416, 429, 500, 501, 502, 503, 504, 599]
        let codes: [String?] = [
            nil, "SlowDown", "InternalError", "ExpiredToken", "RequestTimeTooSkewed", "PermanentRedirect", "NoSuchKey",
            "RequestTimeout", "AccessDenied",
        ]
        for _ in 0..<200 {
            let kind = random.one(of: [RequestTraits.Kind.read, .write, .conditionalWrite])
            let isFenced = random.number(0..<3) == 0
            var state = state(kind, isFenced: isFenced, quota: quota)
            var attempts = 1
            while true {
                if random.number(0..<4) == 0 {
                    state.succeed()
                    break
                }
                var failure = random.one(of: [Self.reset, Self.refused, Self.timeout])
                if random.number(0..<2) == 0 { failure = Self.answer(random.one(of: statuses), random.one(of: codes)) }
                failure.isClockNews = random.number(0..<2) == 0
                let status = failure.error.details.status
                guard case .again(let delay, _) = state.fail(failure, using: &random) else { break }
                attempts += 1
                #expect(!isFenced, "seed \(seed)")
                #expect((.zero ... .seconds(20)).contains(delay), "seed \(seed)")
                if kind == .conditionalWrite {
                    #expect(failure.progress != .unanswered, "seed \(seed)")
                    #expect(status.map { (300..<500).contains($0) } ?? true, "seed \(seed)")
                }
            }
            #expect(attempts <= 3, "seed \(seed)")
            #expect((0...500).contains(quota.count), "seed \(seed)")
        }
    }
}
