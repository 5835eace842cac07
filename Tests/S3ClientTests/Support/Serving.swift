import Foundation
import S3Client
import Testing

/// Runs `body` with a server that follows a script, and a transport; both end with it.
func serving(
    _ options: TransportOptions = TransportOptions(), _ script: @escaping LoopbackServer.Script,
    _ body: (LoopbackServer, HTTPTransport) async throws -> Void
) async throws {
    let server = try LoopbackServer(script)
    defer { server.stop() }
    let transport = try HTTPTransport(options)
    do {
        try await body(server, transport)
    } catch {
        await transport.close()
        throw error
    }
    await transport.close()
}

extension LoopbackServer {
    /// A request to this server.
    func request(
        _ method: String = "GET", _ target: String = "/", _ fields: [HTTPField] = [], body: HTTPBody = .none
    ) -> HTTPRequest {
        HTTPRequest(method, .http, host: "127.0.0.1", port: port, target: target, fields: fields, body: body)
    }
}

/// Runs `body` with a server that answers each request with its body.
func echoing(
    _ options: TransportOptions = TransportOptions(), _ body: (LoopbackServer, HTTPTransport) async throws -> Void
) async throws {
    try await serving(options, echo, body)
}

/// Answers each request with its body.
@Sendable func echo(_ connection: LoopbackConnection) throws {
    while let request = try connection.readRequest() { try connection.answer(body: request.body) }
}

/// The error that `body` ends with, which must be one.
func failure(
    _ location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> TransportError {
    do {
        try await body()
    } catch let error as TransportError {
        return error
    }
    Issue.record("there was no error", sourceLocation: location)
    throw NoError()
}

/// The error that `body` ends with; nil without one.
func outcome(_ body: () async throws -> Void) async -> TransportError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? TransportError
    }
}

private struct NoError: Error {}

/// A moment that comes soon.
func soon(_ milliseconds: Int = 150) -> ContinuousClock.Instant { .now.advanced(by: .milliseconds(milliseconds)) }

/// Tries with more and more time, until the machine was quick enough to come to what the test is about.
/// - Parameter body: Says whether it was.
func patiently(
    _ location: SourceLocation = #_sourceLocation, _ body: (_ milliseconds: Int) async throws -> Bool
) async throws {
    for milliseconds in [150, 600, 2400, 9600] {
        if try await body(milliseconds) { return }
    }
    Issue.record("it was never as far as it should be", sourceLocation: location)
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

// The errors of these have no type, since `#expect` cannot hand on those that have one.
extension HTTPTransport {
    func fetch(_ request: HTTPRequest) async throws -> HTTPResponse { try await send(request) }
}

extension HTTPResponseBody {
    func read(upTo limit: Int) async throws -> [UInt8] { try await collect(upTo: limit) }
}
