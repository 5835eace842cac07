/// The limits every store keeps, so that what fits one fits all.
///
/// Source: the quotas of Amazon S3 (user guide, "Object key naming", "Multipart upload limits", DeleteObjects, ListObjectsV2).
public enum ObjectLimits {
    /// Bytes of a key in UTF-8.
    public static let keyBytes = 1024
    /// Bytes of all names and values of user metadata together.
    public static let metadataBytes = 2048
    /// Keys of one ``ObjectStore/delete(_:notAfter:)``.
    public static let batchKeys = 1000
    /// Entries of one page of a listing.
    public static let pageEntries = 1000
    /// The largest number of a part.
    public static let partNumbers = 10_000
    /// The smallest size of a part that is not the last, where a store does not say otherwise.
    public static let minimumPartBytes = 5 << 20
    /// Tags of an object.
    public static let tags = 10
}
