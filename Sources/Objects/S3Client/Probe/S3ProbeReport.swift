/// What a server was seen to do.
public struct S3ProbeReport: Sendable, Hashable {
    /// What was asked, in this order.
    public var checks: [S3ProbeCheck]
    /// What follows for a client. What could not be asked is no, or not known.
    public var dialect: S3Dialect
    /// What the server calls itself (`Server`).
    public var server: String?
    /// Seconds the server's clock is ahead of ours, to the second; nil when its answers have no date.
    public var clockOffset: Int?
    /// How long one small PUT takes in the middle; nil when it was not measured.
    public var putTime: Duration?
    /// How long one small GET takes in the middle; nil when it was not measured.
    public var getTime: Duration?
    /// What all keys of the probe began with.
    public var prefix: String
    /// Requests made, removing included.
    public var requests: Int
    /// Keys that could not be removed.
    public var leftovers: [String]

    /// The check of a name; nil when it was not made.
    public subscript(name: S3ProbeCheck.Name) -> S3ProbeCheck? { checks.first { $0.name == name } }

    /// What writers who share the bucket need, and was not seen.
    public var missing: [S3ProbeCheck] { checks.filter { $0.name.isNeeded && $0.outcome != .yes } }
}

/// One thing that a server does, or does not.
public struct S3ProbeCheck: Sendable, Hashable {
    /// What was seen.
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// It does.
        case yes
        /// It does not.
        case no
        /// It could not be asked.
        case unknown
    }

    /// What is asked.
    public enum Name: String, Sendable, Hashable, CaseIterable {
        /// These credentials may store objects.
        case canPut = "put"
        /// These credentials may read objects.
        case canGet = "get"
        /// These credentials may list objects.
        case canList = "list"
        /// These credentials may remove objects.
        case canDelete = "delete"
        /// What is not there is told as that.
        case absence
        /// A request signed with a wrong secret is refused.
        case signature
        /// A body that is not the one that was signed is refused.
        case signedBody = "signed_body"
        /// A request without a signature is refused.
        case anonymous
        /// A request signed 20 minutes ago is refused.
        case fence
        /// The clocks of client and server agree.
        case clock
        /// `If-None-Match: *` is refused where there is an object.
        case create
        /// Of writers who create the same key at once, one wins.
        case createRace = "create_race"
        /// `If-Match` is refused when there is another version.
        case swap
        /// Nothing is lost of what writers change at once.
        case swapRace = "swap_race"
        /// `If-Match` is refused when there is no object.
        case swapMissing = "swap_missing"
        /// A read respects conditions.
        case conditionalGet = "conditional_get"
        /// A removal respects `If-Match`.
        case conditionalDelete = "conditional_delete"
        /// A copy respects `If-None-Match`.
        case conditionalCopy = "conditional_copy"
        /// A copy respects the version it was asked to be of.
        case copySource = "copy_source"
        /// The end of an upload in parts respects `If-None-Match`.
        case conditionalComplete = "conditional_complete"
        /// Keys are listed in the order of their bytes.
        case listOrder = "list_order"
        /// Pages have every key once, also where one ends exactly.
        case listPages = "list_pages"
        /// A listing begins behind the key it was asked to.
        case listStartAfter = "list_start_after"
        /// Keys are shortened to what they share up to a delimiter.
        case listDelimiter = "list_delimiter"
        /// Keys of odd characters are kept and told byte for byte.
        case oddKeys = "odd_keys"
        /// Keys that differ in case, or in how a letter with a mark is written, are different keys.
        case alikeKeys = "alike_keys"
        /// There can be an object of a key and of what stands behind it and a slash.
        case nestedKeys = "nested_keys"
        /// The ETag is the MD5 of the bytes.
        case md5ETags = "etag_md5"
        /// Checksums are kept and told.
        case checksumKept = "checksum_kept"
        /// A wrong checksum is refused.
        case checksumVerified = "checksum_verified"
        /// The bucket keeps versions.
        case versioning
        /// An upload with a part that is too small is refused.
        case smallParts = "small_parts"
        /// How long a request takes was measured.
        case speed

        /// Whether writers cannot safely share a bucket without it.
        public var isNeeded: Bool {
            switch self {
            case .canPut, .canGet, .canList, .canDelete, .absence, .create, .createRace, .swap, .swapRace, .swapMissing,
                .listOrder, .listPages, .listStartAfter, .oddKeys:
                true
            default: false
            }
        }
    }

    /// What was asked.
    public var name: Name
    /// What was seen.
    public var outcome: Outcome
    /// How it was seen, in words.
    public var detail: String

    init(_ name: Name, _ outcome: Outcome, _ detail: String) {
        self.name = name
        self.outcome = outcome
        self.detail = detail
    }
}
