#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// A bucket, and the calls on the objects in it. A value: making one costs nothing and asks nobody.
///
/// Every call is one request unless it says otherwise, and throws ``S3Error``, or `CancellationError` when its task is cancelled.
/// What breaks a rule of S3 is refused with `s3.invalid` before anything is sent.
public struct S3Bucket: Sendable {
    /// The name of the bucket.
    public let name: String
    /// The client it is reached through.
    public let client: S3Client

    /// How the bucket differs from what S3's documentation says, as far as the client knows: by ``probe(_:quick:observer:)``, by what
    /// it met, or because somebody set it. All values of this bucket on one client share it.
    public var dialect: S3Dialect {
        get { client.dialect(of: name) }
        nonmutating set { client.learn(name) { $0 = newValue } }
    }

    /// A request about an object of this bucket.
    func call(
        _ operation: String, _ method: String, _ key: String, query: [(name: String, value: String)] = [],
        kind: RequestTraits.Kind? = nil
    ) throws(S3Error) -> S3Call {
        try client.options.keyRules.check(key, bucket: name)
        return S3Call(operation, method, bucket: name, key: key, query: query, kind: kind)
    }

    /// A request about the bucket itself.
    func call(
        _ operation: String, _ method: String, query: [(name: String, value: String)] = []
    ) -> S3Call {
        S3Call(operation, method, bucket: name, query: query)
    }

    func subject(_ method: String, _ key: String?) -> RequestSubject {
        RequestSubject(method: method, bucket: name, key: key)
    }

    /// What every answer to a write must tell. The write may have happened without it: look while the answer is read.
    func etag(_ answer: S3Answer) throws(S3Error) -> ETag {
        guard let etag = answer.headers["etag"] else {
            throw S3Error(
                .malformedAnswer, "the answer about \(answer.subject.name) has no ETag",
                remedy: "check that the endpoint is one of S3", isRetryable: true, details: answer.subject.details)
        }
        return ETag(rawValue: etag)
    }
}

extension S3Call {
    /// Adds what is stored with the bytes.
    mutating func add(_ attributes: S3Attributes, marker: String? = nil) throws(S3Error) {
        try add("content-type", attributes.contentType ?? ContentType.of(key ?? ""))
        try add("cache-control", attributes.cacheControl)
        try add("content-disposition", attributes.contentDisposition)
        try add("content-encoding", attributes.contentEncoding)
        try add("content-language", attributes.contentLanguage)
        try add("x-amz-storage-class", attributes.storageClass?.rawValue)
        try add(attributes.encryption)
        if !attributes.tags.isEmpty {
            try add("x-amz-tagging", TagRules.header(attributes.tags.map { ObjectTag(key: $0.key, value: $0.value) }))
        }
        var metadata = attributes.metadata
        if let marker { metadata[S3PutOptions.markerName] = marker }
        headers += try UserMetadata.fields(metadata)
    }

    /// Adds the condition of a write.
    mutating func add(_ mode: PutMode, _ dialect: S3Dialect) {
        switch mode {
        case .overwrite: return
        case .create: headers.append(HeaderField("if-none-match", "*"))
        case .ifMatch(let etag): headers.append(HeaderField("if-match", etag.condition(dialect)))
        }
        kind = .conditionalWrite
    }

    /// Adds the condition of a reading.
    mutating func add(_ conditions: ReadConditions) throws(S3Error) {
        try add("if-match", conditions.ifMatch?.quoted)
        try add("if-none-match", conditions.ifNoneMatch?.quoted)
    }

    /// Pins the date of the signature.
    /// - Throws: `s3.clock_skew` for a time so long ago that no signature has its date.
    mutating func fence(_ notAfter: Date?, now: SigningDate) throws(S3Error) {
        guard let notAfter else { return }
        // A server takes a signature for so many seconds behind its date. One that is dated ahead would live longer.
        let seconds = (notAfter.timeIntervalSince1970 - Double(ErrorMeaning.skewSeconds)).rounded(.down)
        if seconds >= Double(now.seconds) {
            time = .fenced(now)
        } else if let date = Int(exactly: seconds).flatMap(SigningDate.init(seconds:)) {
            time = .fenced(date)
        } else {
            throw .expired(subject())
        }
    }
}
