/// What a code or a status of a server means to a program, and what a person can do.
struct ErrorMeaning: Sendable {
    let code: S3Error.Code
    let remedy: String?
    let isRetryable: Bool

    init(_ code: S3Error.Code, _ remedy: String?, isRetryable: Bool = false) {
        self.code = code
        self.remedy = remedy
        self.isRetryable = isRetryable
    }

    /// Seconds a signature may be from the server's time (S3 API reference, "RequestTimeTooSkewed").
    static let skewSeconds = 15 * 60

    static let noSuchKey = ErrorMeaning(.noSuchKey, "check the key, byte for byte")
    static let noSuchBucket = ErrorMeaning(.noSuchBucket, "check the name of the bucket, the endpoint and the account")
    static let accessDenied = ErrorMeaning(
        .accessDenied, "check the access key, the secret, and what the policies of user and bucket allow")
    static let expiredToken = ErrorMeaning(.expiredToken, "get new temporary credentials", isRetryable: true)
    static let invalid = ErrorMeaning(.invalid, nil)
    static let throttled = ErrorMeaning(.throttled, "send fewer requests at a time", isRetryable: true)
    static let slowDown = ErrorMeaning(.slowDown, "send fewer requests at a time", isRetryable: true)
    static let server = ErrorMeaning(.server, "try again later", isRetryable: true)
    static let wrongRegion = ErrorMeaning(
        .wrongRegion, "open the client with the region of the bucket", isRetryable: true)
    static let clockSkew = ErrorMeaning(.clockSkew, "set this machine's clock", isRetryable: true)
    static let unsupported = ErrorMeaning(.unsupported, "check what this provider supports")
    private static let conflict = ErrorMeaning(.conflict, "read what is there now, then try again", isRetryable: true)
    private static let standing = ErrorMeaning(.conflict, nil)
    private static let corrupted = ErrorMeaning(.checksumMismatch, "send it again", isRetryable: true)
    private static let secret = ErrorMeaning(
        .accessDenied, "check the secret key and the endpoint; a proxy that changes requests breaks signatures too")

    /// What a status means that came without a code.
    static func of(status: Int) -> ErrorMeaning {
        switch status {
        case 304: ErrorMeaning(.notModified, nil)
        case 401, 407: .accessDenied
        case 405, 501: .unsupported
        case 408: ErrorMeaning(.timeout, "try again", isRetryable: true)
        case 409: conflict
        case 412: ErrorMeaning(.preconditionFailed, "read what is there now, then decide again")
        case 416: ErrorMeaning(.range, "ask for bytes that the object has")
        case 429: .throttled
        case 400..<500: .invalid
        case 500..<600: .server
        default: ErrorMeaning(.malformedAnswer, "check the endpoint: this is not the answer of an object store")
        }
    }

    /// What a server's code means; nil for those that say no more than their status.
    static func of(_ serverCode: String, hasOtherRegion: Bool) -> ErrorMeaning? {
        // These carry the right region when they are about regions, and are about something else when they do not.
        if hasOtherRegion, regional.contains(serverCode) { return .wrongRegion }
        return table[serverCode]
    }

    private static let regional: Set<String> = [
        "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "Redirect", "BadRequest", "400",
        "IllegalLocationConstraintException", "InvalidRegion", "IncorrectEndpoint", "301", "307",
    ]

    /// S3 API reference, "Error responses"; the AWS SDKs' lists for retries; and names of MinIO and Ceph.
    private static let table: [String: ErrorMeaning] = {
        var table: [String: ErrorMeaning] = [:]
        func set(_ meaning: ErrorMeaning, _ codes: String...) { for code in codes { table[code] = meaning } }
        set(.noSuchKey, "NoSuchKey")
        set(.noSuchBucket, "NoSuchBucket")
        set(ErrorMeaning(.notFound, "the upload was ended or given up; begin it again"), "NoSuchUpload")
        set(ErrorMeaning(.notFound, "check the id of the version"), "NoSuchVersion")
        set(
            .accessDenied, "AccessDenied", "AllAccessDisabled", "AccountProblem", "AccessForbidden",
            "UnauthorizedAccess")
        set(
            ErrorMeaning(.accessDenied, "check the access key and the endpoint: this server does not know it"),
            "InvalidAccessKeyId", "InvalidClientTokenId")
        set(secret, "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature")
        set(
            ErrorMeaning(.accessDenied, "check the session token: it does not belong to the access key"),
            "InvalidToken", "InvalidSecurity")
        set(.expiredToken, "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")
        set(.clockSkew, "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture")
        set(.wrongRegion, "PermanentRedirect", "TemporaryRedirect", "IncorrectEndpoint")
        set(.slowDown, "SlowDown", "SlowDownRead", "SlowDownWrite")
        set(
            .throttled, "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
            "TooManyRequestsException", "TooManyRequests", "ProvisionedThroughputExceededException",
            "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
            "LimitExceededException", "RequestThrottled", "EC2ThrottledException")
        set(
            .server, "InternalError", "ServiceUnavailable", "UnknownError", "ServerBusy", "Busy",
            "PriorRequestNotComplete")
        set(ErrorMeaning(.timeout, "try again", isRetryable: true), "RequestTimeout", "RequestTimeoutException")
        set(
            ErrorMeaning(.preconditionFailed, "read what is there now, then decide again"), "PreconditionFailed")
        set(conflict, "ConditionalRequestConflict", "OperationAborted")
        set(
            ErrorMeaning(.conflict, "choose another name: names are shared by all accounts"), "BucketAlreadyExists")
        set(ErrorMeaning(.conflict, "use it: it is yours"), "BucketAlreadyOwnedByYou")
        set(
            ErrorMeaning(.conflict, "delete all that is in it first, versions and unended uploads too"),
            "BucketNotEmpty")
        set(standing, "InvalidBucketState", "ObjectAlreadyInActiveTierError", "RestoreAlreadyInProgress")
        set(ErrorMeaning(.conflict, "restore the object from the archive first"), "InvalidObjectState")
        set(ErrorMeaning(.notModified, nil), "NotModified")
        set(ErrorMeaning(.range, "ask for bytes that the object has"), "InvalidRange", "InvalidPartNumber")
        set(
            corrupted, "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
            "InvalidChecksum")
        set(ErrorMeaning(.truncated, "send it again", isRetryable: true), "IncompleteBody")
        set(ErrorMeaning(.unsupported, "check what this provider supports"), "NotImplemented")
        set(
            ErrorMeaning(.invalid, "upload it in parts, of at most 5 GiB"), "EntityTooLarge")
        set(ErrorMeaning(.invalid, "every part but the last has at least 5 MiB"), "EntityTooSmall")
        set(ErrorMeaning(.invalid, "upload the parts again: one is missing, or was replaced"), "InvalidPart")
        set(
            .invalid, "InvalidArgument", "InvalidRequest", "InvalidBucketName", "InvalidURI", "KeyTooLongError",
            "MalformedXML", "MetadataTooLarge", "InvalidTag", "InvalidPartOrder", "MissingContentLength",
            "MissingSecurityHeader", "InvalidStorageClass", "InvalidLocationConstraint", "TooManyBuckets",
            "InvalidEncryptionAlgorithmError", "UnexpectedContent", "MaxMessageLengthExceeded")
        return table
    }()
}
