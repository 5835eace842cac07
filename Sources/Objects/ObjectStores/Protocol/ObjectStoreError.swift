/// What went wrong in an object store, for a program and for a person.
///
/// `code` is stable and what a program looks at. The description is for people: code, message with the key, what to do.
///
/// One error for all stores. A store that speaks to a provider keeps the provider's words in ``provider`` and
/// ``AnswerDetails/requestID``, and its own error, such as the one of an S3 client, in ``underlying``; it may have codes of its
/// own where none of these fits.
public struct ObjectStoreError: Error, Sendable {
    /// The codes of all errors.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The dotted text.
        public let rawValue: String

        /// A code by its text.
        public init(rawValue: String) { self.rawValue = rawValue }

        public var description: String { rawValue }
    }

    /// How the provider said it.
    public struct Provider: Sendable, Hashable {
        /// Its own code, such as `NoSuchKey`.
        public var code: String?
        /// The HTTP status.
        public var status: Int?

        /// The provider's words.
        public init(code: String? = nil, status: Int? = nil) {
            self.code = code
            self.status = status
        }
    }

    /// What happened.
    public var code: Code
    /// What happened, in words.
    public var message: String
    /// The key it happened to.
    public var key: String?
    /// What a person can do about it.
    public var remedy: String?
    /// Whether the same call may succeed later without any change.
    public var isRetryable: Bool
    /// Whether the call, if it was a write, may have taken effect, or still may: its answer was lost, or says nothing sure.
    /// When false, it has not and will not.
    public var mayHaveTakenEffect: Bool
    /// How long the store asks to wait before the next attempt.
    public var retryAfter: Duration?
    /// The provider's words, where there is one.
    public var provider: Provider?
    /// What the store said of its answer, where there was one: also "there is no such object" has a date.
    public var answer: AnswerDetails
    /// The error beneath.
    public var underlying: (any Error)?

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, key: String? = nil, remedy: String? = nil, isRetryable: Bool = false,
        mayHaveTakenEffect: Bool = false, retryAfter: Duration? = nil, provider: Provider? = nil,
        answer: AnswerDetails = AnswerDetails(), underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.key = key
        self.remedy = remedy
        self.isRetryable = isRetryable
        self.mayHaveTakenEffect = mayHaveTakenEffect
        self.retryAfter = retryAfter
        self.provider = provider
        self.answer = answer
        self.underlying = underlying
    }
}

extension ObjectStoreError: CustomStringConvertible {
    /// `code: message; remedy`, and the provider's words where there are any.
    public var description: String {
        var words: [String] = []
        if let code = provider?.code { words.append(code) }
        if let status = provider?.status { words.append("status \(status)") }
        if let id = answer.requestID { words.append("request \(id)") }
        return "\(code): \(message)" + (words.isEmpty ? "" : " (\(words.joined(separator: ", ")))")
            + (remedy.map { "; \($0)" } ?? "")
    }
}

extension ObjectStoreError.Code {
    /// There is no object of that key, and the store is sure of it. Nothing else is reported so.
    public static let notFound = Self(rawValue: "object.not_found")
    /// The bucket or folder itself is not there.
    public static let noSuchContainer = Self(rawValue: "object.no_such_container")
    /// The upload was completed or aborted, or never begun.
    public static let noSuchUpload = Self(rawValue: "object.no_such_upload")
    /// A condition of the call does not hold; nothing was written.
    public static let preconditionFailed = Self(rawValue: "object.precondition_failed")
    /// The object is still the version the reader knows.
    public static let notModified = Self(rawValue: "object.not_modified")
    /// Another call on the same object was under way.
    public static let conflict = Self(rawValue: "object.conflict")
    /// The credentials, or the rights on a file, do not allow it.
    public static let accessDenied = Self(rawValue: "object.access_denied")
    /// A key, an attribute or a call that no store accepts.
    public static let invalid = Self(rawValue: "object.invalid")
    /// The object has no byte of the range.
    public static let rangeNotSatisfiable = Self(rawValue: "object.range_not_satisfiable")
    /// The store asks for fewer requests.
    public static let throttled = Self(rawValue: "object.throttled")
    /// The store failed for reasons of its own: an HTTP status of 500 and more.
    public static let unavailable = Self(rawValue: "object.unavailable")
    /// The connection failed, or a body ended too early.
    public static let network = Self(rawValue: "object.network")
    /// It took longer than it was allowed to.
    public static let timeout = Self(rawValue: "object.timeout")
    /// Nobody knows whether a conditional write happened. Read the object before writing again.
    public static let outcomeUnknown = Self(rawValue: "object.outcome_unknown")
    /// The write came after its `notAfter`; it did not take effect.
    public static let expired = Self(rawValue: "object.expired")
    /// The store cannot do this.
    public static let unsupported = Self(rawValue: "object.unsupported")
    /// What is stored is not what the store would have stored.
    public static let damaged = Self(rawValue: "object.damaged")
    /// There is no space left.
    public static let full = Self(rawValue: "object.full")
    /// The operating system failed to read or write.
    public static let io = Self(rawValue: "object.io")
}
