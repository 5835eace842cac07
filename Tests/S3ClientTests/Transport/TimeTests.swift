import CairnCore
import Foundation
import S3Client
import Testing

/// Each server here never does what would end the request in time; so only the limit under test can end it.
@Suite("Transport: deadlines and idle connections", .timeLimit(.minutes(10)))
struct TimeTests {
    @Test("A deadline that has passed already sends nothing")
    func past() async throws {
        try await echoing { server, transport in
            let error = try await failure {
                _ = try await transport.send(server.request("PUT"), deadline: .now.advanced(by: .seconds(-1)))
            }
            #expect(error.kind == .timeout)
            #expect(error.isSurelyNotSent)
            #expect(server.accepted.value == 0)
        }
    }

    @Test("A deadline ends the wait for a connection")
    func queued() async throws {
        var options = TransportOptions()
        options.maximumConnections = 1
        let arrived = Counter()
        try await serving(options) { connection in
            _ = try connection.readRequest()
            arrived.add()
            connection.waitForEnd()
        } _: { server, transport in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await transport.send(server.request()) }
                await arrived.wait(for: 1)
                let error = try await failure { _ = try await transport.send(server.request("PUT"), deadline: soon()) }
                #expect(error.kind == .timeout)
                #expect(error.phase == .queued)
                #expect(error.isSurelyNotSent)
                group.cancelAll()
                _ = await group.nextResult()
            }
        }
    }

    @Test("A deadline, or the time to connect, ends a connection that is never accepted", arguments: [true, false])
    func connecting(byDeadline: Bool) async throws {
        let listener = try FullListener()
        try await patiently { milliseconds in
            var options = TransportOptions()
            if !byDeadline { options.connectTimeout = .milliseconds(milliseconds) }
            let transport = try HTTPTransport(options)
            let request = HTTPRequest("PUT", .http, host: "127.0.0.1", port: listener.port, target: "/")
            let error = try await failure {
                _ = try await transport.send(request, deadline: byDeadline ? soon(milliseconds) : nil)
            }
            #expect(error.kind == .timeout)
            #expect(error.isSurelyNotSent)
            await transport.close()
            return error.phase == .connecting
        }
    }

    @Test("The time to connect includes TLS", arguments: [true, false])
    func securing(byDeadline: Bool) async throws {
        try await patiently { milliseconds in
            var options = TransportOptions()
            if !byDeadline { options.connectTimeout = .milliseconds(milliseconds) }
            var phase: TransportError.Phase?
            try await serving(options) { connection in
                connection.waitForEnd()
            } _: { server, transport in
                var request = server.request("PUT")
                request.scheme = .https
                let error = try await failure {
                    _ = try await transport.send(request, deadline: byDeadline ? soon(milliseconds) : nil)
                }
                #expect(error.kind == .timeout)
                #expect(error.isSurelyNotSent)
                phase = error.phase
            }
            return phase == .securing
        }
    }

    struct StallCase: Sendable, CustomTestStringConvertible {
        let phase: TransportError.Phase
        /// What the server writes before it stops.
        let raw: String
        let readsBody: Bool
        var testDescription: String { phase.rawValue }
    }

    private static let stalls = [
        StallCase(phase: .sending, raw: "", readsBody: false),
        StallCase(phase: .waiting, raw: "", readsBody: true),
        StallCase(phase: .receiving, raw: "HTTP/1.1 200 OK\r\nContent-", readsBody: true),
        StallCase(phase: .receiving, raw: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", readsBody: true),
    ]

    @Test(
        "A server that stops is cut off, by the deadline or by the idle time, and its connection closed",
        arguments: stalls, [true, false])
    func stalled(_ example: StallCase, byDeadline: Bool) async throws {
        try await patiently { milliseconds in
            var options = TransportOptions()
            if !byDeadline { options.idleTimeout = .milliseconds(milliseconds) }
            var phase: TransportError.Phase?
            let isClosed = Signal()
            let canRead = Signal()
            try await serving(options) { connection in
                defer { isClosed.fire() }
                _ = example.readsBody ? try connection.readRequest() : try connection.readHead()
                try connection.write(example.raw)
                if !example.readsBody { canRead.waitOnThread() }
                connection.waitForEnd()
            } _: { server, transport in
                let body = HTTPBody.bytes([UInt8](repeating: 1, count: example.readsBody ? 10 : 50_000_000))
                let error = try await failure {
                    _ = try await transport.send(
                        server.request("PUT", body: body), deadline: byDeadline ? soon(milliseconds) : nil)
                }
                #expect(error.kind == .timeout)
                phase = error.phase
                canRead.fire()
                guard phase == example.phase else { return }
                #expect(!error.isSurelyNotSent)
                await isClosed.wait()
            }
            return phase == example.phase
        }
    }

    @Test(
        "A server that sends a byte now and then is not idle, and ends at the deadline", arguments: [true, false])
    func trickle(isStreamed: Bool) async throws {
        var options = TransportOptions()
        options.idleTimeout = .seconds(2)
        try await serving(options) { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while true {
                try connection.write("x")
                Thread.sleep(forTimeInterval: 0.01)
            }
        } _: { server, transport in
            let error = try await failure {
                if isStreamed {
                    _ = try await transport.stream(server.request(), deadline: soon(3000)).body.collect(upTo: .max)
                } else {
                    _ = try await transport.send(server.request(), deadline: soon(3000))
                }
            }
            #expect(error.kind == .timeout)
            #expect(error.detail.contains("deadline"))
        }
    }

    @Test("A head that comes a byte now and then ends at the deadline")
    func trickledHead() async throws {
        try await serving { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n")
            while true {
                for byte in "x: y\r\n".utf8 {
                    try connection.write([byte])
                    Thread.sleep(forTimeInterval: 0.01)
                }
            }
        } _: { server, transport in
            let error = try await failure { _ = try await transport.send(server.request(), deadline: soon(2000)) }
            #expect(error.kind == .timeout)
            #expect(error.phase == .receiving)
        }
    }

    @Test("A server that takes a body little by little ends at the deadline")
    func trickledUpload() async throws {
        try await serving { connection in
            _ = try connection.readHead()
            while true {
                _ = try connection.read(exactly: 1)
                Thread.sleep(forTimeInterval: 0.01)
            }
        } _: { server, transport in
            let body = HTTPBody.bytes([UInt8](repeating: 1, count: 50_000_000))
            let error = try await failure {
                _ = try await transport.send(server.request("PUT", body: body), deadline: soon(2000))
            }
            #expect(error.kind == .timeout)
            #expect(error.phase == .sending)
            #expect(!error.isSurelyNotSent)
        }
    }

    @Test("A deadline ends a request whose body's stream has nothing, and lets go of the stream")
    func stalledProducer() async throws {
        let wasAsked = Signal()
        let wasCancelled = Signal()
        try await serving { connection in
            _ = try connection.readHead()
            connection.waitForEnd()
        } _: { server, transport in
            let body = HTTPBody.stream(length: nil) {
                wasAsked.fire()
                await withTaskCancellationHandler {
                    await wasCancelled.wait()
                } onCancel: {
                    wasCancelled.fire()
                }
                return nil
            }
            let error = try await failure {
                _ = try await transport.send(server.request("PUT", body: body), deadline: soon(1000))
            }
            #expect(error.kind == .timeout)
            // On a machine under load its time may be up before it comes to that.
            if wasAsked.hasFired {
                #expect(error.phase == .sending)
                await wasCancelled.wait()
            }
        }
    }

    @Test("Time in which the reader does not read is not idle time; the deadline still counts")
    func slowReader() async throws {
        var options = TransportOptions()
        options.idleTimeout = .seconds(1)
        let size = 8_000_000
        try await serving(options) { connection in
            while try connection.readRequest() != nil {
                try connection.answer(body: [UInt8](repeating: 7, count: size))
            }
        } _: { server, transport in
            let answer = try await transport.stream(server.request())
            // Another request on the same thread ends by its idle time: so that of the first would have ended, too.
            let listener = try LoopbackServer { $0.waitForEnd() }
            defer { listener.stop() }
            let other = try await failure { _ = try await transport.send(listener.request()) }
            #expect(other.kind == .timeout)
            #expect(try await answer.body.read(upTo: size).count == size)

            let late = try await transport.stream(server.request(), deadline: soon(2000))
            // Three times the idle time is longer than that.
            for _ in 0..<3 { _ = await outcome { _ = try await transport.send(listener.request()) } }
            let error = try await failure { _ = try await late.body.collect(upTo: size) }
            #expect(error.kind == .timeout)
        }
    }

    @Test("Time in which the body's stream has nothing is not idle time")
    func slowProducer() async throws {
        var options = TransportOptions()
        options.idleTimeout = .seconds(1)
        try await echoing(options) { server, transport in
            let chunks = Counter()
            let body = HTTPBody.stream(length: nil) {
                guard chunks.add() <= 3 else { return nil }
                let other = try LoopbackServer { $0.waitForEnd() }
                defer { other.stop() }
                let error = await outcome { _ = try await transport.send(other.request()) }
                #expect(error?.kind == .timeout)
                return [1]
            }
            let answer = try await transport.send(server.request("PUT", body: body))
            #expect(answer.body == [1, 1, 1])
        }
    }
}

/// A port where connections are made wait for ever: its queue is full and nobody takes from it.
final class FullListener {
    let port: Int
    private var files: [Int32] = []

    init() throws {
        let listener = try loopbackSocket()
        port = listener.port
        files = [listener.file]
        guard listen(listener.file, 0) == 0 else { throw SocketError("listen") }
        for _ in 0..<4 {
            files.append(try loopbackConnection(to: port, flags: Int32(SOCK_NONBLOCK.rawValue)))
        }
    }

    deinit {
        for file in files { close(file) }
    }
}
