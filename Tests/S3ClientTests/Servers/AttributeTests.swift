import Foundation
import ObjectStoreConformance
import Testing

@testable import S3Client

@Suite("Attributes of objects on real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct AttributeTests {
    @Test("The content type is that of the name, or the one given", arguments: TestServer.all)
    func contentType(server: TestServer) async throws {
        try await server.withBucket { bucket in
            for (key, given, wanted) in [
                ("a/b.PNG", nil, "image/png"), ("page.html", nil, "text/html"),
                ("none", nil, "application/octet-stream"),
                ("page.html", "text/plain; charset=utf-8", "text/plain; charset=utf-8"),
            ] {
                try await bucket.put(key, .text("x"), S3PutOptions(attributes: S3Attributes(contentType: given)))
                let info = try await bucket.head(key)
                #expect(info.contentType == wanted)
            }
        }
    }

    @Test("Header fields that go with an object come back with it", arguments: TestServer.all)
    func headers(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let attributes = S3Attributes(
                contentType: "a/b", cacheControl: "max-age=60, public",
                contentDisposition: "attachment; filename=\"a b.txt\"", contentEncoding: "gzip",
                contentLanguage: "de, en")
            try await bucket.put("k", .text("x"), S3PutOptions(attributes: attributes))
            for info in [try await bucket.head("k"), try await bucket.get("k").info] {
                #expect(info.contentType == "a/b" && info.cacheControl == "max-age=60, public")
                #expect(info.contentDisposition == "attachment; filename=\"a b.txt\"")
                #expect(info.contentEncoding == "gzip" && info.contentLanguage == "de, en")
            }
        }
    }

    @Test("Metadata of any text comes back byte for byte", arguments: TestServer.all)
    func metadata(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let values = [
                "plain", "", " blanks around ", "two  blanks", "ü é e\u{301} 日本語 🦆", "a\nb\tc", "=?UTF-8?B?YQ==?=",
                "\"quoted\"; a=b",
                "%41+%2B", String(repeating: "ü", count: 300),
            ]
            for (index, value) in values.enumerated() {
                let attributes = S3Attributes(metadata: ["Name-\(index)": value, "other": "1"])
                try await bucket.put("k", .text("x"), S3PutOptions(attributes: attributes))
                let metadata = try await bucket.head("k").metadata
                #expect(
                    metadata["other"] == "1" && metadata["name-\(index)"].map { Array($0.utf8) } == Array(value.utf8))
            }
        }
    }

    @Test("Tags are stored with an object, replaced and removed", arguments: TestServer.all)
    func tags(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let key = "a b/ü+"
            let first = ["empty": "", "a b": "c+d=e/f@g", "ü": "日本"]
            try await bucket.put(key, .text("x"), S3PutOptions(attributes: S3Attributes(tags: first)))
            let stored = try await bucket.tags(key)
            #expect(stored == first)
            let second = Dictionary(uniqueKeysWithValues: (0..<10).map { ("key-\($0)", "value \($0)") })
            try await bucket.setTags(key, second)
            let replaced = try await bucket.tags(key)
            #expect(replaced == second)
            try await bucket.removeTags(key)
            let none = try await bucket.tags(key)
            #expect(none.isEmpty)
        }
    }

    @Test("A class of storage is kept, or refused", arguments: TestServer.all)
    func storageClass(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let options = S3PutOptions(attributes: S3Attributes(storageClass: .infrequentAccess))
            if server.quirks.refusesStorageClass {
                let error = try await s3Failure { try await bucket.put("k", .text("x"), options) }
                #expect(error.code == .invalid)
                return
            }
            try await bucket.put("k", .text("x"), options)
            let info = try await bucket.head("k")
            let listed = try await bucket.list().objects.first?.storageClass
            #expect(info.storageClass == .infrequentAccess && listed == .infrequentAccess)
        }
    }

    @Test("An object is encrypted by the server, or refused by one that cannot", arguments: TestServer.all)
    func encryption(server: TestServer) async throws {
        try await server.withBucket { bucket in
            do {
                try await bucket.put("k", .text("x"), S3PutOptions(attributes: S3Attributes(encryption: .aes256)))
                #expect(server.habits.encrypts)
                let info = try await bucket.head("k")
                #expect(info.encryption == "AES256")
            } catch let error as S3Error {
                #expect(!server.habits.encrypts, "\(error)")
            }
        }
    }

    @Test(
        "A checksum is kept with the object, and one of other bytes refused, where the server knows them",
        arguments: TestServer.all, ChecksumAlgorithm.allCases)
    func checksums(server: TestServer, algorithm: ChecksumAlgorithm) async throws {
        try await server.withBucket({ $0.retries = .never }) { bucket in
            let bytes = sample(70_000)
            try await bucket.put("k", .bytes(bytes), S3PutOptions(checksum: algorithm))
            let object = try await bucket.get("k")
            let stored = try await object.bytes()
            #expect(stored == bytes)
            guard server.habits.keepsChecksums else { return #expect(object.info.checksums.isEmpty) }
            #expect(object.info.checksums == [algorithm: Checksum(algorithm, of: bytes).text])
            // Nothing but a request of our own can be wrong in this way.
            var call = try bucket.call("PutObject", "PUT", "k")
            call.body = .bytes(bytes)
            call.headers.append(Checksum(algorithm, of: [1]).headerField)
            let error = try await s3Failure { _ = try await bucket.client.send(call) }
            #expect(error.code == .checksumMismatch)
        }
    }
}
