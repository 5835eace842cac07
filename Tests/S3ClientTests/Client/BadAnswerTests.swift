import Testing

@testable import S3Client

@Suite("Client: answers that are not what they should be", .timeLimit(.minutes(10)))
struct BadAnswerTests {
    @Test(
        "A body that ends too soon is asked for again, and is truncated when it always does", arguments: [true, false])
    func truncated(isAlways: Bool) async throws {
        try await ScriptedS3.serving { connection, _, number in
            guard isAlways || number == 1 else { return try connection.succeed([], "12345") }
            try connection.announce(5)
            try connection.write("123")
            throw ScriptedS3.Hangup()
        } _: { server, bucket in
            if isAlways {
                let error = try await s3Failure { _ = try await bucket.bytes("k") }
                #expect(error.code == .truncated && error.isRetryable && error.details.key == "k")
                #expect(server.requests.count == 3)
            } else {
                let bytes = try await bucket.bytes("k")
                #expect(text(bytes) == "12345")
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test(
        "A body that is not that of its checksum is asked for again, and refused when it always is",
        arguments: [true, false])
    func checksum(isAlways: Bool) async throws {
        let right = Checksum(.crc32c, of: Array("right".utf8)).headerField
        try await ScriptedS3.serving { connection, _, number in
            try connection.succeed(["\(right.name): \(right.value)"], isAlways || number == 1 ? "wrong" : "right")
        } _: { server, bucket in
            if isAlways {
                let error = try await s3Failure { _ = try await bucket.bytes("k") }
                #expect(error.code == .checksumMismatch && error.message.contains("CRC32C"))
                #expect(server.requests.count == 3)
            } else {
                let bytes = try await bucket.bytes("k")
                #expect(text(bytes) == "right")
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test("A stream that is not that of its checksum fails at its end", arguments: ChecksumAlgorithm.allCases)
    func streamedChecksum(algorithm: ChecksumAlgorithm) async throws {
        let right = Checksum(algorithm, of: Array("right".utf8)).headerField
        try await ScriptedS3.serving { connection, _, _ in
            try connection.succeed(["\(right.name): \(right.value)"], "wrong")
        } _: { _, bucket in
            let error = try await s3Failure { _ = try await bucket.get("k").bytes() }
            #expect(error.code == .checksumMismatch)
        }
    }

    @Test("What comes behind the announced end of a body is neither its part nor the next answer")
    func larger() async throws {
        try await ScriptedS3.serving { connection, _, number in
            try connection.announce(5)
            try connection.write(number == 1 ? "12345HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong" : "67890")
        } _: { _, bucket in
            let first = try await bucket.bytes("a")
            let second = try await bucket.bytes("b")
            #expect(text(first) == "12345" && text(second) == "67890")
        }
    }

    @Test("A body with more bytes than its range, or fewer, is none", arguments: [4, 6])
    func range(announced: Int) async throws {
        try await ScriptedS3.serving { connection, _, _ in
            try connection.answer(
                "206 Partial Content", ["ETag: \"e\"", "Content-Range: bytes 0-4/9"],
                body: [UInt8](repeating: 1, count: announced))
        } _: { _, bucket in
            let options = S3GetOptions(range: .closed(0...4))
            let error = try await s3Failure { _ = try await bucket.get("k", options).bytes() }
            #expect(error.code == .truncated)
        }
    }

    @Test("More bytes than the caller takes are refused at once, and not asked for again")
    func limit() async throws {
        try await ScriptedS3.serving { connection, _, _ in
            try connection.succeed([], "12345")
        } _: { server, bucket in
            let error = try await s3Failure { _ = try await bucket.bytes("k", limit: 4) }
            #expect(error.code == .malformedAnswer && !error.isRetryable)
            #expect(server.requests.count == 1)
        }
    }

    @Test(
        "A listing that cannot be read is asked for again, and told when it stays so",
        arguments: [
            "", "<html><body>Sign in</body></html>", "<ListBucketResult><Contents><Key>a</Key>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><EncodingType>url</EncodingType><CommonPrefixes><Prefix>%4</Prefix></CommonPrefixes>"
                + "</ListBucketResult>",
            "<ListBucketResult></ListBucketResult><more/>",
        ], [true, false])
    func listing(_ body: String, isAlways: Bool) async throws {
        try await ScriptedS3.serving { connection, _, number in
            try connection.succeed(
                [], isAlways || number == 1 ? body : "<ListBucketResult></ListBucketResult>")
        } _: { server, bucket in
            if isAlways {
                let error = try await s3Failure { _ = try await bucket.list() }
                #expect(error.code == .malformedAnswer && error.details.bucket == "bucket")
                #expect(server.requests.count == 3)
            } else {
                let page = try await bucket.list()
                #expect(page.objects.isEmpty && server.requests.count == 2)
            }
        }
    }

    @Test("An error in an answer of status 200 is an error: a copy is tried again, a conditional one is unknown")
    func lateError() async throws {
        try await ScriptedS3.serving { connection, request, number in
            if number == 2 {
                return try connection.succeed([], "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>")
            }
            try connection.succeed([], "<Error><Code>InternalError</Code></Error>")
        } _: { server, bucket in
            let result = try await bucket.copy("a", to: "b")
            #expect(result.etag.rawValue == "e" && server.requests.count == 2)
            let error = try await s3Failure { try await bucket.copy("a", to: "b", S3CopyOptions(mode: .create)) }
            #expect(error.code == .outcomeUnknown && error.mayHaveTakenEffect)
            #expect(server.requests.count == 3)
        }
    }

    @Test("A store that asks for fewer requests is asked again as often as allowed, and its wish is told")
    func slowDown() async throws {
        try await ScriptedS3.serving { connection, request, _ in
            try connection.refuse(request, 503, "SlowDown", ["Retry-After: 3600"])
        } _: { server, bucket in
            let error = try await s3Failure { try await bucket.put("k", .text("x")) }
            #expect(error.code == .slowDown && error.isRetryable && error.details.retryAfter == .seconds(3600))
            #expect(server.methods == ["PUT", "PUT", "PUT"])
        }
    }
}
