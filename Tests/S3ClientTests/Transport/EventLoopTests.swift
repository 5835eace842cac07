import CairnCore
import Testing

@testable import S3Client

@Suite("Transport: the line before its thread", .timeLimit(.minutes(10)))
struct EventLoopTests {
    @Test("A request that leaves the line is let go, even when the one before it never ends")
    func abandoned() async throws {
        let arrived = Signal()
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            arrived.fire()
            connection.waitForEnd()
        }
        defer { server.stop() }
        var options = TransportOptions()
        options.maximumConnections = 1
        let inbox = try EventLoop.start(options)
        func made() throws -> Transfer {
            try Transfer(server.request(), .collected(limit: 0), isProxied: false, deadline: nil, inbox: inbox)
        }
        inbox.post(.start(try made()))
        await arrived.wait()
        // It keeps its place in the line, and those behind it must not wait there for it.
        inbox.post(.start(try made()))
        var abandoned: [Weak] = []
        for _ in 0..<1000 {
            let transfer = try made()
            inbox.post(.start(transfer))
            inbox.post(.cancel(transfer))
            abandoned.append(Weak(transfer: transfer))
        }
        // A few may stay: looking for them each time would cost more than they hold.
        while abandoned.count(where: { $0.transfer != nil }) > 100 { await Task.yield() }
        await inbox.closeAndWait()
    }

    private struct Weak {
        weak var transfer: Transfer?
    }
}
