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

    @Test("A list of buckets that goes on where it was is no list")
    func circularBuckets() async throws {
        try await ScriptedS3.serving { connection, _, _ in
            try connection.succeed(
                [],
                "<ListAllMyBucketsResult><Buckets/><ContinuationToken>again</ContinuationToken></ListAllMyBucketsResult>"
            )
        } _: { _, bucket in
            let error = try await s3Failure { _ = try await bucket.client.buckets() }
            #expect(error.code == .malformedAnswer && error.message.contains("goes on where it was"))
        }
    }

    @Test("The rest of a body that broke is taken from no other version")
    func otherVersion() async throws {
        try await ScriptedS3.serving { connection, _, number in
            guard number == 1 else {
                return try connection.answer(
                    "206 Partial Content", ["ETag: \"f\"", "Content-Range: bytes 5-9/10"], body: Array("67890".utf8))
            }
            try connection.announce(10)
            try connection.write("12345")
            throw ScriptedS3.Hangup()
        } _: { server, bucket in
            let error = try await s3Failure { _ = try await bucket.get("k").bytes() }
            #expect(error.code == .preconditionFailed)
            #expect(server.requests.count == 2)
        }
    }

    /// A range, and what comes for it.
    struct OtherRange: Sendable, CustomTestStringConvertible {
        let wanted: ByteRange?
        let status: String
        let told: String?
        var testDescription: String { "\(wanted?.description ?? "all"): \(told ?? status)" }
    }

    @Test(
        "Other bytes than those asked for are refused",
        arguments: [
            OtherRange(wanted: nil, status: "206 Partial Content", told: "bytes 0-4/9"),
            OtherRange(wanted: .closed(0...4), status: "200 OK", told: nil),
            OtherRange(wanted: .closed(0...4), status: "206 Partial Content", told: "bytes 1-5/9"),
            OtherRange(wanted: .closed(0...5), status: "206 Partial Content", told: "bytes 0-4/9"),
            OtherRange(wanted: .closed(0...4), status: "206 Partial Content", told: "bytes 0-4/*"),
            OtherRange(wanted: .from(3), status: "206 Partial Content", told: "bytes 3-7/9"),
            OtherRange(wanted: .suffix(5), status: "206 Partial Content", told: "bytes 0-4/9"),
        ])
    func otherRange(_ other: OtherRange) async throws {
        try await ScriptedS3.serving { connection, _, _ in
            let told = other.told.map { ["Content-Range: \($0)"] } ?? []
            try connection.answer(other.status, ["ETag: \"e\""] + told, body: [1, 2, 3, 4, 5])
        } _: { server, bucket in
            let options = S3GetOptions(range: other.wanted)
            for asking: () async throws -> Void in [
                { _ = try await bucket.get("k", options).bytes() }, { _ = try await bucket.bytes("k", options) },
            ] {
                let error = try await s3Failure { try await asking() }
                #expect(error.code == .malformedAnswer, "\(error)")
            }
            #expect(server.requests.count == 2)
        }
    }

    @Test(
        "The last bytes of an empty object are none, however that is told",
        arguments: [nil, "bytes */0", "bytes 0--1/0"])
    func emptySuffix(_ told: String?) async throws {
        try await ScriptedS3.serving { connection, _, _ in
            try connection.succeed(told.map { ["Content-Range: \($0)"] } ?? [])
        } _: { _, bucket in
            let options = S3GetOptions(range: .suffix(5))
            let object = try await bucket.get("k", options)
            #expect(object.range == 0..<0 && object.info.size == 0)
            let bytes = try await bucket.bytes("k", options)
            #expect(bytes.isEmpty)
        }
    }

    @Test(
        "An object whose length is not told, or is none, is refused", arguments: ["200 OK", "204 No Content"],
        [nil, "-5"])
    func length(_ status: String, _ told: String?) async throws {
        try await ScriptedS3.serving { connection, _, _ in
            let length = told.map { "Content-Length: \($0)\r\n" } ?? ""
            try connection.write("HTTP/1.1 \(status)\r\nETag: \"e\"\r\nConnection: close\r\n\(length)\r\n")
            throw ScriptedS3.Hangup()
        } _: { _, bucket in
            for asking: () async throws -> Void in [
                { _ = try await bucket.get("k") }, { _ = try await bucket.head("k") },
            ] {
                let error = try await s3Failure { try await asking() }
                #expect(error.code == .malformedAnswer, "\(error)")
            }
        }
    }

    @Test("More bytes than the caller takes are refused, and not asked for again", arguments: [4, 2 << 20])
    func limit(_ limit: Int) async throws {
        try await ScriptedS3.serving { connection, _, _ in
            try connection.succeed([], String(repeating: "x", count: limit + 1))
        } _: { server, bucket in
            let error = try await s3Failure { _ = try await bucket.bytes("k", limit: limit) }
            #expect(error.code == .invalid && error.message.contains("\(limit) bytes") && !error.isRetryable)
            #expect(server.requests.count == 1)
        }
    }

    @Test("Who takes few bytes is told what is wrong in as many as that needs")
    func limitedError() async throws {
        try await ScriptedS3.serving { connection, request, _ in
            try connection.refuse(request, 404, "NoSuchKey")
        } _: { _, bucket in
            let error = try await s3Failure { _ = try await bucket.bytes("k", limit: 4) }
            #expect(error.code == .noSuchKey)
        }
    }

    @Test("A listing that leads back to where it was is refused")
    func endless() async throws {
        try await ScriptedS3.serving { connection, request, _ in
            guard request.target.contains("versions") else {
                let next = "<NextContinuationToken>t</NextContinuationToken>"
                return try connection.succeed(
                    [], "<ListBucketResult><IsTruncated>true</IsTruncated>\(next)</ListBucketResult>")
            }
            let next = "<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>"
            try connection.succeed(
                [], "<ListVersionsResult><IsTruncated>true</IsTruncated>\(next)</ListVersionsResult>")
        } _: { server, bucket in
            for asking: () async throws -> Void in [
                { _ = try await bucket.objects().collect() }, { _ = try await bucket.versions().collect() },
            ] {
                let error = try await s3Failure { try await asking() }
                #expect(error.code == .malformedAnswer)
            }
            #expect(server.requests.count == 8)
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
