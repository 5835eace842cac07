import Testing

@testable import S3Client

/// An answer to HEAD has no body to tell whether the object is missing, or the bucket.
@Suite("Client: buckets that may not be there", .timeLimit(.minutes(10)))
struct MissingBucketTests {
    private func serving(
        bucket status: Int, _ body: (ScriptedS3, S3Bucket) async throws -> Void
    ) async throws {
        try await ScriptedS3.serving(
            { connection, request, _ in
                let isObject = request.target.hasPrefix("/bucket/") && request.target != "/bucket/"
                if !isObject, status == 200 { return try connection.succeed() }
                try connection.refuse(request, isObject ? 404 : status, "")
            }, body)
    }

    @Test("An object of a bucket that is not there is not just missing")
    func missing() async throws {
        try await serving(bucket: 404) { server, bucket in
            let error = try await s3Failure { _ = try await bucket.exists("k") }
            #expect(error.code == .noSuchBucket && error.details.bucket == "bucket")
            let other = try await s3Failure { _ = try await bucket.head("k") }
            #expect(other.code == .noSuchBucket)
            #expect(server.requests.count == 4)
        }
    }

    @Test("A bucket that is there, or kept from strangers, is asked for once", arguments: [200, 403])
    func there(status: Int) async throws {
        try await serving(bucket: status) { server, bucket in
            for key in ["k", "l"] {
                let exists = try await bucket.exists(key)
                #expect(!exists)
            }
            #expect(server.requests.map(\.target) == ["/bucket/k", "/bucket", "/bucket/l"])
        }
    }

    @Test("A bucket that cannot be asked for leaves the object missing")
    func unknown() async throws {
        try await serving(bucket: 400) { _, bucket in
            let exists = try await bucket.exists("k")
            #expect(!exists)
        }
    }

    @Test("A bucket that answered is not asked for, until it is removed")
    func known() async throws {
        try await ScriptedS3.serving { connection, request, _ in
            if request.method != "HEAD" { return try connection.succeed() }
            try connection.refuse(request, 404, "")
        } _: { server, bucket in
            try await bucket.put("k", .text("x"))
            let exists = try await bucket.exists("k")
            #expect(!exists && server.methods == ["PUT", "HEAD"])
            try await bucket.client.deleteBucket("bucket")
            let error = try await s3Failure { _ = try await bucket.exists("k") }
            #expect(error.code == .noSuchBucket)
        }
    }
}
