import CairnSchema

/// The elements that answers are read from, by their local names.
///
/// Reading knows an element by one lookup; which of its names it has is then a `switch`.
enum XMLTag: String, CaseIterable, Sendable {
    /// Any other element.
    case other = ""

    // Answers.
    case assumeRoleResponse = "AssumeRoleResponse"
    case assumeRoleWithWebIdentityResponse = "AssumeRoleWithWebIdentityResponse"
    case completeMultipartUploadResult = "CompleteMultipartUploadResult"
    case copyObjectResult = "CopyObjectResult"
    case copyPartResult = "CopyPartResult"
    case deleteResult = "DeleteResult"
    case error = "Error"
    case errorResponse = "ErrorResponse"
    case initiateMultipartUploadResult = "InitiateMultipartUploadResult"
    case listAllMyBucketsResult = "ListAllMyBucketsResult"
    case listBucketResult = "ListBucketResult"
    case listMultipartUploadsResult = "ListMultipartUploadsResult"
    case listPartsResult = "ListPartsResult"
    case listVersionsResult = "ListVersionsResult"
    case locationConstraint = "LocationConstraint"
    case tagging = "Tagging"
    case versioningConfiguration = "VersioningConfiguration"

    // What is in them.
    case accessKeyID = "AccessKeyId"
    case assumeRoleResult = "AssumeRoleResult"
    case assumeRoleWithWebIdentityResult = "AssumeRoleWithWebIdentityResult"
    case bucket = "Bucket"
    case bucketName = "BucketName"
    case bucketRegion = "BucketRegion"
    case buckets = "Buckets"
    case checksumCRC32C = "ChecksumCRC32C"
    case checksumSHA256 = "ChecksumSHA256"
    case code = "Code"
    case commonPrefixes = "CommonPrefixes"
    case contents = "Contents"
    case continuationToken = "ContinuationToken"
    case creationDate = "CreationDate"
    case credentials = "Credentials"
    case deleteMarker = "DeleteMarker"
    case deleteMarkerVersionID = "DeleteMarkerVersionId"
    case deleted = "Deleted"
    case encodingType = "EncodingType"
    case endpoint = "Endpoint"
    case etag = "ETag"
    case expiration = "Expiration"
    case hostID = "HostId"
    case initiated = "Initiated"
    case isLatest = "IsLatest"
    case isTruncated = "IsTruncated"
    case key = "Key"
    case lastModified = "LastModified"
    case location = "Location"
    case message = "Message"
    case name = "Name"
    case nextContinuationToken = "NextContinuationToken"
    case nextKeyMarker = "NextKeyMarker"
    case nextPartNumberMarker = "NextPartNumberMarker"
    case nextUploadIDMarker = "NextUploadIdMarker"
    case nextVersionIDMarker = "NextVersionIdMarker"
    case part = "Part"
    case partNumber = "PartNumber"
    case prefix = "Prefix"
    case region = "Region"
    case requestID = "RequestId"
    case requestIDUpper = "RequestID"
    case secretAccessKey = "SecretAccessKey"
    case sessionToken = "SessionToken"
    case size = "Size"
    case status = "Status"
    case storageClass = "StorageClass"
    case tag = "Tag"
    case tagSet = "TagSet"
    case upload = "Upload"
    case uploadID = "UploadId"
    case value = "Value"
    case version = "Version"
    case versionID = "VersionId"

}

/// Finds elements by their names.
///
/// One for each reader: a `let` of the type would be asked for with a check each time, and there are six thousand names in a page
/// of a listing.
struct XMLTagTable: Sendable {
    private struct Entry {
        let name: Range<Int>
        let tag: XMLTag
        /// The place of the next entry of the same slot; -1 when there is none.
        let next: Int
    }

    /// All names, one behind the other.
    private var text: [UInt8] = []
    private var entries: [Entry] = []
    /// For each slot the place of its first entry; -1 when it has none.
    private var slots = [Int](repeating: -1, count: 512)

    /// The names of all of ``XMLTag``.
    static let all = XMLTagTable()

    private init() {
        for tag in XMLTag.allCases where tag != .other {
            let name = Array(tag.rawValue.utf8)
            let slot = name.withUnsafeBufferPointer { XMLTagTable.slot($0, 0..<name.count) }
            entries.append(Entry(name: text.count..<text.count + name.count, tag: tag, next: slots[slot]))
            slots[slot] = entries.count - 1
            text += name
        }
    }

    /// The element whose name stands in a range of `bytes`.
    func tag(in bytes: [UInt8], _ name: Range<Int>) -> XMLTag {
        bytes.withUnsafeBufferPointer { bytes in
            text.withUnsafeBufferPointer { text in
                var place = name.isEmpty ? -1 : slots[XMLTagTable.slot(bytes, name)]
                while place >= 0 {
                    let entry = entries[place]
                    if entry.name.count == name.count,
                        Bytes.equal(
                            UnsafeBufferPointer(rebasing: bytes[name]), UnsafeBufferPointer(rebasing: text[entry.name]))
                    {
                        return entry.tag
                    }
                    place = entry.next
                }
                return .other
            }
        }
    }

    /// Length, both ends and the middle tell nearly all names apart.
    private static func slot(_ bytes: UnsafeBufferPointer<UInt8>, _ name: Range<Int>) -> Int {
        let ends = Int(bytes[name.lowerBound]) &* 7 &+ Int(bytes[name.upperBound - 1])
        return (name.count &* 61 &+ ends &+ Int(bytes[name.lowerBound + name.count / 2]) &* 13) & 511
    }
}
