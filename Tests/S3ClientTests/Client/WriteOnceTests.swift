import Foundation
import Testing

@testable import S3Client

/// Each server here first answers a GET, so that the write goes out on a connection that was kept open: such requests are what
/// libraries of HTTP like to send again by themselves.
@Suite("Client: writes that are sent once", .timeLimit(.minutes(10)))
struct WriteOnceTests {
    /// What becomes of a write instead of its answer.
    enum Loss: String, CaseIterable {
        case closed, reset, cutHead, cutBody, internalError, unavailable, gatewayTimeout

        func reply(_ connection: LoopbackConnection, _ request: LoopbackConnection.Request) throws {
            switch self {
            case .closed: throw ScriptedS3.Hangup()
            case .reset:
                connection.resetAtEnd()
                throw ScriptedS3.Hangup()
            case .cutHead:
                try connection.write("HTTP/1.1 200 OK\r\nETag: ")
                throw ScriptedS3.Hangup()
            case .cutBody:
                try connection.announce(1000)
                throw ScriptedS3.Hangup()
            case .internalError: try connection.refuse(request, 500, "InternalError")
            case .unavailable: try connection.refuse(request, 503, "SlowDown")
            case .gatewayTimeout: try connection.answer("504 Gateway Timeout")
            }
        }
    }

    /// A write with a condition.
    enum Write: String, CaseIterable {
        case create, swap, delete, copy

        func run(_ bucket: S3Bucket) async throws {
            let etag = ETag(rawValue: "e")
            switch self {
            case .create: try await bucket.put("k", .text("x"), S3PutOptions(mode: .create))
            case .swap: try await bucket.put("k", .text("x"), S3PutOptions(mode: .ifMatch(etag)))
            case .delete: try await bucket.delete("k", S3DeleteOptions(ifMatch: etag))
            case .copy: try await bucket.copy("a", to: "k", S3CopyOptions(mode: .create))
            }
        }
    }

    private func serving(
        _ reply: @escaping ScriptedS3.Reply, _ body: (ScriptedS3, S3Bucket) async throws -> Void
    ) async throws {
        try await ScriptedS3.serving { connection, request, number in
            if request.method == "GET" { try connection.succeed() } else { try reply(connection, request, number) }
        } _: { server, bucket in
            _ = try await bucket.bytes("k")
            try await body(server, bucket)
        }
    }

    @Test(
        "A conditional write whose answer is lost is unknown, and sent once", arguments: Write.allCases, Loss.allCases)
    func conditional(_ write: Write, _ loss: Loss) async throws {
        try await serving { connection, request, _ in
            try loss.reply(connection, request)
        } _: { server, bucket in
            let error = try await s3Failure { try await write.run(bucket) }
            #expect(error.code == .outcomeUnknown && error.mayHaveTakenEffect && !error.isRetryable)
            #expect(server.requests.count == 2)
        }
    }

    @Test("A plain write whose answer is lost is sent again", arguments: Loss.allCases)
    func plain(_ loss: Loss) async throws {
        try await serving { connection, request, number in
            if number == 3 { try connection.succeed() } else { try loss.reply(connection, request) }
        } _: { server, bucket in
            try await bucket.put("k", .text("x"))
            #expect(server.methods == ["GET", "PUT", "PUT"])
        }
    }

    @Test(
        "A marker tells a write that arrived from one that did not, or that nobody can tell of",
        arguments: [("mine", 200, true), ("other", 200, false), ("", 404, false), ("mine", 403, false)])
    func marker(_ found: String, _ status: Int, isDone: Bool) async throws {
        try await serving { connection, request, _ in
            guard request.method == "HEAD" else { return try Loss.closed.reply(connection, request) }
            if status != 200 { return try connection.refuse(request, status, "") }
            try connection.succeed(["x-amz-meta-cairn-marker: \(found)", "x-amz-version-id: 7"])
        } _: { server, bucket in
            let options = S3PutOptions(mode: .create, marker: "mine")
            if isDone {
                let result = try await bucket.put("k", .text("x"), options)
                #expect(result.etag.rawValue == "e" && result.versionID == "7")
            } else {
                let error = try await s3Failure { try await bucket.put("k", .text("x"), options) }
                #expect(error.code == .outcomeUnknown)
            }
            #expect(server.methods == ["GET", "PUT", "HEAD"])
            #expect(server.requests[1].field("x-amz-meta-cairn-marker") == "mine")
        }
    }

