import CairnSchema

/// An object as a listing tells it.
struct ListedObject: Sendable, Hashable {
    var key: String
    /// Bytes.
    var size: Int
    /// As the header has it: in quotes. Empty where the server tells none.
    var etag: String
    var lastModified: Timestamp
    /// nil where the server tells none.
    var storageClass: String?
}

/// One answer of LIST, version 2 (`ListBucketResult`).
struct ObjectPage: Sendable {
    var objects: [ListedObject] = []
    /// What the keys with a delimiter behind the prefix have in common.
    var prefixes: [String] = []
    var isTruncated = false
    /// What to ask the next page with; there exactly when the page is truncated.
    var continuation: String?

    /// Reads the body of an answer. Keys are decoded when the answer says that they are encoded, and left alone when it does not:
    /// some servers ignore `encoding-type`.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        var isEncoded = false
        try AnswerDocument.read(bytes, .listBucketResult) { (tag, reader) throws(XMLError) in
            switch tag {
            case .contents: objects.append(try ObjectPage.object(&reader))
            case .commonPrefixes: prefixes.append(try ObjectPage.prefix(&reader))
            case .isTruncated: isTruncated = try reader.boolean()
            case .nextContinuationToken: continuation = try reader.optionalText()
            case .encodingType: isEncoded = try reader.value("an encoding") { $0.elementsEqual("url".utf8) }
            default: try reader.skip()
            }
        }
        if isEncoded {
            for index in objects.indices { try KeyDecoding.decode(&objects[index].key) }
            for index in prefixes.indices { try KeyDecoding.decode(&prefixes[index]) }
        }
        // Without a token the rest could never be asked for, and the listing would be taken for complete.
        if isTruncated { _ = try AnswerDocument.require(continuation, .nextContinuationToken, in: .listBucketResult) }
        if !isTruncated { continuation = nil }
    }

    private static func object(_ reader: inout XMLReader) throws(XMLError) -> ListedObject {
        var key: String?
        var size: Int?
        var etag = ""
        var lastModified: Timestamp?
        var storageClass: String?
        while let tag = try reader.child() {
            switch tag {
            case .key: key = try reader.text()
            case .size: size = try reader.integer()
            case .etag: etag = try reader.text()
            case .lastModified: lastModified = try reader.timestamp()
            case .storageClass: storageClass = try reader.optionalText()
            default: try reader.skip()
            }
        }
        return ListedObject(
            key: try reader.require(key, .key), size: try reader.require(size, .size), etag: etag,
            lastModified: try reader.require(lastModified, .lastModified), storageClass: storageClass)
    }

    /// The one prefix in `<CommonPrefixes>`.
    static func prefix(_ reader: inout XMLReader) throws(XMLError) -> String {
        var prefix: String?
        while let tag = try reader.child() {
            if tag == .prefix { prefix = try reader.text() } else { try reader.skip() }
        }
        return try reader.require(prefix, .prefix)
    }
}

/// Keys in listings that were asked for with `encoding-type=url`, the only way to list every key: XML cannot hold some characters.
enum KeyDecoding {
    /// Decodes a text. A `+` is a space, as S3 writes it; other servers write `%20`, and all write `%2B` for a plus.
    static func decode(_ text: inout String) throws(AnswerError) {
        let isPlain = text.withUTF8 { bytes in
            bytes.allSatisfy { $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "+") }
        }
        if isPlain { return }
        guard let decoded = PercentEncoding.decode(text, plusIsSpace: true) else {
            throw .malformed(XMLError("a key is not encoded as the answer says", at: 0))
        }
        text = decoded
    }

    /// Decodes the key that the next page is asked for with.
    ///
    /// Ceph 16 leaves it as it is in an answer whose other keys are encoded; it is the last key of its page then.
    static func decode(marker: inout String?, last: String?) throws(AnswerError) {
        guard var key = marker, !(last.map { Utf8.equal($0, key) } ?? false) else { return }
        try decode(&key)
        marker = key
    }
}
