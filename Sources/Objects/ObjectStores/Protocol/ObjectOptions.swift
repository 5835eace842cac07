#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// On what condition a write replaces what stands under its key.
public enum PutMode: Sendable, Hashable {
    /// None.
    case overwrite
    /// Only if there is no object: HTTP's `If-None-Match: *`.
    case create
    /// Only if the object is still this version: HTTP's `If-Match`.
    case ifMatch(ETag)
}

/// How to store an object.
public struct PutOptions: Sendable, Hashable {
    /// On what condition.
    public var mode: PutMode
    /// The store's time past which the write must not take effect, however long it was under way: it fails with
    /// `object.expired` then. A write with it is never repeated by anyone but the caller. Stores that cannot keep it refuse
    /// it (``ObjectStoreCapabilities/canFence``).
    public var notAfter: Date?
    /// What to store with the bytes.
    public var attributes: ObjectAttributes

    /// Options; by default the object is overwritten, at any time, without attributes.
    public init(
        mode: PutMode = .overwrite, notAfter: Date? = nil, attributes: ObjectAttributes = ObjectAttributes()
    ) {
        self.mode = mode
        self.notAfter = notAfter
        self.attributes = attributes
    }
}

/// How to make an object of the parts of an upload.
public struct CompleteOptions: Sendable, Hashable {
    /// On what condition.
    public var mode: PutMode
    /// As in ``PutOptions/notAfter``.
    public var notAfter: Date?

    /// Options; by default the object is overwritten, at any time.
    public init(mode: PutMode = .overwrite, notAfter: Date? = nil) {
        self.mode = mode
        self.notAfter = notAfter
    }
}

/// How to copy an object.
public struct CopyOptions: Sendable, Hashable {
    /// On what condition the target is written.
    public var mode: PutMode
    /// Only this version of the source is copied.
    public var sourceIfMatch: ETag?
    /// As in ``PutOptions/notAfter``.
    public var notAfter: Date?
    /// What to store with the copy; nil takes over what the source has.
    public var attributes: ObjectAttributes?

    /// Options; by default the target is overwritten, at any time, and has the attributes of the source.
    public init(
        mode: PutMode = .overwrite, sourceIfMatch: ETag? = nil, notAfter: Date? = nil,
        attributes: ObjectAttributes? = nil
    ) {
        self.mode = mode
        self.sourceIfMatch = sourceIfMatch
        self.notAfter = notAfter
        self.attributes = attributes
    }
}

/// How to remove an object.
public struct DeleteOptions: Sendable, Hashable {
    /// Only this version is removed.
    public var ifMatch: ETag?
    /// As in ``PutOptions/notAfter``.
    public var notAfter: Date?

    /// Options; by default whatever is there is removed.
    public init(ifMatch: ETag? = nil, notAfter: Date? = nil) {
        self.ifMatch = ifMatch
        self.notAfter = notAfter
    }
}

/// On what condition an object is read.
public struct ReadConditions: Sendable, Hashable {
    /// Only this version; another one is `object.precondition_failed`.
    public var ifMatch: ETag?
    /// Any version but this one, which is `object.not_modified`.
    public var ifNoneMatch: ETag?

    /// Conditions; none by default.
    public init(ifMatch: ETag? = nil, ifNoneMatch: ETag? = nil) {
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
    }
}

/// How to read an object.
public struct GetOptions: Sendable, Hashable {
    /// Which bytes; nil for all.
    public var range: ByteRange?
    /// On what condition.
    public var conditions: ReadConditions

    /// Options; by default the whole object, whatever its version.
    public init(range: ByteRange? = nil, conditions: ReadConditions = ReadConditions()) {
        self.range = range
        self.conditions = conditions
    }
}
