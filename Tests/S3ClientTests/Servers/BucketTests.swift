import Foundation
import Testing

@testable import S3Client

@Suite("Buckets of real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct BucketTests {
    @Test("A bucket is made, found, listed and removed", arguments: TestServer.all)
    func life(server: TestServer) async throws {
        let client = try server.client()
        let name = TestServer.bucketName()
        let isThereBefore = try await client.bucketExists(name)
        #expect(!isThereBefore)
        let bucket = try await client.createBucket(name)
        let isThere = try await client.bucketExists(name)
        #expect(isThere)
        let buckets = try await client.buckets()
        let found = try #require(buckets.first { $0.name == name })
        #expect(abs(found.created.timeIntervalSinceNow) < 3600)
        let region = try await bucket.region()
        #expect(!region.isEmpty)
        let page = try await bucket.list()
        #expect(page.objects.isEmpty && page.prefixes.isEmpty && page.continuation == nil)
        try await client.deleteBucket(name)
        let isThereAfter = try await client.bucketExists(name)
        let names = try await client.buckets().map(\.name)
        #expect(!isThereAfter && !names.contains(name))
        await client.close()
    }

    @Test("A bucket that is not empty is not removed", arguments: TestServer.all)
    func full(server: TestServer) async throws {
        try await server.withBucket { bucket in
            try await bucket.put("k", .text("x"))
            let error = try await s3Failure { try await bucket.client.deleteBucket(bucket.name) }
            #expect(error.code == .conflict && error.details.bucket == bucket.name)
            let exists = try await bucket.exists("k")
            #expect(exists)
        }
    }

    /// What is asked of a bucket.
    enum Asking: String, CaseIterable {
        case head, region, versioning, list, versions, uploads, delete, put, get, headObject, exists, deleteMany,
            removal
        case tags, copy, begin

        func run(_ bucket: S3Bucket) async throws {
            switch self {
            case .head: try await bucket.head()
            case .region: _ = try await bucket.region()
            case .versioning: _ = try await bucket.versioning()
            case .list: _ = try await bucket.list()
            case .versions: _ = try await bucket.versions().collect()
            case .uploads: _ = try await bucket.uploads().collect()
            case .delete: try await bucket.client.deleteBucket(bucket.name)
            case .put: try await bucket.put("k", .text("x"))
            case .get: _ = try await bucket.bytes("k")
            case .headObject: _ = try await bucket.head("k")
            case .exists: _ = try await bucket.exists("k")
            case .deleteMany: _ = try await bucket.delete(contentsOf: ["k"])
            case .removal: try await bucket.delete("k")
            case .tags: _ = try await bucket.tags("k")
            case .copy: try await bucket.copy("a", to: "k")
            case .begin: _ = try await bucket.beginUpload("k")
            }
        }
    }

    @Test("A bucket that is not there is told as such, whatever is asked of it", arguments: TestServer.all)
    func missing(server: TestServer) async throws {
        let client = try server.client()
        let bucket = try client.bucket(TestServer.bucketName())
        for asking in Asking.allCases {
            do {
                try await asking.run(bucket)
                Issue.record("\(asking) found a bucket")
            } catch let error as S3Error {
                #expect(error.code == .noSuchBucket, "\(asking): \(error)")
                #expect(error.details.bucket == bucket.name)
            }
        }
        await client.close()
    }
}
