import CairnCore
import S3Client
import Testing

@Suite("Transport: connections", .timeLimit(.minutes(10)))
struct ConnectionTests {
    /// Sends a body to a server that sends it back.
    private func put(_ body: [UInt8], _ server: LoopbackServer, _ transport: HTTPTransport) async throws {
        let answer = try await transport.send(server.request("PUT", body: .bytes(body)))
        #expect(answer.body == body)
        #expect(answer.attempts == 1)
    }

    @Test("One after the other, requests share one connection")
    func reuse() async throws {
        try await echoing { server, transport in
            for index in 0..<100 {
                let body = [UInt8](repeating: 1, count: index * 997)
                try await put(body, server, transport)
            }
            #expect(server.accepted.value == 1)
        }
    }

    @Test("64 at once are 64 connections at most, kept for the next 64")
    func many() async throws {
        try await echoing { server, transport in
            for _ in 0..<10 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<64 {
                        group.addTask {
                            let body = Array("body \(index)".utf8)
                            try await put(body, server, transport)
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(server.accepted.value <= 64)
        }
    }

    @Test("No more connections are open than the options say; the other requests wait", arguments: [1, 4])
    func limit(_ limit: Int) async throws {
        var options = TransportOptions()
        options.maximumConnections = limit
        try await echoing(options) { server, transport in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let body = Array("body \(index)".utf8)
                        try await put(body, server, transport)
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.connections.highest == limit)
        }
    }

    @Test("A connection to one host makes room for another host")
    func otherHost() async throws {
        var options = TransportOptions()
        options.maximumConnections = 1
        try await echoing(options) { first, transport in
            let second = try LoopbackServer(echo)
            defer { second.stop() }
            for _ in 0..<3 {
                #expect(try await transport.fetch(first.request()).status == 200)
                #expect(try await transport.fetch(second.request()).status == 200)
            }
        }
    }

    @Test("400 requests are in flight on one thread")
    func oneThread() async throws {
        var options = TransportOptions()
        options.maximumConnections = 400
        let arrived = Counter()
        let mayAnswer = Signal()
        try await serving(options) { connection in
            while try connection.readRequest() != nil {
                arrived.add()
                mayAnswer.waitOnThread()
                try connection.answer()
            }
        } _: { server, transport in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<400 { group.addTask { _ = try await transport.send(server.request()) } }
                await arrived.wait(for: 400)
                // Tests that run beside this one have threads, too.
                #expect(try transportThreads() < 400)
                mayAnswer.fire()
                try await group.waitForAll()
            }
        }
    }

    // MARK: Connections that break

    @Test(
        "A server that closes after each answer, said or unsaid, costs a connection each time and no request",
        arguments: [true, false])
    func closing(isSaid: Bool) async throws {
        try await serving { connection in
            guard let request = try connection.readRequest() else { return }
            try connection.answer("200 OK", isSaid ? ["Connection: close"] : [], body: request.body)
        } _: { server, transport in
            for index in 1...20 {
                let answer = try await transport.send(server.request("PUT", body: .bytes([1])))
                #expect(answer.body == [1])
                #expect(answer.attempts == 1)
                #expect(server.accepted.value == index)
                // The end of the connection has come here when it is gone there, but for the last step.
                while server.connections.value > 0 { await Task.yield() }
            }
        }
    }

    @Test("When a kept connection breaks before an answer, a read is sent again and a write never is")
    func brokenWhileWaiting() async throws {
        let seen = Lock([String]())
        try await serving { connection in
            var count = 0
            while let request = try connection.readRequest() {
                count += 1
                seen.withLock { $0.append("\(connection.number) \(request.method)") }
                if connection.number < 3, count == 2 {
                    connection.resetAtEnd()
                    return
                }
                try connection.answer()
            }
        } _: { server, transport in
            #expect(try await transport.fetch(server.request()).attempts == 1)
            #expect(try await transport.fetch(server.request()).attempts == 2)
            let error = try await failure { _ = try await transport.send(server.request("PUT", body: .bytes([1]))) }
            #expect(error.kind == .noAnswer)
            #expect(error.phase == .waiting)
            #expect(!error.isSurelyNotSent)
            #expect(seen.withLock { $0 } == ["1 GET", "1 GET", "2 GET", "2 PUT"])
        }
    }

    @Test("A write that says so is sent again, from its first byte", arguments: [10, 500_000])
    func replayable(size: Int) async throws {
        try await serving { connection in
            var count = 0
            while let request = try connection.readRequest() {
                count += 1
                if connection.number == 1, count == 2 { return }
                try connection.answer(body: request.body)
            }
        } _: { server, transport in
            var request = server.request("PUT", body: .bytes((0..<size).map { UInt8(truncatingIfNeeded: $0) }))
            request.isReplayable = true
            #expect(try await transport.fetch(request).attempts == 1)
            let second = try await transport.send(request)
            #expect(second.attempts == 2)
            #expect(second.body.count == size)
            if case .bytes(let bytes) = request.body { #expect(second.body == bytes) }
        }
    }

    @Test("A new connection that breaks before an answer is no reason to send again", arguments: ["GET", "PUT"])
    func brokenAtOnce(_ method: String) async throws {
        let seen = Counter()
        try await serving { connection in
            if try connection.readRequest() != nil { seen.add() }
        } _: { server, transport in
            let error = try await failure { _ = try await transport.send(server.request(method)) }
            #expect(error.kind == .noAnswer)
            #expect(seen.value == 1)
        }
    }

    // MARK: Ending

    @Test("Closing ends what is under way, what waits and what comes later")
    func close() async throws {
        var options = TransportOptions()
        options.maximumConnections = 2
        let arrived = Counter()
        try await serving(options) { connection in
            _ = try connection.readRequest()
            arrived.add()
            connection.waitForEnd()
        } _: { server, transport in
            await withTaskGroup(of: TransportError.Kind?.self) { group in
                for _ in 0..<5 {
                    group.addTask { await outcome { _ = try await transport.send(server.request("PUT")) }?.kind }
                }
                await arrived.wait(for: 2)
                await transport.close()
                for await kind in group { #expect(kind == .closed) }
            }
            let late = try await failure { _ = try await transport.send(server.request()) }
            #expect(late.kind == .closed)
            #expect(late.isSurelyNotSent)
            await transport.close()
        }
    }

    @Test("Requests that begin while a transport closes end exactly once")
    func closeRace() async throws {
        try await echoing { server, _ in
            for round in 0..<100 {
                let transport = try HTTPTransport()
                await withTaskGroup(of: TransportError.Kind?.self) { group in
                    for _ in 0..<16 {
                        group.addTask {
                            await outcome { _ = try await transport.send(server.request("PUT", body: .bytes([1]))) }?
                                .kind
                        }
                    }
                    for _ in 0..<(round * 7 % 30) { await Task.yield() }
                    await transport.close()
                    for await kind in group { #expect(kind == nil || kind == .closed) }
                }
            }
        }
    }

    @Test("Transports come and go and leave no thread and no file behind", arguments: [true, false])
    func lifetimes(isClosed: Bool) async throws {
        try await echoing { server, _ in
            for _ in 0..<1000 {
                let transport = try HTTPTransport()
                #expect(try await transport.fetch(server.request()).status == 200)
                if isClosed { await transport.close() }
            }
            // Those of the tests beside this one are far fewer.
            while try transportThreads() > 500 { await Task.yield() }
            while try eventQueues() > 500 { await Task.yield() }
            // A closed one is gone at once.
            if isClosed { #expect(server.connections.highest < 500) }
        }
    }
}
