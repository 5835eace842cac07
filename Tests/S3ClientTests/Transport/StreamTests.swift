import CairnCore
import S3Client
import Testing

@Suite("Transport: streamed bodies", .timeLimit(.minutes(10)))
struct StreamTests {
    /// What may be on the way between a server and a reader who does not read: what the transport holds, libcurl's and the system's buffers.
    private static let slack = 16 << 20

    // MARK: Answers

    @Test("A server waits for a reader who does not read, and nothing is lost")
    func downloadPressure() async throws {
        let size = 64 << 20
        let written = Counter()
        try await serving { connection in
            while let request = try connection.readRequest() {
                guard request.target == "/big" else {
                    try connection.answer()
                    continue
                }
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
                for index in 0..<1024 {
                    try connection.write([UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 65_536))
                    written.add(65_536)
                }
            }
        } _: { server, transport in
            let answer = try await transport.stream(server.request("GET", "/big"))
            var read = 0
            for try await chunk in answer.body {
                // The thread of the transport is busy with others meanwhile, and has all the time to read ahead.
                if read == 0 { for _ in 0..<300 { _ = try await transport.send(server.request()) } }
                for offset in stride(from: 0, to: chunk.count, by: 4096) {
                    #expect(chunk[offset] == UInt8(truncatingIfNeeded: (read + offset) / 65_536))
                }
                read += chunk.count
                #expect(written.value <= read + Self.slack)
            }
            #expect(read == size)
        }
    }

    @Test("Dropping a body, read or unread, cancels the transfer and closes its connection", arguments: [true, false])
    func dropped(isRead: Bool) async throws {
        let isClosed = Signal()
        try await serving { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
            connection.waitForEnd()
            isClosed.fire()
        } _: { server, transport in
            do {
                let answer = try await transport.stream(server.request())
                #expect(answer.status == 200)
                if isRead {
                    var iterator = answer.body.makeAsyncIterator()
                    let first = try await iterator.next()
                    #expect(first.map(text) == "hello")
                }
            }
            await isClosed.wait()
        }
    }

    @Test("Cancelling a task that waits for more of a body ends it, and closes the connection")
    func cancelledReader() async throws {
        let isClosed = Signal()
        let hasRead = Signal()
        try await serving { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
            connection.waitForEnd()
            isClosed.fire()
        } _: { server, transport in
            let task = Task {
                await outcome {
                    for try await _ in try await transport.stream(server.request()).body { hasRead.fire() }
                }
            }
            await hasRead.wait()
            task.cancel()
            #expect(await task.value?.kind == .cancelled)
            await isClosed.wait()
        }
    }

