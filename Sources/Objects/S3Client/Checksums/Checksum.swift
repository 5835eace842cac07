import ObjectStores

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Data
#else
    import struct Foundation.Data
#endif

/// A checksum that S3 keeps beside an object (S3 user guide, "Checking object integrity").
public enum ChecksumAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// Four bytes, made in a quarter of the time that copying takes.
    case crc32c = "CRC32C"
    /// 32 bytes, against more than accidents.
    case sha256 = "SHA256"

    /// Bytes of a checksum.
    var length: Int {
        switch self {
        case .crc32c: 4
        case .sha256: 32
        }
    }

    /// The header field that carries one.
    var field: String { "x-amz-checksum-\(rawValue.lowercased())" }
}

/// The checksum of some bytes.
struct Checksum: Sendable, Hashable {
    let algorithm: ChecksumAlgorithm
    let bytes: [UInt8]

    /// - Parameter bytes: As many as the algorithm has.
    private init(_ algorithm: ChecksumAlgorithm, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// Reads base64; nil for anything else, and for another length.
    init?(_ algorithm: ChecksumAlgorithm, text: String) {
        guard let bytes = Data(base64Encoded: text), bytes.count == algorithm.length else { return nil }
        self.init(algorithm, bytes: Array(bytes))
    }

    /// The checksum of bytes that are all there.
    init(_ algorithm: ChecksumAlgorithm, of body: [UInt8]) {
        var hasher = ChecksumHasher(algorithm)
        body.withUnsafeBytes { hasher.update($0) }
        self = hasher.finish()
    }

    fileprivate init(crc32c: UInt32) {
        self.init(.crc32c, bytes: withUnsafeBytes(of: crc32c.bigEndian) { Array($0) })
    }

    fileprivate init(sha256: [UInt8]) {
        self.init(.sha256, bytes: sha256)
    }

    /// The value of a header field.
    var text: String { Data(bytes).base64EncodedString() }

    /// The header field that sends it.
    var headerField: HeaderField { HeaderField(algorithm.field, text) }

    /// The checksum of a whole body in the header fields of an answer, which tells it when asked with `x-amz-checksum-mode`.
    ///
    /// That of an object uploaded in parts is made of its parts' checksums and ends with their number; no reader of the body can
    /// make it. Neither can one of a part of the body: a range has none.
    static func ofWholeBody(_ headers: [HeaderField]) -> Checksum? {
        if headers["x-amz-checksum-type"] == "COMPOSITE" || headers["content-range"] != nil { return nil }
        for algorithm in ChecksumAlgorithm.allCases {
            if let checksum = headers[algorithm.field].flatMap({ Checksum(algorithm, text: $0) }) { return checksum }
        }
        return nil
    }

    /// What S3 keeps for an object of these parts: the checksum of their checksums, and how many there are.
    ///
    /// nil without parts, or when they are not all of one algorithm.
    static func composite(of parts: [Checksum]) -> String? {
        guard let algorithm = parts.first?.algorithm, parts.allSatisfy({ $0.algorithm == algorithm }) else {
            return nil
        }
        return "\(Checksum(algorithm, of: parts.flatMap(\.bytes)).text)-\(parts.count)"
    }
}

/// A checksum being made, a piece at a time.
struct ChecksumHasher: ~Copyable {
    private var crc32c = CRC32C()
    /// nil: the checksum is CRC-32C.
    private var sha256: MessageDigest?

    init(_ algorithm: ChecksumAlgorithm) {
        sha256 = algorithm == .sha256 ? MessageDigest(.sha256) : nil
    }

    /// Adds bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if sha256 == nil { crc32c.update(bytes) } else { sha256?.update(bytes) }
    }

    /// The checksum of all that was added.
    consuming func finish() -> Checksum {
        if let sha256 { return Checksum(sha256: sha256.finish()) }
        return Checksum(crc32c: crc32c.value)
    }
}
