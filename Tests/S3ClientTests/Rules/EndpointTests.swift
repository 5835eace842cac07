import Testing

@testable import S3Client

@Suite("Endpoints")
struct EndpointTests {
    @Test(
        "An address of a server is read and written",
        arguments: [
            ("https://s3.eu-west-1.amazonaws.com", "https://s3.eu-west-1.amazonaws.com"),
            ("HTTP://LocalHost:9000", "http://localhost:9000"), ("127.0.0.1:9000", "https://127.0.0.1:9000"),
            ("https://h:443/", "https://h"), ("http://h:80", "http://h"), ("http://h:443", "http://h:443"),
            ("https://[::1]:9000/base//", "https://[::1]:9000/base"),
            ("https://[FE80::1.2.3.4]", "https://[fe80::1.2.3.4]"),
            ("storage.ignis.local:9000", "https://storage.ignis.local:9000"), ("http://h/a%20b/c", "http://h/a%20b/c"),
            ("http://under_score", "http://under_score"),
        ])
    func round(_ text: String, _ wanted: String) throws {
        let endpoint = try S3Endpoint(text)
        #expect(endpoint.description == wanted)
        #expect(try S3Endpoint(endpoint.description) == endpoint)
    }

    @Test("Without a scheme the caller decides")
    func scheme() throws {
        #expect(try S3Endpoint("h:9000", isSecure: false).description == "http://h:9000")
        #expect(try S3Endpoint("https://h:9000", isSecure: false).description == "https://h:9000")
    }

    @Test(
        "What is no address of a server is refused",
        arguments: [
            "", "https://", "https:///base", "ftp://h", "h:", "h:0", "h:65536", "h:abc", "h:+80", "h:9000:1", "::1",
            "https://[::1", "https://[::1]x", "https://[]", "https://[::1::2]", "https://[1:2:3]", "https://[::12345]",
            "https://[::1.2.3]", "https://[1:2:3:4:5:6:7:8:9]", "https://[::+1]", "https://h?x=1", "https://h#x",
            "https://h/a b", "https://h/%4", "https://h/a/../b", "https://h/./b", "https://ü.de", "https://a..b",
            "https://.a", "https://a\\b", "https://a b", "https://h\n", "https://a%41b",
            "https://\(String(repeating: "a", count: 64)).de",
        ])
    func refused(_ text: String) {
        let error = #expect(throws: S3Error.self) { try S3Endpoint(text) }
        #expect(error?.code == .invalid)
        #expect(error?.remedy != nil)
    }

    @Test("A password in an address is refused and not repeated")
    func password() {
        for text in ["https://me:hunter2@h", "me:hunter2@h:9000", "https://h/x?hunter2@"] {
            let error = #expect(throws: S3Error.self) { try S3Endpoint(text) }
            #expect(error?.description.contains("hunter2") == false)
        }
    }

    @Test("Buckets stand in front of the host at AWS and in the path elsewhere")
    func targets() throws {
        let amazon = try S3Endpoint.amazon(region: "eu-west-1")
        #expect(
            amazon.target(bucket: "b", key: "a b/é").url(query: "x=1")
                == "https://b.s3.eu-west-1.amazonaws.com/a%20b/%C3%A9?x=1")
        #expect(amazon.target(bucket: "b").url(query: "") == "https://b.s3.eu-west-1.amazonaws.com/")
        #expect(amazon.target().url(query: "") == "https://s3.eu-west-1.amazonaws.com/")
        #expect(
            amazon.target(bucket: "a.b", key: "k").url(query: "") == "https://s3.eu-west-1.amazonaws.com/a.b/k",
            "no certificate fits a bucket with a dot")
        let own = try S3Endpoint("http://127.0.0.1:9000/base")
        #expect(own.target(bucket: "b", key: "//k/").url(query: "") == "http://127.0.0.1:9000/base/b///k/")
        #expect(own.target(bucket: "b").url(query: "") == "http://127.0.0.1:9000/base/b")
        #expect(own.target().url(query: "") == "http://127.0.0.1:9000/base/")
        let virtual = try S3Endpoint("http://minio.local:9000", style: .virtual)
        #expect(virtual.target(bucket: "a.b", key: "k").host == "a.b.minio.local:9000")
        #expect(try S3Endpoint.amazon(region: "cn-north-1").host == "s3.cn-north-1.amazonaws.com.cn")
    }

    @Test("A bucket cannot stand in front of an address", arguments: ["127.0.0.1", "[::1]", "localhost:9000"])
    func virtualAddress(_ text: String) {
        #expect(throws: S3Error.self) { try S3Endpoint(text, style: .virtual) }
    }

    @Test(
        "Hosts that name their region",
        arguments: [
            ("s3.amazonaws.com", "us-east-1"), ("s3.eu-west-1.amazonaws.com", "eu-west-1"),
            ("s3-eu-west-1.amazonaws.com", "eu-west-1"), ("s3.dualstack.eu-west-1.amazonaws.com", "eu-west-1"),
            ("s3.cn-north-1.amazonaws.com.cn", "cn-north-1"), ("abc.r2.cloudflarestorage.com", "auto"),
            ("s3.eu-central-1.wasabisys.com", "eu-central-1"), ("s3.us-west-004.backblazeb2.com", "us-west-004"),
            ("fra1.digitaloceanspaces.com", "fra1"), ("s3.fr-par.scw.cloud", "fr-par"), ("example.com", nil),
            ("127.0.0.1", nil),
        ] as [(String, String?)])
    func regions(_ host: String, _ region: String?) throws {
        #expect(try S3Endpoint(host).region == region)
    }

    @Test(
        "A region becomes part of what is signed",
        arguments: ["", "a/b", "a b", "é", String(repeating: "a", count: 65)])
    func noRegion(_ region: String) {
        #expect(throws: S3Error.self) { try S3Endpoint.amazon(region: region) }
    }

    @Test(
        "Whatever text comes, it is an endpoint that can be read again, or an error", arguments: 0..<20 as Range<UInt64>
    )
    func fuzz(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        for _ in 0..<300 {
            let sample = random.one(of: [
                "https://h.example:9000/base/x", "http://[fe80::1:2]:80", "127.0.0.1:1", "a://b:c/d",
            ])
            let text = String(decoding: random.mutation(of: Array(sample.utf8)), as: UTF8.self)
            guard let endpoint = try? S3Endpoint(text) else { continue }
            #expect(try S3Endpoint(endpoint.description) == endpoint, "seed \(seed): \(text)")
            let target = endpoint.target(bucket: "bucket", key: "key")
            #expect(target.path.hasPrefix("/"), "seed \(seed): \(text)")
            #expect(target.url(query: "").utf8.allSatisfy { (0x21...0x7E).contains($0) }, "seed \(seed): \(text)")
        }
    }
}

