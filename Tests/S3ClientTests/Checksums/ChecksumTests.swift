import ObjectStores
import Testing

@testable import S3Client

@Suite("Checksums")
struct ChecksumTests {
    private static let a = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)

    private func table(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { ~CRC32C.byTable(.max, $0) } }

    @Test("CRC-32C gives what RFC 3720 lists, by instruction and by table")
    func crc32c() {
        let cases: [([UInt8], UInt32)] = [
            ([], 0), (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
            (Array((0..<32).reversed()), 0x113F_DB5C),
        ]
        for (bytes, wanted) in cases {
            #expect(CRC32C.of(bytes) == wanted)
            #expect(table(bytes) == wanted)
        }
    }

    @Test("A body in pieces has the checksum of the whole", arguments: ChecksumAlgorithm.allCases)
    func pieces(_ algorithm: ChecksumAlgorithm) {
        for seed in 0..<100 as Range<UInt64> {
            var random = SeededRandom(seed)
            let body = random.bytes(random.number(0..<500))
            var hasher = ChecksumHasher(algorithm)
            var rest = body[...]
            while !rest.isEmpty {
                let piece = rest.prefix(random.number(0..<rest.count + 1))
                piece.withUnsafeBytes { hasher.update($0) }
                rest = rest.dropFirst(piece.count)
            }
            let checksum = hasher.finish()
            #expect(checksum == Checksum(algorithm, of: body), "seed \(seed)")
            #expect(Checksum(algorithm, text: checksum.text) == checksum, "seed \(seed)")
            if algorithm == .crc32c { #expect(CRC32C.of(body) == table(body), "seed \(seed)") }
        }
    }

    @Test("Checksums are written as S3 writes them")
    func texts() {
        #expect(Checksum(.crc32c, of: Self.a).headerField == HeaderField("x-amz-checksum-crc32c", "sOO8/Q=="))
        #expect(
            Checksum(.sha256, of: []).headerField
                == HeaderField("x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="))
    }

    @Test(
        "What is no checksum is none",
        arguments: [
            ("", ChecksumAlgorithm.crc32c), ("sOO8", .crc32c), ("sOO8/Q==-2", .crc32c), ("!", .crc32c),
            ("sOO8/Q==", .sha256), ("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", .crc32c),
        ])
    func malformed(_ text: String, _ algorithm: ChecksumAlgorithm) {
        #expect(Checksum(algorithm, text: text) == nil)
    }

    @Test("The checksum of parts is that of their checksums, with their number behind it")
    func composite() {
        let parts = [Array(Self.a[..<1000]), Array(Self.a[1000...])].map { Checksum(.crc32c, of: $0) }
        let joined = Checksum(.crc32c, of: parts[0].bytes + parts[1].bytes)
        #expect(Checksum.composite(of: parts) == "\(joined.text)-2")
        #expect(Checksum.composite(of: []) == nil)
        #expect(Checksum.composite(of: [parts[0], Checksum(.sha256, of: [])]) == nil)
    }

    @Test("ETags: with and without quotes, of bodies and of parts")
    func etags() {
        let body = Array("hello".utf8)
        #expect(EntityTag.of(body) == "\"5d41402abc4b2a76b9719d911017c592\"")
        #expect(EntityTag.contentMD5(body) == "XUFAKrxLKna5cZ2REBfFkg==")
        #expect(
            EntityTag.md5("\"5d41402abc4b2a76b9719d911017c592\"") == EntityTag.md5("5D41402ABC4B2A76B9719D911017C592"))
        for etag in [
            "", "\"", "\"\"", "\"5d41402abc4b2a76b9719d911017c592-2\"", "\"zd41402abc4b2a76b9719d911017c592\"",
        ] {
            #expect(EntityTag.md5(etag) == nil)
        }
        #expect(EntityTag.unquoted("W/\"x\"") == "x")
        #expect(EntityTag.unquoted("x\"") == "x\"")
        // Computed with Python's hashlib: md5 of the two digests.
        #expect(
            EntityTag.ofParts(["\"5d41402abc4b2a76b9719d911017c592\"", "7d793037a0760186574b0282f2f435e7"])
                == "\"065947336a2f2a95ba8899f3675c3be6-2\"")
        #expect(EntityTag.ofParts(["\"x\""]) == nil)
        #expect(EntityTag.ofParts([]) == nil)
    }
}

@Suite("Bodies that come")
struct BodyVerifierTests {
    private let request = RequestSubject(method: "GET", bucket: "b", key: "k")
    private let body = Array("hello".utf8)

    /// The code of the error that a body ends with, or `fine`.
    private func verify(_ headers: [HeaderField], _ body: [UInt8], trustsETag: Bool = false) -> String {
        var verifier = BodyVerifier(headers, trustsETag: trustsETag)
        for byte in body { [byte].withUnsafeBytes { verifier.update($0) } }
        do {
            try verifier.finish(request)
            return "fine"
        } catch {
            return error.code.rawValue
        }
    }

    @Test("A body that is cut, or longer than announced, is noticed")
    func length() {
        let headers = [HeaderField("Content-Length", "5")]
        #expect(verify(headers, body) == "fine")
        #expect(verify(headers, Array("hell".utf8)) == "s3.truncated")
        #expect(verify(headers, Array("hello!".utf8)) == "s3.truncated")
        #expect(verify([], Array("hell".utf8)) == "fine", "nothing was announced")
    }

    @Test("Another body is noticed by its checksum", arguments: ChecksumAlgorithm.allCases)
    func checksum(_ algorithm: ChecksumAlgorithm) {
        let headers = [Checksum(algorithm, of: body).headerField]
        #expect(verify(headers, body) == "fine")
        #expect(verify(headers, Array("hellO".utf8)) == "s3.checksum_mismatch")
        #expect(verify(headers + [HeaderField("x-amz-checksum-type", "FULL_OBJECT")], []) == "s3.checksum_mismatch")
        // A checksum of parts, or of more than the range that was asked for, cannot be compared.
        #expect(verify(headers + [HeaderField("x-amz-checksum-type", "COMPOSITE")], []) == "fine")
        #expect(verify(headers + [HeaderField("Content-Range", "bytes 0-0/5")], [0]) == "fine")
    }

    @Test("Another body is noticed by an ETag that is known to be MD5")
    func etag() {
        let headers = [HeaderField("ETag", "\"5d41402abc4b2a76b9719d911017c592\"")]
        #expect(verify(headers, body, trustsETag: true) == "fine")
        #expect(verify(headers, Array("hellO".utf8), trustsETag: true) == "s3.checksum_mismatch")
        #expect(verify(headers, Array("hellO".utf8), trustsETag: false) == "fine")
        for other in [
            HeaderField("x-amz-server-side-encryption", "aws:kms"),
            HeaderField("x-amz-server-side-encryption-customer-algorithm", "AES256"),
            HeaderField("Content-Range", "bytes 0-4/9"),
        ] {
            #expect(verify(headers + [other], Array("hellO".utf8), trustsETag: true) == "fine", "\(other)")
        }
        let parts = [HeaderField("ETag", "\"5d41402abc4b2a76b9719d911017c592-2\"")]
        #expect(verify(parts, Array("hellO".utf8), trustsETag: true) == "fine")
    }
}
