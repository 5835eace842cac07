#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// What a store says of its answer as such, beside what was asked.
public struct AnswerDetails: Sendable, Hashable {
    /// The store's time of the answer. Whoever reasons about `notAfter` uses this and no clock of its own.
    ///
    /// A promise goes with it: a write whose `notAfter` lies before this date has taken effect before this answer was made,
    /// or never will. Folder and memory stores keep it exactly; S3 to the minutes a request may be under way in it.
    public var serverDate: Date?
    /// The seconds the answer spent in a cache: HTTP's `Age`. An answer of the store itself has none.
    public var age: Int?
    /// The header field by which a cache says that the answer is one it kept: `age: 3`, or `x-cache-status: HIT`. An answer of the store
    /// itself has none.
    public var cacheMark: String?
    /// The lifecycle rule that will remove the object: `x-amz-expiration`.
    public var expiration: String?
    /// What to name to the provider's support.
    public var requestID: String?

    /// Details; none by default.
    public init(
        serverDate: Date? = nil, age: Int? = nil, cacheMark: String? = nil, expiration: String? = nil,
        requestID: String? = nil
    ) {
        self.serverDate = serverDate
        self.age = age
        self.cacheMark = cacheMark
        self.expiration = expiration
        self.requestID = requestID
    }
}

/// What a store knows of an object, without its bytes.
public struct ObjectInfo: Sendable, Hashable {
    /// The key.
    public var key: String
    /// The size in bytes of the whole object, also when a part was read.
    public var size: Int
    /// The mark of this version.
    public var etag: ETag
    /// When this version was stored, by the store's clock; S3 says it in whole seconds, and not in the answer to a PUT.
    public var lastModified: Date?
    /// What was stored with the bytes.
    public var attributes: ObjectAttributes
    /// What the store says of this answer.
    public var answer: AnswerDetails

    /// An object's description.
    public init(
        key: String, size: Int, etag: ETag, lastModified: Date?, attributes: ObjectAttributes = ObjectAttributes(),
        answer: AnswerDetails = AnswerDetails()
    ) {
        self.key = key
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
        self.attributes = attributes
        self.answer = answer
    }

    /// The media type: ``ObjectAttributes/contentType``.
    public var contentType: String? { attributes.contentType }
    /// The user metadata: ``ObjectAttributes/metadata``.
    public var metadata: [String: String] { attributes.metadata }
    /// The store's time of this answer: ``AnswerDetails/serverDate``.
    public var serverDate: Date? { answer.serverDate }
}

/// What a store says of an object it made of others: of parts, or as a copy.
public struct WriteResult: Sendable, Hashable {
    /// The mark of the version that was made.
    public var etag: ETag
    /// When, by the store's clock, if it says so.
    public var lastModified: Date?
    /// What the store says of this answer.
    public var answer: AnswerDetails

    /// A result.
    public init(etag: ETag, lastModified: Date? = nil, answer: AnswerDetails = AnswerDetails()) {
        self.etag = etag
        self.lastModified = lastModified
        self.answer = answer
    }

    /// The store's time of this answer.
    public var serverDate: Date? { answer.serverDate }
}

/// What became of a removal of several keys.
public struct BatchDeletion: Sendable {
    /// The keys that could not be removed, and why; empty when all are gone.
    public var failures: [ObjectStoreError]
    /// What the store says of this answer.
    public var answer: AnswerDetails

    /// A result.
    public init(failures: [ObjectStoreError] = [], answer: AnswerDetails = AnswerDetails()) {
        self.failures = failures
        self.answer = answer
    }
}
