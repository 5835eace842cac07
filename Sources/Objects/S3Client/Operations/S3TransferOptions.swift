#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// How far an upload or a download is. Who wants a rate divides by the time of its own clock.
public struct S3TransferProgress: Sendable, Hashable {
    /// Bytes of the object that are there: acknowledged by the server, or in the file.
    public var bytes: Int
    /// Bytes of the whole object; nil when nobody knows yet.
    public var total: Int?
    /// The upload in parts, to be kept by who wants to resume it after this process ended; nil when there is none.
    public var upload: MultipartUpload?
}

/// How to store an object, or a file, of any size.
public struct S3UploadOptions: Sendable {
    /// On what condition. It is looked at when all bytes are there, and not before.
    public var mode = PutMode.overwrite
    /// What to store with the bytes.
    public var attributes = S3Attributes()
    /// The checksum to send and store; nil for the client's.
    public var checksum: ChecksumAlgorithm?
    /// As in ``S3PutOptions/notAfter``. Only the request that makes the object is fenced.
    public var notAfter: Date?
    /// As in ``S3PutOptions/marker``.
    public var marker: String?
    /// Up to so many bytes go in one PUT, for which they are held in memory.
    public var threshold = 16 << 20
    /// Bytes of a part: 5 MiB to 5 GiB. A body of known length that would need more than 10,000 gets larger ones.
    public var partBytes = 16 << 20
    /// Parts sent at the same time. One more is being read, so this bounds the memory: parts of `partBytes`, times this and one.
    public var concurrency = 4
    /// Goes on with an upload that was left behind. Parts that the server has, as their size and their checksum or MD5 show, are not
    /// sent again. The attributes, the checksum and the marker are those the upload was begun with; `partBytes` should be, since
    /// parts of another size are sent again.
    public var resuming: MultipartUpload?
    /// Whether an upload that failed, or was cancelled, is left behind to be resumed. ``S3Error/Details/uploadID`` and the progress
    /// name it. It takes room until it is completed or aborted.
    public var keepsOnFailure = false
    /// Called after each part, and once at the beginning of an upload in parts; never twice at once. Must be quick.
    public var progress: (@Sendable (S3TransferProgress) -> Void)?

    /// Options; by default the object is overwritten and nothing special is stored with it.
    public init(
        mode: PutMode = .overwrite, attributes: S3Attributes = S3Attributes(), checksum: ChecksumAlgorithm? = nil
    ) {
        self.mode = mode
        self.attributes = attributes
        self.checksum = checksum
    }

    var put: S3PutOptions {
        S3PutOptions(mode: mode, attributes: attributes, checksum: checksum, notAfter: notAfter, marker: marker)
    }

    var customerKey: CustomerKey? { attributes.customerKey }

    func check() throws(S3Error) {
        try SizeRules.checkPart(bytes: partBytes)
        guard (0...SizeRules.maximumPutBytes).contains(threshold) else {
            throw S3Error(.invalid, "threshold is \(threshold) bytes", remedy: "choose from 0 to 5 GiB")
        }
        try TransferRules.check(concurrency: concurrency)
    }
}

/// How to write an object to a file.
public struct S3DownloadOptions: Sendable {
    /// On what condition.
    public var conditions = ReadConditions()
    /// Which version; nil for the newest.
    public var versionID: String?
    /// The key it was encrypted with, if the caller gave one.
    public var customerKey: CustomerKey?
    /// Whether the bytes are compared with the checksum of the whole object, where the server has one.
    public var isVerified = true
    /// Whether a file that is there is replaced. Elsewise the download is refused, at its beginning or at its end.
    public var overwrite = false
    /// Whether folders on the way to the file are made.
    public var makesFolders = false
    /// Whether the file is on the disk, and not only on its way to it, when the call returns.
    public var isDurable = false
    /// Objects of more bytes are read in parts.
    public var threshold = 32 << 20
    /// Bytes of a part.
    public var partBytes = 16 << 20
    /// Parts read at the same time. Memory does not grow with parts: each is written as it comes.
    public var concurrency = 4
    /// Called as bytes are written; never twice at once. Must be quick.
    public var progress: (@Sendable (S3TransferProgress) -> Void)?

    /// Options; by default the whole of the newest version, verified, to a file that is not there yet.
    public init(overwrite: Bool = false, makesFolders: Bool = false, isDurable: Bool = false) {
        self.overwrite = overwrite
        self.makesFolders = makesFolders
        self.isDurable = isDurable
    }

    func check() throws(S3Error) {
        guard threshold >= 0, partBytes > 0 else {
            throw S3Error(
                .invalid, "threshold is \(threshold) and partBytes \(partBytes)",
                remedy: "leave them at their defaults")
        }
        try TransferRules.check(concurrency: concurrency)
    }
}

/// How bytes are divided.
enum TransferRules {
    /// The most parts under way at once.
    static let maximumConcurrency = 1000

    static func check(concurrency: Int) throws(S3Error) {
        guard (1...maximumConcurrency).contains(concurrency) else {
            throw S3Error(
                .invalid, "concurrency is \(concurrency)", remedy: "choose from 1 to \(maximumConcurrency)")
        }
    }

    /// How many parts so many bytes have. No bytes are one part, too: no upload is without any.
    static func partCount(of length: Int, partBytes: Int) -> Int {
        length == 0 ? 1 : (length - 1) / partBytes + 1
    }

    /// The bytes of a part, counted from 0.
    static func range(_ index: Int, of length: Int, partBytes: Int) -> Range<Int> {
        let start = index * partBytes
        return start..<start + min(partBytes, length - start)
    }

    /// The size of the parts that an object is copied in: the most parts are 5 GiB, and larger ones are fewer requests.
    static func copyPartBytes(for length: Int) throws(S3Error) -> Int {
        try SizeRules.partBytes(for: length, preferred: 512 << 20)
    }
}
