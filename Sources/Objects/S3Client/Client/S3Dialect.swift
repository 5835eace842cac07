/// How a server differs from what S3's documentation says, as far as it is known.
///
/// A matter of the bucket: one that keeps versions may know other conditions than its neighbour (Ceph 16).
/// A client starts by trusting the documentation. ``S3Bucket/probe(_:)`` finds the rest out, and a client notices by itself that a
/// server compares `If-Match` without quotes.
public struct S3Dialect: Sendable, Hashable {
    /// Whether `If-Match` must have the ETag without its quotes (Ceph 16); nil: not known yet.
    public var wantsUnquotedIfMatch: Bool?
    /// Whether a PUT with `If-None-Match: *` is refused when there is an object.
    public var canCreate = true
    /// Whether a PUT with `If-Match` is refused when there is another version.
    public var canCompareAndSwap = true
    /// Whether a DELETE with `If-Match` is refused when there is another version.
    public var canDeleteConditionally = true
    /// Whether the end of an upload in parts respects the conditions of a PUT.
    public var canCompleteConditionally = true
    /// Whether a copy respects the conditions of a PUT; AWS does since 2025.
    public var canCopyConditionally = true
    /// Whether a copy that names a version of its source is refused when there is another.
    public var checksCopySource = true
    /// Whether a request signed for a time more than 15 minutes ago is refused, which fences rest on.
    public var enforcesDates = true
    /// Whether signatures are checked at all.
    public var checksSignatures = true
    /// Whether the ETag of an object put in one request is its MD5.
    public var hasMD5ETags = false
    /// Whether keys are listed in the order of their UTF-8 bytes.
    public var listsInOrder = true

    /// What the documentation says.
    public init() {}
}
