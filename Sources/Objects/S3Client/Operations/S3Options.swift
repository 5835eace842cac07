#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// What is stored with the bytes of an object.
public struct S3Attributes: Sendable, Hashable {
    /// The media type; nil for the one that the key's ending stands for, or `application/octet-stream`.
    public var contentType: String?
    /// How caches may keep the object.
    public var cacheControl: String?
    /// How a browser shows or names it, such as `attachment; filename="report.pdf"`.
    public var contentDisposition: String?
    /// How the bytes are packed, such as `gzip`.
    public var contentEncoding: String?
    /// The language.
    public var contentLanguage: String?
    /// Names and values of one's own: at most 2,048 bytes together. Any text may be a value; names are letters, digits, `-`, `_`,
    /// and have no case.
    public var metadata: [String: String]
    /// Tags for lifecycle rules and bills: at most 10.
    public var tags: [String: String]
    /// nil for the bucket's.
    public var storageClass: StorageClass?
    /// nil for the bucket's.
    public var encryption: S3Encryption?

    /// Attributes; none by default.
    public init(
        contentType: String? = nil, cacheControl: String? = nil, contentDisposition: String? = nil,
        contentEncoding: String? = nil, contentLanguage: String? = nil, metadata: [String: String] = [:],
        tags: [String: String] = [:], storageClass: StorageClass? = nil, encryption: S3Encryption? = nil
    ) {
        self.contentType = contentType
        self.cacheControl = cacheControl
        self.contentDisposition = contentDisposition
        self.contentEncoding = contentEncoding
        self.contentLanguage = contentLanguage
        self.metadata = metadata
        self.tags = tags
        self.storageClass = storageClass
        self.encryption = encryption
    }

    var customerKey: CustomerKey? {
        if case .customerKey(let key) = encryption { key } else { nil }
    }
}

/// How to store an object in one request.
public struct S3PutOptions: Sendable, Hashable {
    /// On what condition.
    public var mode: PutMode
    /// What to store with the bytes.
    public var attributes: S3Attributes
    /// The checksum to send and store; nil for the client's, and for none with a stream.
    public var checksum: ChecksumAlgorithm?
    /// The server's time past which the write must not take effect: the request is signed for 15 minutes earlier, sent once, and
    /// never signed again, so that a server which checks dates refuses it from then on. It ends with `s3.clock_skew` then,
    /// and without a signature with `s3.unsupported`.
    public var notAfter: Date?
    /// A text that no other write has. It is stored as the metadata `cairn-marker`, and tells an answer that was lost from a write
    /// that was: the client reads the object, and finds its marker or reports `s3.outcome_unknown`.
    public var marker: String?

    /// Options; by default the object is overwritten and nothing special is stored with it.
    public init(
        mode: PutMode = .overwrite, attributes: S3Attributes = S3Attributes(), checksum: ChecksumAlgorithm? = nil,
        notAfter: Date? = nil, marker: String? = nil
    ) {
        self.mode = mode
        self.attributes = attributes
        self.checksum = checksum
        self.notAfter = notAfter
        self.marker = marker
    }

    static let markerName = "cairn-marker"
}

/// How to read an object.
public struct S3GetOptions: Sendable, Hashable {
    /// Which bytes; nil for all.
    public var range: ByteRange?
    /// On what condition.
    public var conditions: ReadConditions
    /// Which version; nil for the newest.
    public var versionID: String?
    /// The key it was encrypted with, if the caller gave one.
    public var customerKey: CustomerKey?
    /// Whether the bytes are compared with the stored checksum, or with the ETag where the dialect says that it is their MD5.
    public var isVerified: Bool

    /// Options; by default the whole of the newest version, verified.
    public init(
        range: ByteRange? = nil, conditions: ReadConditions = ReadConditions(), versionID: String? = nil,
        customerKey: CustomerKey? = nil, isVerified: Bool = true
    ) {
        self.range = range
        self.conditions = conditions
        self.versionID = versionID
        self.customerKey = customerKey
        self.isVerified = isVerified
    }
}

/// How to remove an object.
public struct S3DeleteOptions: Sendable, Hashable {
    /// Only this version of what is stored, where the server can (``S3Dialect/canDeleteConditionally``).
    public var ifMatch: ETag?
    /// The version to remove for good, in a bucket that keeps versions; nil puts a marker there.
    public var versionID: String?
    /// As in ``S3PutOptions/notAfter``.
    public var notAfter: Date?

    /// Options; by default whatever is there is removed.
    public init(ifMatch: ETag? = nil, versionID: String? = nil, notAfter: Date? = nil) {
        self.ifMatch = ifMatch
        self.versionID = versionID
        self.notAfter = notAfter
    }
}

/// How to copy an object.
public struct S3CopyOptions: Sendable, Hashable {
    /// On what condition the target is written, where the server can (``S3Dialect/canCopyConditionally``).
    public var mode: PutMode
    /// Only this version of the source, where the server can (``S3Dialect/checksCopySource``).
    public var sourceIfMatch: ETag?
    /// Which version of the source; nil for the newest.
    public var sourceVersionID: String?
    /// The key the source was encrypted with, if the caller gave one.
    public var sourceCustomerKey: CustomerKey?
    /// What to store with the copy; nil takes over what the source has. Encryption and class of storage are never taken over: a copy
    /// without attributes has the bucket's.
    public var attributes: S3Attributes?
    /// How a copy without ``attributes`` is encrypted; nil for the bucket's way.
    public var encryption: S3Encryption?
    /// As in ``S3PutOptions/notAfter``.
    public var notAfter: Date?

    /// Options; by default the target is overwritten and has the attributes of the source.
    public init(
        mode: PutMode = .overwrite, sourceIfMatch: ETag? = nil, sourceVersionID: String? = nil,
        sourceCustomerKey: CustomerKey? = nil, attributes: S3Attributes? = nil, encryption: S3Encryption? = nil,
        notAfter: Date? = nil
    ) {
        self.mode = mode
        self.sourceIfMatch = sourceIfMatch
        self.sourceVersionID = sourceVersionID
        self.sourceCustomerKey = sourceCustomerKey
        self.attributes = attributes
        self.encryption = encryption
        self.notAfter = notAfter
    }
}

/// What a server says of an object it stored.
public struct S3WriteResult: Sendable, Hashable {
    /// The mark of the new version.
    public var etag: ETag
    /// Its name, in a bucket that keeps versions.
    public var versionID: String?
    /// When, where the answer tells it: that of a copy does.
    public var lastModified: Date?
    /// What the server says of this answer.
    public var answer: AnswerDetails
}
