import CairnCore
import S3Client
import Testing

@Suite("Transport: cancellation", .timeLimit(.minutes(10)))
struct CancellationTests {
    @Test("A task that is cancelled already sends nothing")
    func before() async throws {
        try await echoing { server, transport in
            let isCancelled = Signal()
            let task = Task {
                await isCancelled.wait()
                return await outcome { _ = try await transport.send(server.request("PUT")) }
            }
            task.cancel()
            isCancelled.fire()
            let error = await task.value
            #expect(error?.kind == .cancelled)
            #expect(error?.isSurelyNotSent == true)
            #expect(server.accepted.value == 0)
        }
    }

    @Test("A request that waits for a connection leaves the line")
    func queued() async throws {
        var options = TransportOptions()
        options.maximumConnections = 1
        let arrived = Counter()
        let mayAnswer = Signal()
        try await serving(options) { connection in
            while try connection.readRequest() != nil {
                arrived.add()
                mayAnswer.waitOnThread()
                try connection.answer()
            }
        } _: { server, transport in
            let first = Task { await outcome { _ = try await transport.send(server.request()) } }
            await arrived.wait(for: 1)
            let second = Task { await outcome { _ = try await transport.send(server.request("PUT")) } }
            let third = Task { await outcome { _ = try await transport.send(server.request("PUT")) } }
            second.cancel()
            let error = await second.value
            #expect(error?.kind == .cancelled)
            #expect(error?.isSurelyNotSent == true)
            mayAnswer.fire()
            #expect(await first.value == nil)
            #expect(await third.value == nil)
            #expect(arrived.value == 2)
        }
    }

    @Test("A connection that is being made is given up")
    func connecting() async throws {
        let listener = try FullListener()
        let transport = try HTTPTransport()
        let task = Task {
            await outcome {
                _ = try await transport.send(
                    HTTPRequest("PUT", .http, host: "127.0.0.1", port: listener.port, target: "/"))
            }
        }
        // Its command comes to the thread before the one that cancels it.
        await Task.yield()
        task.cancel()
        let error = await task.value
        #expect(error?.kind == .cancelled)
        #expect(error?.isSurelyNotSent == true)
        await transport.close()
    }

    struct StageCase: Sendable, CustomTestStringConvertible {
        let phase: TransportError.Phase
        let raw: String
        let readsBody: Bool
        var testDescription: String { phase.rawValue }
    }

    private static let stages = [
        StageCase(phase: .sending, raw: "", readsBody: false),
        StageCase(phase: .waiting, raw: "", readsBody: true),
        StageCase(phase: .receiving, raw: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", readsBody: true),
    ]

    @Test("A request under way ends at once, its connection is closed and no other", arguments: stages)
    func underWay(_ example: StageCase) async throws {
        let arrived = Counter()
        let isCancelled = Signal()
        let isClosed = Signal()
        try await serving { connection in
            guard let head = try connection.readHead() else { return }
            if head.target == "/other" {
                arrived.add()
                isClosed.waitOnThread()
                try connection.answer("200 OK", body: Array("other".utf8))
                return
            }
            if example.readsBody { _ = try connection.readBody(of: head) }
            try connection.write(example.raw)
            arrived.add()
            isCancelled.waitOnThread()
            connection.waitForEnd()
            isClosed.fire()
        } _: { server, transport in
            let other = Task { try await transport.send(server.request("GET", "/other")) }
            let body = HTTPBody.bytes([UInt8](repeating: 1, count: example.readsBody ? 10 : 50_000_000))
            let task = Task { await outcome { _ = try await transport.send(server.request("PUT", body: body)) } }
            await arrived.wait(for: 2)
            task.cancel()
            let error = await task.value
            isCancelled.fire()
            #expect(error?.kind == .cancelled)
            #expect(error?.isSurelyNotSent == false)
            await isClosed.wait()
            let otherAnswer = try await other.value
            #expect(text(otherAnswer.body) == "other")
        }
    }

    @Test("Cancelling after the answer changes nothing")
    func after() async throws {
        try await echoing { server, transport in
            for _ in 0..<200 {
                let task = Task { try await transport.send(server.request("PUT", body: .bytes([1]))) }
                let answer = try await task.value
                #expect(answer.body == [1])
                task.cancel()
            }
            #expect(server.accepted.value == 1)
        }
    }

    @Test("Requests cancelled at any moment end exactly once, and the transport works on")
    func race() async throws {
        try await echoing { server, transport in
            for round in 0..<30 {
                let tasks = (0..<32).map { _ in
                    Task { await outcome { _ = try await transport.send(server.request("PUT", body: .bytes([1]))) } }
                }
                for _ in 0..<(round * 7 % 50) { await Task.yield() }
                for task in tasks { task.cancel() }
                for task in tasks {
                    let error = await task.value
                    #expect(error == nil || error?.kind == .cancelled)
                }
            }
            let answer = try await transport.send(server.request())
            #expect(answer.status == 200)
        }
    }
}
