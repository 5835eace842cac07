import CairnCore
import CairnSchema

/// Credentials of the role of an EC2 instance, from its metadata service, version 2 only: a token first, then the name of the
/// role, then its credentials (EC2 user guide, "Use the Instance Metadata Service").
final class InstanceCredentials: CredentialsLoading {
    let name = "instance"

    private let surroundings: Surroundings
    private let token = Lock<Token?>(nil)

    private struct Token: Sendable {
        let text: String
        let end: Timestamp
    }

    /// How long a token is asked for: the longest there is.
    private static let tokenSeconds = 6 * 3600
    private static let timeout = Duration.seconds(1)
    /// Off EC2 nobody answers, and nobody should wait long to learn it.
    private static let policy = S3RetryPolicy(maximumAttempts: 2, firstDelay: .milliseconds(100))
    private static let folder = "/latest/meta-data/iam/security-credentials/"

    init(surroundings: Surroundings) {
        self.surroundings = surroundings
    }

    func load() async throws -> LoadedCredentials {
        if surroundings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
            return .absent("AWS_EC2_METADATA_DISABLED is true")
        }
        let endpoint = try S3Endpoint(
            surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? defaultEndpoint, style: .path)
        guard let first = try await token(endpoint) else { return .absent("no instance metadata service answers") }
        var answer = try await get(InstanceCredentials.folder, first, endpoint)
        if answer.status == 401 {
            // The token ended before its time: the instance was stopped, or copied.
            token.withLock { $0 = nil }
            guard let second = try await token(endpoint) else { return .absent("no instance metadata service answers") }
            answer = try await get(InstanceCredentials.folder, second, endpoint)
        }
        if answer.status == 404 { return .absent("the instance has no role") }
        guard answer.status == 200, let role = TokenText.read(answer.body) else {
            throw InstanceCredentials.refused(answer.status)
        }
        guard let current = try await token(endpoint) else { return .absent("no instance metadata service answers") }
        answer = try await get(InstanceCredentials.folder + PercentEncoding.path(role), current, endpoint)
        guard answer.status == 200 else { throw InstanceCredentials.refused(answer.status) }
        return .found(
            try CredentialsJSON.credentials(answer.body, from: "the instance metadata service", isTemporary: true))
    }

    private var defaultEndpoint: String {
        let mode = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.lowercased()
        return mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
    }

    /// A token that is good for a while; nil when nobody answers.
    private func token(_ endpoint: S3Endpoint) async throws -> String? {
        let now = surroundings.now()
        if let token = token.withLock({ $0 }), token.end > now { return token.text }
        let request = CredentialsRequest(
            method: "PUT", url: "\(endpoint)/latest/api/token",
            headers: [HeaderField("x-aws-ec2-metadata-token-ttl-seconds", String(InstanceCredentials.tokenSeconds))],
            timeout: InstanceCredentials.timeout)
        let answer: CredentialsAnswer
        do {
            answer = try await surroundings.send(
                request, "the instance metadata service", policy: InstanceCredentials.policy)
        } catch let error as S3Error where error.details.status == nil {
            return nil
        }
        guard answer.status == 200, let text = TokenText.read(answer.body) else {
            throw InstanceCredentials.refused(answer.status)
        }
        // A minute early, so that it does not end between here and there.
        let seconds = Int64(InstanceCredentials.tokenSeconds - 60)
        token.withLock { $0 = Token(text: text, end: now.adding(microseconds: seconds * 1_000_000) ?? now) }
        return text
    }

    private func get(_ path: String, _ token: String, _ endpoint: S3Endpoint) async throws -> CredentialsAnswer {
        try await surroundings.send(
            CredentialsRequest(
                method: "GET", url: "\(endpoint)\(path)", headers: [HeaderField("x-aws-ec2-metadata-token", token)],
                timeout: InstanceCredentials.timeout),
            "the instance metadata service", policy: InstanceCredentials.policy)
    }

    private static func refused(_ status: Int) -> S3Error {
        S3Error.credentials(
            "the instance metadata service answered \(status)",
            remedy: "allow version 2 of it on the instance, or set AWS_EC2_METADATA_DISABLED=true")
    }
}
