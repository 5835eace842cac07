import CairnSchema

/// One version of an object, or a marker that it was deleted.
struct ListedVersion: Sendable, Hashable {
    var key: String
    /// `null` for what was written before versioning.
    var versionID: String
    var isLatest: Bool
    var isDeleteMarker: Bool
    var lastModified: Timestamp
    /// Bytes; 0 for a marker.
    var size: Int
    /// As the header has it; empty for a marker.
    var etag: String
    var storageClass: String?
}

/// One answer of the list of versions (`ListVersionsResult`).
struct VersionPage: Sendable {
    /// Versions and markers, in the order of the answer: by key, newest first.
    var versions: [ListedVersion] = []
    var prefixes: [String] = []
    var isTruncated = false
    /// What to ask the next page with; there exactly when the page is truncated.
    var nextKey: String?
    var nextVersionID: String?

    /// Reads the body of an answer.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        var isEncoded = false
        try AnswerDocument.read(bytes, .listVersionsResult) { (tag, reader) throws(XMLError) in
            switch tag {
            case .version: versions.append(try VersionPage.version(&reader, isDeleteMarker: false))
            case .deleteMarker: versions.append(try VersionPage.version(&reader, isDeleteMarker: true))
            case .commonPrefixes: prefixes.append(try ObjectPage.prefix(&reader))
            case .isTruncated: isTruncated = try reader.boolean()
            case .nextKeyMarker: nextKey = try reader.optionalText()
            case .nextVersionIDMarker: nextVersionID = try reader.optionalText()
            case .encodingType: isEncoded = try reader.value("an encoding") { $0.elementsEqual("url".utf8) }
            default: try reader.skip()
            }
        }
        if isEncoded {
            for index in versions.indices { try KeyDecoding.decode(&versions[index].key) }
            for index in prefixes.indices { try KeyDecoding.decode(&prefixes[index]) }
            try KeyDecoding.decode(marker: &nextKey, last: versions.last?.key)
        }
        if isTruncated { _ = try AnswerDocument.require(nextKey, .nextKeyMarker, in: .listVersionsResult) }
        if !isTruncated { (nextKey, nextVersionID) = (nil, nil) }
    }

    private static func version(
        _ reader: inout XMLReader, isDeleteMarker: Bool
    ) throws(XMLError) -> ListedVersion {
        var key: String?
        var versionID: String?
        var isLatest: Bool?
        var lastModified: Timestamp?
        var size: Int?
        var etag = ""
        var storageClass: String?
        while let tag = try reader.child() {
            switch tag {
            case .key: key = try reader.text()
            case .versionID: versionID = try reader.text()
            case .isLatest: isLatest = try reader.boolean()
            case .lastModified: lastModified = try reader.timestamp()
            case .size: size = try reader.integer()
            case .etag: etag = try reader.text()
            case .storageClass: storageClass = try reader.optionalText()
            default: try reader.skip()
            }
        }
        return ListedVersion(
            key: try reader.require(key, .key), versionID: try reader.require(versionID, .versionID),
            isLatest: try reader.require(isLatest, .isLatest), isDeleteMarker: isDeleteMarker,
            lastModified: try reader.require(lastModified, .lastModified),
            size: isDeleteMarker ? 0 : try reader.require(size, .size), etag: etag, storageClass: storageClass)
    }
}
