import CairnSchema
import ObjectStores

/// Wraps the chunks of a body in `aws-chunked`, which carries a signature for each chunk, or a trailer behind the last, or both
/// (S3 API reference, "Signature calculations ... transferring payload in multiple chunks" and "... for trailing headers").
///
/// Give it the chunks in order, then ``end(trailer:)`` once.
struct ChunkEncoder: Sendable {
    /// What stands around the chunks.
    enum Form: Sendable {
        /// Each chunk is signed.
        case signed
        /// Each chunk is signed, and so is the trailer.
        case signedWithTrailer
        /// A trailer, and no signature but that of the header fields.
        case unsignedWithTrailer

        var payload: PayloadHash {
            switch self {
            case .signed: .signedChunks
            case .signedWithTrailer: .signedChunksWithTrailer
            case .unsignedWithTrailer: .unsignedChunksWithTrailer
            }
        }

        fileprivate var isSigned: Bool { self != .unsignedWithTrailer }
        fileprivate var hasTrailer: Bool { self != .signed }
    }

    private let form: Form
    private var chain: SignatureChain?

    /// - Parameter signature: Of the header fields, signed with `form.payload`. Anonymous requests have no chain, and can only be of
    ///   the form without signatures.
    init?(_ form: Form, following signature: HeaderSignature) {
        if form.isSigned, signature.chain == nil { return nil }
        self.form = form
        chain = form.isSigned ? signature.chain : nil
    }

    /// What goes before a chunk. Behind the chunk goes ``chunkEnd``.
    mutating func chunkStart(_ chunk: [UInt8]) -> [UInt8] {
        var line = Array(String(chunk.count, radix: 16).utf8)
        if let before = chain {
            let signature = before.sign(
                "AWS4-HMAC-SHA256-PAYLOAD", lines: [before.signature, ChunkEncoder.emptyDigest],
                MessageDigest.of(chunk, .sha256))
            chain = before.following(signature)
            line.append(contentsOf: ";chunk-signature=\(signature)".utf8)
        }
        line.append(contentsOf: ChunkEncoder.chunkEnd)
        return line
    }

    static let chunkEnd = Array("\r\n".utf8)

    /// What goes behind the last chunk: an empty chunk, the trailer, the signature of the trailer.
    mutating func end(trailer fields: [HeaderField] = []) -> [UInt8] {
        var end = chunkStart([])
        if form.hasTrailer {
            var canonical: [UInt8] = []
            for field in fields.sorted(by: { Utf8.isLess($0.name, $1.name) }) {
                canonical.append(contentsOf: "\(field.name):\(field.value)\n".utf8)
                end.append(contentsOf: "\(field.name):\(field.value)\r\n".utf8)
            }
            if let before = chain {
                let signature = before.sign(
                    "AWS4-HMAC-SHA256-TRAILER", lines: [before.signature], MessageDigest.of(canonical, .sha256))
                end.append(contentsOf: "\(ChunkEncoder.trailerSignature):\(signature)\r\n".utf8)
            }
        }
        end.append(contentsOf: ChunkEncoder.chunkEnd)
        return end
    }

    /// The bytes that a body becomes, for `Content-Length`; a trailer is given with values of the right length.
    /// - Parameter decoded: The length of the body itself, which goes into `x-amz-decoded-content-length`.
    static func encodedLength(
        of decoded: Int, chunkBytes: Int, form: Form, trailer fields: [HeaderField] = []
    ) -> Int {
        let signature = form.isSigned ? ";chunk-signature=".utf8.count + 64 : 0
        func chunk(_ count: Int) -> Int {
            String(count, radix: 16).utf8.count + signature + chunkEnd.count * (count == 0 ? 1 : 2) + count
        }
        let (whole, rest) = decoded.quotientAndRemainder(dividingBy: chunkBytes)
        var length = whole * chunk(chunkBytes) + (rest > 0 ? chunk(rest) : 0) + chunk(0) + chunkEnd.count
        if form.hasTrailer {
            for field in fields { length += field.name.utf8.count + field.value.utf8.count + 3 }
            if form.isSigned { length += trailerSignature.utf8.count + 64 + 3 }
        }
        return length
    }

    private static let trailerSignature = "x-amz-trailer-signature"
    private static let emptyDigest = PayloadHash.empty.text
}
