/// What a store can do.
///
/// Made by the store from what it is, or from what a probe found; callers look here instead of trying.
public struct ObjectStoreCapabilities: Sendable, Hashable {
    /// What an ETag follows from.
    public enum ETags: String, Sendable, Hashable, CaseIterable {
        /// Each write has one of its own, also when it writes the same bytes again.
        case perWrite = "per_write"
        /// The same bytes may have the same one: what is written, changed and written back looks unchanged.
        case ofContent = "of_content"
        /// The MD5 of the bytes, in hexadecimal digits, for objects that were put whole.
        case md5
    }

    /// The kind of store: `memory`, `folder`, `s3`.
    public var name: String
    /// Where the objects are, for people; no secrets.
    public var location: String
    /// ``PutMode/create``.
    public var canCreate = true
    /// ``PutMode/ifMatch(_:)``.
    public var canCompareAndSwap = true
    /// ``DeleteOptions/ifMatch``.
    public var canDeleteConditionally = true
    /// ``CopyOptions/mode`` other than overwriting.
    public var canCopyConditionally = true
    /// ``CopyOptions/sourceIfMatch``.
    public var canCopyOneVersion = true
    /// ``CompleteOptions/mode`` other than overwriting.
    public var canCompleteConditionally = true
    /// `notAfter`: the store itself keeps late writes from taking effect.
    public var canFence = true
    /// ``ObjectStore/copy(_:to:_:)``.
    public var canCopy = true
    /// Objects in parts.
    public var canUploadInParts = true
    /// The ``ObjectAttributes`` it keeps; others are refused.
    public var attributes = Set(ObjectAttributes.Kind.allCases)
    /// Whether keys are listed in the order of their bytes.
    public var isListingOrdered = true
    /// Whether what was acknowledged outlives the process.
    public var isPersistent = true
    /// What ETags follow from.
    public var etags = ETags.perWrite
    /// The smallest size of a part that is not the last.
    public var minimumPartBytes = ObjectLimits.minimumPartBytes

    /// A store that can do everything.
    public init(name: String, location: String) {
        self.name = name
        self.location = location
    }
}
