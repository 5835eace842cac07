import CairnCore
import Foundation
import ScriptedHTTP
import Testing

@testable import S3Client

@Suite("A store that asks its server before the first write")
struct ProbingStoreTests {
    /// Calls with a store on a bucket with habits.
    private func withStore(
        _ change: (inout ScriptedBucket.Habits) -> Void = { _ in }, isSingleWriter: Bool = false,
        encryption: S3Encryption? = nil, credentials: CredentialsSource? = nil,
        _ body: (ScriptedBucket, ProbingObjectStore) async throws -> Void
    ) async throws {
        let bucket = try ScriptedBucket(change)
        var options = S3ClientOptions(
            endpoint: try S3Endpoint(bucket.endpoint), region: "us-east-1",
            credentials: credentials ?? .explicit(Credentials(accessKey: "key", secretKey: "secret")))
        options.retries = .never
        let client = try S3Client(options)
        let store = try S3ObjectStore(client.bucket(ScriptedBucket.name), prefix: "atlas", encryption: encryption)
        let probing = ProbingObjectStore(store, of: store, isSingleWriter: isSingleWriter)
        try await body(bucket, probing)
        await client.close()
    }

    private func refusal(_ body: () async throws -> Void) async throws -> ObjectStoreError {
        try #require(await #expect(throws: ObjectStoreError.self) { try await body() })
    }

