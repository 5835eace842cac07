import CairnSchema
import ObjectStores
import Testing

@testable import S3Client

@Suite("Signing")
struct SigningTests {
    private static let date = SigningDate(year: 2026, month: 11, day: 20, hour: 12, minute: 0, second: 0)
    private let signer = Signer(region: "us-east-1", keys: SigningKeyCache())

    private func authorization(_ request: SignableRequest, payload: PayloadHash = .empty) throws -> String {
        let date = try #require(Self.date)
        let fields = signer.sign(request, payload: payload, with: SignatureVectors.credentials(), at: date).fields
        return try #require(fields["authorization"])
    }

    private func request(_ headers: [HeaderField] = []) -> SignableRequest {
        SignableRequest(method: "GET", host: "h", path: "/b/k", headers: headers)
    }

    @Test("White space in values and the case of names change nothing")
    func folding() throws {
        let plain = try authorization(request([HeaderField("x-amz-meta-a", "one two")]))
        for value in [" one two", "one two  ", "one   two", "\tone \t two\t"] {
            #expect(try authorization(request([HeaderField("X-Amz-Meta-A", value)])) == plain, "'\(value)'")
        }
        #expect(try authorization(request([HeaderField("x-amz-meta-a", "onetwo")])) != plain)
    }

    @Test("Values of one name are joined in the order they are sent, whatever order names come in")
    func repeated() throws {
        let joined = try authorization(request([HeaderField("a", "1,2"), HeaderField("b", "3")]))
        let apart = request([HeaderField("b", "3"), HeaderField("a", "1"), HeaderField("a", "2")])
        #expect(try authorization(apart) == joined)
        #expect(joined.contains("SignedHeaders=a;b;host;x-amz-content-sha256;x-amz-date,"))
        let swapped = request([HeaderField("b", "3"), HeaderField("a", "2"), HeaderField("a", "1")])
        #expect(try authorization(swapped) != joined)
    }

    @Test("What libraries and proxies change is not signed")
    func unsignedFields() throws {
        let changed = ["User-Agent", "Expect", "Connection", "Transfer-Encoding", "X-Amzn-Trace-Id", "Authorization"]
        #expect(try authorization(request(changed.map { HeaderField($0, "x") })) == authorization(request()))
    }

    @Test("Everything that is sent counts", arguments: ["method", "host", "path", "query", "payload", "date"])
    func counts(_ part: String) throws {
        var changed = request()
        switch part {
        case "method": changed.method = "HEAD"
        case "host": changed.host = "h:81"
        case "path": changed.path = "/b/K"
        case "query": changed.query = CanonicalQuery([("versionId", "")])
        default: break
        }
        let later = try #require(SigningDate("20261120T120001Z"))
        let fields = signer.sign(
            changed, payload: part == "payload" ? .unsigned : .empty, with: SignatureVectors.credentials(),
            at: part == "date" ? later : try #require(Self.date)
        ).fields
        #expect(try fields["authorization"] != authorization(request()))
    }

    @Test("A key is derived once for a day, a region, a service and a secret; the list of them is bounded")
    func keys() throws {
        let cache = SigningKeyCache()
        let date = try #require(Self.date)
        func key(_ secret: String, _ date: SigningDate, _ region: String, _ service: String = "s3") -> [UInt8] {
            cache.key(secretKey: secret, date: date, region: region, service: service)
        }
        let first = key("secret", date, "us-east-1")
        #expect(key("secret", try #require(SigningDate("20261120T235959Z")), "us-east-1") == first)
        #expect(cache.count == 1)
        #expect(key("secret", try #require(SigningDate("20261121T000000Z")), "us-east-1") != first)
        #expect(key("secret2", date, "us-east-1") != first)
        #expect(key("secret", date, "eu-west-1") != first)
        #expect(key("secret", date, "us-east-1", "sts") != first)
        #expect(cache.count == 5)
        for number in 0..<100 { _ = key("secret", date, "region-\(number)") }
        #expect(cache.count == SigningKeyCache.limit)
        #expect(key("secret", date, "us-east-1") == first)
    }

    @Test("HMAC-SHA-256 gives what RFC 4231 lists")
    func hmac() {
        let cases: [(key: [UInt8], message: [UInt8], code: String)] = [
            (
                [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
        for (key, message, code) in cases {
            #expect(LowerHex.text(MessageDigest.hmac(key: key, message)) == code)
        }
    }

    @Test("A presigned URL is good for a second to seven days", arguments: [0, -1, 604_801, .max])
    func expiry(_ seconds: Int) throws {
        let date = try #require(Self.date)
        let error = #expect(throws: S3Error.self) {
            try signer.presign(request(), seconds: seconds, with: SignatureVectors.credentials(), at: date)
        }
        #expect(error?.code == .invalid)
        for allowed in [1, 604_800] {
            #expect(throws: Never.self) {
                try signer.presign(request(), seconds: allowed, with: SignatureVectors.credentials(), at: date)
            }
        }
    }

    @Test("Without credentials nothing is signed")
    func anonymous() throws {
        let date = try #require(Self.date)
        #expect(signer.sign(request(), payload: .empty, with: .anonymous, at: date).fields.isEmpty)
        #expect(try signer.presign(request(), seconds: 1, with: .anonymous, at: date) == "")
    }

    @Test("No signature prints the key it was made with")
    func secrets() throws {
        let date = try #require(Self.date)
        let signature = signer.sign(request(), payload: .empty, with: SignatureVectors.credentials(), at: date)
        var dumped = ""
        dump(signature, to: &dumped)
        #expect(dumped.contains("a chain of signatures for 20261120/us-east-1/s3/aws4_request"))
        #expect(!dumped.contains("key:"))
        #expect(!"\(signature)\(String(reflecting: signature))".contains("key:"))
    }
}

@Suite("Paths and queries")
struct EncodingTests {
    @Test("All but the unreserved characters are encoded, once, in upper case")
    func path() {
        #expect(PercentEncoding.path("/b/a b+c=d~e*é%41/") == "/b/a%20b%2Bc%3Dd~e%2A%C3%A9%2541/")
        #expect(PercentEncoding.component("a/b") == "a%2Fb")
    }

    @Test("What was encoded is decoded")
    func roundTrip() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededRandom(seed)
            let key = random.key(random.number(0..<20))
            #expect(PercentEncoding.decode(PercentEncoding.path(key)) == key, "seed \(seed)")
            #expect(PercentEncoding.decode(PercentEncoding.component(key), plusIsSpace: true) == key, "seed \(seed)")
        }
    }

    @Test("What is no encoding of UTF-8 is refused", arguments: ["%", "%4", "%zz", "a%", "%FF", "%C3", "%ED%A0%80"])
    func malformed(_ text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test("A query is sorted by encoded names, then values, and has a '=' behind each name")
    func query() {
        let query = CanonicalQuery([("b", "2"), ("a-b", "x"), ("a", "1"), ("a", "0"), ("é", ""), ("uploads", "")])
        #expect(query.text == "%C3%A9=&a=0&a=1&a-b=x&b=2&uploads=")
        #expect(CanonicalQuery.none.text == "")
    }
}
