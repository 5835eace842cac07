import CairnCore
import Foundation
import ObjectStoreConformance
import Testing

@testable import S3Client

@Suite("Objects of real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct ObjectTests {
    @Test("An object is stored, looked at, read whole and in parts, and removed", arguments: TestServer.all)
    func life(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let result = try await bucket.put("a/b.json", .text("0123456789"))
            #expect(result.etag.rawValue == "781e5e245d69b566979b86e28d23f2c7")
            let info = try await bucket.head("a/b.json")
            #expect(info.size == 10 && info.etag == result.etag && info.contentType == "application/json")
            #expect(info.lastModified != nil && info.serverDate != nil && info.answer.requestID != nil)
            let object = try await bucket.get("a/b.json")
            let read = try await object.text()
            #expect(read == "0123456789" && object.info.etag == result.etag && object.range == 0..<10)
            let ranges: [(ByteRange, Range<Int>)] = [
                (.closed(0...0), 0..<1), (.closed(3...5), 3..<6), (.closed(8...99), 8..<10), (.from(9), 9..<10),
                (.suffix(3), 7..<10), (.suffix(99), 0..<10),
            ]
            for (range, wanted) in ranges {
                let part = try await bucket.get("a/b.json", S3GetOptions(range: range))
                let bytes = try await part.bytes()
                #expect(
                    part.range == wanted && part.info.size == 10 && bytes == Array(Array("0123456789".utf8)[wanted]))
            }
            let error = try await s3Failure { _ = try await bucket.bytes("a/b.json", S3GetOptions(range: .from(10))) }
            #expect(error.code == .range)
            try await bucket.delete("a/b.json")
            let isThere = try await bucket.exists("a/b.json")
            #expect(!isThere)
            try await bucket.delete("a/b.json")
        }
    }

    @Test("An object that is not there is told as such, whatever is asked of it", arguments: TestServer.all)
    func missing(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let askings: [@Sendable () async throws -> Void] = [
                { _ = try await bucket.bytes("k") }, { _ = try await bucket.get("k") },
                { _ = try await bucket.head("k") }, { _ = try await bucket.tags("k") },
                { try await bucket.setTags("k", ["a": "b"]) },
                { try await bucket.download("k", toFileAt: "/tmp/\(UUID().uuidString)") },
            ]
            for asking in askings {
                let error = try await s3Failure { try await asking() }
                #expect(error.code == .noSuchKey && error.details.key == "k" && error.details.bucket == bucket.name)
            }
            let error = try await s3Failure { try await bucket.copy("a +", to: "k") }
            #expect(error.code == .noSuchKey && error.details.key == "a +")
        }
    }

    @Test("What is read on a condition is that version, or another, or nothing", arguments: TestServer.all)
    func readConditions(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let old = try await bucket.put("k", .text("old")).etag
            let new = try await bucket.put("k", .text("new")).etag
            for (conditions, code) in [
                (ReadConditions(ifMatch: new), nil), (ReadConditions(ifMatch: old), S3Error.Code.preconditionFailed),
                (ReadConditions(ifNoneMatch: old), nil), (ReadConditions(ifNoneMatch: new), .notModified),
            ] {
                for isHead in [true, false] {
                    do {
                        let options = S3GetOptions(conditions: conditions)
                        let etag =
                            isHead
                            ? try await bucket.head("k", options).etag : try await bucket.get("k", options).info.etag
                        #expect(code == nil && etag == new)
                    } catch let error as S3Error {
                        #expect(error.code == code, "\(error)")
                    }
                }
            }
        }
    }

    @Test("The client learns by itself how the server wants conditions, and they hold", arguments: TestServer.all)
    func writeConditions(server: TestServer) async throws {
        try await server.withBucket { bucket in
            bucket.dialect = S3Dialect()
            let first = try await bucket.put("k", .text("1"), S3PutOptions(mode: .create)).etag
            let second = try await bucket.put("k", .text("2"), S3PutOptions(mode: .ifMatch(first))).etag
            #expect(bucket.dialect.wantsUnquotedIfMatch == server.dialect.wantsUnquotedIfMatch)
            for mode in [PutMode.create, .ifMatch(first)] {
                let error = try await s3Failure { try await bucket.put("k", .text("3"), S3PutOptions(mode: mode)) }
                #expect(error.code == .preconditionFailed && !error.mayHaveTakenEffect)
            }
            let nothing = try await s3Failure {
                try await bucket.put("other", .text("3"), S3PutOptions(mode: .ifMatch(first)))
            }
            let isPlain = server.quirks.conditionOnNothing == .notFound
            #expect(nothing.code == (isPlain ? .noSuchKey : .preconditionFailed))
            let info = try await bucket.head("k")
            #expect(info.etag == second)
        }
    }

    @Test(
        "2,500 objects are removed in three requests, and those that are not there with them", arguments: TestServer.all
    )
    func deleteMany(server: TestServer) async throws {
        let requests = Counter()
        try await server.withBucket {
            $0.trace = { if $0.operation == "DeleteObjects" { requests.add() } }
        } _: { bucket in
            let keys = (0..<2498).map { "many/\($0)" } + ["many/ü +%2F&<>", "many//"]
            try await concurrently(keys.count) { try await bucket.put(keys[$0], .bytes([])) }
            try await bucket.put("kept", .bytes([]))
            let failures = try await bucket.delete(contentsOf: keys + ["many/not there"])
            #expect(failures.isEmpty && requests.value == 3)
            let rest = try await bucket.objects().collect().map(\.key)
            #expect(rest == ["kept"])
        }
    }

    @Test(
        "A copy goes within a bucket and into another, with what the source has or with other",
        arguments: TestServer.all)
    func copy(server: TestServer) async throws {
        try await server.withBucket { source in
            let target = try await source.client.createBucket(TestServer.bucketName())
            var attributes = S3Attributes(contentType: "x/y", cacheControl: "no-store", metadata: ["m": "ü"])
            attributes.tags = ["a": "1"]
            let etag = try await source.put("from", .text("bytes"), S3PutOptions(attributes: attributes)).etag
            for bucket in [source, target] {
                let result = try await bucket.copy("from", of: source, to: "same")
                #expect(result.etag == etag && result.lastModified != nil)
                let same = try await bucket.head("same")
                #expect(same.contentType == "x/y" && same.cacheControl == "no-store" && same.metadata == ["m": "ü"])
                let tags = try await bucket.tags("same")
                #expect(tags == ["a": "1"])

                var other = S3Attributes(metadata: ["n": "2"])
                other.tags = ["b": "2"]
                try await bucket.copy("from", of: source, to: "other.txt", S3CopyOptions(attributes: other))
                let info = try await bucket.head("other.txt")
                #expect(info.contentType == "text/plain" && info.cacheControl == nil && info.metadata == ["n": "2"])
                if server.habits.keepsTagsOfCopy {
                    let otherTags = try await bucket.tags("other.txt")
                    #expect(otherTags == ["b": "2"])
                }
                let bytes = try await bucket.bytes("other.txt")
                #expect(text(bytes) == "bytes")
            }
            // Onto itself: the way to change attributes.
            try await source.copy("from", to: "from", S3CopyOptions(attributes: S3Attributes(metadata: ["n": "3"])))
            let info = try await source.head("from")
            #expect(info.metadata == ["n": "3"] && info.etag == etag)
            let left = try await source.tags("from")
            #expect(left == [:])
            try await TestServer.remove(target)
        }
    }

    @Test(
        "A copy that names another version of its source is refused, where the server looks", arguments: TestServer.all)
    func copyCondition(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let old = try await bucket.put("from", .text("old")).etag
            let new = try await bucket.put("from", .text("new")).etag
            let isChecked = server.dialect.checksCopySource
            if isChecked { try await bucket.copy("from", to: "to", S3CopyOptions(sourceIfMatch: new)) }
            let error = try await s3Failure {
                try await bucket.copy("from", to: "other", S3CopyOptions(sourceIfMatch: old))
            }
            #expect(error.code == (isChecked ? .preconditionFailed : .unsupported))
            let isThere = try await bucket.exists("other")
            #expect(!isThere)
        }
    }

    @Test(
        "A stream of signed chunks is stored, around the size of a chunk, too", arguments: TestServer.all,
        [0, 1, 65_535, 65_536, 65_537, mebibyte + 3])
    func signedChunks(server: TestServer, count: Int) async throws {
        try await server.withBucket { bucket in
            let bytes = sample(count)
            let body = ObjectBody.stream(stream(bytes, chunk: 10_007), length: count)
            let attributes = S3Attributes(contentEncoding: "x-own")
            let result = try await bucket.put("k", body, S3PutOptions(attributes: attributes))
            let info = try await bucket.head("k")
            #expect(info.etag == result.etag && info.size == count && info.contentEncoding == "x-own")
            let stored = try await bucket.bytes("k")
            #expect(stored == bytes)
        }
    }

    @Test(
        "A stream with its checksum behind it is stored, or refused by a server that takes none",
        arguments: TestServer.all)
    func trailers(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let bytes = sample(100_000)
            for algorithm in ChecksumAlgorithm.allCases {
                let body = ObjectBody.stream(stream(bytes), length: bytes.count)
                do {
                    try await bucket.put("k", body, S3PutOptions(checksum: algorithm))
                    #expect(server.habits.takesTrailers)
                    let stored = try await bucket.bytes("k")
                    #expect(stored == bytes)
                } catch let error as S3Error {
                    #expect(!server.habits.takesTrailers, "\(error)")
                    let isThere = try await bucket.exists("k")
                    #expect(!isThere)
                }
            }
        }
    }

    @Test("A stream that breaks stores nothing, and leaves what was there", arguments: TestServer.all, [10, 300_000])
    func brokenStream(server: TestServer, count: Int) async throws {
        struct Broken: Error {}
        try await server.withBucket { bucket in
            try await bucket.put("k", .text("old"))
            let broken = ByteStream {
                var isFirst = true
                return {
                    guard isFirst else { throw Broken() }
                    isFirst = false
                    return sample(count)
                }
            }
            await #expect(throws: Broken.self) { try await bucket.put("k", .stream(broken, length: 2 * count)) }
            let stored = try await bucket.bytes("k")
            #expect(text(stored) == "old")
        }
    }
}
