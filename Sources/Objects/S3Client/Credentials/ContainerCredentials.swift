import CairnSchema

/// Credentials of the task or pod a program runs in (AWS SDKs and Tools Reference Guide, "Container credential provider").
struct ContainerCredentials: CredentialsLoading {
    let surroundings: Surroundings

    var name: String { "container" }

    /// Where ECS answers.
    private static let taskHost = "http://169.254.170.2"
    /// What may be asked without TLS: this machine, ECS, and the agents of EKS.
    private static let plainHosts: Set<String> = [
        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]",
    ]

    func load() async throws -> LoadedCredentials {
        guard let url = try url() else {
            return .absent(
                "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set")
        }
        var headers = [HeaderField("Accept", "application/json")]
        if let token = try token() { headers.append(HeaderField("Authorization", token)) }
        let answer = try await surroundings.send(
            CredentialsRequest(method: "GET", url: url, headers: headers, timeout: .seconds(2)),
            "the container's endpoint of credentials", policy: .standard)
        guard answer.status == 200 else {
            throw S3Error.credentials(
                "the container's endpoint of credentials answered \(answer.status)",
                remedy: "check that the task or pod has a role")
        }
        return .found(
            try CredentialsJSON.credentials(
                answer.body, from: "the container's endpoint of credentials", isTemporary: true))
    }

    private func url() throws(S3Error) -> String? {
        if let path = surroundings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw S3Error.credentials(
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path", remedy: "write one that begins with '/'")
            }
            return ContainerCredentials.taskHost + path
        }
        guard let url = surroundings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let isText = url.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
        guard isText, let endpoint = try? S3Endpoint(String(parts[0]), style: .path), url.contains("://") else {
            throw S3Error.credentials(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is no address", remedy: "write one like http://localhost:8080/path")
        }
        guard endpoint.isSecure || ContainerCredentials.isPlainAllowed(endpoint.host) else {
            throw S3Error.credentials(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI leads to '\(endpoint.host)' without TLS",
                remedy: "use https, or this machine, or the addresses of ECS and EKS: anyone could listen")
        }
        return url
    }

    private static func isPlainAllowed(_ host: String) -> Bool {
        plainHosts.contains(host) || (host.hasPrefix("127.") && EndpointParser.isAddress(host))
    }

    private func token() throws(S3Error) -> String? {
        if let file = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            guard let bytes = try surroundings.readFile(file), let token = TokenText.read(bytes) else {
                throw S3Error.credentials(
                    "the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE has no token in it",
                    remedy: "check '\(file)': one line of ASCII")
            }
            return token
        }
        guard let text = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") else { return nil }
        guard let token = TokenText.read(Array(text.utf8)) else {
            throw S3Error.credentials(
                "AWS_CONTAINER_AUTHORIZATION_TOKEN cannot be sent in a header", remedy: "use one line of ASCII")
        }
        return token
    }
}
