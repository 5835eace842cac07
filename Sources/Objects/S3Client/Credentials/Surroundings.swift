import CairnSchema

#if canImport(FoundationEssentials)
    import class FoundationEssentials.ProcessInfo
#else
    import class Foundation.ProcessInfo
#endif

extension Surroundings: CustomReflectable {
    /// A mirror that shows nothing: secrets are in the environment.
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// A request of a source of credentials, to a server on this machine or to STS.
struct CredentialsRequest: Sendable {
    var method: String
    var url: String
    var headers: [HeaderField] = []
    var body: [UInt8] = []
    /// For one attempt.
    var timeout: Duration
}

/// The answer to it.
struct CredentialsAnswer: Sendable {
    var status: Int
    var headers: [HeaderField] = []
    var body: [UInt8] = []
}

/// Sends a request once and gives the answer, whatever its status. It throws when none came, and follows no redirect: what is sent
/// is meant for one server.
typealias CredentialsExchange = @Sendable (CredentialsRequest) async throws -> CredentialsAnswer

/// What sources of credentials find around them, so that a test can give them something else.
struct Surroundings: Sendable {
    var environment: [String: String]
    /// The bytes of a file; nil when there is none.
    var readFile: @Sendable (String) throws(S3Error) -> [UInt8]?
    var exchange: CredentialsExchange
    var now: @Sendable () -> Timestamp
    var sleep: @Sendable (Duration) async throws -> Void

    /// Those of this process.
    static func ofProcess(exchange: @escaping CredentialsExchange) -> Surroundings {
        Surroundings(
            environment: ProcessInfo.processInfo.environment, readFile: SmallFile.read, exchange: exchange,
            now: { .now }, sleep: { try await Task.sleep(for: $0) })
    }

    /// The value of a variable that is set and not empty.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A path with the home folder for a `~` at its beginning; nil when nobody knows the home folder.
    func expanded(_ path: String) -> String? {
        guard path == "~" || path.hasPrefix("~/") else { return path }
        return variable("HOME").map { $0 + path.dropFirst() }
    }

    /// Sends a request, and again when it failed in a way that passes.
    /// - Parameter what: What is asked, for the message.
    func send(_ request: CredentialsRequest, _ what: String, policy: S3RetryPolicy) async throws -> CredentialsAnswer {
        let subject = RequestSubject(method: request.method)
        var retries = RetryState(policy, quota: RetryQuota(policy), traits: RequestTraits(kind: .read))
        var random = SystemRandomNumberGenerator()
        while true {
            let failure: AttemptFailure
            do {
                let answer = try await exchange(request)
                guard answer.status == 429 || answer.status >= 500 else { return answer }
                failure = AttemptFailure(
                    error: S3Error(status: answer.status, headers: answer.headers, body: answer.body, to: subject),
                    progress: .answered)
            } catch let error as CancellationError {
                throw error
            } catch {
                let reason = (error as? S3Error)?.message ?? "no answer"
                failure = AttemptFailure(error: .network(reason, subject), progress: .unanswered)
            }
            switch retries.fail(failure, using: &random) {
            case .again(let delay, _): try await sleep(delay)
            case .stop(let error):
                let outcome = error.details.status.map { "answered \($0)" } ?? "did not answer: \(error.message)"
                var told = S3Error.credentials("\(what) \(outcome)", remedy: "try again later", isRetryable: true)
                told.details = error.details
                throw told
            }
        }
    }
}
