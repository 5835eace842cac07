import CairnCore
import S3Client
import Testing

@Suite("Transport: what goes on the wire", .timeLimit(.minutes(10)))
struct WireTests {
    /// The heads and bodies that a server got.
    private func received(_ request: (LoopbackServer) -> HTTPRequest) async throws -> LoopbackConnection.Request {
        let seen = Lock([LoopbackConnection.Request]())
        try await serving { connection in
            while let request = try connection.readRequest() {
                seen.withLock { $0.append(request) }
                try connection.answer()
            }
        } _: { server, transport in
            let answer = try await transport.send(request(server))
            #expect(answer.status == 200)
        }
        let all = seen.withLock { $0 }
        #expect(all.count == 1)
        return try #require(all.first)
    }

    @Test(
        "The target arrives byte for byte",
        arguments: [
            "/", "/a/../b/./c", "//bucket//key/", "/%2e%2E/%2f%2F%zz%", "/?a=%20+&&b&=c?d/../e",
            "/!$&'()*+,;=:@-._~[]{}|\\^\"`<>", "/#hash?after", "/" + String(repeating: "k", count: 8000),
        ])
    func target(_ target: String) async throws {
        let seen = try await received { $0.request("GET", target) }
        #expect(seen.line == "GET \(target) HTTP/1.1")
    }

