import Testing

@testable import S3Client

@Suite("Client: buckets in other regions", .timeLimit(.minutes(10)))
struct RegionTests {
    /// How a server says that a bucket is elsewhere.
    struct Hint: Sendable, CustomTestStringConvertible {
        let status: Int
        let code: String
        var fields: [String] = []
        var more = ""
        var testDescription: String { "\(status) \(code)" }
    }

    static let header = "x-amz-bucket-region: eu-west-1"

    @Test(
        "The region a server names is learned: the request is signed again for it, and later ones at once",
        arguments: [
            Hint(status: 301, code: "PermanentRedirect", fields: [RegionTests.header]),
            Hint(status: 307, code: "TemporaryRedirect", fields: [RegionTests.header]),
            Hint(status: 400, code: "AuthorizationHeaderMalformed", more: "<Region>eu-west-1</Region>"),
            Hint(status: 400, code: "IllegalLocationConstraintException", fields: [RegionTests.header]),
        ])
    func learned(_ hint: Hint) async throws {
        try await ScriptedS3.serving { connection, request, _ in
            guard request.field("Authorization")?.contains("/us-east-1/") == true else {
                return try connection.succeed()
            }
            try connection.refuse(request, hint.status, hint.code, hint.fields, more: hint.more)
        } _: { server, bucket in
            try await bucket.put("k", .text("body"))
            #expect(server.regions == ["us-east-1", "eu-west-1"])
            #expect(server.requests.allSatisfy { $0.body == Array("body".utf8) })
            _ = try await bucket.head("k")
            // Other buckets are where they were.
            try await bucket.client.bucket("other").put("k", .text("body"))
            #expect(server.regions.dropFirst(2) == ["eu-west-1", "us-east-1", "eu-west-1"])
        }
    }

    @Test("A HEAD, whose answer has no body, learns the region from a header", arguments: [301, 400])
    func head(status: Int) async throws {
        try await ScriptedS3.serving { connection, request, number in
            if number == 2 { return try connection.succeed() }
            try connection.refuse(request, status, "", [RegionTests.header])
        } _: { server, bucket in
            let exists = try await bucket.exists("k")
            #expect(exists && server.regions == ["us-east-1", "eu-west-1"])
        }
    }

    @Test("A server that sends elsewhere for ever is given up after one other region")
    func loop() async throws {
        try await ScriptedS3.serving { connection, request, number in
            try connection.refuse(request, 301, "PermanentRedirect", ["x-amz-bucket-region: region-\(number)"])
        } _: { server, bucket in
            let error = try await s3Failure { _ = try await bucket.bytes("k") }
            #expect(error.code == .wrongRegion && error.details.region == "region-2")
            #expect(server.regions == ["us-east-1", "region-1"])
        }
    }

    @Test("A stream that can be read once is not sent to another region, which the error names")
    func stream() async throws {
        try await ScriptedS3.serving { connection, request, _ in
            try connection.refuse(request, 301, "PermanentRedirect", [RegionTests.header])
        } _: { server, bucket in
            let body = ObjectBody.stream(ByteStream(chunks: [[1, 2, 3]]), length: 3)
            let error = try await s3Failure { try await bucket.put("k", body) }
            #expect(error.code == .wrongRegion && error.details.region == "eu-west-1")
            #expect(server.requests.count == 1)
        }
    }
}
