import CairnCore
import S3Client
import Testing

@Suite("Transport: failures", .timeLimit(.minutes(10)))
struct FailureTests {
    // MARK: No connection

    @Test("A refused connection is surely not sent, and a streamed body is not touched")
    func refused() async throws {
        let socket = try loopbackSocket()
        let transport = try HTTPTransport()
        let asked = Counter()
        let error = try await failure {
            let body = HTTPBody.stream(length: nil) {
                asked.add()
                return nil
            }
            _ = try await transport.send(
                HTTPRequest("PUT", .http, host: "127.0.0.1", port: socket.port, target: "/secret?key", body: body))
        }
        #expect(error.kind == .connect)
        #expect(error.phase == .connecting)
        #expect(error.isSurelyNotSent)
        #expect(error.description.contains("PUT http://127.0.0.1:\(socket.port)"))
        #expect(!error.description.contains("secret"))
        #expect(asked.value == 0)
        await transport.close()
        closeSocket(socket.file)
    }

    @Test("A name without an address is told to all who wait for it")
    func unknownName() async throws {
        let transport = try HTTPTransport()
        await withTaskGroup(of: TransportError?.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    let request = HTTPRequest("PUT", .http, host: "no-such-host.invalid", target: "/")
                    return await outcome { _ = try await transport.send(request) }
                }
            }
            for await error in group {
                #expect(error?.kind == .resolve)
                #expect(error?.isSurelyNotSent == true)
            }
        }
        await transport.close()
    }

    // MARK: No answer, or half an answer

    struct BreakCase: Sendable, CustomTestStringConvertible {
        let name: String
        let raw: String
        let kind: TransportError.Kind
        let phase: TransportError.Phase
        var isReset = false
        var testDescription: String { name }
    }

    private static let breaks = [
        BreakCase(name: "closed before an answer", raw: "", kind: .noAnswer, phase: .waiting),
        BreakCase(name: "reset before an answer", raw: "", kind: .noAnswer, phase: .waiting, isReset: true),
        BreakCase(name: "closed in the head", raw: "HTTP/1.1 200 OK\r\nContent-Le", kind: .noAnswer, phase: .receiving),
        BreakCase(
            name: "reset in the head", raw: "HTTP/1.1 200 OK\r\n", kind: .noAnswer, phase: .receiving, isReset: true),
        BreakCase(
            name: "closed after an interim answer", raw: "HTTP/1.1 100 Continue\r\n\r\n", kind: .noAnswer,
            phase: .receiving),
        BreakCase(
            name: "closed in the body", raw: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", kind: .truncated,
            phase: .receiving),
        BreakCase(
            name: "closed before the body", raw: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", kind: .truncated,
            phase: .receiving),
        BreakCase(
            name: "reset in the body", raw: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", kind: .truncated,
            phase: .receiving, isReset: true),
        BreakCase(
            name: "closed in the chunks", raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            kind: .truncated, phase: .receiving),
        BreakCase(
            name: "closed in a chunk", raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
            kind: .truncated, phase: .receiving),
        BreakCase(
            name: "no chunks", raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n", kind: .truncated,
            phase: .receiving),
    ]

    private func breaking(
        _ example: BreakCase, _ body: (LoopbackServer, HTTPTransport) async throws -> Void
    ) async throws {
        try await serving { connection in
            _ = try connection.readRequest()
            try connection.write(example.raw)
            if example.isReset { connection.resetAtEnd() }
        } _: { server, transport in
            try await body(server, transport)
        }
    }

    @Test("A connection that breaks says how far the answer was", arguments: breaks)
    func broken(_ example: BreakCase) async throws {
        try await breaking(example) { server, transport in
            let error = try await failure { _ = try await transport.send(server.request("PUT", body: .bytes([1]))) }
            // A reset may overtake what was written before it.
            if example.isReset, error.kind == .noAnswer { return }
            #expect(error.kind == example.kind)
            #expect(error.phase == example.phase)
            #expect(!error.isSurelyNotSent)
        }
    }

    @Test(
        "The reader of a stream gets the error, never a short body",
        arguments: breaks.filter { $0.kind == .truncated && !$0.isReset })
    func brokenStream(_ example: BreakCase) async throws {
        try await breaking(example) { server, transport in
            let answer = try await transport.stream(server.request())
            #expect(answer.status == 200)
            let error = try await failure { _ = try await answer.body.collect(upTo: 100) }
            #expect(error.kind == .truncated)
            // It stays so.
            let again = try await failure { _ = try await answer.body.collect(upTo: 100) }
            #expect(again.kind == .truncated)
        }
    }

    @Test("A server that closes while a large body is sent leaves the outcome unknown")
    func brokenWhileSending() async throws {
        try await serving { connection in
            _ = try connection.readHead()
            connection.resetAtEnd()
        } _: { server, transport in
            let body = HTTPBody.bytes([UInt8](repeating: 1, count: 20_000_000))
            let error = try await failure { _ = try await transport.send(server.request("PUT", body: body)) }
            #expect(error.kind == .noAnswer)
            #expect(!error.isSurelyNotSent)
        }
    }

    @Test("An answer that comes before a large body is sent ends the sending")
    func earlyAnswer() async throws {
        try await serving { connection in
            _ = try connection.readHead()
            try connection.answer("403 Forbidden", ["Connection: close"], body: Array("no".utf8))
            connection.finishWriting()
            connection.waitForEnd()
        } _: { server, transport in
            let asked = Counter()
            let body = HTTPBody.stream(length: 1 << 40) {
                asked.add()
                return [UInt8](repeating: 1, count: 65_536)
            }
            let answer = try await transport.send(server.request("PUT", body: body))
            #expect(answer.status == 403)
            #expect(text(answer.body) == "no")
            #expect(asked.value < 10_000)
        }
    }
}
