import CairnCore
import Foundation
import S3Client
import Testing

@Suite("Transport: proxies", .timeLimit(.minutes(10)))
struct ProxyTests {
    @Test("A plain request goes to the proxy with its whole address, byte for byte; the name is the proxy's to look up")
    func absolute() async throws {
        let seen = Lock([LoopbackConnection.Request]())
        let proxy = try LoopbackServer { connection in
            while let request = try connection.readRequest() {
                seen.withLock { $0.append(request) }
                try connection.answer(body: request.body)
            }
        }
        defer { proxy.stop() }
        var options = TransportOptions()
        options.proxy = "http://me:secret@127.0.0.1:\(proxy.port)"
        let transport = try HTTPTransport(options)
        for port in [nil, 81] {
            let request = HTTPRequest(
                "PUT", .http, host: "no-such-host.invalid", port: port, target: "//a/../b%2f?c=+", body: .bytes([1]))
            let answer = try await transport.send(request)
            #expect(answer.body == [1])
        }
        let heads = seen.withLock { $0 }
        #expect(
            heads.map(\.line) == [
                "PUT http://no-such-host.invalid//a/../b%2f?c=+ HTTP/1.1",
                "PUT http://no-such-host.invalid:81//a/../b%2f?c=+ HTTP/1.1",
            ])
        #expect(heads.map { $0.field("Host") } == ["no-such-host.invalid", "no-such-host.invalid:81"])
        #expect(heads.allSatisfy { $0.field("Proxy-Authorization") == "Basic bWU6c2VjcmV0" })
        await transport.close()
    }

    @Test("A secure request goes through a tunnel")
    func tunnel() async throws {
        let certificates = try Certificates()
        let server = try TLSServer(certificates)
        let heads = Lock([LoopbackConnection.Request]())
        let proxy = try LoopbackServer { connection in
            guard let head = try connection.readHead() else { return }
            heads.withLock { $0.append(head) }
            try connection.write("HTTP/1.1 200 OK\r\n\r\n")
            try connection.tunnel(to: head.target.split(separator: ":").last.flatMap { Int($0) } ?? 0)
        }
        defer { proxy.stop() }
        var options = TransportOptions()
        options.proxy = "http://127.0.0.1:\(proxy.port)"
        options.authoritiesFile = certificates.authority
        let transport = try HTTPTransport(options)
        let fields = [HTTPField("Authorization", "secret")]
        let answer = try await transport.send(
            HTTPRequest("GET", .https, host: "localhost", port: server.port, target: "/", fields: fields))
        #expect(answer.status == 200)
        // What comes from the proxy is no part of the answer, and what is for the server is not for the proxy.
        #expect(answer.fields["content-type"] == "text/html")
        #expect(heads.withLock { $0.map(\.line) } == ["CONNECT localhost:\(server.port) HTTP/1.1"])
        #expect(heads.withLock { $0.allSatisfy { $0.field("Authorization") == nil } })
        await transport.close()
    }

    @Test(
        "A proxy that refuses, or is not there, is named, and nothing was sent",
        arguments: ["403 Forbidden", "407 Who", "502 Bad", nil])
    func refused(_ status: String?) async throws {
        let proxy = try LoopbackServer { connection in
            while try connection.readHead() != nil { try connection.answer(status ?? "200 OK") }
        }
        defer { proxy.stop() }
        let closed = try loopbackSocket()
        defer { closeSocket(closed.file) }
        var options = TransportOptions()
        options.proxy = "http://me:secret@127.0.0.1:\(status == nil ? closed.port : proxy.port)"
        let transport = try HTTPTransport(options)
        let error = try await failure {
            _ = try await transport.send(HTTPRequest("PUT", .https, host: "localhost", port: 1, target: "/"))
        }
        #expect(error.kind == .proxy)
        #expect(error.isSurelyNotSent)
        #expect(!error.description.contains("secret"))
        await transport.close()
    }

    @Test("The environment's proxies are not used")
    func environment() async throws {
        for name in ["http_proxy", "all_proxy", "ALL_PROXY"] { setenv(name, "http://127.0.0.1:1", 1) }
        defer { for name in ["http_proxy", "all_proxy", "ALL_PROXY"] { unsetenv(name) } }
        try await echoing { server, transport in
            let answer = try await transport.send(server.request("PUT", body: .bytes([1])))
            #expect(answer.body == [1])
        }
    }
}

extension LoopbackConnection {
    /// Hands bytes on in both directions until one side ends.
    fileprivate func tunnel(to port: Int) throws {
        let target = try loopbackConnection(to: port)
        let other = LoopbackConnection(target, number: 0)
        defer { closeSocket(target) }
        let isOver = Signal()
        Thread.detachNewThread { [back = file] in
            let (from, to) = (LoopbackConnection(target, number: 0), LoopbackConnection(back, number: 0))
            defer { isOver.fire() }
            while let bytes = try? from.read(), !bytes.isEmpty, (try? to.write(bytes)) != nil {}
            to.finishWriting()
        }
        while case let bytes = try read(), !bytes.isEmpty { try other.write(bytes) }
        other.finishWriting()
        isOver.waitOnThread()
    }
}
