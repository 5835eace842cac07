import CairnSchema

/// A bucket as the list of buckets tells it.
struct ListedBucket: Sendable, Hashable {
    var name: String
    var created: Timestamp
    /// nil where the server tells none.
    var region: String?
}

/// The answer of the list of buckets (`ListAllMyBucketsResult`).
struct BucketPage: Sendable {
    var buckets: [ListedBucket] = []
    /// What to ask the next page with; nil at the end.
    var continuation: String?

    /// Reads the body of an answer.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        try AnswerDocument.read(bytes, .listAllMyBucketsResult) { (tag, reader) throws(XMLError) in
            switch tag {
            case .buckets:
                try reader.children { (tag, reader) throws(XMLError) in
                    if tag == .bucket { buckets.append(try BucketPage.bucket(&reader)) } else { try reader.skip() }
                }
            case .continuationToken: continuation = try reader.optionalText()
            default: try reader.skip()
            }
        }
    }

    private static func bucket(_ reader: inout XMLReader) throws(XMLError) -> ListedBucket {
        var name: String?
        var created: Timestamp?
        var region: String?
        while let tag = try reader.child() {
            switch tag {
            case .name: name = try reader.text()
            case .creationDate: created = try reader.timestamp()
            case .bucketRegion: region = try reader.optionalText()
            default: try reader.skip()
            }
        }
        return ListedBucket(
            name: try reader.require(name, .name), created: try reader.require(created, .creationDate), region: region)
    }
}

/// Whether a bucket keeps versions (`VersioningConfiguration`).
enum Versioning: String, Sendable, Hashable {
    /// It never did.
    case off = ""
    /// It does.
    case enabled = "Enabled"
    /// It did, and keeps those it has.
    case suspended = "Suspended"

    /// Reads the body of an answer; one without a status means that versioning was never turned on.
    init(_ bytes: [UInt8]) throws(AnswerError) {
        var status = Versioning.off
        try AnswerDocument.read(bytes, .versioningConfiguration) { (tag, reader) throws(XMLError) in
            guard tag == .status else { return try reader.skip() }
            status = try reader.value("Enabled or Suspended") {
                Versioning(rawValue: String(decoding: $0, as: UTF8.self))
            }
        }
        self = status
    }
}

/// The region of a bucket (`LocationConstraint`).
enum BucketLocation {
    /// Reads the body of an answer. S3 says nothing for its first region, and `EU` for its second.
    static func region(_ bytes: [UInt8]) throws(AnswerError) -> String {
        do throws(XMLError) {
            var reader = try XMLReader(bytes)
            if try reader.root() == .locationConstraint {
                let text = try reader.text()
                try reader.end()
                return text.isEmpty ? "us-east-1" : text == "EU" ? "eu-west-1" : text
            }
        } catch {
            throw .malformed(error)
        }
        throw .refused(try ErrorDocument(bytes))
    }
}
