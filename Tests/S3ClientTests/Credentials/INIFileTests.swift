import Testing

@testable import S3Client

@Suite("Files of settings")
struct INIFileTests {
    private func read(_ text: String) throws -> [String: [String: String]] {
        let file = try INIFile(Array(text.utf8), file: "config")
        return Dictionary(uniqueKeysWithValues: file.sections.map { ($0.name, $0.properties) })
    }

    @Test("Sections, properties, comments, and lines that go on")
    func grammar() throws {
        let text = """
            \u{FEFF}# comment
              ; another
            [default]   # behind a section
            Region = eu-west-1 # behind a value
            aws_secret_access_key=a#b;c==
            empty =
            s3 =
              max_concurrent_requests = 20
              endpoint_url = http://h ; nested
            long = one
              two # not a comment in what goes on
            [ profile a b ]\r
            x = 1\r

            [default]
            region=us-east-1
            y\t=\t2\t# tab
            """
        #expect(
            try read(text) == [
                "default": [
                    "region": "us-east-1", "aws_secret_access_key": "a#b;c==", "empty": "", "s3": "",
                    "s3.max_concurrent_requests": "20", "s3.endpoint_url": "http://h",
                    "long": "one\ntwo # not a comment in what goes on", "y": "2",
                ],
                "profile a b": ["x": "1"],
            ])
        #expect(try read("") == [:])
        #expect(try read("[a]") == ["a": [:]])
    }

    @Test(
        "What is no file of settings is refused with the line, and without what stands there",
        arguments: [
            ("secret = 1", "config:1: a property stands before the first section"),
            ("[a\nsecret = 1", "config:1: a section has no ']'"), ("\n[a] secret", "config:2: something stands behind"),
            ("[]", "config:1: a section has no name"),
            ("[a]\nsecret", "config:2: this is neither a section nor a property"),
            ("[a]\n= secret", "config:2: a property has no name"),
            ("[a]\nb =\n  secret", "config:3: this is neither a section nor a property"),
            ("  [a", "config:1: a section has no ']'"),
        ])
    func malformed(_ text: String, _ message: String) {
        let error = #expect(throws: S3Error.self) { try read(text) }
        #expect(error?.code == .credentials)
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
        #expect(error?.description.contains("secret") == false)
    }

    @Test("Bytes that are no UTF-8 are refused")
    func encoding() {
        #expect(throws: S3Error.self) { try INIFile([0x5B, 0xFF, 0x5D], file: "config") }
    }

    @Test("Whatever bytes come, reading ends", arguments: 0..<20 as Range<UInt64>)
    func fuzz(_ seed: UInt64) {
        var random = SeededRandom(seed)
        let sample = "# c\n[default]\nregion = eu-west-1 # x\ns3 =\n  a = 1\n[profile \"x y\"]\r\nk=v\n"
        for _ in 0..<300 {
            let bytes = random.mutation(of: Array(sample.utf8))
            guard let file = try? INIFile(bytes, file: "config") else { continue }
            for section in file.sections {
                #expect(!section.name.isEmpty, "seed \(seed)")
                #expect(section.properties.keys.allSatisfy { !$0.isEmpty }, "seed \(seed)")
            }
        }
    }
}
