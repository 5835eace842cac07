import CairnSchema

/// A request of an operation, before it is signed for an attempt.
struct S3Call: Sendable {
    enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Chunks as they come; their number of bytes is known.
        case stream(ByteStream, length: Int, isReplayable: Bool)
    }

    /// As S3's API reference names it.
    let operation: String
    let method: String
    let bucket: String?
    let key: String?
    var query = CanonicalQuery.none
    /// Checked: they hold what a header may hold.
    var headers: [HeaderField] = []
    var body = Body.none
    /// The checksum to send with the body.
    var checksum: ChecksumAlgorithm?
    var kind: RequestTraits.Kind
    var time = SigningTime.now
    /// What the server may take beside the time of any request.
    var patience = Duration.zero
    /// The most bytes of an object that the caller takes; nil for the answers of other operations.
    var callersLimit: Int?
    /// Whether it asks for something and changes nothing.
    var isReading: Bool { S3Call.isReading(method) }

    private static func isReading(_ method: String) -> Bool { method == "GET" || method == "HEAD" }

    init(
        _ operation: String, _ method: String, bucket: String? = nil, key: String? = nil,
        query: [(name: String, value: String)] = [], headers: [HeaderField] = [], body: Body = .none,
        kind: RequestTraits.Kind? = nil
    ) {
        self.operation = operation
        self.method = method
        self.bucket = bucket
        self.key = key
        if !query.isEmpty { self.query = CanonicalQuery(query) }
        self.headers = headers
        self.body = body
        self.kind = kind ?? (S3Call.isReading(method) ? .read : .write)
    }

    /// Whether the key that encrypts an object goes with it.
    var hasCustomerKey: Bool { headers.contains { $0.name.hasSuffix("server-side-encryption-customer-key") } }

    var bodyLength: Int {
        switch body {
        case .none: 0
        case .bytes(let bytes): bytes.count
        case .stream(_, let length, _): length
        }
    }

    var traits: RequestTraits {
        var canRepeat = true
        if case .stream(_, _, let isReplayable) = body { canRepeat = isReplayable }
        var isFenced = false
        if case .fenced = time { isFenced = true }
        return RequestTraits(kind: kind, isFenced: isFenced, canRepeatBody: canRepeat)
    }

    func subject(region: String? = nil, signedAt: SigningDate? = nil) -> RequestSubject {
        RequestSubject(method: method, bucket: bucket, key: key, region: region, signedAt: signedAt)
    }

    /// The error of an answer that is longer than it may be; nil where nobody said how long.
    var tooLong: S3Error? {
        callersLimit.map { limit in
            let subject = subject()
            return S3Error(
                .invalid, "\(subject.name) has more than the \(limit) bytes asked for",
                remedy: "read it as a stream, or raise the limit", details: subject.details)
        }
    }

    /// The bytes of a body that need not, or cannot, go out in chunks: Ceph 16 refuses a chunked body with nothing in it.
    /// - Throws: `s3.invalid` for a stream that was announced as empty and is not; what the stream throws.
    func whole(_ body: ObjectBody) async throws -> [UInt8]? {
        guard body.whole == nil, body.length == 0 else { return body.whole }
        for try await chunk in body.chunks where !chunk.isEmpty {
            throw S3Error(
                .invalid, "the body for \(subject().name) has more than the 0 bytes that were announced",
                remedy: "give the length the stream has", details: subject().details)
        }
        return []
    }

    /// Adds a field that the caller gave a value for.
    /// - Throws: `s3.invalid` for what no header field may hold.
    mutating func add(_ name: String, _ value: String?) throws(S3Error) {
        guard let value else { return }
        let field = HeaderField(name, value)
        try HeaderRules.check(field)
        headers.append(field)
    }
}

extension S3Call {
    /// Names the object to copy from, and the version it must be.
    mutating func add(source: String, in bucket: S3Bucket, _ options: S3CopyOptions) throws(S3Error) {
        try bucket.client.options.keyRules.check(source, bucket: bucket.name)
        let version = options.sourceVersionID.map { "?versionId=\(PercentEncoding.component($0))" } ?? ""
        let path = PercentEncoding.path("\(bucket.name)/\(source)")
        headers.append(HeaderField("x-amz-copy-source", "/\(path)\(version)"))
        try add("x-amz-copy-source-if-match", options.sourceIfMatch?.quoted)
        if let key = options.sourceCustomerKey { headers += try key.fields(prefix: "x-amz-copy-source-") }
    }
}

/// An answer that is a success, and whole.
struct S3Answer: Sendable {
    let status: Int
    let headers: [HeaderField]
    let body: [UInt8]
    let subject: RequestSubject

    var details: AnswerDetails { AnswerDetails(headers) }
}
