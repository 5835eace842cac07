import ObjectStores

/// Compares a body with what its answer says of it, while it comes.
///
/// Give it every piece, then ``finish(_:)`` once. What was handed on before that is not yet proven.
struct BodyVerifier: ~Copyable {
    private let length: Int?
    private let expected: Checksum?
    private let expectedMD5: [UInt8]?
    private var received = 0
    private var hasher: ChecksumHasher?
    private var md5: MessageDigest?

    /// - Parameters:
    ///   - headers: Of the answer: its checksum is compared if it has one, else its ETag.
    ///   - trustsETag: Whether ETags of this server are MD5. With a key of one's own, or one of KMS, they are not anyway.
    init(_ headers: [HeaderField], trustsETag: Bool) {
        length = headers["content-length"].flatMap { Int($0) }
        let expected = Checksum.ofWholeBody(headers)
        self.expected = expected
        hasher = expected.map { ChecksumHasher($0.algorithm) }
        let isEncrypted =
            headers["x-amz-server-side-encryption"]?.hasPrefix("aws:kms") == true
            || headers["x-amz-server-side-encryption-customer-algorithm"] != nil
        let isMD5 = trustsETag && expected == nil && !isEncrypted && headers["content-range"] == nil
        expectedMD5 = isMD5 ? headers["etag"].flatMap(EntityTag.md5) : nil
        if expectedMD5 != nil, let algorithm = MessageDigest.Algorithm.md5 {
            md5 = MessageDigest(algorithm)
        } else {
            md5 = nil
        }
    }

    /// Adds a piece.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        received += bytes.count
        hasher?.update(bytes)
        md5?.update(bytes)
    }

    /// Ends the body.
    /// - Throws: `s3.truncated` when it has another length than announced, `s3.checksum_mismatch` when it is another body.
    consuming func finish(_ request: RequestSubject) throws(S3Error) {
        if let length, length != received { throw .truncated(received: received, of: length, request) }
        if let expected, let hasher, hasher.finish() != expected {
            throw .checksumMismatch(expected.algorithm.rawValue, request)
        }
        if let expectedMD5, let md5, md5.finish() != expectedMD5 { throw .checksumMismatch("ETag", request) }
    }
}
