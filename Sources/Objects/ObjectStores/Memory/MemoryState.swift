#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// A version of an object. Never changed.
final class MemoryObject: Sendable {
    let bytes: [UInt8]
    let etag: ETag
    let modified: Date
    let attributes: ObjectAttributes

    init(bytes: [UInt8], etag: ETag, modified: Date, attributes: ObjectAttributes) {
        self.bytes = bytes
        self.etag = etag
        self.modified = modified
        self.attributes = attributes
    }

    func info(_ key: String, _ answer: AnswerDetails) -> ObjectInfo {
        ObjectInfo(
            key: key, size: bytes.count, etag: etag, lastModified: modified, attributes: attributes, answer: answer)
    }
}

/// An upload with the parts it has so far.
struct MemoryUpload {
    var upload: MultipartUpload
    var attributes: ObjectAttributes
    var parts: [Int: (part: UploadedPart, bytes: [UInt8])] = [:]
}

/// All a memory store holds.
struct MemoryState {
    var objects = KeyMap<MemoryObject>()
    var uploads: [String: MemoryUpload] = [:]
    /// Counts what is written, for marks and names that never come twice.
    var writes = 0

    func object(_ key: String) -> MemoryObject? { objects[Array(key.utf8)] }
}

/// The objects of a moment, in order.
struct MemoryCursor: KeyCursor {
    let objects: KeyMap<MemoryObject>

    func next(from bound: [UInt8]) -> ObjectSummary? {
        objects.first(from: bound).map { entry in
            ObjectSummary(
                key: String(decoding: entry.key, as: UTF8.self), size: entry.value.bytes.count, etag: entry.value.etag,
                lastModified: entry.value.modified)
        }
    }
}
