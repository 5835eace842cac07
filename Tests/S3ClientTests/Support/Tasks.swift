import Foundation
import Testing

@testable import S3Client

/// Calls `body` for each number below `count`, so many at once.
func concurrently(
    _ count: Int, atOnce limit: Int = 64, _ body: @escaping @Sendable (Int) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<count {
            if number >= limit { try await group.next() }
            group.addTask { try await body(number) }
        }
        try await group.waitForAll()
    }
}

/// The bytes of texts: two that differ in how a letter is written are different then.
func utf8(_ texts: some Sequence<String>) -> [[UInt8]] { texts.map { Array($0.utf8) } }

/// The order of S3.
func inOrder(_ texts: some Sequence<String>) -> [[UInt8]] {
    utf8(texts).sorted { $0.lexicographicallyPrecedes($1) }
}

/// Sends a request to a presigned URL, as somebody who has nothing else.
func use(
    _ url: String, _ method: String, _ fields: [HTTPField] = [], body: [UInt8]? = nil
) async throws -> HTTPResponse {
    let parts = try #require(URLComponents(string: url))
    let start = try #require(url.range(of: "://")).upperBound
    let target = try #require(url[start...].firstIndex(of: "/").map { String(url[$0...]) })
    let transport = try HTTPTransport()
    let request = HTTPRequest(
        method, .http, host: try #require(parts.host), port: parts.port, target: target, fields: fields,
        body: body.map { .bytes($0) } ?? .none)
    let answer = try await transport.send(request)
    await transport.close()
    return answer
}
