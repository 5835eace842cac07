import CairnSchema

/// The answer of a copy, of a whole object or of a part (`CopyObjectResult`, `CopyPartResult`).
struct CopyResult: Sendable, Hashable {
    var etag: String
    /// nil where the server tells none.
    var lastModified: Timestamp?

    /// Reads the body of an answer. A copy that fails on its way answers 200 and an error.
    init(_ bytes: [UInt8], isPart: Bool = false) throws(AnswerError) {
        let root = isPart ? XMLTag.copyPartResult : .copyObjectResult
        var etag: String?
        var lastModified: Timestamp?
        try AnswerDocument.read(bytes, root) { (tag, reader) throws(XMLError) in
            switch tag {
            case .etag: etag = try reader.text()
            case .lastModified: lastModified = try reader.timestamp()
            default: try reader.skip()
            }
        }
        self.etag = try AnswerDocument.require(etag, .etag, in: root)
        self.lastModified = lastModified
    }
}

/// The answer of deleting many (`DeleteResult`).
struct DeleteResult: Sendable {
    /// One that was deleted, or was not there.
    struct Deleted: Sendable, Hashable {
        var key: String
        var versionID: String?
        /// Whether a marker was written, or removed.
        var isDeleteMarker = false
        var markerVersionID: String?
    }

    /// One that was not.
    struct Failure: Sendable, Hashable {
        var key: String
        var versionID: String?
        var code: String
        var message: String
    }

    /// Empty when the request was quiet.
    var deleted: [Deleted] = []
    var failures: [Failure] = []

    /// Reads the body of an answer.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        try AnswerDocument.read(bytes, .deleteResult) { (tag, reader) throws(XMLError) in
            switch tag {
            case .deleted: deleted.append(try DeleteResult.deleted(&reader))
            case .error: failures.append(try DeleteResult.failure(&reader))
            default: try reader.skip()
            }
        }
    }

    private static func deleted(_ reader: inout XMLReader) throws(XMLError) -> Deleted {
        var key: String?
        var deleted = Deleted(key: "")
        while let tag = try reader.child() {
            switch tag {
            case .key: key = try reader.text()
            case .versionID: deleted.versionID = try reader.optionalText()
            case .deleteMarker: deleted.isDeleteMarker = try reader.boolean()
            case .deleteMarkerVersionID: deleted.markerVersionID = try reader.optionalText()
            default: try reader.skip()
            }
        }
        deleted.key = try reader.require(key, .key)
        return deleted
    }

    private static func failure(_ reader: inout XMLReader) throws(XMLError) -> Failure {
        var key: String?
        var code: String?
        var failure = Failure(key: "", code: "", message: "")
        while let tag = try reader.child() {
            switch tag {
            case .key: key = try reader.text()
            case .code: code = try reader.text()
            case .versionID: failure.versionID = try reader.optionalText()
            case .message: failure.message = try reader.text()
            default: try reader.skip()
            }
        }
        failure.key = try reader.require(key, .key)
        failure.code = try reader.require(code, .code)
        return failure
    }
}

/// A name and a value beside an object or a bucket.
struct ObjectTag: Sendable, Hashable {
    var key: String
    var value: String

    /// Reads the tags of an answer (`Tagging`).
    static func read(_ bytes: [UInt8]) throws(AnswerError) -> [ObjectTag] {
        var tags: [ObjectTag] = []
        try AnswerDocument.read(bytes, .tagging) { (tag, reader) throws(XMLError) in
            guard tag == .tagSet else { return try reader.skip() }
            try reader.children { (tag, reader) throws(XMLError) in
                if tag == .tag { tags.append(try ObjectTag.tag(&reader)) } else { try reader.skip() }
            }
        }
        return tags
    }

    private static func tag(_ reader: inout XMLReader) throws(XMLError) -> ObjectTag {
        var key: String?
        var value: String?
        while let tag = try reader.child() {
            switch tag {
            case .key: key = try reader.text()
            case .value: value = try reader.text()
            default: try reader.skip()
            }
        }
        return ObjectTag(key: try reader.require(key, .key), value: try reader.require(value, .value))
    }

    static func == (left: ObjectTag, right: ObjectTag) -> Bool {
        Utf8.equal(left.key, right.key) && Utf8.equal(left.value, right.value)
    }

    func hash(into hasher: inout Hasher) {
        Utf8.hash(key, into: &hasher)
        Utf8.hash(value, into: &hasher)
    }
}
