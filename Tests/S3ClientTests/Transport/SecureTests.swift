import CairnCore
import Foundation
import S3Client
import Testing

@Suite("Transport: TLS", .timeLimit(.minutes(10)))
struct SecureTests {
    private func sending(
        host: String, trusting authority: (Certificates) -> String?
    ) async throws -> Result<HTTPResponse, TransportError> {
        let certificates = try Certificates()
        let server = try TLSServer(certificates)
        var options = TransportOptions()
        options.authoritiesFile = authority(certificates)
        let transport = try HTTPTransport(options)
        let request = HTTPRequest("GET", .https, host: host, port: server.port, target: "/")
        let result: Result<HTTPResponse, TransportError>
        do {
            result = .success(try await transport.send(request))
        } catch {
            result = .failure(error)
        }
        await transport.close()
        return result
    }

    @Test("A server whose authority is trusted by option is talked to")
    func trusted() async throws {
        let answer = try await sending(host: "localhost", trusting: \.authority).get()
        #expect(answer.status == 200)
        #expect(text(answer.body).contains("TLSv1.3"))
    }

    @Test("A server whose authority is not known gets nothing")
    func untrusted() async throws {
        let error = try await failure { _ = try await sending(host: "localhost", trusting: { _ in nil }).get() }
        #expect(error.kind == .tls)
        #expect(error.phase == .securing)
        #expect(error.isSurelyNotSent)
    }

    @Test("A server whose certificate names another host gets nothing")
    func wrongHost() async throws {
        let error = try await failure { _ = try await sending(host: "127.0.0.1", trusting: \.authority).get() }
        #expect(error.kind == .tls)
        #expect(error.isSurelyNotSent)
    }

    @Test("Another authority than that of the server is not enough")
    func otherAuthority() async throws {
        let other = try Certificates()
        let error = try await failure {
            _ = try await sending(host: "localhost", trusting: { _ in other.authority }).get()
        }
        #expect(error.kind == .tls)
        #expect(error.isSurelyNotSent)
    }

    @Test("A file of authorities that is not there, or is none, is an error that names it")
    func badFile() async throws {
        let folder = try TemporaryFolder()
        try folder.write("not-a-certificate", "hello")
        for name in ["missing.pem", "not-a-certificate"] {
            let error = try await failure {
                _ = try await sending(host: "localhost", trusting: { _ in "\(folder.path)/\(name)" }).get()
            }
            #expect(error.kind == .tls)
            #expect(error.isSurelyNotSent)
            #expect(error.detail.contains(name))
        }
    }

    @Test(
        "A server that does not speak TLS, or breaks off, gets nothing",
        arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", ""])
    func noTLS(_ raw: String) async throws {
        try await serving { connection in
            _ = try connection.read()
            try connection.write(raw)
        } _: { server, transport in
            var request = server.request("PUT")
            request.scheme = .https
            let error = try await failure { _ = try await transport.send(request) }
            #expect(error.kind == .tls)
            #expect(error.isSurelyNotSent)
        }
    }
}

@Suite("Transport: HTTP/2", .timeLimit(.minutes(10)))
struct HTTP2Tests {
    private func serving(
        _ version: TransportOptions.HTTPVersion = .two, settings: String = "",
        _ body: (Server) async throws -> Void
    ) async throws {
        let certificates = try Certificates()
        let nginx = try NginxServer(certificates, settings: settings)
        var options = TransportOptions()
        options.authoritiesFile = certificates.authority
        options.version = version
        let server = Server(
            transport: try HTTPTransport(options), port: nginx.port, files: certificates.folder.path + "/files")
        try await server.waitUntilReady(nginx)
        try await body(server)
        await server.transport.close()
    }

    struct Server {
        let transport: HTTPTransport
        let port: Int
        let files: String

        func request(_ method: String, _ target: String, body: HTTPBody = .none) -> HTTPRequest {
            HTTPRequest(method, .https, host: "localhost", port: port, target: target, body: body)
        }

        func put(_ name: String, _ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(filePath: files + "/" + name))
        }

        fileprivate func waitUntilReady(_ nginx: NginxServer) async throws {
            while let error = await outcome({ _ = try await transport.send(request("GET", "/")) }) {
                try #require(error.kind == .connect)
                let log = try? String(contentsOfFile: files + "/../error.log", encoding: .utf8)
                try #require(nginx.isRunning, "nginx says: \(log ?? "nothing")")
            }
        }
    }

    @Test("64 requests share a connection", arguments: [TransportOptions.HTTPVersion.two, .one])
    func shared(_ version: TransportOptions.HTTPVersion) async throws {
        try await serving(version) { server in
            let (transport, files) = (server.transport, server.files)
            #expect(!files.isEmpty)
            let connections = try await withThrowingTaskGroup(of: String?.self) { group in
                for index in 0..<64 {
                    group.addTask {
                        let body = [UInt8](repeating: UInt8(index), count: index * 1000)
                        let put = try await transport.send(server.request("PUT", "/\(index)", body: .bytes(body)))
                        #expect(put.status == 201)
                        let answer = try await transport.send(server.request("GET", "/\(index)"))
                        #expect(answer.status == 200)
                        #expect(answer.body == body)
                        #expect(answer.fields["X-Protocol"] == (version == .two ? "HTTP/2.0" : "HTTP/1.1"))
                        return answer.fields["x-connection"]
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            if version == .two { #expect(connections.count == 1) }
        }
    }

    @Test("Large bodies go both ways, as bytes and as streams")
    func large() async throws {
        try await serving { server in
            let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 / 1000) }
            let rest = Lock(bytes[...])
            let bodies: [HTTPBody] = [
                .bytes(bytes),
                .stream(length: bytes.count) {
                    rest.withLock { rest in
                        defer { rest = rest.dropFirst(100_000) }
                        return rest.isEmpty ? nil : Array(rest.prefix(100_000))
                    }
                },
            ]
            for body in bodies {
                let put = try await server.transport.send(server.request("PUT", "/large", body: body))
                #expect(put.status == 201 || put.status == 204)
                let whole = try await server.transport.send(server.request("GET", "/large"))
                #expect(whole.body == bytes)
                // Often: much of an answer may be there before libcurl waits for the first time.
                for _ in 0..<30 {
                    let streamed = try await server.transport.stream(server.request("GET", "/large"))
                    #expect(streamed.fields["x-protocol"] == "HTTP/1.1")
                    let read = try await streamed.body.collect(upTo: bytes.count)
                    #expect(read == bytes)
                }
            }
        }
    }

    @Test("Cancelling a request ends its stream alone")
    func cancelled() async throws {
        try await serving { server in
            try server.put("slow", [UInt8](repeating: 1, count: 100_000))
            try server.put("quick", [1])
            let first = try await server.transport.send(server.request("GET", "/quick"))
            let slow = await outcome {
                _ = try await server.transport.send(server.request("GET", "/slow"), deadline: soon(500))
            }
            #expect(slow?.kind == .timeout)
            #expect(slow?.phase == .receiving)
            let second = try await server.transport.send(server.request("GET", "/quick"))
            #expect(second.body == [1])
            #expect(second.fields["x-connection"] == first.fields["x-connection"])
        }
    }

    @Test("A server that ends its connections now and then loses no request")
    func goAway() async throws {
        try await serving(settings: "keepalive_requests 100;") { server in
            try server.put("file", [1, 2, 3])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        for _ in 0..<50 {
                            let answer = try await server.transport.send(server.request("GET", "/file"))
                            #expect(answer.body == [1, 2, 3])
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
