import CairnSchema

/// The way of every request: credentials, signature, wire, meaning of the answer, retry.
extension S3Client {
    /// Bytes of an answer that tells an error.
    private static let errorLimit = 1 << 20
    /// Bytes of an answer of the API.
    private static let answerLimit = 32 << 20

    /// Sends a request and takes the whole answer.
    /// - Parameter read: Makes a result of an answer that is a success; what it cannot read, or finds to be an error in spite of
    ///   its status, is a failed attempt like others.
    func send<Result: Sendable>(
        _ call: S3Call, read: (S3Answer) throws(AnswerError) -> Result
    ) async throws -> Result {
        try await attempt(call) { attempt throws(AttemptFailure) in
            // Who takes few bytes is told why there are none.
            let limit = max(call.callersLimit ?? S3Client.answerLimit, S3Client.errorLimit)
            let response = try await receive(attempt, tooLong: call.tooLong) { () async throws(TransportError) in
                try await self.transport.send(attempt.request, bodyLimit: limit, deadline: attempt.deadline)
            }
            let headers = response.fields.s3Headers
            guard (200..<300).contains(response.status) else {
                throw self.refusal(response.status, headers, response.body, attempt.subject)
            }
            if let limit = call.callersLimit, let tooLong = call.tooLong, response.body.count > limit {
                throw AttemptFailure(error: tooLong, progress: .answered)
            }
            let answer = S3Answer(
                status: response.status, headers: headers, body: response.body, subject: attempt.subject)
            do throws(AnswerError) {
                return try read(answer)
            } catch {
                let error = S3Error(error, status: response.status, headers: headers, to: attempt.subject)
                throw AttemptFailure(error: error, progress: .answered)
            }
        }
    }

    /// Sends a request whose answer has no body that matters.
    func send(_ call: S3Call) async throws -> S3Answer {
        try await send(call) { answer throws(AnswerError) in answer }
    }

    /// Sends a request and returns when the head of the answer is there. What is refused has been read and told.
    func stream(_ call: S3Call) async throws -> S3StreamedAnswer {
        try await attempt(call) { attempt throws(AttemptFailure) in
            // Behind the head there is no deadline: the body takes its time, and its reader looks at the rate.
            let response = try await receive(attempt) { () async throws(TransportError) in
                try await self.transport.stream(attempt.request, deadline: attempt.deadline, isForHead: true)
            }
            let headers = response.fields.s3Headers
            if (200..<300).contains(response.status) {
                return S3StreamedAnswer(headers: headers, body: response.body, subject: attempt.subject)
            }
            let body = try await receive(attempt) { () async throws(TransportError) in
                try await response.body.collect(upTo: S3Client.errorLimit)
            }
            throw self.refusal(response.status, headers, body, attempt.subject)
        }
    }

    /// Tries until an attempt succeeds, or none should follow.
    private func attempt<Result: Sendable>(
        _ call: S3Call, _ body: (PreparedAttempt) async throws(AttemptFailure) -> Result
    ) async throws -> Result {
        var state = RetryState(options.retries, quota: quota, traits: call.traits)
        var random = SystemRandomNumberGenerator()
        var last: S3Error?
        while true {
            try Task.checkCancellation()
            let credentials: Credentials
            do {
                credentials = try await self.credentials.credentials()
            } catch {
                if var told = error as? S3Error {
                    told.mayHaveTakenEffect = state.mayHaveHappened
                    throw told
                }
                // An error of somebody's own cannot tell what the attempt before may have done; that of the attempt does.
                if let last, state.mayHaveHappened, !(error is CancellationError) { throw last }
                throw error
            }
            let attempt = try prepare(call, credentials)
            let begun = options.trace == nil ? nil : ContinuousClock.now
            let failure: AttemptFailure
            do throws(AttemptFailure) {
                let result = try await body(attempt)
                trace(call, state, begun, nil)
                state.succeed()
                if let bucket = call.bucket { meet(bucket) }
                return result
            } catch {
                failure = error
            }
            if failure.error.code == .cancelled { throw CancellationError() }
            trace(call, state, begun, failure.error)
            let hadHappened = state.mayHaveHappened
            switch state.fail(failure, using: &random) {
            case .stop(var error):
                // A body that ended with an error of its own stored nothing: its length was announced, and did not come. Unless
                // an attempt before did.
                if let cause = failure.cause, !(cause is S3Error), !hadHappened { throw cause }
                error.mayHaveTakenEffect = state.mayHaveHappened
                throw error
            case .again(let delay, let correction):
                switch correction {
                case .none: break
                case .newCredentials: self.credentials.refused(credentials)
                case .region(let region): if let bucket = call.bucket { remember(region, of: bucket) }
                }
                last = failure.error
                last?.mayHaveTakenEffect = state.mayHaveHappened
                if delay > .zero { try await Task.sleep(for: delay) }
            }
        }
    }

    private func receive<Answer>(
        _ attempt: PreparedAttempt, tooLong: S3Error? = nil, _ body: () async throws(TransportError) -> Answer
    ) async throws(AttemptFailure) -> Answer {
        do throws(TransportError) {
            return try await body()
        } catch {
            var subject = attempt.subject
            subject.server = endpoint(for: subject.region ?? region)
            var told = error.cause as? S3Error ?? error.s3Error(subject)
            if error.kind == .tooLarge, let tooLong { told = tooLong }
            throw AttemptFailure(error: told, progress: error.progress, cause: error.cause)
        }
    }

    private func refusal(
        _ status: Int, _ headers: [HeaderField], _ body: [UInt8], _ subject: RequestSubject
    ) -> AttemptFailure {
        AttemptFailure(
            error: S3Error(status: status, headers: headers, body: body, to: subject), progress: .answered,
            isClockNews: learnTime(from: headers))
    }

    private func trace(_ call: S3Call, _ state: RetryState, _ begun: ContinuousClock.Instant?, _ error: S3Error?) {
        guard let begun, let trace = options.trace else { return }
        trace(
            RequestTrace(
                method: call.method, operation: call.operation, bucket: call.bucket, key: call.key,
                attempt: state.failures + 1, status: error == nil ? 200 : error?.details.status,
                duration: .now - begun, error: error))
    }
}

/// An answer that is a success, and whose body is still to come.
struct S3StreamedAnswer: Sendable {
    let headers: [HeaderField]
    let body: HTTPResponseBody
    let subject: RequestSubject
}

extension HTTPFields {
    /// The fields as signatures and errors look at them.
    var s3Headers: [HeaderField] { all.map { HeaderField($0.name, $0.value) } }
}
