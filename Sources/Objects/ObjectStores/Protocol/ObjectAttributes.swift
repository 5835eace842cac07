/// What is stored with the bytes of an object.
///
/// A store that cannot keep one of them refuses it with `object.unsupported` (``ObjectStoreCapabilities/attributes``); it
/// is never dropped.
public struct ObjectAttributes: Sendable, Hashable {
    /// The attributes by name.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// ``ObjectAttributes/contentType``.
        case contentType = "content_type"
        /// ``ObjectAttributes/cacheControl``.
        case cacheControl = "cache_control"
        /// ``ObjectAttributes/metadata``.
        case metadata
        /// ``ObjectAttributes/storageClass``.
        case storageClass = "storage_class"
        /// ``ObjectAttributes/tags``.
        case tags
    }

    /// The media type. A store may give one of its own to an object that was stored without.
    public var contentType: String?
    /// How HTTP caches may keep the object, as in the `Cache-Control` header.
    public var cacheControl: String?
    /// Names and values of the user's own. Names are `a-z 0-9 - _ .`, values printable text without space at its ends; both
    /// together at most ``ObjectLimits/metadataBytes``.
    public var metadata: [String: String]
    /// The provider's storage class, such as `STANDARD_IA`.
    public var storageClass: String?
    /// Tags for lifecycle rules and bills, at most ``ObjectLimits/tags``. Most stores do not hand them out with the object:
    /// in what is read they are nil when the store does not say.
    public var tags: [String: String]?

    /// Attributes; none by default.
    public init(
        contentType: String? = nil, cacheControl: String? = nil, metadata: [String: String] = [:],
        storageClass: String? = nil, tags: [String: String]? = nil
    ) {
        self.contentType = contentType
        self.cacheControl = cacheControl
        self.metadata = metadata
        self.storageClass = storageClass
        self.tags = tags
    }

    /// Which of them are given.
    package var given: Set<Kind> {
        var kinds: Set<Kind> = []
        if contentType != nil { kinds.insert(.contentType) }
        if cacheControl != nil { kinds.insert(.cacheControl) }
        if !metadata.isEmpty { kinds.insert(.metadata) }
        if storageClass != nil { kinds.insert(.storageClass) }
        if tags != nil { kinds.insert(.tags) }
        return kinds
    }
}
