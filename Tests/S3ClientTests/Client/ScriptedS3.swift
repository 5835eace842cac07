import CairnCore
import Foundation

@testable import S3Client

/// A server whose answers a test writes byte by byte, and a bucket of a client that talks to it.
final class ScriptedS3: Sendable {
    /// Answers a request; `number` counts them from 1. Throws to break the connection.
    typealias Reply = @Sendable (LoopbackConnection, LoopbackConnection.Request, _ number: Int) throws -> Void

    /// Ends a connection.
    struct Hangup: Error {}

    private let log = Lock<[LoopbackConnection.Request]>([])

    /// What was asked, in order.
    var requests: [LoopbackConnection.Request] { log.withLock { $0 } }
    var methods: [String] { requests.map(\.method) }

    /// The region of each request's signature.
    var regions: [String] {
        requests.map { request in
            let parts = request.field("Authorization")?.split(separator: "/") ?? []
            return parts.count > 2 ? String(parts[2]) : ""
        }
    }

    /// Runs `body` with a server and a client of it, which tries three times with next to no pauses; both end with it.
    static func serving(
        _ reply: @escaping Reply, _ body: (ScriptedS3, S3Bucket) async throws -> Void
    ) async throws {
        try await serving(with: { _ in }, reply, body)
    }

    /// - Parameter change: Of the client's options.
    static func serving(
        with change: (inout S3ClientOptions) -> Void, _ reply: @escaping Reply,
        _ body: (ScriptedS3, S3Bucket) async throws -> Void
    ) async throws {
        let scripted = ScriptedS3()
        let server = try LoopbackServer { connection in
            while let request = try connection.readRequest() {
                let number = scripted.log.withLock { log in
                    log.append(request)
                    return log.count
                }
                try reply(connection, request, number)
            }
        }
        defer { server.stop() }
        var options = S3ClientOptions(
            endpoint: try S3Endpoint("http://127.0.0.1:\(server.port)"), region: "us-east-1",
            credentials: .explicit(Credentials(accessKey: "a", secretKey: "s")))
        options.retries = S3RetryPolicy(
            firstDelay: .milliseconds(1), firstThrottledDelay: .milliseconds(1), maximumDelay: .milliseconds(2))
        change(&options)
        let client = try S3Client(options)
        do {
            try await body(scripted, try client.bucket("bucket"))
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }
}

extension LoopbackConnection {
    /// The answer of a store that refuses; without a body for a HEAD.
    func refuse(
        _ request: Request, _ status: Int, _ code: String, _ fields: [String] = [], more: String = ""
    ) throws {
        let body = "<?xml version=\"1.0\"?><Error><Code>\(code)</Code>\(more)</Error>"
        try answer(
            "\(status) No", ["x-amz-request-id: 1"] + fields, body: request.method == "HEAD" ? [] : Array(body.utf8))
    }

    /// The answer to what succeeded.
    func succeed(_ fields: [String] = [], _ body: String = "") throws {
        try answer("200 OK", ["x-amz-request-id: 1", "ETag: \"e\""] + fields, body: Array(body.utf8))
    }

    /// The head of an answer whose body is announced to have so many bytes.
    func announce(_ bytes: Int, _ fields: [String] = []) throws {
        let lines = ["HTTP/1.1 200 OK", "ETag: \"e\""] + fields + ["Content-Length: \(bytes)", "", ""]
        try write(lines.joined(separator: "\r\n"))
    }

    /// Writes a byte now and then, until the other side has had enough.
    func trickle() throws {
        while true {
            try write("x")
            Thread.sleep(forTimeInterval: 0.01)
        }
    }
}
