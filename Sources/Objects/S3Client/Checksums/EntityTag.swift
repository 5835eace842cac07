import CairnSchema
import ObjectStores

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Data
#else
    import struct Foundation.Data
#endif

/// Entity tags, and the MD5 that many of them are.
///
/// An ETag is MD5 for objects put in one request without a key of one's own, at S3 and most others. It is a promise of no server;
/// who relies on it must know the server.
enum EntityTag {
    /// The MD5 that an ETag shows; nil for that of an object in parts, and for any that does not look like one.
    static func md5(_ etag: String) -> [UInt8]? {
        let text = unquoted(etag)
        guard text.utf8.count == 32 else { return nil }
        return Hex.decode(text)
    }

    /// An ETag without its quotes, as Ceph compares it.
    static func unquoted(_ etag: String) -> String {
        var text = Substring(etag)
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        if text.utf8.count >= 2, text.utf8.first == UInt8(ascii: "\""), text.utf8.last == UInt8(ascii: "\"") {
            text = text.dropFirst().dropLast()
        }
        return String(text)
    }

    /// The ETag of a body put in one request; nil where libcrypto has no MD5.
    static func of(_ body: [UInt8]) -> String? {
        MessageDigest.Algorithm.md5.map { "\"\(LowerHex.text(MessageDigest.of(body, $0)))\"" }
    }

    /// The ETag of an object of these parts: the MD5 of their MD5s, and how many there are. nil when a part's ETag is no MD5.
    static func ofParts(_ etags: [String]) -> String? {
        guard let algorithm = MessageDigest.Algorithm.md5, !etags.isEmpty else { return nil }
        var bytes: [UInt8] = []
        for etag in etags {
            guard let part = md5(etag) else { return nil }
            bytes += part
        }
        return "\"\(LowerHex.text(MessageDigest.of(bytes, algorithm)))-\(etags.count)\""
    }

    /// The value of `Content-MD5`; nil where libcrypto has no MD5.
    static func contentMD5(_ body: [UInt8]) -> String? {
        MessageDigest.Algorithm.md5.map { Data(MessageDigest.of(body, $0)).base64EncodedString() }
    }
}
