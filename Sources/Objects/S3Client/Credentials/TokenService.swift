import CairnSchema

/// Asks STS for the credentials of a role (AWS STS API reference, version 2011-06-15).
struct TokenService: Sendable {
    private let surroundings: Surroundings
    private let role: S3Role
    private let region: String
    private let endpoint: S3Endpoint

    private static let timeout = Duration.seconds(10)

    /// - Throws: `s3.credentials` for a role whose description breaks a rule of STS.
    init(_ surroundings: Surroundings, _ role: S3Role) throws(S3Error) {
        self.surroundings = surroundings
        self.role = role
        region =
            role.region ?? surroundings.variable("AWS_REGION") ?? surroundings.variable("AWS_DEFAULT_REGION")
            ?? "us-east-1"
        try RegionRules.check(region)
        if let text = surroundings.variable("AWS_ENDPOINT_URL_STS") {
            endpoint = try S3Endpoint(text, style: .path)
        } else {
            let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
            endpoint = try S3Endpoint("https://sts.\(region).\(suffix)", style: .path)
        }
        guard (900...43_200).contains(role.seconds) else {
            throw S3Error.credentials(
                "credentials of role '\(role.arn)' cannot last \(role.seconds) seconds",
                remedy: "choose from 900 to 43200")
        }
        guard (20...2048).contains(role.arn.utf8.count), role.arn.hasPrefix("arn:") else {
            throw S3Error.credentials(
                "'\(role.arn)' is no role", remedy: "write one like arn:aws:iam::123456789012:role/name")
        }
        if let name = role.sessionName, !TokenService.isSessionName(name) {
            throw S3Error.credentials(
                "'\(name)' is no name of a session", remedy: "use 2 to 64 of A-Z, a-z, 0-9 and _ + = , . @ -")
        }
    }

    private static func isSessionName(_ name: String) -> Bool {
        (2...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "_+=,.@-".utf8.contains($0)
            }
    }

    /// Credentials of the role.
    /// - Parameters:
    ///   - fields: What is asked, and with what.
    ///   - credentials: What the request is signed with; nil when a token in the fields says who asks.
    func credentials(
        _ fields: [(name: String, value: String)], signedWith credentials: Credentials?
    ) async throws -> Credentials {
        let now = surroundings.now()
        let fields =
            fields + [
                (name: "Version", value: "2011-06-15"), (name: "RoleArn", value: role.arn),
                (name: "RoleSessionName", value: role.sessionName ?? "cairn-\(SigningDate(now).seconds)"),
                (name: "DurationSeconds", value: String(role.seconds)),
            ]
        let body = Array(CanonicalQuery(fields).text.utf8)
        let target = endpoint.target()
        var headers = [HeaderField("Content-Type", "application/x-www-form-urlencoded")]
        if let credentials {
            let request = SignableRequest(method: "POST", host: target.host, path: target.path, headers: headers)
            headers +=
                Signer(region: region, service: "sts", keys: SigningKeyCache())
                .sign(request, payload: .of(body), with: credentials, at: SigningDate(now)).fields
        }
        let what = "STS at \(target.host)"
        let answer = try await surroundings.send(
            CredentialsRequest(
                method: "POST", url: target.url(query: ""), headers: headers, body: body, timeout: TokenService.timeout),
            what, policy: .standard)
        guard answer.status == 200 else { throw refusal(answer, what) }
        do throws(AnswerError) {
            return try RoleDocument.credentials(answer.body, isWebIdentity: credentials == nil)
        } catch {
            throw S3Error.credentials("the answer of \(what) cannot be read", remedy: "check the endpoint of STS")
        }
    }

    private func refusal(_ answer: CredentialsAnswer, _ what: String) -> S3Error {
        let document = try? ErrorDocument(answer.body)
        var error = S3Error.credentials(
            "\(what) refused role '\(role.arn)': HTTP \(answer.status) \(document?.code ?? "")",
            remedy: "check that the role exists and trusts whoever takes it")
        error.details.status = answer.status
        error.details.serverCode = document?.code
        error.details.requestID = document?.requestID
        return error
    }
}