    @Test("A conditional write whose answer has no ETag may have happened, and is looked for by its marker")
    func noETag() async throws {
        try await serving { connection, request, _ in
            if request.method == "HEAD" { return try connection.succeed(["x-amz-meta-cairn-marker: mine"]) }
            try connection.answer("200 OK", ["x-amz-request-id: 1"])
        } _: { server, bucket in
            let result = try await bucket.put("k", .text("x"), S3PutOptions(mode: .create, marker: "mine"))
            #expect(result.etag.rawValue == "e")
            let error = try await s3Failure { try await bucket.put("k", .text("x"), S3PutOptions(mode: .create)) }
            #expect(error.code == .outcomeUnknown && error.mayHaveTakenEffect)
            #expect(server.methods == ["GET", "PUT", "HEAD", "PUT"])
        }
    }

    /// Credentials that are there once.
    private struct Once: CredentialsProvider {
        struct Over: Error {}
        let error: any Error
        let isOver = Signal()

        func credentials() async throws -> Credentials {
            if isOver.hasFired { throw error }
            isOver.fire()
            return Credentials(accessKey: "a", secretKey: "s")
        }
    }

    @Test(
        "A write that may have happened is told as such when there are no credentials to send it again",
        arguments: [true, false])
    func noMoreCredentials(isOurs: Bool) async throws {
        let reason: any Error = isOurs ? S3Error.credentials("gone", remedy: nil) : Once.Over()
        try await ScriptedS3.serving(with: { $0.credentials = .provider(Once(error: reason)) }) { _, _, _ in
            throw ScriptedS3.Hangup()
        } _: { server, bucket in
            let error = try await s3Failure { try await bucket.put("k", .text("x")) }
            #expect(error.code == (isOurs ? .credentials : .network) && error.mayHaveTakenEffect)
            #expect(server.methods == ["PUT"])
        }
    }

    @Test("A stream that fails when it is sent again does not hide that the first time may have been enough")
    func failedReplay() async throws {
        struct Broken: Error {}
        let begun = Counter()
        let source = ByteStream {
            let isFirst = begun.add() == 1
            var left = 1
            return {
                if !isFirst { throw Broken() }
                left -= 1
                return left < 0 ? nil : [1, 2, 3]
            }
        }
        try await ScriptedS3.serving { _, _, _ in
            throw ScriptedS3.Hangup()
        } _: { _, bucket in
            let error = try await s3Failure {
                try await bucket.put("k", .stream(source, length: 3, isReplayable: true))
            }
            #expect(error.mayHaveTakenEffect)
        }
    }

    @Test("An object that a server failed to remove among others may be gone")
    func failedRemoval() async throws {
        try await ScriptedS3.serving { connection, _, _ in
            let errors = ["InternalError", "AccessDenied"].map { "<Error><Key>k</Key><Code>\($0)</Code></Error>" }
            try connection.succeed([], "<DeleteResult>\(errors.joined())</DeleteResult>")
        } _: { _, bucket in
            let failures = try await bucket.delete(contentsOf: ["k", "l"])
            #expect(failures.map(\.error.code) == [.server, .accessDenied])
            #expect(failures.map(\.error.mayHaveTakenEffect) == [true, false])
        }
    }

    @Test("A condition that does not hold is told, also to who may write and not read, and looked at with the key")
    func writeOnly() async throws {
        try await ScriptedS3.serving { connection, request, _ in
            try connection.refuse(request, request.method == "HEAD" ? 403 : 412, "")
        } _: { server, bucket in
            let key = try CustomerKey([UInt8](repeating: 7, count: 32))
            let options = S3PutOptions(
                mode: .ifMatch(ETag(rawValue: "e")), attributes: S3Attributes(encryption: .customerKey(key)))
            let error = try await s3Failure { try await bucket.put("k", .text("x"), options) }
            #expect(error.code == .preconditionFailed)
            #expect(server.methods == ["PUT", "HEAD"])
            #expect(server.requests[1].field("x-amz-server-side-encryption-customer-key-md5") != nil)
        }
    }

    @Test(
        "A fenced write is sent once, whatever becomes of it", arguments: Loss.allCases, [PutMode.overwrite, .create])
    func fenced(_ loss: Loss, _ mode: PutMode) async throws {
        try await serving { connection, request, _ in
            try loss.reply(connection, request)
        } _: { server, bucket in
            let options = S3PutOptions(mode: mode, notAfter: Date.now.addingTimeInterval(60))
            let error = try await s3Failure { try await bucket.put("k", .text("x"), options) }
            #expect(error.code == .outcomeUnknown && error.mayHaveTakenEffect)
            #expect(server.methods == ["GET", "PUT"])
        }
    }

