/// What went wrong with a request, for a program and for a person.
///
/// `code` is stable and what a program looks at. The description is for people: it begins with the code, names bucket and key,
/// tells what the server said, and ends with what to do. No secret is ever in it.
public struct S3Error: Error, Sendable {
    /// The codes of all errors.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The dotted text.
        public let rawValue: String

        /// A code by its text.
        public init(rawValue: String) { self.rawValue = rawValue }

        public var description: String { rawValue }
    }

    /// What happened.
    public let code: Code
    /// What happened, in words.
    public internal(set) var message: String
    /// What a person can do about it.
    public let remedy: String?
    /// Whether the same call may succeed later without any change. Never for a conditional write of unknown outcome.
    public let isRetryable: Bool
    /// Whether the call, if it was a write, may have taken effect, or still may: an answer was lost, or says nothing sure. When
    /// false, it has not and will not.
    public internal(set) var mayHaveTakenEffect = false
    /// What it happened to, and what the server said.
    public internal(set) var details: Details

    /// The things an error names.
    public struct Details: Sendable, Hashable {
        /// The bucket.
        public var bucket: String?
        /// The key of the object.
        public var key: String?
        /// The upload in parts that was left behind: to be resumed, or since nobody knows whether it was ended. nil when there is
        /// none, or it was aborted.
        public var uploadID: String?
        /// The HTTP status; nil when no answer came.
        public var status: Int?
        /// The server's own code, such as `NoSuchKey`.
        public var serverCode: String?
        /// What to name when asking whoever runs the server (`x-amz-request-id`).
        public var requestID: String?
        /// The other half of it (`x-amz-id-2`).
        public var hostID: String?
        /// The region the bucket is in, when the request went to another.
        public var region: String?
        /// How long the server asked to wait.
        public var retryAfter: Duration?
        /// What the server said of its answer: also "there is no such object" has a date.
        public var answer = AnswerDetails()

        /// Nothing named.
        public init() {}
    }

    init(
        _ code: Code, _ message: String, remedy: String? = nil, isRetryable: Bool = false, details: Details = Details()
    ) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.isRetryable = isRetryable
        self.details = details
    }
}

extension S3Error: CustomStringConvertible {
    /// `code: message (HTTP status server-code, request id); remedy`.
    public var description: String {
        var facts: [String] = []
        if let status = details.status {
            facts.append("HTTP \(status)" + (details.serverCode.map { " \($0)" } ?? ""))
        }
        if let requestID = details.requestID { facts.append("request \(requestID)") }
        let answer = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
        return "\(code): \(message)\(answer)" + (remedy.map { "; \($0)" } ?? "")
    }
}

extension S3Error.Code {
    /// The bucket has no object of that key.
    public static let noSuchKey = Self(rawValue: "s3.no_such_key")
    /// There is no such bucket.
    public static let noSuchBucket = Self(rawValue: "s3.no_such_bucket")
    /// Any other 404: an upload, a version, a configuration, or an answer that is not from an object store.
    public static let notFound = Self(rawValue: "s3.not_found")
    /// The credentials are wrong, or may not do this.
    public static let accessDenied = Self(rawValue: "s3.access_denied")
    /// The token of temporary credentials has ended.
    public static let expiredToken = Self(rawValue: "s3.expired_token")
    /// No credentials were found, or a source of them failed.
    public static let credentials = Self(rawValue: "s3.credentials")
    /// A name, a size, a header or an option breaks a rule; found before anything is sent where it can be.
    public static let invalid = Self(rawValue: "s3.invalid")
    /// The server was not reached, or the connection broke.
    public static let network = Self(rawValue: "s3.network")
    /// The time allowed was over.
    public static let timeout = Self(rawValue: "s3.timeout")
    /// Too many requests for an account or a quota.
    public static let throttled = Self(rawValue: "s3.throttled")
    /// Too many requests for the store: it asks for a lower rate.
    public static let slowDown = Self(rawValue: "s3.slow_down")
    /// The server failed.
    public static let server = Self(rawValue: "s3.server")
    /// The condition of the request does not hold.
    public static let preconditionFailed = Self(rawValue: "s3.precondition_failed")
    /// Another operation is in the way: a write at the same time, a bucket that exists or is not empty.
    public static let conflict = Self(rawValue: "s3.conflict")
    /// The object is still the one the caller has.
    public static let notModified = Self(rawValue: "s3.not_modified")
    /// The range asked for is not in the object.
    public static let range = Self(rawValue: "s3.range")
    /// The bucket is in another region, which `details.region` names when the server told.
    public static let wrongRegion = Self(rawValue: "s3.wrong_region")
    /// Our clock and the server's differ by more than it accepts.
    public static let clockSkew = Self(rawValue: "s3.clock_skew")
    /// A body ended before all of it had come.
    public static let truncated = Self(rawValue: "s3.truncated")
    /// A body is not the one its checksum was made for.
    public static let checksumMismatch = Self(rawValue: "s3.checksum_mismatch")
    /// Nobody knows whether the write happened: its answer was lost. Read the object to find out.
    public static let outcomeUnknown = Self(rawValue: "s3.outcome_unknown")
    /// The task was cancelled; callers get a `CancellationError`.
    static let cancelled = Self(rawValue: "s3.cancelled")
    /// The server does not do this.
    public static let unsupported = Self(rawValue: "s3.unsupported")
    /// A file of this machine cannot be read or written as asked: the message names it and says why.
    public static let file = Self(rawValue: "s3.file")
    /// An answer that cannot be read.
    public static let malformedAnswer = Self(rawValue: "s3.malformed_answer")
}