    @Test("A body keeps its transport")
    func keptTransport() async throws {
        let mayGoOn = Signal()
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            mayGoOn.waitOnThread()
            try connection.write("hello")
        }
        defer { server.stop() }
        let answer = try await HTTPTransport().stream(server.request())
        mayGoOn.fire()
        #expect(text(try await answer.body.read(upTo: 10)) == "hello")
    }

    @Test("Bodies stay apart when many are read at once")
    func many() async throws {
        try await echoing { server, transport in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<64 {
                    group.addTask {
                        let body = [UInt8](repeating: UInt8(index), count: 300_000 + index)
                        let answer = try await transport.stream(server.request("PUT", body: .bytes(body)))
                        let received = try await answer.body.collect(upTo: 1_000_000)
                        #expect(received == body)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("Closing the transport ends a body that is read, after what had come")
    func closedTransport() async throws {
        try await serving { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            connection.waitForEnd()
        } _: { server, transport in
            let answer = try await transport.stream(server.request())
            var iterator = answer.body.makeAsyncIterator()
            let first = try await iterator.next()
            #expect(first.map(text) == "hello")
            let reader = Task { await outcome { _ = try await answer.body.collect(upTo: 100) } }
            await Task.yield()
            await transport.close()
            #expect(await reader.value?.kind == .closed)
            #expect(await outcome { _ = try await answer.body.collect(upTo: 100) }?.kind == .closed)
        }
    }

    @Test("Streams that are dropped, cancelled or closed at any moment end exactly once")
    func race() async throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        var random = SeededRandom(seed)
        let size = 1_000_000
        try await echoing { server, _ in
            for round in 0..<30 {
                let transport = try HTTPTransport()
                let tasks = (0..<16).map { index in
                    Task {
                        await outcome {
                            let body = HTTPBody.bytes([UInt8](repeating: UInt8(index), count: size))
                            let answer = try await transport.stream(server.request("PUT", body: body))
                            var count = 0
                            for try await chunk in answer.body {
                                count += chunk.count
                                // Every fourth reader goes away in the middle.
                                if index % 4 == 0, count > size / 2 { return }
                            }
                            #expect(count == size, "seed \(seed), round \(round)")
                        }
                    }
                }
                for _ in 0..<Int.random(in: 0..<400, using: &random) { await Task.yield() }
                for task in tasks where Bool.random(using: &random) { task.cancel() }
                if Bool.random(using: &random) { await transport.close() }
                for task in tasks {
                    let kind = await task.value?.kind
                    #expect(kind == nil || kind == .cancelled || kind == .closed, "seed \(seed), round \(round)")
                }
                await transport.close()
            }
        }
    }

    // MARK: Requests

    @Test("A producer is asked only for what the server takes", arguments: [true, false])
    func uploadPressure(isLengthKnown: Bool) async throws {
        let chunkSize = 1 << 18
        let chunks = 256
        let taken = Counter()
        let asked = Counter()
        let mayRead = Signal()
        try await serving { connection in
            while let head = try connection.readHead() {
                if head.target == "/small" {
                    try connection.answer()
                    continue
                }
                mayRead.waitOnThread()
                if isLengthKnown {
                    for _ in 0..<chunks { taken.add(try connection.read(exactly: chunkSize).count) }
                } else {
                    taken.add(try connection.readBody(of: head).count)
                }
                try connection.answer("201 Created")
            }
        } _: { server, transport in
            let body = HTTPBody.stream(length: isLengthKnown ? chunkSize * chunks : nil) {
                guard asked.add() <= chunks else { return nil }
                return [UInt8](repeating: 9, count: chunkSize)
            }
            let task = Task { try await transport.send(server.request("PUT", "/big", body: body)) }
            await asked.wait(for: 1)
            for _ in 0..<300 { _ = try await transport.send(server.request("GET", "/small")) }
            #expect(asked.value * chunkSize <= Self.slack)
            mayRead.fire()
            let answer = try await task.value
            #expect(answer.status == 201)
            #expect(taken.value == chunkSize * chunks)
            #expect(asked.value == chunks + 1)
        }
    }

    private struct Broken: Error {}

    @Test(
        "A producer that fails ends the request with its error, and the server sees no complete body",
        arguments: [true, false])
    func failedProducer(isLengthKnown: Bool) async throws {
        let isComplete = Counter()
        let isClosed = Signal()
        try await serving { connection in
            if (try? connection.readRequest()) != nil { isComplete.add() }
            isClosed.fire()
        } _: { server, transport in
            let asked = Counter()
            let body = HTTPBody.stream(length: isLengthKnown ? 10 : nil) {
                if asked.add() == 2 { throw Broken() }
                return [1, 2, 3]
            }
            let error = try await failure { _ = try await transport.send(server.request("PUT", body: body)) }
            #expect(error.kind == .requestBody)
            #expect(error.cause is Broken)
            await isClosed.wait()
            #expect(isComplete.value == 0)
        }
    }

    @Test("A producer that gives more or less than announced is an error", arguments: [1, 3, 5, 7])
    func wrongLength(announced: Int) async throws {
        let isComplete = Counter()
        let isClosed = Signal()
        try await serving { connection in
            if (try? connection.readRequest()) != nil { isComplete.add() }
            isClosed.fire()
        } _: { server, transport in
            let asked = Counter()
            let body = HTTPBody.stream(length: announced) { asked.add() <= 2 ? [1, 2, 3] : nil }
            let error = try await failure { _ = try await transport.send(server.request("PUT", body: body)) }
            #expect(error.kind == .requestBody)
            #expect(error.detail.contains("\(announced) bytes announced"))
            await isClosed.wait()
            #expect(isComplete.value == 0)
        }
    }

    @Test("A producer that waits is let go when its request ends", arguments: [true, false])
    func cancelledProducer(isCancelled: Bool) async throws {
        let isWaiting = Signal()
        let wasCancelled = Signal()
        try await serving { connection in
            _ = try connection.readHead()
            isWaiting.waitOnThread()
            if !isCancelled {
                try connection.answer("400 Bad Request", ["Connection: close"])
                connection.finishWriting()
            }
            connection.waitForEnd()
        } _: { server, transport in
            let body = HTTPBody.stream(length: 10) {
                isWaiting.fire()
                return await withTaskCancellationHandler {
                    await wasCancelled.wait()
                    return nil
                } onCancel: {
                    wasCancelled.fire()
                }
            }
            let task = Task { await outcome { _ = try await transport.send(server.request("PUT", body: body)) } }
            await isWaiting.wait()
            if isCancelled { task.cancel() }
            #expect(await task.value?.kind == (isCancelled ? .cancelled : nil))
            await wasCancelled.wait()
        }
    }

    @Test("A body is streamed up and the answer down at the same time")
    func bothWays() async throws {
        try await serving { connection in
            guard let head = try connection.readHead() else { return }
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
            for _ in 0..<6 { try connection.write(try connection.read(exactly: 1)) }
            #expect(head.field("Content-Length") == "6")
        } _: { server, transport in
            let next = Counter()
            let echoed = Counter()
            // A byte goes up when the one before it has come down.
            let body = HTTPBody.stream(length: 6) {
                let index = next.add()
                guard index <= 6 else { return nil }
                await echoed.wait(for: index - 1)
                return [UInt8(index)]
            }
            let answer = try await transport.stream(server.request("PUT", body: body))
            var received: [UInt8] = []
            for try await chunk in answer.body {
                received += chunk
                echoed.add(chunk.count)
            }
            #expect(received == [1, 2, 3, 4, 5, 6])
        }
    }
}