@Suite("Addresses of buckets and objects")
struct AddressTests {
    @Test("An address has a bucket, a key, and where they are")
    func whole() throws {
        let address = try S3Address(
            "s3://bucket/a b/%3F%25é?endpoint=http://127.0.0.1:9000&region=eu-west-1&profile=dev&style=path")
        #expect(address.bucket == "bucket")
        #expect(address.key == "a b/?%é")
        #expect(address.endpoint?.description == "http://127.0.0.1:9000")
        #expect(address.endpoint?.style == .path)
        #expect(address.region == "eu-west-1")
        #expect(address.profile == "dev")
        #expect(address.description == "s3://bucket/a%20b/%3F%25%C3%A9")
        #expect(try S3Address(address.description).key == address.key)
    }

    @Test("The least address is a bucket")
    func least() throws {
        for text in ["s3://bucket", "S3://bucket/"] {
            let address = try S3Address(text)
            #expect(address.bucket == "bucket")
            #expect(address.key.isEmpty)
            #expect(address.endpoint == nil)
            #expect(address.region == nil)
        }
        #expect(try S3Address("s3://bucket//a/").key == "/a/")
        #expect(try S3Address("s3://bucket/\u{301}a").key == "\u{301}a", "a combining mark behind the slash")
        #expect(try S3Address("s3://bucket/a+b#c").key == "a+b#c")
    }

    @Test("Others may have parameters of their own")
    func others() throws {
        let address = try S3Address("s3://bucket?single_writer=true&region=r", others: ["single_writer"])
        #expect(address.others == ["single_writer": "true"])
        #expect(address.region == "r")
    }

    @Test(
        "What is no address is refused, with the nearest thing that is",
        arguments: [
            ("bucket/key", "write s3://bucket/key"), ("s3:bucket", "write s3://bucket/key"),
            ("s3://", "write s3://bucket/key"),
            ("s3:///key", "write s3://bucket/key"), ("s3://Bucket/key", "write it in lower case"),
            ("s3://bucket/%4", "write a percent sign as %25"),
            ("s3://bucket/%FF", "write the bytes of its UTF-8 as %XX"),
            ("s3://bucket/a/../b", "rename it, or allow it in the client's key rules"),
            ("s3://bucket?regoin=x", "did you mean 'region'?"),
            (
                "s3://bucket?x=1",
                "it has endpoint, region, style, profile; a '?' in a key is %3F"
            ),
            ("s3://bucket?region=a&region=b", "keep one"),
            ("s3://bucket?region=", "give it a value, or leave it out"),
            ("s3://bucket?style=path", "give 'endpoint' too"),
            ("s3://bucket?endpoint=http://h&style=dns", "write path or virtual"),
            ("s3://bucket?endpoint=ftp://h", "write https://host"),
        ])
    func refused(_ text: String, _ remedy: String) {
        let error = #expect(throws: S3Error.self, "\(text)") { try S3Address(text) }
        #expect(error?.code == .invalid)
        #expect(error?.remedy == remedy, "\(text)")
    }

    @Test(
        "Whatever text comes, it is an address that leads to the same place, or an error",
        arguments: 0..<20 as Range<UInt64>)
    func fuzz(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        for _ in 0..<300 {
            let sample = "s3://bucket-1/a%20b/\(random.key(4))?endpoint=http%3A%2F%2Fh:9000&region=eu-west-1"
            let text = String(decoding: random.mutation(of: Array(sample.utf8)), as: UTF8.self)
            guard let address = try? S3Address(text) else { continue }
            let again = try S3Address(address.description)
            #expect(again.bucket == address.bucket, "seed \(seed): \(text)")
            #expect(Array(again.key.utf8) == Array(address.key.utf8), "seed \(seed): \(text)")
        }
    }
}
