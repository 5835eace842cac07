import CairnCore
import CairnSchema

/// A client of S3 and of what speaks its language: AWS, MinIO, Ceph, R2, Wasabi, Spaces, B2.
///
///     let client = try S3Client(S3ClientOptions(endpoint: S3Endpoint("http://127.0.0.1:9000")))
///     let bucket = try client.bucket("photos")
///     try await bucket.put("2026/cat.txt", .text("meow"))
///     print(try await bucket.get("2026/cat.txt").text())
///
/// One client has one thread for all its requests, and others once credentials come over HTTP. It keeps its connections, its region
/// of each bucket and its credentials, and is shared by all tasks. Calls throw ``S3Error``, and `CancellationError` when their task is cancelled.
public final class S3Client: Sendable {
    /// The server.
    public let endpoint: S3Endpoint
    /// The region requests are signed for, unless a bucket is known to be elsewhere.
    public let region: String

    let options: S3ClientOptions
    let transport: HTTPTransport
    let credentials: any CredentialsProvider
    let quota: RetryQuota
    let keys = SigningKeyCache()
    /// Regions of buckets that are not in ``region``, as servers told.
    private let regions = Lock<[String: String]>([:])
    private let clock = Lock(ServerClock())
    /// Dialects of buckets that are not the one of the options: learned, found by probing, or set.
    private let dialects = Lock<[String: S3Dialect]>([:])

    /// Buckets that are there, as far as their answers told.
    private let met = Lock<Set<String>>([])
    /// nil: whoever made the surroundings has it.
    private let credentialsTransport: CredentialsTransport?

    /// Opens a client. No request is made.
    ///
    /// Settings that are not given are looked up in the environment, then in the profile of the shared files (`AWS_PROFILE`, or
    /// `default`); see ``S3ClientOptions`` for their names.
    /// - Throws: `s3.invalid` for an option that cannot be, `s3.credentials` for shared files that cannot be read, `s3.network` when
    ///   there is no thread or file descriptor left.
    public convenience init(_ options: S3ClientOptions = S3ClientOptions()) throws(S3Error) {
        try self.init(options, in: Surroundings.ofProcess)
    }

    /// - Parameter surroundings: What is around, by how its sources of credentials are asked.
    convenience init(
        _ options: S3ClientOptions, in surroundings: (@escaping CredentialsExchange) -> Surroundings
    ) throws(S3Error) {
        let transport = try HTTPTransport.open(options.transport)
        let credentialsTransport = CredentialsTransport(options.transport)
        try self.init(options, transport, surroundings(credentialsTransport.exchange), credentialsTransport)
    }

    init(
        _ options: S3ClientOptions, _ transport: HTTPTransport, _ surroundings: Surroundings,
        _ credentialsTransport: CredentialsTransport? = nil
    ) throws(S3Error) {
        guard options.attemptTimeout > .zero, options.minimumRate > 0, options.retries.maximumAttempts > 0 else {
            throw S3Error(
                .invalid, "attemptTimeout, minimumRate and retries.maximumAttempts must be positive",
                remedy: "leave them at their defaults")
        }
        let settings = try ClientSettings(
            endpoint: options.endpoint, region: options.region, profile: options.profile, surroundings)
        endpoint = settings.endpoint
        region = settings.region
        self.options = options
        self.transport = transport
        self.credentialsTransport = credentialsTransport
        credentials = options.credentials.provider(in: surroundings)
        quota = RetryQuota(options.retries)
    }

    /// A bucket to work with. No request is made.
    /// - Throws: `s3.invalid` for a name that no bucket can have.
    public func bucket(_ name: String) throws(S3Error) -> S3Bucket {
        try BucketRules.check(name)
        return S3Bucket(name: name, client: self)
    }

    /// Ends all requests that are under way with `s3.network` and closes the connections. Later calls fail.
    public func close() async {
        await transport.close()
        await credentialsTransport?.close()
    }
}

extension S3Client {
    /// The region of a bucket, as far as it is known.
    func region(of bucket: String?) -> String {
        guard let bucket else { return region }
        return regions.withLock { $0[bucket] } ?? region
    }

    func dialect(of bucket: String) -> S3Dialect { dialects.withLock { $0[bucket] } ?? options.dialect }

    func learn(_ bucket: String, _ change: (inout S3Dialect) -> Void) {
        dialects.withLock { dialects in
            let known = dialects[bucket] ?? options.dialect
            var changed = known
            change(&changed)
            if changed == known { return }
            // A client that meets more buckets learns of some again.
            if dialects.count >= 10_000 { dialects = [:] }
            dialects[bucket] = changed
        }
    }

    func remember(_ region: String, of bucket: String) {
        regions.withLock { regions in
            // A client that meets more buckets in other regions asks again for some.
            if regions.count >= 10_000 { regions = [:] }
            regions[bucket] = region
        }
    }

    /// Whether a bucket was there when it answered last.
    func hasMet(_ bucket: String) -> Bool { met.withLock { $0.contains(bucket) } }

    func meet(_ bucket: String) {
        met.withLock { met in
            // A client that meets more buckets asks again for some.
            if met.count >= 10_000, !met.contains(bucket) { met = [] }
            met.insert(bucket)
        }
    }

    func forget(_ bucket: String) { met.withLock { _ = $0.remove(bucket) } }

    /// Where requests for a region go: AWS has a host for each.
    func endpoint(for region: String) -> S3Endpoint {
        guard !Utf8.equal(region, self.region), endpoint.isAmazonRegional,
            let other = try? S3Endpoint.amazon(region: region)
        else { return endpoint }
        return other
    }

    /// Whether it is known that requests go out without a signature.
    var isAnonymous: Bool { (credentials as? FixedCredentials)?.fixed.isAnonymous ?? false }

    /// The date to sign with now.
    func signingDate() -> SigningDate { clock.withLock { $0 }.date(at: .now) }

    /// Learns the server's time from an answer that refused a request.
    /// - Returns: Whether that is news.
    func learnTime(from headers: [HeaderField]) -> Bool {
        clock.withLock { $0.learn(from: headers, received: .now) }
    }
}
