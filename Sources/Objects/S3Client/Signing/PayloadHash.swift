import CairnSchema
import ObjectStores

/// What `x-amz-content-sha256` says of a body.
enum PayloadHash: Sendable, Hashable {
    /// The SHA-256 of the whole body, in hexadecimal.
    case sha256(String)
    /// The body is not signed: only over TLS, which protects it, or where a checksum header does.
    case unsigned
    /// The body comes in chunks, each signed.
    case signedChunks
    /// The body comes in chunks, each signed, and a signed trailer behind them.
    case signedChunksWithTrailer
    /// The body comes in chunks without signatures, and a trailer behind them.
    case unsignedChunksWithTrailer

    /// The hash of a body that is all there.
    static func of(_ body: [UInt8]) -> PayloadHash {
        body.isEmpty ? .empty : .sha256(LowerHex.text(MessageDigest.of(body, .sha256)))
    }

    /// The hash of no body.
    static let empty = PayloadHash.sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

    /// The value of `x-amz-content-sha256`, which is also the last line of the canonical request.
    var text: String {
        switch self {
        case .sha256(let text): text
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .signedChunks: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        case .signedChunksWithTrailer: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        case .unsignedChunksWithTrailer: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        }
    }
}

/// Hexadecimal digits of digests, at the speed that one for each request asks for.
enum LowerHex {
    static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
        for byte in bytes {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
    }

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
