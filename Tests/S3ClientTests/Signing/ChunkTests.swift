import CairnSchema
import Testing

@testable import S3Client

@Suite("Bodies signed in chunks")
struct ChunkTests {
    private let date = SigningDate(year: 2013, month: 5, day: 24, hour: 0, minute: 0, second: 0)
    private let body = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)

    private func signature(of request: SignableRequest, form: ChunkEncoder.Form) throws -> HeaderSignature {
        Signer(region: "us-east-1", keys: SigningKeyCache())
            .sign(request, payload: form.payload, with: SignatureVectors.credentials(), at: try #require(date))
    }

    /// The body in chunks of 64 KiB, the last shorter, as it goes over the wire.
    private func encode(
        _ form: ChunkEncoder.Form, following signature: HeaderSignature, trailer: [HeaderField] = []
    ) throws -> [UInt8] {
        var encoder = try #require(ChunkEncoder(form, following: signature))
        var wire: [UInt8] = []
        for start in stride(from: 0, to: body.count, by: 65_536) {
            let chunk = Array(body[start..<min(body.count, start + 65_536)])
            wire += encoder.chunkStart(chunk) + chunk + ChunkEncoder.chunkEnd
        }
        return wire + encoder.end(trailer: trailer)
    }

    private func textWithoutData(_ wire: [UInt8]) -> String {
        String(decoding: wire, as: UTF8.self).replacing(/\r\na{100,}\r\n/, with: "|")
    }

    @Test("Chunks get the signatures of the S3 documentation")
    func documented() throws {
        let vector = SignatureVectors.streaming
        let request = try #require(vector.request)
        // The date and the hash stand in the example's header list; signing adds them itself.
        var unsigned = request
        unsigned.headers.removeAll { ["x-amz-date", "x-amz-content-sha256"].contains($0.name) }
        let seed = try signature(of: unsigned, form: .signed)
        #expect(seed.chain?.signature == vector.text("seed_signature"))

        let wire = try encode(.signed, following: seed)
        #expect(
            textWithoutData(wire) == """
                10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648|\
                400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497|\
                0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n
                """)
        #expect(wire.count == 66_824)
        #expect(ChunkEncoder.encodedLength(of: body.count, chunkBytes: 65_536, form: .signed) == wire.count)
    }

    @Test("A stream goes out in the same chunks, in whatever pieces it comes", arguments: [999, 65_537, 200_000])
    func pieces(size: Int) async throws {
        let request = SignableRequest(method: "PUT", host: "h", path: "/bucket/k", headers: [])
        let seed = try signature(of: request, form: .signed)
        let bytes = sample(200_000)
        var wires: [[UInt8]] = []
        for chunk in [65_536, size] {
            let source = BodySource(
                stream(bytes, chunk: chunk), length: bytes.count, encoder: ChunkEncoder(.signed, following: seed),
                checksum: nil, RequestSubject(method: "PUT"))
            var wire: [UInt8] = []
            while let next = try await source.next() { wire += next }
            wires.append(wire)
        }
        #expect(wires[0] == wires[1])
        let length = ChunkEncoder.encodedLength(of: bytes.count, chunkBytes: 65_536, form: .signed)
        #expect(wires[0].count == length && wires[0].contains(bytes[65_536..<131_072]))
    }

    @Test("A signed trailer gets the signature of the S3 documentation")
    func documentedTrailer() throws {
        let request = SignableRequest(
            method: "PUT", host: "s3.amazonaws.com", path: "/examplebucket/chunkObject.txt",
            headers: [
                HeaderField("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                HeaderField("Content-Encoding", "aws-chunked"), HeaderField("x-amz-decoded-content-length", "66560"),
                HeaderField("x-amz-trailer", "x-amz-checksum-crc32c"),
            ])
        let seed = try signature(of: request, form: .signedWithTrailer)
        #expect(seed.chain?.signature == "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e")
        let trailer = [HeaderField("x-amz-checksum-crc32c", "sOO8/Q==")]
        let wire = try encode(.signedWithTrailer, following: seed, trailer: trailer)
        #expect(
            textWithoutData(wire) == """
                10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2|\
                400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7|\
                0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n\
                x-amz-checksum-crc32c:sOO8/Q==\r\n\
                x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n
                """)
        #expect(
            ChunkEncoder.encodedLength(
                of: body.count, chunkBytes: 65_536, form: .signedWithTrailer, trailer: trailer) == wire.count)
    }

    @Test("An unsigned body has its trailer behind an empty chunk")
    func unsigned() throws {
        let request = SignableRequest(method: "PUT", host: "h", path: "/b/k")
        let signature = try signature(of: request, form: .unsignedWithTrailer)
        #expect(signature.fields["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        let trailer = [HeaderField("x-amz-checksum-crc32c", "sOO8/Q==")]
        let wire = try encode(.unsignedWithTrailer, following: signature, trailer: trailer)
        #expect(textWithoutData(wire) == "10000|400|0\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n")
        #expect(
            ChunkEncoder.encodedLength(
                of: body.count, chunkBytes: 65_536, form: .unsignedWithTrailer, trailer: trailer) == wire.count)
    }

    @Test("The length is foreseen for every body", arguments: [0, 1, 15, 16, 8191, 8192, 8193, 16_384, 100_000])
    func lengths(_ count: Int) throws {
        let request = SignableRequest(method: "PUT", host: "h", path: "/b/k")
        for form in [ChunkEncoder.Form.signed, .signedWithTrailer, .unsignedWithTrailer] {
            let trailer = form.payload == .signedChunks ? [] : [HeaderField("x-amz-checksum-crc32c", "AAAAAA==")]
            var encoder = try #require(ChunkEncoder(form, following: try signature(of: request, form: form)))
            var length = 0
            for start in stride(from: 0, to: count, by: 8192) {
                let chunk = Array(body[0..<min(8192, count - start)])
                length += encoder.chunkStart(chunk).count + chunk.count + ChunkEncoder.chunkEnd.count
            }
            length += encoder.end(trailer: trailer).count
            #expect(
                ChunkEncoder.encodedLength(of: count, chunkBytes: 8192, form: form, trailer: trailer) == length)
        }
    }

    @Test("Without credentials there is nothing to chain signatures to")
    func anonymous() throws {
        let signature = Signer(region: "us-east-1", keys: SigningKeyCache()).sign(
            SignableRequest(method: "PUT", host: "h", path: "/b/k"), payload: .unsigned, with: .anonymous,
            at: try #require(date))
        #expect(signature.fields.isEmpty)
        #expect(ChunkEncoder(.signed, following: signature) == nil)
        #expect(ChunkEncoder(.signedWithTrailer, following: signature) == nil)
        #expect(ChunkEncoder(.unsignedWithTrailer, following: signature) != nil)
    }
}