    @Test(
        "What would be mended in another request is told of a fenced one",
        arguments: [
            ("ExpiredToken", S3Error.Code.expiredToken), ("PermanentRedirect", .wrongRegion),
            ("RequestTimeTooSkewed", .clockSkew), ("ThrottlingException", .throttled),
        ])
    func unmended(_ code: String, _ meaning: S3Error.Code) async throws {
        try await serving { connection, request, _ in
            let fields = ["x-amz-bucket-region: eu-west-1", "Date: Sun, 06 Nov 2044 08:49:37 GMT"]
            try connection.refuse(request, 400, code, fields)
        } _: { server, bucket in
            let options = S3DeleteOptions(notAfter: Date.now.addingTimeInterval(60))
            let error = try await s3Failure { try await bucket.delete("k", options) }
            #expect(error.code == meaning && !error.mayHaveTakenEffect)
            #expect(server.methods == ["GET", "DELETE"])
        }
    }

    @Test("A fenced write is dated 15 minutes before the time it must not take effect after, by no clock but that")
    func fenceDate() async throws {
        try await serving { connection, request, _ in
            try connection.succeed(["Date: Sun, 06 Nov 2044 08:49:37 GMT"])
        } _: { server, bucket in
            let date = try #require(SigningDate("20240229T121500Z"))
            try await bucket.put("k", .text("x"), S3PutOptions(notAfter: Date(date)))
            #expect(server.requests[1].field("x-amz-date") == "20240229T120000Z")
        }
    }

    /// Writes with a time past which they must not take effect.
    enum Fenced: String, CaseIterable {
        case put, delete, copy, complete

        func run(_ bucket: S3Bucket, _ notAfter: Date) async throws {
            switch self {
            case .put: try await bucket.put("k", .text("x"), S3PutOptions(notAfter: notAfter))
            case .delete: try await bucket.delete("k", S3DeleteOptions(notAfter: notAfter))
            case .copy: try await bucket.copy("a", to: "k", S3CopyOptions(notAfter: notAfter))
            case .complete:
                let part = S3Part(number: 1, etag: ETag(rawValue: "e"), size: 1)
                try await bucket.completeUpload(MultipartUpload(key: "k", id: "u"), [part], notAfter: notAfter)
            }
        }
    }

    @Test(
        "A time so long ago that no signature has its date, or that is none, is over, and nothing is sent",
        arguments: Fenced.allCases, [Date.distantPast.timeIntervalSince1970, -1e300, -.infinity, .nan])
    func longAgo(_ write: Fenced, _ seconds: Double) async throws {
        try await ScriptedS3.serving { connection, _, _ in
            try connection.succeed()
        } _: { server, bucket in
            let error = try await s3Failure { try await write.run(bucket, Date(timeIntervalSince1970: seconds)) }
            #expect(error.code == .clockSkew && !error.mayHaveTakenEffect && !error.isRetryable)
            let store = try S3ObjectStore(bucket)
            await #expect {
                _ = try await store.delete(["k"], notAfter: Date(timeIntervalSince1970: seconds))
            } throws: {
                ($0 as? ObjectStoreError)?.code == .expired
            }
            #expect(server.requests.isEmpty)
        }
    }

    @Test(
        "A time that never comes fences nothing off",
        arguments: [Date.distantFuture.timeIntervalSince1970, 1e300, .infinity])
    func never(_ seconds: Double) async throws {
        try await ScriptedS3.serving { connection, _, _ in
            try connection.succeed()
        } _: { server, bucket in
            let begun = bucket.client.signingDate()
            try await bucket.put("k", .text("x"), S3PutOptions(notAfter: Date(timeIntervalSince1970: seconds)))
            let date = try #require(server.requests.first?.field("x-amz-date").flatMap { SigningDate($0) })
            #expect(date >= begun && date <= bucket.client.signingDate())
        }
    }

    @Test(
        "Without a signature there is no date to refuse, and a fenced write is not sent", arguments: Fenced.allCases)
    func unsigned(_ write: Fenced) async throws {
        try await ScriptedS3.serving(with: { $0.credentials = .anonymous }) { connection, _, _ in
            try connection.succeed()
        } _: { server, bucket in
            let error = try await s3Failure { try await write.run(bucket, .now.addingTimeInterval(3600)) }
            #expect(error.code == .unsupported && !error.mayHaveTakenEffect)
            #expect(server.requests.isEmpty)
            let store = try S3ObjectStore(bucket)
            #expect(!store.capabilities.canFence)
        }
    }
}
