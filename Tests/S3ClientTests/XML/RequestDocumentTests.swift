import Testing

@testable import S3Client

@Suite("Requests in XML")
struct RequestDocumentTests {
    private func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

    private let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    private let space = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

    @Test("Each request is written as S3 reads it")
    func documents() throws {
        #expect(
            text(
                try RequestDocument.delete(
                    [.init(key: "a&b"), .init(key: "c", versionID: "v", etag: "\"e\"")], isQuiet: true))
                    == """
                    \(head)<Delete \(space)><Quiet>true</Quiet><Object><Key>a&amp;b</Key></Object>\
                    <Object><Key>c</Key><VersionId>v</VersionId><ETag>&quot;e&quot;</ETag></Object></Delete>
                    """)
        #expect(
            text(
                try RequestDocument.completeUpload([
                    .init(number: 1, etag: "\"a\"", crc32c: "AAAAAA=="), .init(number: 3, etag: "\"b\""),
                ])) == """
                    \(head)<CompleteMultipartUpload \(space)><Part><ETag>&quot;a&quot;</ETag>\
                    <ChecksumCRC32C>AAAAAA==</ChecksumCRC32C><PartNumber>1</PartNumber></Part>\
                    <Part><ETag>&quot;b&quot;</ETag><PartNumber>3</PartNumber></Part></CompleteMultipartUpload>
                    """)
        #expect(
            text(try RequestDocument.tagging([ObjectTag(key: "<", value: "'")]))
                == "\(head)<Tagging \(space)><TagSet><Tag><Key>&lt;</Key><Value>&apos;</Value></Tag></TagSet></Tagging>"
        )
        #expect(
            text(try RequestDocument.createBucket(region: "eu-west-1")) == """
                \(head)<CreateBucketConfiguration \(space)><LocationConstraint>eu-west-1</LocationConstraint>\
                </CreateBucketConfiguration>
                """)
        #expect(try RequestDocument.createBucket(region: "us-east-1") == nil)
        #expect(
            text(try RequestDocument.versioning(isEnabled: true))
                == "\(head)<VersioningConfiguration \(space)><Status>Enabled</Status></VersioningConfiguration>")
        #expect(text(try RequestDocument.versioning(isEnabled: false)).contains("<Status>Suspended</Status>"))
    }

    @Test("Whatever the keys are, they are read back as they were")
    func roundTrip() throws {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededRandom(seed)
            var tags: [ObjectTag] = []
            for _ in 0..<random.number(0..<5) {
                var value = random.key(random.number(0..<12))
                if random.number(0..<3) == 0 { value += random.one(of: ["\n", "\r", "\r\n", "\t", " ", "]]>"]) }
                tags.append(ObjectTag(key: random.key(random.number(0..<12)), value: value))
            }
            #expect(try ObjectTag.read(try RequestDocument.tagging(tags)) == tags, "seed \(seed)")
        }
    }

    @Test(
        "A character that XML cannot hold is refused, and named",
        arguments: ["\0", "\u{1}", "\u{B}", "\u{1F}", "\u{FFFE}", "\u{FFFF}"])
    func impossible(_ character: String) throws {
        let error = #expect(throws: S3Error.self) {
            try RequestDocument.delete([.init(key: "a\(character)b")], isQuiet: true)
        }
        #expect(error?.code == .invalid)
        let scalar = try #require(character.unicodeScalars.first)
        #expect(error?.message.contains("U+\(String(scalar.value, radix: 16, uppercase: true)),") == true)
        #expect(error?.remedy != nil)
    }

    @Test("A request deletes from one to a thousand objects")
    func deletions() {
        let object = RequestDocument.Deletion(key: "k")
        for count in [0, 1001] {
            #expect(throws: S3Error.self) {
                try RequestDocument.delete(Array(repeating: object, count: count), isQuiet: true)
            }
        }
        for count in [1, 1000] {
            #expect(throws: Never.self) {
                try RequestDocument.delete(Array(repeating: object, count: count), isQuiet: true)
            }
        }
    }

    @Test("Parts are numbered from 1 to 10,000, upward", arguments: [[], [0], [2, 1], [1, 1], [1, 10_001]])
    func parts(_ numbers: [Int]) {
        let error = #expect(throws: S3Error.self) {
            try RequestDocument.completeUpload(numbers.map { .init(number: $0, etag: "e") })
        }
        #expect(error?.code == .invalid)
    }
}
