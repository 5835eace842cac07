import Testing

@testable import S3Client

@Suite("Header fields, metadata, tags and content types")
struct FieldRulesTests {
    @Test(
        "A header field that would be two, or none, is refused",
        arguments: [
            ("a", "b\r\nc: d"), ("a", "b\nc"), ("a", "b\rc"), ("a", "b\0"), ("a", "é"), ("a", "\u{7F}"), ("a b", "c"),
            ("", "c"), ("a:", "c"), ("é", "c"), ("a\r\n", "c"),
        ])
    func fields(_ name: String, _ value: String) {
        let error = #expect(throws: S3Error.self) { try HeaderRules.check(HeaderField(name, value)) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains { $0.isNewline } == false)
    }

    @Test("Any other field is taken", arguments: [("x-amz-meta-a", ""), ("Content-Type", "a/b; c=\"d\t~\"")])
    func allowed(_ name: String, _ value: String) {
        #expect(throws: Never.self) { try HeaderRules.check(HeaderField(name, value)) }
    }

    @Test("Metadata comes back as it went, in fields that hold ASCII only")
    func metadata() throws {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededRandom(seed)
            var value = random.key(random.number(0..<60))
            if random.number(0..<4) == 0 {
                value = random.one(of: [" a", "a ", "a\r\nb", "=?UTF-8?B?YQ==?=", "\0", ""])
            }
            let fields = try UserMetadata.fields(["Name": value])
            for field in fields { try HeaderRules.check(field) }
            #expect(fields.map(\.name) == ["x-amz-meta-name"])
            #expect(UserMetadata.read(fields + [HeaderField("etag", "x")]) == ["name": value], "seed \(seed): \(value)")
        }
    }

    @Test(
        "Encoded words are read as they are defined",
        arguments: [
            ("=?UTF-8?Q?caf=C3=A9_x?=", "café x"), ("=?utf-8?b?Y2Fmw6k=?=", "café"),
            ("=?UTF-8?B?Y2Fm?= =?UTF-8?B?w6k=?=", "café"), ("=?US-ASCII?Q?a?=", "a"),
            ("=?KOI8-R?B?Y2Fm?=", "=?KOI8-R?B?Y2Fm?="), ("=?UTF-8?B?/w==?=", "=?UTF-8?B?/w==?="),
            ("=?UTF-8?Q?=4?=", "=?UTF-8?Q?=4?="), ("=?UTF-8?B?!?=", "=?UTF-8?B?!?="), ("=?=", "=?="), ("a b", "a b"),
            (" ", " "),
        ])
    func encodedWords(_ value: String, _ wanted: String) {
        #expect(UserMetadata.decode(value) == wanted)
    }

    @Test("An encoded word has no more than 75 bytes")
    func wordLength() {
        let encoded = UserMetadata.encode(String(repeating: "日本語🦆", count: 40))
        #expect(encoded.split(separator: " ").count > 5)
        #expect(encoded.split(separator: " ").allSatisfy { $0.utf8.count <= 75 })
    }

    @Test("Metadata has limits")
    func metadataLimits() throws {
        #expect(try UserMetadata.fields(["a": String(repeating: "x", count: 2047)]).count == 1)
        for metadata in [
            ["a": String(repeating: "x", count: 2048)], ["a": String(repeating: "é", count: 900)], ["a b": ""],
            ["": "x"],
            ["é": "x"], ["a": "1", "A": "2"],
        ] {
            let error = #expect(throws: S3Error.self) { try UserMetadata.fields(metadata) }
            #expect(error?.code == .invalid)
        }
    }

    private func tags(_ count: Int) -> [ObjectTag] { (0..<count).map { ObjectTag(key: "k\($0)", value: "v") } }

    @Test("Tags within the limits become a query")
    func tagHeader() throws {
        let tags = [ObjectTag(key: "Größe 1", value: "a+b=c@d"), ObjectTag(key: "empty", value: "")]
        #expect(try TagRules.header(tags) == "Gr%C3%B6%C3%9Fe%201=a%2Bb%3Dc%40d&empty=")
        #expect(throws: Never.self) { try TagRules.check(self.tags(10)) }
        let longest = ObjectTag(key: String(repeating: "é", count: 128), value: String(repeating: "é", count: 256))
        #expect(throws: Never.self) { try TagRules.check([longest]) }
    }

    @Test("Tags beyond the limits are refused")
    func tagLimits() {
        for tags in [
            tags(11), [ObjectTag(key: "", value: "")], [ObjectTag(key: String(repeating: "k", count: 129), value: "")],
            [ObjectTag(key: "k", value: String(repeating: "v", count: 257))], tags(1) + tags(1),
            [ObjectTag(key: "aws:x", value: "")], [ObjectTag(key: "AWS:x", value: "")],
            [ObjectTag(key: "a&b", value: "")], [ObjectTag(key: "a", value: "\n")],
        ] {
            let error = #expect(throws: S3Error.self, "\(tags)") { try TagRules.check(tags) }
            #expect(error?.code == .invalid)
        }
        // Two that Swift takes for equal and S3 does not.
        #expect(throws: Never.self) {
            try TagRules.check([ObjectTag(key: "\u{C5}", value: ""), ObjectTag(key: "\u{212B}", value: "")])
        }
    }

    @Test(
        "The content type follows from the name",
        arguments: [
            ("a.json", "application/json"), ("A/B.JPG", "image/jpeg"), ("a.tar.gz", "application/gzip"),
            ("a", "application/octet-stream"), (".json", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("a.json/b", "application/octet-stream"), ("", "application/octet-stream"), ("a.html/", "text/html"),
            ("a.unheardof", "application/octet-stream"),
        ])
    func contentTypes(_ name: String, _ type: String) {
        #expect(ContentType.of(name) == type)
    }

    @Test("A customer key goes over no network without TLS")
    func openCustomerKey() async throws {
        let key = try CustomerKey([UInt8](repeating: 7, count: 32))
        var options = S3ClientOptions(endpoint: try S3Endpoint("http://storage.example.com"))
        options.credentials = .explicit(Credentials(accessKey: "me", secretKey: "secret"))
        let client = try S3Client(options)
        let error = try await s3Failure {
            _ = try await client.bucket("photos").head("k", S3GetOptions(customerKey: key))
        }
        #expect(error.code == .invalid && error.message.contains("without TLS"))
        await client.close()
    }
}
