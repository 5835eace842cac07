import Foundation
import Testing

@testable import S3Client

/// What a test with a scripted server cannot know: that real ones take it.
@Suite("Transfers with real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct RealServerTransferTests {
    private func options(_ change: (inout S3UploadOptions) -> Void = { _ in }) -> S3UploadOptions {
        var options = S3UploadOptions()
        options.partBytes = 8 * mebibyte
        change(&options)
        return options
    }

    @Test("40 MiB go up as a file in parts, and come down in parts and as a stream", arguments: TestServer.all)
    func roundTrip(server: TestServer) async throws {
        try await server.withBucket { bucket in
            try await withFolder { folder in
                let bytes = sample(40 * mebibyte + 1)
                try write("\(folder)/up.json", bytes)
                let log = ProgressLog()
                let result = try await bucket.upload(
                    fileAt: "\(folder)/up.json", to: "a b/ü+%=~",
                    options {
                        $0.progress = log.add
                        $0.attributes.metadata = ["m": "1"]
                    })
                #expect(log.told.last?.bytes == bytes.count && log.told.count == 7)
                let info = try await bucket.head("a b/ü+%=~")
                #expect(info.size == bytes.count && info.etag == result.etag)
                #expect(info.contentType == "application/json" && info.metadata == ["m": "1"])
                #expect(info.etag.rawValue.hasSuffix("-6"))

                try await bucket.download("a b/ü+%=~", toFileAt: "\(folder)/parts")
                #expect(try read("\(folder)/parts") == bytes)
                var whole = S3DownloadOptions()
                whole.threshold = 1 << 30
                try await bucket.download("a b/ü+%=~", toFileAt: "\(folder)/whole", whole)
                #expect(try read("\(folder)/whole") == bytes)
                let uploads = try await bucket.uploads().collect()
                #expect(uploads.isEmpty)
            }
        }
    }

    @Test("A stream of unknown length goes up, small and in parts", arguments: TestServer.all)
    func unknownLength(server: TestServer) async throws {
        try await server.withBucket { bucket in
            for count in [0, 100, 20 * mebibyte] {
                let bytes = sample(count)
                try await bucket.upload("k", .stream(stream(bytes)), options())
                let stored = try await bucket.bytes("k")
                #expect(stored == bytes)
            }
        }
    }

    @Test("An upload whose stream failed is resumed with the parts that are missing", arguments: TestServer.all)
    func resuming(server: TestServer) async throws {
        struct Broken: Error {}
        try await server.withBucket { bucket in
            let bytes = sample(30 * mebibyte)
            let log = ProgressLog()
            let broken = ByteStream {
                var offset = 0
                return {
                    // The part before was acknowledged: no more than one is sent at once.
                    if offset == 24 * mebibyte { throw Broken() }
                    defer { offset += 8 * mebibyte }
                    return Array(bytes[offset..<offset + 8 * mebibyte])
                }
            }
            await #expect(throws: Broken.self) {
                try await bucket.upload(
                    "k", .stream(broken, length: bytes.count),
                    options {
                        $0.concurrency = 1
                        $0.keepsOnFailure = true
                        $0.progress = log.add
                    })
            }
            let upload = try #require(log.told.last?.upload)
            let before = try await bucket.parts(of: upload)
            #expect(!before.isEmpty)
            let found = try await bucket.uploads().collect().map(\.id)
            #expect(found == [upload.id])
            try await bucket.upload("k", .bytes(bytes), options { $0.resuming = upload })
            let stored = try await bucket.bytes("k")
            #expect(stored == bytes)
        }
    }

    @Test("A cancelled upload leaves none behind", arguments: TestServer.all)
    func cancellation(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let begun = Counter()
            let upload = Task {
                try await bucket.upload(
                    "k", .bytes(sample(40 * mebibyte)),
                    options { $0.progress = { if $0.bytes > 0 { begun.add() } } })
            }
            await begun.wait(for: 1)
            upload.cancel()
            await #expect(throws: CancellationError.self) { try await upload.value }
            let uploads = try await bucket.uploads().collect()
            #expect(uploads.isEmpty)
            let exists = try await bucket.exists("k")
            #expect(!exists)
        }
    }

    @Test("A conditional end holds, or is refused before anything is sent", arguments: TestServer.all)
    func conditions(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let bytes = sample(17 * mebibyte)
            guard server.dialect.canCompleteConditionally else {
                let error = try await s3Failure {
                    try await bucket.upload("k", .bytes(bytes), options { $0.mode = .create })
                }
                #expect(error.code == .unsupported)
                return
            }
            let first = try await bucket.upload("k", .bytes(bytes), options { $0.mode = .create })
            for mode in [PutMode.create, .ifMatch(ETag(rawValue: "00000000000000000000000000000000"))] {
                let error = try await s3Failure {
                    try await bucket.upload("k", .bytes(bytes), options { $0.mode = mode })
                }
                #expect(error.code == .preconditionFailed)
            }
            try await bucket.upload("k", .bytes(bytes), options { $0.mode = .ifMatch(first.etag) })
            let uploads = try await bucket.uploads().collect()
            #expect(uploads.isEmpty)
        }
    }

    @Test("A copy in parts has the bytes and the attributes of its source", arguments: TestServer.all)
    func copyParts(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let bytes = sample(12 * mebibyte)
            let attributes = S3Attributes(contentType: "x/y", metadata: ["m": "1"])
            try await bucket.put("source +", .bytes(bytes), S3PutOptions(attributes: attributes))
            let info = try await bucket.head("source +")
            try await bucket.copyParts(
                info, bucket, "target", S3CopyOptions(), partBytes: 5 * mebibyte, concurrency: 2)
            let copy = try await bucket.head("target")
            #expect(copy.size == bytes.count && copy.contentType == "x/y" && copy.metadata == ["m": "1"])
            let stored = try await bucket.bytes("target")
            #expect(stored == bytes)
            let small = try await bucket.copyLarge("source +", to: "other")
            #expect(small.etag == info.etag)
        }
    }

    @Test("An end whose answer never came is found by what it made", arguments: TestServer.all)
    func repeatedEnd(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let upload = try await bucket.beginUpload("k")
            let part = try await bucket.uploadPart(1, of: upload, .bytes([1, 2, 3]))
            try await bucket.completeUpload(upload, [part])
            // What a second request gets after the first one's answer was lost: success once more, or no such upload.
            do {
                try await bucket.completeUpload(upload, [part])
            } catch let error as S3Error {
                #expect(error.isNoSuchUpload)
            }
            let etag = try await bucket.head("k").etag
            #expect(etag.quoted == EntityTag.ofParts([part.etag.rawValue]))
            try await bucket.abortUpload(upload)
            let error = try await s3Failure { _ = try await bucket.parts(of: upload) }
            #expect(error.isNoSuchUpload)
        }
    }
}
