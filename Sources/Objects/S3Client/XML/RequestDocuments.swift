/// The bodies of requests.
enum RequestDocument {
    /// An object to delete among others.
    struct Deletion: Sendable {
        var key: String
        var versionID: String?
        /// Deletes only this one, where the server knows the condition.
        var etag: String?
    }

    /// The most objects one request deletes (S3 API reference, "DeleteObjects").
    static let deletions = 1000

    /// Deletes many objects.
    /// - Parameter isQuiet: Whether the answer lists only those that failed.
    /// - Throws: `s3.invalid` for none, for more than 1,000, and for a key that XML cannot hold.
    static func delete(_ objects: [Deletion], isQuiet: Bool) throws(S3Error) -> [UInt8] {
        guard (1...deletions).contains(objects.count) else {
            throw S3Error(
                .invalid, "\(objects.count) objects cannot be deleted in one request",
                remedy: "delete from 1 to \(deletions) at a time")
        }
        return try XMLWriter.document("Delete") { (writer) throws(S3Error) in
            if isQuiet { try writer.element("Quiet", "true") }
            for object in objects {
                try writer.element("Object") { (writer) throws(S3Error) in
                    try writer.element("Key", object.key)
                    if let versionID = object.versionID { try writer.element("VersionId", versionID) }
                    if let etag = object.etag { try writer.element("ETag", etag) }
                }
            }
        }
    }

    /// A part of an upload that is complete.
    struct CompletedPart: Sendable {
        var number: Int
        var etag: String
        var crc32c: String?
        var sha256: String?
    }

    /// Ends an upload in parts. Parts must stand in the order of their numbers.
    /// - Throws: `s3.invalid` for no parts, a number twice or out of order, and a number that is not from 1 to 10,000.
    static func completeUpload(_ parts: [CompletedPart]) throws(S3Error) -> [UInt8] {
        guard !parts.isEmpty else {
            throw S3Error(.invalid, "an upload has at least one part", remedy: "put an empty object in one request")
        }
        for (part, next) in zip(parts, parts.dropFirst()) where part.number >= next.number {
            throw S3Error(.invalid, "part \(next.number) stands behind part \(part.number)", remedy: "sort the parts")
        }
        guard let first = parts.first, let last = parts.last, first.number >= 1,
            last.number <= SizeRules.maximumParts
        else {
            throw S3Error(.invalid, "numbers of parts are from 1 to \(SizeRules.maximumParts)")
        }
        return try XMLWriter.document("CompleteMultipartUpload") { (writer) throws(S3Error) in
            for part in parts {
                try writer.element("Part") { (writer) throws(S3Error) in
                    try writer.element("ETag", part.etag)
                    if let crc32c = part.crc32c { try writer.element("ChecksumCRC32C", crc32c) }
                    if let sha256 = part.sha256 { try writer.element("ChecksumSHA256", sha256) }
                    try writer.element("PartNumber", String(part.number))
                }
            }
        }
    }

    /// Sets the tags of an object or a bucket.
    static func tagging(_ tags: [ObjectTag]) throws(S3Error) -> [UInt8] {
        try XMLWriter.document("Tagging") { (writer) throws(S3Error) in
            try writer.element("TagSet") { (writer) throws(S3Error) in
                for tag in tags {
                    try writer.element("Tag") { (writer) throws(S3Error) in
                        try writer.element("Key", tag.key)
                        try writer.element("Value", tag.value)
                    }
                }
            }
        }
    }

    /// Creates a bucket in a region; nil for the first region of AWS, whose name S3 refuses here.
    static func createBucket(region: String) throws(S3Error) -> [UInt8]? {
        if region == "us-east-1" { return nil }
        return try XMLWriter.document("CreateBucketConfiguration") { (writer) throws(S3Error) in
            try writer.element("LocationConstraint", region)
        }
    }

    /// Turns versioning on, or stops it. It cannot be turned off once it was on.
    static func versioning(isEnabled: Bool) throws(S3Error) -> [UInt8] {
        try XMLWriter.document("VersioningConfiguration") { (writer) throws(S3Error) in
            try writer.element("Status", isEnabled ? "Enabled" : "Suspended")
        }
    }
}
