#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// A class of storage, with its own price and delay: `STANDARD`, `STANDARD_IA`, `GLACIER_IR`. Providers have more.
public struct StorageClass: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// As the provider writes it.
    public let rawValue: String

    /// A class by its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    /// What objects have that were given none.
    public static let standard = Self(rawValue: "STANDARD")
    /// Cheaper to keep, dearer to read.
    public static let infrequentAccess = Self(rawValue: "STANDARD_IA")
    /// Moved by the provider as the object is used.
    public static let intelligentTiering = Self(rawValue: "INTELLIGENT_TIERING")
    /// An archive that is read at once.
    public static let archiveInstantRetrieval = Self(rawValue: "GLACIER_IR")
    /// An archive that must be restored first.
    public static let archive = Self(rawValue: "GLACIER")
    /// The archive that takes longest to restore.
    public static let deepArchive = Self(rawValue: "DEEP_ARCHIVE")
}

/// What a server knows of an object, without its bytes.
public struct S3ObjectInfo: Sendable, Hashable {
    /// The key.
    public var key: String
    /// The size in bytes of the whole object, also when a part was read.
    public var size: Int
    /// The mark of this version.
    public var etag: ETag
    /// When this version was stored, in whole seconds; nil in the answer to a PUT.
    public var lastModified: Date?
    /// The media type.
    public var contentType: String?
    /// The header fields that go with the object when a browser reads it.
    public var cacheControl: String?
    /// How a browser shows or names it.
    public var contentDisposition: String?
    /// How the bytes are packed, such as `gzip`.
    public var contentEncoding: String?
    /// The language.
    public var contentLanguage: String?
    /// Names, in lower case, and values of the user's own.
    public var metadata: [String: String]
    /// nil for `STANDARD`, which servers do not tell.
    public var storageClass: StorageClass?
    /// The version, in a bucket that keeps versions.
    public var versionID: String?
    /// How the server encrypts the object: `AES256`, `aws:kms`; nil for not, or not told.
    public var encryption: String?
    /// The key of KMS.
    public var encryptionKeyID: String?
    /// The stored checksum by its algorithm, as text in base64; empty where the server keeps none or was not asked.
    public var checksums: [ChecksumAlgorithm: String]
    /// How many tags it has; nil when none, or not told.
    public var tagCount: Int?
    /// Of an archived object: whether it is being restored, and until when it is there (`x-amz-restore`).
    public var restore: String?
    /// What the server says of this answer.
    public var answer: AnswerDetails

    /// The server's time of this answer.
    public var serverDate: Date? { answer.serverDate }

    /// From the header fields of an answer.
    init(_ key: String, _ headers: [HeaderField], size: Int, etag: ETag) {
        self.key = key
        self.size = size
        self.etag = etag
        lastModified = Date(header: headers["last-modified"])
        contentType = headers["content-type"]
        cacheControl = headers["cache-control"]
        contentDisposition = headers["content-disposition"]
        contentEncoding = S3ObjectInfo.encoding(headers["content-encoding"])
        contentLanguage = headers["content-language"]
        metadata = UserMetadata.read(headers)
        storageClass = headers["x-amz-storage-class"].map(StorageClass.init(rawValue:))
        versionID = headers["x-amz-version-id"]
        encryption = headers["x-amz-server-side-encryption"]
        encryptionKeyID = headers["x-amz-server-side-encryption-aws-kms-key-id"]
        checksums = [:]
        for algorithm in ChecksumAlgorithm.allCases { checksums[algorithm] = headers[algorithm.field] }
        tagCount = headers["x-amz-tagging-count"].flatMap { Int($0) }
        restore = headers["x-amz-restore"]
        answer = AnswerDetails(headers)
    }

    /// How the bytes are packed that come. Ceph 16 keeps and tells the chunks, too, that they were signed in on their way to it.
    private static func encoding(_ text: String?) -> String? {
        guard let text, text.contains("aws-chunked") else { return text }
        let own = text.split { $0 == "," || $0 == " " }.filter { $0 != "aws-chunked" }
        return own.isEmpty ? nil : own.joined(separator: ",")
    }
}

/// An object that is being read.
public struct S3Object: Sendable {
    /// What the server knows of it.
    public let info: S3ObjectInfo
    /// Which of its bytes are coming.
    public let range: Range<Int>
    /// The bytes, chunk by chunk, read once. What is left unread costs no memory; dropping it ends the request.
    ///
    /// A connection that breaks is made again for the rest, and the whole is compared with its checksum at the end.
    /// - Throws: while reading, `s3.truncated`, `s3.checksum_mismatch`, `s3.timeout`, `s3.network`; `s3.precondition_failed` when the
    ///   object was written over before the rest was there.
    public let body: ByteStream

    /// The bytes at once.
    /// - Throws: `s3.invalid` for more than `limit` bytes, before they are read; what reading ``body`` does.
    public func bytes(limit: Int = 256 << 20) async throws -> [UInt8] {
        guard range.count <= limit else {
            throw S3Error(
                .invalid, "'\(info.key)' has \(range.count) bytes, more than the \(limit) asked for",
                remedy: "read it as a stream, or raise the limit")
        }
        return try await body.collect()
    }

    /// The bytes at once, as text.
    /// - Throws: `s3.invalid` when they are no UTF-8; what ``bytes(limit:)`` does.
    public func text(limit: Int = 256 << 20) async throws -> String {
        guard let text = String(validating: try await bytes(limit: limit), as: UTF8.self) else {
            throw S3Error(.invalid, "'\(info.key)' is no text in UTF-8", remedy: "read its bytes")
        }
        return text
    }
}