    @Test("Fields go in their order after the transport's own, with nothing added")
    func fields() async throws {
        let fields = [
            HTTPField("x-b", "2"), HTTPField("X-A", "  spaced  "), HTTPField("x-b", "again"), HTTPField("x-empty", ""),
            HTTPField("x-utf8", "é"), HTTPField("Authorization", "Signature=1"),
        ]
        var authority = ""
        let seen = try await received { server in
            authority = "127.0.0.1:\(server.port)"
            return server.request("GET", "/", fields)
        }
        #expect(
            seen.fields == [
                "Host: \(authority)", "User-Agent: cairn", "x-b: 2", "X-A:   spaced  ", "x-b: again", "x-empty:",
                "x-utf8: é", "Authorization: Signature=1",
            ])
    }

    @Test("Fields that the transport writes by itself can be replaced")
    func replaced() async throws {
        let fields = [
            HTTPField("Host", "other:1"), HTTPField("user-agent", "me"), HTTPField("accept", "text/xml"),
            HTTPField("content-type", "a/b"),
        ]
        let seen = try await received { $0.request("PUT", "/", fields, body: .bytes([1])) }
        #expect(
            Set(seen.fields) == [
                "Host: other:1", "user-agent: me", "accept: text/xml", "content-type: a/b", "Content-Length: 1",
            ])
    }

    struct BodyCase: Sendable, CustomTestStringConvertible {
        let method: String
        let body: HTTPBody
        let framing: String?
        let bytes: [UInt8]
        var testDescription: String { "\(method), \(bytes.count) bytes, \(framing ?? "no framing")" }
    }

    private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

    private static func stream(_ chunks: [[UInt8]], length: Int?) -> HTTPBody {
        let rest = Lock(chunks)
        return .stream(length: length) { rest.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }

    private static let limit = TransportLimits.smallBody

    @Test(
        "A body arrives whole, with its length where it is known",
        arguments: [
            BodyCase(method: "GET", body: .none, framing: nil, bytes: []),
            BodyCase(method: "DELETE", body: .none, framing: nil, bytes: []),
            BodyCase(method: "PUT", body: .none, framing: "Content-Length: 0", bytes: []),
            BodyCase(method: "POST", body: .bytes([]), framing: "Content-Length: 0", bytes: []),
            BodyCase(method: "PUT", body: .bytes([7]), framing: "Content-Length: 1", bytes: [7]),
            BodyCase(method: "POST", body: .bytes([0, 10, 13]), framing: "Content-Length: 3", bytes: [0, 10, 13]),
            BodyCase(method: "DELETE", body: .bytes([1, 2]), framing: "Content-Length: 2", bytes: [1, 2]),
            BodyCase(
                method: "PUT", body: .bytes(pattern(limit)), framing: "Content-Length: \(limit)", bytes: pattern(limit)),
            BodyCase(
                method: "PUT", body: .bytes(pattern(limit + 1)), framing: "Content-Length: \(limit + 1)",
                bytes: pattern(limit + 1)),
            BodyCase(
                method: "POST", body: .bytes(pattern(3_000_000)), framing: "Content-Length: 3000000",
                bytes: pattern(3_000_000)),
            BodyCase(
                method: "PUT", body: stream([pattern(70_000), [], pattern(1)], length: 70_001),
                framing: "Content-Length: 70001", bytes: pattern(70_000) + pattern(1)),
            BodyCase(
                method: "POST", body: stream([pattern(70_000), [], [5]], length: nil),
                framing: "Transfer-Encoding: chunked", bytes: pattern(70_000) + [5]),
            BodyCase(method: "PUT", body: stream([], length: 0), framing: "Content-Length: 0", bytes: []),
            BodyCase(method: "PUT", body: stream([], length: nil), framing: "Transfer-Encoding: chunked", bytes: []),
        ])
    func body(_ example: BodyCase) async throws {
        let seen = try await received { $0.request(example.method, "/", body: example.body) }
        #expect(seen.method == example.method)
        #expect(seen.body == example.bytes)
        let framing = seen.fields.filter { !$0.hasPrefix("Host:") && !$0.hasPrefix("User-Agent:") }
        #expect(framing == (example.framing.map { [$0] } ?? []))
    }

    @Test("A handle that served one kind of request serves every other kind after it")
    func mixture() async throws {
        try await serving { connection in
            while let request = try connection.readRequest() {
                let body = request.method == "HEAD" ? [] : request.body
                try connection.answer("200 OK", ["x-seen: \(request.line)"], body: body)
            }
        } _: { server, transport in
            let kinds: [(String, () -> HTTPBody)] = [
                ("GET", { .none }), ("PUT", { .bytes([1]) }), ("HEAD", { .none }), ("DELETE", { .none }),
                ("POST", { .bytes(Self.pattern(100_000)) }), ("PUT", { Self.stream([[3]], length: 1) }),
            ]
            let sizes = [0, 1, 0, 0, 100_000, 1]
            for first in kinds.indices {
                for second in kinds.indices {
                    for index in [first, second] {
                        let (method, body) = kinds[index]
                        let answer = try await transport.send(server.request(method, "/\(index)", body: body()))
                        #expect(answer.fields["x-seen"] == "\(method) /\(index) HTTP/1.1")
                        #expect(answer.body.count == sizes[index])
                    }
                }
            }
            #expect(server.accepted.value == 1)
        }
    }

    // MARK: Asking before a body is sent

    @Test("A body waits for 100 Continue when that was asked for")
    func expectContinue() async throws {
        let order = Lock([String]())
        try await serving { connection in
            while let request = try connection.readHead() {
                order.withLock { $0.append(request.field("Expect") ?? "none") }
                try connection.write("HTTP/1.1 100 Continue\r\n\r\n")
                let body = try connection.readBody(of: request)
                order.withLock { $0.append(text(body)) }
                try connection.answer("201 Created", ["ETag: x"])
            }
        } _: { server, transport in
            var request = server.request("PUT", "/", body: .bytes(Array("hello".utf8)))
            request.expectsContinue = true
            let answer = try await transport.send(request)
            #expect(answer.status == 201)
            #expect(answer.fields.all.map(\.name) == ["ETag", "Content-Length"])
            #expect(order.withLock { $0 } == ["100-continue", "hello"])
        }
    }

    @Test("A refusal instead of 100 Continue is the answer, and the body is never asked for", arguments: [403, 417])
    func refusedExpectation(_ status: Int) async throws {
        try await serving { connection in
            while try connection.readHead() != nil { try connection.answer("\(status) No", body: Array("why".utf8)) }
        } _: { server, transport in
            let asked = Counter()
            var request = server.request(
                "PUT", "/",
                body: .stream(length: 3) {
                    asked.add()
                    return [1, 2, 3]
                })
            request.expectsContinue = true
            let answer = try await transport.send(request)
            #expect(answer.status == status)
            #expect(asked.value == 0)
        }
    }

    // MARK: What is refused

    @Test(
        "What would break the protocol is refused before anything is sent",
        arguments: [
            HTTPRequest("", .http, host: "h", target: "/"),
            HTTPRequest("GET /", .http, host: "h", target: "/"),
            HTTPRequest("GET", .http, host: "", target: "/"),
            HTTPRequest("GET", .http, host: "user@h", target: "/"),
            HTTPRequest("GET", .http, host: "h/x", target: "/"),
            HTTPRequest("GET", .http, host: "[::1", target: "/"),
            HTTPRequest("GET", .http, host: "h", port: 0, target: "/"),
            HTTPRequest("GET", .http, host: "h", port: 65_536, target: "/"),
            HTTPRequest("GET", .http, host: "h", target: ""),
            HTTPRequest("GET", .http, host: "h", target: "key"),
            HTTPRequest("GET", .http, host: "h", target: "/a b"),
            HTTPRequest("GET", .http, host: "h", target: "/a\r\nX: y"),
            HTTPRequest("GET", .http, host: "h", target: "/é"),
            HTTPRequest("GET", .http, host: "h", target: "/a\0b"),
            HTTPRequest("GET", .http, host: "h", target: "/", fields: [HTTPField("", "x")]),
            HTTPRequest("GET", .http, host: "h", target: "/", fields: [HTTPField("a:b", "x")]),
            HTTPRequest("GET", .http, host: "h", target: "/", fields: [HTTPField("a", "x\r\nb: c")]),
            HTTPRequest("GET", .http, host: "h", target: "/", fields: [HTTPField("a", "x\0y")]),
            HTTPRequest("GET", .http, host: "h", target: "/", fields: [HTTPField("Content-Length", "1")]),
            HTTPRequest("GET", .http, host: "h", target: "/", fields: [HTTPField("transfer-encoding", "chunked")]),
            HTTPRequest("GET", .http, host: "h", target: "/", fields: [HTTPField("EXPECT", "100-continue")]),
            HTTPRequest("PUT", .http, host: "h", target: "/", body: .stream(length: -1) { nil }),
            HTTPRequest("GET", .http, host: "h", target: "/", body: .stream(length: 1) { nil }),
        ])
    func refused(_ request: HTTPRequest) async throws {
        let transport = try HTTPTransport()
        let error = try await failure { _ = try await transport.send(request) }
        #expect(error.kind == .invalid)
        #expect(error.isSurelyNotSent)
        await transport.close()
    }

    @Test("Options that mean nothing are refused")
    func options() {
        let changes: [(inout TransportOptions) -> Void] = [
            { $0.maximumConnections = 0 }, { $0.connectTimeout = .zero }, { $0.idleTimeout = .seconds(-1) },
            { $0.keepAlive = .zero }, { $0.proxy = "" }, { $0.authoritiesFile = "" },
        ]
        for change in changes {
            var options = TransportOptions()
            change(&options)
            #expect(throws: TransportError.self) { try HTTPTransport(options) }
        }
    }
}