    @Test("Reading asks nothing but what is read; the first write asks once, in eight requests, and leaves nothing")
    func once() async throws {
        try await withStore { bucket, store in
            _ = try? await store.get("a")
            _ = try await store.keys()
            #expect(bucket.calls == ["GET atlas/a", "GET ?atlas/"])
            try await store.put("a", [1], mode: .create)
            #expect(bucket.calls.count == 2 + 8 + 1)
            #expect(bucket.keys == ["atlas/a"])
            try await store.delete("a")
            try await store.prepareWriting()
            #expect(bucket.calls.count == 2 + 8 + 2)
            let probed = bucket.calls[2..<10]
            #expect(
                probed.map { $0.prefix { $0 != " " } } == ["PUT", "PUT", "PUT", "PUT", "PUT", "PUT", "GET", "POST"])
            #expect(probed.dropLast().allSatisfy { $0.contains("atlas/.cairn-doctor-") })
        }
    }

    @Test("Many first writes at once ask once")
    func together() async throws {
        try await withStore { bucket, store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 { group.addTask { try await store.put("a\(number)", [1]) } }
                try await group.waitForAll()
            }
            #expect(bucket.calls.count == 8 + 8)
        }
    }

    @Test("What is found becomes the capabilities: conditions, fences, ETags, the form of If-Match")
    func capabilities() async throws {
        try await withStore({ $0.wantsUnquoted = true }) { bucket, store in
            #expect(store.capabilities.canDeleteConditionally)
            let found = try await store.prepareWriting()
            #expect(found == store.capabilities)
            #expect(found.canCreate && found.canCompareAndSwap && found.canFence && found.isListingOrdered)
            // Not asked, so not relied on.
            #expect(!found.canDeleteConditionally && !found.canCopyConditionally && !found.canCompleteConditionally)
            #expect(found.etags == .ofContent)
            #expect(bucket.calls.count == 9)
            let first = try await store.put("a", [1])
            _ = try await store.put("a", .bytes([2]), PutOptions(mode: .ifMatch(first.etag)))
        }
        try await withStore({ $0.takesOldDates = true }) { _, store in
            #expect(store.capabilities.canFence)
            let found = try await store.prepareWriting()
            #expect(!found.canFence)
            let late = try await refusal { try await store.put("a", [1], mode: .create, notAfter: .now) }
            #expect(late.code == .unsupported)
        }
        try await withStore(credentials: .anonymous) { _, store in
            let found = try await store.prepareWriting()
            #expect(!found.canFence)
        }
    }

    @Test("A server that writers cannot rely on is refused by name, with what it does and what helps")
    func refused() async throws {
        typealias Change = @Sendable (inout ScriptedBucket.Habits) -> Void
        let cases: [(Change, String, Bool)] = [
            ({ $0.keepsCreate = false }, "writes over what is there although 'If-None-Match: *' forbids it", true),
            ({ $0.writesWhatItRefuses = true }, "does not keep 'If-Match'", true),
            ({ $0.keepsSwap = false }, "does not keep 'If-Match'", true),
            ({ $0.foldsCase = true }, "changes keys, or loses some", false),
            ({ $0.losesPlus = true }, "changes keys, or loses some", false),
            ({ $0.listsBackwards = true }, "does not list keys in the order of their bytes", false),
        ]
        for (change, says, isWriterMatter) in cases {
            try await withStore(change) { bucket, store in
                let error = try await refusal { try await store.put("a", [1]) }
                #expect(error.code == .unsupported)
                #expect(error.message.hasPrefix("the server 'Scripted/1' at \(bucket.endpoint) \(says)"), "\(error)")
                #expect(error.message.contains("in the bucket 'photos'"))
                #expect(error.remedy?.contains("cairn s3 doctor") == true)
                #expect(error.remedy?.contains("single_writer=true") == isWriterMatter)
                #expect(bucket.keys == [])
                let calls = bucket.calls.count
                _ = try await refusal { try await store.delete("a") }
                #expect(bucket.calls.count == calls, "the verdict stands")
            }
            try await withStore(change, isSingleWriter: true) { _, store in
                if isWriterMatter {
                    try await store.put("a", [1])
                } else {
                    _ = try await refusal { try await store.put("a", [1]) }
                }
            }
        }
    }

    @Test("Who cannot be asked is asked again with the next write")
    func again() async throws {
        try await withStore({ $0.isWritable = false }) { bucket, store in
            for _ in 0..<2 {
                let error = try await refusal { try await store.put("a", [1]) }
                #expect(error.code == .accessDenied)
            }
            #expect(bucket.calls.count == 2)
        }
    }

    @Test("An answer to the probe that is lost says nothing of the write that waits for it")
    func lostAnswer() async throws {
        let attempts = Lock(0)
        let server = try LoopbackServer { connection in
            guard try connection.readRequest() != nil else { return }
            attempts.withLock { $0 += 1 }
            connection.resetAtEnd()
        }
        defer { server.stop() }
        var options = S3ClientOptions(
            endpoint: try S3Endpoint("http://127.0.0.1:\(server.port)"), region: "us-east-1",
            credentials: .explicit(Credentials(accessKey: "key", secretKey: "secret")))
        options.retries = .never
        let client = try S3Client(options)
        let store = try S3ObjectStore(client.bucket("photos"))
        let probing = ProbingObjectStore(store, of: store, isSingleWriter: false)
        let error = try await refusal { try await probing.put("a", [1], mode: .create) }
        #expect(error.code == .network && error.isRetryable && !error.mayHaveTakenEffect && error.key == nil)
        #expect(attempts.withLock { $0 } > 0)
        await client.close()
    }

    @Test("What is written is encrypted as the store says, and so is what the server is asked with")
    func encryption() async throws {
        try await withStore(encryption: .kms(keyID: "alias/key")) { bucket, store in
            try await store.put("a", [1])
            let puts = bucket.server.requests.filter { $0.method == "PUT" }
            #expect(puts.count == 7)
            for put in puts {
                #expect(put.field("x-amz-server-side-encryption") == "aws:kms")
                #expect(put.field("x-amz-server-side-encryption-aws-kms-key-id") == "alias/key")
            }
        }
        let client = try S3Client(S3ClientOptions(endpoint: S3Endpoint("http://127.0.0.1:9"), credentials: .anonymous))
        let key = try CustomerKey([UInt8](repeating: 1, count: 32))
        #expect(throws: ObjectStoreError.self) {
            try S3ObjectStore(client.bucket("photos"), encryption: .customerKey(key))
        }
        let bucket = try client.bucket("photos")
        bucket.dialect.hasMD5ETags = true
        #expect(try S3ObjectStore(bucket, encryption: .aes256).capabilities.etags == .md5)
        #expect(try S3ObjectStore(bucket, encryption: .kms()).capabilities.etags == .ofContent)
    }

    @Test("A bucket that takes only what says how it is encrypted is asked so, and who says nothing is refused")
    func demandedEncryption() async throws {
        try await withStore({ $0.demandsEncryption = true }, encryption: .aes256) { bucket, store in
            let found = try await store.prepareWriting()
            #expect(found.canCreate && found.canCompareAndSwap && found.canFence)
            try await store.put("a", [1], mode: .create)
            #expect(bucket.keys == ["atlas/a"])
        }
        try await withStore({ $0.demandsEncryption = true }) { bucket, store in
            let error = try await refusal { try await store.put("a", [1]) }
            #expect(error.code == .accessDenied)
            #expect(bucket.keys == [])
        }
    }

    @Test(
        "Real servers are found to do what they do, in few requests",
        .enabled(if: [TestServer.ministack, .ceph, .rclone].contains { $0 != nil }))
    func servers() async throws {
        for server in [TestServer.ministack, .ceph, .rclone].compactMap(\.self) {
            let client = try server.client()
            let bucket = try await client.createBucket(TestServer.bucketName())
            let report = try await bucket.probeWriting("some/place")
            #expect(report.requests == (server.name == "ceph" ? 9 : 8), "\(server.name): \(report)")
            #expect(report.leftovers == [])
            #expect(report.dialect.canCreate == (server.name != "rclone"))
            #expect(report.dialect.canCompareAndSwap == (server.name != "rclone"))
            #expect(report.dialect.enforcesDates == (server.name != "ministack"), "\(server.name): \(report)")
            #expect(report.dialect.hasMD5ETags && report.dialect.listsInOrder)
            #expect(report.dialect.wantsUnquotedIfMatch == (server.name == "rclone" ? nil : server.name == "ceph"))
            #expect(try await bucket.objects().collect().map(\.key) == [])
            let store = try S3ObjectStore(bucket, prefix: "a")
            let probing = ProbingObjectStore(store, of: store, isSingleWriter: false)
            if server.name == "rclone" {
                let error = try await refusal { try await probing.prepareWriting() }
                #expect(error.code == .unsupported && error.message.contains("If-None-Match"), "\(error)")
            } else {
                try await probing.prepareWriting()
            }
            try await client.deleteBucket(bucket.name)
            await client.close()
        }
    }
}
