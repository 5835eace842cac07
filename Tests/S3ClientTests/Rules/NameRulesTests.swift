import Testing

@testable import S3Client

@Suite("Names of buckets and objects")
struct NameRulesTests {
    private func refusal(_ body: () throws -> Void) -> S3Error? {
        do {
            try body()
            return nil
        } catch {
            return error as? S3Error
        }
    }

    @Test(
        "Buckets that may exist",
        arguments: [
            "abc", "a-b", "a.b.c", "123", "192.168.5.four", "192.168.5", "a--b", "my-alias-s3alias",
            "base--usw2-az1--x-s3", "a23456789012345678901234567890123456789012345678901234567890123",
        ])
    func buckets(_ name: String) {
        #expect(refusal { try BucketRules.check(name) } == nil)
    }

    @Test(
        "Buckets that cannot exist, and why",
        arguments: [
            ("", "has 0 bytes"), ("ab", "has 2 bytes"), (String(repeating: "a", count: 64), "has 64 bytes"),
            ("Abc", "has the character \"A\""), ("a_b", "has the character \"_\""), ("a b", "has the character \" \""),
            ("a/b", "has the character \"/\""), ("äbc", "has the character \"ä\""),
            ("a\0b", "has the character \"\\0\""),
            ("-ab", "begins with '-'"), ("ab-", "ends with '-'"), (".ab", "begins with '.'"), ("ab.", "ends with '.'"),
            ("a..b", "has two dots in a row"), ("192.168.5.4", "looks like an IP address"),
            ("999.1.1.1", "looks like an IP address"),
        ])
    func noBuckets(_ name: String, _ reason: String) {
        let error = refusal { try BucketRules.check(name) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(error?.remedy != nil)
        #expect(error?.details.bucket == name)
    }

    @Test(
        "Buckets that cannot be created",
        arguments: [
            "xn--abc", "sthree-abc", "sthree-configurator-x", "amzn-s3-demo-bucket", "abc-s3alias", "abc--ol-s3",
            "abc.mrap", "abc--usw2-az1--x-s3", "abc--table-s3",
        ])
    func reserved(_ name: String) {
        #expect(refusal { try BucketRules.checkNew(name) }?.message.contains("reserved") == true)
        #expect(refusal { try BucketRules.check(name) } == nil)
    }

    @Test(
        "Keys that everything keeps intact",
        arguments: [
            "a", "/a", "a/b/", "a//b", "...", "a/...", ".hidden", "a b+c=d%41~é🦆", "e\u{301}", "a/.b/..c", " ",
            "\u{301}", String(repeating: "k", count: 1024), String(repeating: "é", count: 512),
        ])
    func keys(_ key: String) {
        #expect(refusal { try KeyRules().check(key) } == nil)
    }

    @Test(
        "Keys that are refused, and why",
        arguments: [
            ("", "is empty"), (String(repeating: "k", count: 1025), "has 1025 bytes"),
            (String(repeating: "é", count: 513), "has 1026 bytes"), ("a\0", "the control character U+0"),
            ("a\nb", "the control character U+A"), ("a\r\nb", "the control character U+D"),
            ("\u{7F}", "the control character U+7F"), (".", "has '.' between slashes"),
            ("a/../b", "has '..' between slashes"), ("../a", "has '..' between slashes"),
            ("a/.", "has '.' between slashes"), ("../\u{301}x", "has '..' between slashes"),
        ])
    func noKeys(_ key: String, _ reason: String) {
        let error = refusal { try KeyRules().check(key, bucket: "b") }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(error?.details.key == key)
        #expect(error?.details.bucket == "b")
    }

    @Test("Each rule of keys can be chosen")
    func options() {
        #expect(refusal { try KeyRules(allowsControlCharacters: true).check("a\nb\0") } == nil)
        #expect(refusal { try KeyRules(allowsDotSegments: true).check("a/../b") } == nil)
        let strict = KeyRules(allowsLeadingSlash: false)
        #expect(refusal { try strict.check("/a") }?.message.contains("begins with '/'") == true)
        #expect(refusal { try strict.check("/\u{301}a") } != nil)
        #expect(refusal { try strict.check("a/b") } == nil)
    }

    @Test("A prefix may be empty; otherwise it is a key")
    func prefixes() {
        #expect(refusal { try KeyRules().check(prefix: "") } == nil)
        #expect(refusal { try KeyRules().check(prefix: "a/b") } == nil)
        #expect(refusal { try KeyRules().check(prefix: "a/../") } != nil)
    }
}
