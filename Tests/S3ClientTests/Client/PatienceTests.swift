import Foundation
import Testing

@testable import S3Client

/// No server here would ever end the request.
@Suite("Client: servers that take their time", .timeLimit(.minutes(10)))
struct PatienceTests {
    /// A way to ask for something.
    enum Asking: String, CaseIterable {
        case bytes, get, list, put

        func run(_ bucket: S3Bucket) async throws {
            switch self {
            case .bytes: _ = try await bucket.bytes("k")
            case .get: _ = try await bucket.get("k").bytes()
            case .list: _ = try await bucket.list()
            case .put: try await bucket.put("k", .text("x"))
            }
        }
    }

    private func hasty(_ options: inout S3ClientOptions) {
        options.attemptTimeout = .milliseconds(200)
        options.minimumRate = 1 << 30
    }

    @Test("One that never answers is given up, after as many attempts as allowed", arguments: Asking.allCases)
    func silence(_ asking: Asking) async throws {
        try await ScriptedS3.serving(with: hasty) { connection, _, _ in
            connection.waitForEnd()
        } _: { _, bucket in
            let error = try await s3Failure { try await asking.run(bucket) }
            #expect(error.code == .timeout && error.isRetryable)
            #expect(error.mayHaveTakenEffect == (asking == .put))
        }
    }

    @Test("One whose head comes a byte now and then is given up", arguments: Asking.allCases)
    func trickledHead(_ asking: Asking) async throws {
        try await ScriptedS3.serving(with: hasty) { connection, _, _ in
            try connection.write("HTTP/1.1 200 OK\r\nx: ")
            try connection.trickle()
        } _: { _, bucket in
            let error = try await s3Failure { try await asking.run(bucket) }
            #expect(error.code == .timeout)
        }
    }

    @Test("One whose body comes a byte now and then is given up", arguments: Asking.allCases, [200, 500])
    func trickledBody(_ asking: Asking, status: Int) async throws {
        try await ScriptedS3.serving(with: hasty) { connection, _, _ in
            try connection.write("HTTP/1.1 \(status) So\r\nETag: \"e\"\r\nContent-Length: 1000000\r\n\r\n")
            try connection.trickle()
        } _: { _, bucket in
            let error = try await s3Failure { try await asking.run(bucket) }
            #expect(error.code == .timeout)
        }
    }

    @Test("One that takes a body a byte now and then is given up")
    func trickledUpload() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readHead()
            try connection.write("HTTP/1.1 100 Continue\r\n\r\n")
            while true {
                _ = try connection.read(exactly: 1)
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
        defer { server.stop() }
        var options = S3ClientOptions(
            endpoint: try S3Endpoint("http://127.0.0.1:\(server.port)"), region: "us-east-1",
            credentials: .explicit(Credentials(accessKey: "a", secretKey: "s")))
        hasty(&options)
        options.retries = .never
        let client = try S3Client(options)
        let body = [UInt8](repeating: 1, count: 64 * mebibyte)
        let error = try await s3Failure { try await client.bucket("bucket").put("k", .bytes(body)) }
        #expect(error.code == .timeout && error.mayHaveTakenEffect)
        await client.close()
    }

    /// What a server may need minutes for.
    enum Joining: String, CaseIterable {
        case complete, copy, copyPart

        var answer: String {
            switch self {
            case .complete: "CompleteMultipartUploadResult"
            case .copy: "CopyObjectResult"
            case .copyPart: "CopyPartResult"
            }
        }

        func run(_ bucket: S3Bucket) async throws {
            let upload = MultipartUpload(key: "k", id: "u")
            switch self {
            case .complete:
                try await bucket.completeUpload(upload, [S3Part(number: 1, etag: ETag(rawValue: "e"), size: 1)])
            case .copy: try await bucket.copy("a", to: "k")
            case .copyPart: _ = try await bucket.copyPart(1, of: upload, from: "a")
            }
        }
    }

    @Test("One that joins or copies may be silent for longer than others", arguments: Joining.allCases)
    func joining(_ joining: Joining) async throws {
        let (arrived, release) = (Signal(), Signal())
        try await ScriptedS3.serving(with: {
            $0.idleTimeout = .seconds(1)
            $0.retries = .never
        }) { connection, request, _ in
            if request.method == "GET" { return connection.waitForEnd() }
            arrived.fire()
            release.waitOnThread()
            try connection.succeed([], "<\(joining.answer)><ETag>\"e\"</ETag></\(joining.answer)>")
        } _: { _, bucket in
            defer { release.fire() }
            async let joined: Void = joining.run(bucket)
            await arrived.wait()
            // One that began later ends by its idle time: so the other would have ended, too.
            let error = try await s3Failure { _ = try await bucket.bytes("k") }
            #expect(error.code == .timeout)
            release.fire()
            try await joined
        }
    }

    @Test("Bytes that come at the least rate are all taken, however long that is")
    func slowBytes() async throws {
        let (arrived, release) = (Signal(), Signal())
        try await ScriptedS3.serving(with: {
            $0.attemptTimeout = .seconds(2)
            $0.minimumRate = 1000
            $0.retries = .never
        }) { connection, request, _ in
            if request.target == "/bucket/silent" { return connection.waitForEnd() }
            try connection.announce(100_001)
            try connection.write([UInt8](repeating: 1, count: 100_000))
            arrived.fire()
            release.waitOnThread()
            try connection.write([1])
        } _: { _, bucket in
            defer { release.fire() }
            async let bytes = bucket.bytes("k")
            await arrived.wait()
            let error = try await s3Failure { _ = try await bucket.bytes("silent") }
            #expect(error.code == .timeout)
            release.fire()
            #expect(try await bytes.count == 100_001)
        }
    }

    @Test("A conditional write that is never answered is unknown, and sent once")
    func conditional() async throws {
        try await ScriptedS3.serving(with: hasty) { connection, _, _ in
            connection.waitForEnd()
        } _: { server, bucket in
            let error = try await s3Failure { try await bucket.put("k", .text("x"), S3PutOptions(mode: .create)) }
            #expect(error.code == .outcomeUnknown)
            #expect(server.requests.count == 1)
        }
    }
}
