import CairnSchema

#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// An object that is being sent in parts.
public struct MultipartUpload: Sendable, Hashable {
    /// The key the object will have.
    public var key: String
    /// What the store calls the upload.
    public var id: String
    /// When it began, by the store's clock, if the store says so.
    public var begun: Date?

    /// An upload by its names.
    public init(key: String, id: String, begun: Date? = nil) {
        self.key = key
        self.id = id
        self.begun = begun
    }
}

/// A part that was stored.
public struct UploadedPart: Sendable, Hashable {
    /// Its number; parts are joined by it.
    public var number: Int
    /// Its mark, to name it by at the end.
    public var etag: ETag
    /// Its size in bytes.
    public var size: Int

    /// A part.
    public init(number: Int, etag: ETag, size: Int) {
        self.number = number
        self.etag = etag
        self.size = size
    }
}

extension MultipartUpload {
    /// The order uploads are listed in: by key, then by age.
    static func isBefore(_ left: MultipartUpload, _ right: MultipartUpload) -> Bool {
        let order = Utf8.compare(left.key, right.key)
        if order != 0 { return order < 0 }
        let (leftDate, rightDate) = (left.begun ?? .distantPast, right.begun ?? .distantPast)
        return leftDate == rightDate ? Utf8.isLess(left.id, right.id) : leftDate < rightDate
    }
}
