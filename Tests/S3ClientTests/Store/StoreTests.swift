import ObjectStores
import Testing

@testable import S3Client

@Suite("A store under a prefix of a bucket")
struct StoreTests {
    /// A store under `p/` of a server that follows a script.
    private func serving(
        _ reply: @escaping ScriptedS3.Reply, _ body: (S3ObjectStore) async throws -> Void
    ) async throws {
        try await ScriptedS3.serving(reply) { _, bucket in try await body(S3ObjectStore(bucket, prefix: "p")) }
    }

    @Test("The object of a folder, which is called like the prefix, is no object of the store, nor is an upload to it")
    func folder() async throws {
        try await serving { connection, request, _ in
            let entries = ["p/", "p/a"]
            if request.target.contains("uploads") {
                let uploads = entries.map { "<Upload><Key>\($0)</Key><UploadId>\($0)</UploadId></Upload>" }
                let text = "<IsTruncated>false</IsTruncated>\(uploads.joined())"
                return try connection.succeed([], "<ListMultipartUploadsResult>\(text)</ListMultipartUploadsResult>")
            }
            let rest = "<Size>0</Size><ETag>e</ETag><LastModified>2026-11-20T15:06:01.000Z</LastModified>"
            let objects = entries.map { "<Contents><Key>\($0)</Key>\(rest)</Contents>" }
            let text = "<IsTruncated>false</IsTruncated>\(objects.joined())"
            try connection.succeed([], "<ListBucketResult>\(text)</ListBucketResult>")
        } _: { store in
            let keys = try await store.keys()
            #expect(keys == ["a"])
            let uploads = try await store.uploads(prefix: "").map(\.key)
            #expect(uploads == ["a"])
        }
    }

    @Test("A key that begins with a combining mark is told whole when it cannot be removed")
    func combiningMark() async throws {
        try await serving { connection, _, _ in
            let failure = "<Error><Key>p/\u{301}x</Key><Code>AccessDenied</Code></Error>"
            try connection.succeed([], "<DeleteResult>\(failure)</DeleteResult>")
        } _: { store in
            let failures = try await store.delete(["\u{301}x"], notAfter: nil).failures
            #expect(failures.map { $0.key.map { Array($0.utf8) } } == [Array("\u{301}x".utf8)])
        }
    }

    @Test("A body that breaks is told by its key in the store")
    func brokenBody() async throws {
        try await serving { connection, _, _ in
            try connection.announce(5)
            try connection.write("123")
            throw ScriptedS3.Hangup()
        } _: { store in
            let body = try await store.get("k", GetOptions()).body
            await #expect {
                _ = try await body.collect()
            } throws: {
                ($0 as? ObjectStoreError)?.key == "k"
            }
        }
    }

    @Test(
        "An upload in parts can be ended whatever checksum the client wants, or none",
        arguments: [
            ChecksumAlgorithm.sha256, .crc32c, nil,
        ])
    func checksums(_ checksum: ChecksumAlgorithm?) async throws {
        try await FakeS3.serving { _, _ in
            nil
        } _: {
            $0.checksum = checksum
        } _: { fake, bucket in
            let store = try S3ObjectStore(bucket)
            let upload = try await store.beginUpload("k", ObjectAttributes())
            let parts = [
                try await store.uploadPart(1, of: upload, .text("1")),
                try await store.uploadPart(2, of: upload, .stream(stream([0x32]), length: 1)),
                try await store.uploadPart(3, of: upload, .stream(stream([]), length: 0)),
            ]
            _ = try await store.completeUpload(upload, parts, CompleteOptions())
            #expect(fake.object("k") != nil && fake.uploads == 0)
        }
    }
}
