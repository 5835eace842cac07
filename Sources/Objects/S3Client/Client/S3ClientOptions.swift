/// Where an `S3Client` sends its requests, as whom, and how patiently.
///
/// What is left nil comes from the environment and the profile, as AWS's own tools have it: see `S3Client.init`.
public struct S3ClientOptions: Sendable {
    /// The HTTP versions a client offers.
    public enum HTTPVersion: Sendable, Hashable {
        /// HTTP/1.1 alone: what suits object stores, whose requests are better spread over connections.
        case one
        /// HTTP/2 where a server offers it over TLS.
        case two
    }

    /// What of a body goes into its request's signature.
    public enum PayloadSigning: Sendable, Hashable {
        /// All of it: bytes by their SHA-256, streams chunk by chunk.
        case always
        /// Nothing over TLS, which protects it on its way; all of it elsewhere. Saves a pass over the bytes.
        case withoutTLS
    }

    /// The server; nil for `STORAGE_ENDPOINT`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile's, or AWS.
    public var endpoint: S3Endpoint?
    /// The region requests are signed for; nil for `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, the one the endpoint names, or
    /// `us-east-1`. A bucket that is elsewhere is found by the server's hint and remembered.
    public var region: String?
    /// Where credentials come from.
    public var credentials: CredentialsSource
    /// How often a failed request is tried again.
    public var retries = S3RetryPolicy.standard
    /// How the server differs from S3's documentation, for buckets that nobody probed; see ``S3Bucket/dialect``.
    public var dialect = S3Dialect()
    /// Which keys are taken.
    public var keyRules = KeyRules()
    /// What goes into signatures.
    public var payloadSigning = PayloadSigning.always
    /// The checksum that is sent with bytes, and with the parts of an upload, unless its options say another; nil for none. A stream
    /// has one only if its options name it: it is sent behind the body, which not every server takes. It is stored beside the object
    /// where the server does that, and compared when the object is read.
    public var checksum: ChecksumAlgorithm? = .crc32c

    /// How long one attempt may take, beside the time its bytes take at ``minimumRate``.
    public var attemptTimeout = Duration.seconds(60)
    /// Bytes a second that a body must move at, either way, before the attempt is given up.
    public var minimumRate = 16 * 1024
    /// How long a name, a connection and TLS may take together.
    public var connectTimeout = Duration.seconds(10)
    /// How long nothing may move in either direction.
    public var idleTimeout = Duration.seconds(60)
    /// Connections open at the same time. Requests beyond them wait.
    public var maximumConnections = 64
    /// The HTTP versions offered.
    public var version = HTTPVersion.one
    /// A PEM file with the certificates of authorities to trust, instead of the system's.
    public var authoritiesFile: String?
    /// The address of a proxy, such as `http://user:password@proxy.local:3128`; nil for none. The environment is not looked at.
    /// Sources of credentials are asked past it, unless they are on another network and speak TLS, as STS does.
    public var proxy: String?
    /// Called after every attempt, on the task of the request; must be quick. See ``RequestTrace``.
    public var trace: (@Sendable (RequestTrace) -> Void)?

    /// Options; what is not given comes from the environment and the profile.
    public init(
        endpoint: S3Endpoint? = nil, region: String? = nil, credentials: CredentialsSource = .standard()
    ) {
        self.endpoint = endpoint
        self.region = region
        self.credentials = credentials
    }

    /// The options that an address asks for: its endpoint, region and profile.
    public init(_ address: S3Address) {
        self.init(
            endpoint: address.endpoint, region: address.region, credentials: .standard(profile: address.profile))
    }

    /// The profile that settings are read from.
    var profile: String? {
        switch credentials {
        case .standard(let profile): profile
        case .profile(let profile): profile
        default: nil
        }
    }

    var transport: TransportOptions {
        var options = TransportOptions()
        options.maximumConnections = maximumConnections
        options.connectTimeout = connectTimeout
        options.idleTimeout = idleTimeout
        options.authoritiesFile = authoritiesFile
        options.proxy = proxy
        options.version = version == .one ? .one : .two
        return options
    }
}

/// One attempt of a request, for logs and meters. No secret is in it: no query, no header.
public struct RequestTrace: Sendable {
    /// The HTTP method.
    public let method: String
    /// The operation as S3's API reference names it, such as `PutObject`.
    public let operation: String
    /// The bucket.
    public let bucket: String?
    /// The key.
    public let key: String?
    /// 1 for the first attempt.
    public let attempt: Int
    /// The status; nil when no answer came.
    public let status: Int?
    /// How long it took, until the head of the answer for one whose body is streamed.
    public let duration: Duration
    /// How it failed; nil for an answer that is a success.
    public let error: S3Error?
}