@Suite("Streams whose bytes are not signed")
struct UnsignedStreamTests {
    /// Why they are not.
    enum Reason: String, CaseIterable {
        case anonymous, secure
    }

    @Test("A checksum that is asked for goes behind the body", arguments: Reason.allCases)
    func checksum(_ reason: Reason) async throws {
        let scheme = reason == .secure ? "https" : "http"
        let credentials = reason == .anonymous ? Credentials.anonymous : SignatureVectors.credentials()
        var options = S3ClientOptions(
            endpoint: try S3Endpoint("\(scheme)://127.0.0.1"), region: "us-east-1", credentials: .explicit(credentials))
        options.payloadSigning = .withoutTLS
        let client = try S3Client(options)
        var call = S3Call("PutObject", "PUT", bucket: "bucket", key: "k")
        call.body = .stream(stream(Array("text".utf8)), length: 4, isReplayable: true)

        let plain = try client.prepare(call, credentials).request
        #expect(plain.fields["x-amz-trailer"] == nil)
        #expect(try await sent(plain) == "text")

        call.checksum = .crc32c
        let checked = try client.prepare(call, credentials).request
        #expect(checked.fields["x-amz-trailer"] == "x-amz-checksum-crc32c")
        #expect(checked.fields["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        #expect(checked.fields["content-encoding"] == "aws-chunked")
        #expect(checked.fields["x-amz-decoded-content-length"] == "4")
        let checksum = Checksum(.crc32c, of: Array("text".utf8)).text
        #expect(try await sent(checked) == "4\r\ntext\r\n0\r\nx-amz-checksum-crc32c:\(checksum)\r\n\r\n")
        await client.close()
    }

    /// A body as it goes over the wire, which must be as long as announced.
    private func sent(_ request: HTTPRequest) async throws -> String? {
        guard case .stream(let length, let next) = request.body else { return nil }
        var bytes: [UInt8] = []
        while let chunk = try await next() { bytes += chunk }
        return bytes.count == length ? String(decoding: bytes, as: UTF8.self) : nil
    }
}

extension [HTTPField] {
    /// The value of the one field of a name; nil when there is none, or are several.
    fileprivate subscript(name: String) -> String? {
        let found = filter { $0.name == name }
        return found.count == 1 ? found[0].value : nil
    }
}
