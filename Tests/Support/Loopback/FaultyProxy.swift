import CairnCore
import Foundation
import Simulation

/// Stands between a client and a server of HTTP/1.1 on loopback, and does to requests and answers what networks and servers do on
/// bad days.
///
/// What becomes of a request follows from the seed and from how many came before it. But for ``Fault/again``, a request that it lets
/// through is answered by the server, or has failed there, before the proxy does its harm: nothing takes effect later.
package final class FaultyProxy: Sendable {
    package enum Fault: String, CaseIterable, Sendable {
        /// The connection ends before the request goes anywhere.
        case dropBefore
        /// The server gets half of the request, then the connection ends.
        case dropDuring
        /// The server has answered, and the connection ends before the answer.
        case dropAfter
        /// As before, with a reset.
        case reset
        /// The request waits until a later one has come.
        case delayRequest
        /// The answer waits until a later request has come.
        case delayAnswer
        /// The answer ends in its head, or in its body.
        case truncate
        /// Some bytes of an object are there twice, in the place of others.
        case duplicateBytes
        /// A body is followed by some of its bytes again, and announced as so long.
        case lengthen
        /// 500 after the server did what was asked.
        case failAfter
        /// 503 without asking the server.
        case refuseBefore
        /// The whole answer comes twice.
        case answerTwice
        /// The server gets the request twice; the client gets its second answer.
        case twice
        /// The server gets the request once more when a later one has come, and its answer is lost.
        case again

        /// Those of a network over which a request arrives at most once.
        package static let once = allCases.filter { $0 != .twice && $0 != .again }
    }

    private struct State {
        var random: SeededRandom
        var requests = 0
        var fired: [Fault: Int] = [:]
    }

    package let port: Int
    private let percent: Int
    private let upstream: Int
    private let faults: [Fault]
    private let state: Lock<State>
    private let arrivals = NSCondition()
    private let server: LoopbackServer
    /// What the server's threads find the proxy by, until it is stopped.
    private let box = Box<FaultyProxy>()

    /// - Parameter percent: Of a hundred requests, how many go wrong.
    package init(
        to upstream: Int, seed: UInt64, percent: Int, faults: [Fault] = Fault.once
    ) throws {
        self.upstream = upstream
        self.percent = percent
        self.faults = faults
        state = Lock(State(random: SeededRandom(seed: seed)))
        server = try LoopbackServer { [box] connection in try box.value?.serve(connection) }
        port = server.port
        box.value = self
    }

    /// How often each fault happened.
    package var fired: [Fault: Int] { state.withLock { $0.fired } }
    package var requests: Int { state.withLock { $0.requests } }

    package func stop() {
        server.stop()
        box.value = nil
    }

    // MARK: Serving

    private struct Answer {
        var head: [String]
        var body: [UInt8]
        /// Whether a body follows the head: not for HEAD.
        var hasBody: Bool

        var bytes: [UInt8] { Array((head + ["", ""]).joined(separator: "\r\n").utf8) + (hasBody ? body : []) }
    }

    private func serve(_ client: LoopbackConnection) throws {
        let file = try loopbackConnection(to: upstream)
        defer { closeSocket(file) }
        let server = LoopbackConnection(file, number: client.number)
        while let head = try client.readHead() {
            if head.field("Expect") != nil { try client.write("HTTP/1.1 100 Continue\r\n\r\n") }
            let body = try client.readBody(of: head)
            let (number, fault) = admit()
            guard try handle(head, body, fault, number, client, server) else { return }
        }
    }

    private func admit() -> (number: Int, fault: Fault?) {
        let admitted = state.withLock { state -> (Int, Fault?) in
            state.requests += 1
            let isFaulty = state.random.chance(percent)
            let fault = state.random.pick(faults)
            return (state.requests, isFaulty ? fault : nil)
        }
        arrivals.lock()
        arrivals.broadcast()
        arrivals.unlock()
        return admitted
    }

    private func count(_ fault: Fault) { state.withLock { $0.fired[fault, default: 0] += 1 } }

    /// Waits until another request has come, or nobody sends any.
    private func waitForNext(after number: Int) {
        arrivals.lock()
        defer { arrivals.unlock() }
        let end = Date.now.addingTimeInterval(0.1)
        while requests == number, arrivals.wait(until: end) {}
    }

    /// - Returns: Whether the connection goes on.
    private func handle(
        _ head: LoopbackConnection.Request, _ body: [UInt8], _ fault: Fault?, _ number: Int,
        _ client: LoopbackConnection, _ server: LoopbackConnection
    ) throws -> Bool {
        // The answer to `Expect` was given here.
        let lines = [head.line] + head.fields.filter { !$0.lowercased().hasPrefix("expect:") }
        let request = Array((lines + ["", ""]).joined(separator: "\r\n").utf8) + body
        switch fault {
        case .dropBefore:
            count(.dropBefore)
            return false
        case .dropDuring:
            try server.write(Array(request.prefix(request.count / 2)))
            count(.dropDuring)
            return false
        case .refuseBefore:
            count(.refuseBefore)
            try refuse(head, client, "503 Slow Down", "SlowDown")
            return true
        case .delayRequest:
            count(.delayRequest)
            waitForNext(after: number)
        default: break
        }
        try server.write(request)
        guard var answer = try read(server, isHead: head.method == "HEAD") else { return false }
        if fault == .twice {
            count(.twice)
            try server.write(request)
            guard let second = try read(server, isHead: head.method == "HEAD") else { return false }
            answer = second
        }
        if fault == .again { sendAgain(request, after: number) }
        return try hand(answer, head, fault, number, client)
    }

    /// Sends a request once more, over a connection of its own, when it is no longer expected.
    private func sendAgain(_ request: [UInt8], after number: Int) {
        count(.again)
        Thread.detachNewThread { [self] in
            waitForNext(after: number)
            // A server that cannot be reached any more has not got it, which networks are free to do.
            guard let file = try? loopbackConnection(to: upstream) else { return }
            defer { closeSocket(file) }
            let server = LoopbackConnection(file, number: 0)
            try? server.write(request)
            _ = try? read(server, isHead: request.starts(with: Array("HEAD".utf8)))
        }
    }

    private func read(_ server: LoopbackConnection, isHead: Bool) throws -> Answer? {
        while let head = try server.readHead() {
            let status = head.line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            if status < 200 { continue }
            let hasBody = !isHead && status != 204 && status != 304
            let body = hasBody ? try server.readBody(of: head) : []
            var lines = [head.line] + head.fields
            // What came in chunks leaves in one piece.
            if head.field("Transfer-Encoding") != nil {
                lines.removeAll { $0.lowercased().hasPrefix("transfer-encoding:") }
                lines.append("Content-Length: \(body.count)")
            }
            return Answer(head: lines, body: body, hasBody: hasBody)
        }
        return nil
    }

    private func hand(
        _ answer: Answer, _ head: LoopbackConnection.Request, _ fault: Fault?, _ number: Int,
        _ client: LoopbackConnection
    ) throws -> Bool {
        var answer = answer
        let isObject = head.method == "GET" && !head.target.contains("?") && answer.head[0].contains(" 200")
        switch fault {
        case .dropAfter:
            count(.dropAfter)
            return false
        case .reset:
            count(.reset)
            client.resetAtEnd()
            return false
        case .delayAnswer:
            count(.delayAnswer)
            waitForNext(after: number)
        case .truncate:
            count(.truncate)
            let bytes = answer.bytes
            try client.write(
                Array(bytes.prefix(answer.body.isEmpty ? bytes.count / 2 : bytes.count - answer.body.count / 2)))
            return false
        case .duplicateBytes where isObject && answer.body.count > 64:
            count(.duplicateBytes)
            let middle = answer.body.count / 2
            answer.body.insert(contentsOf: answer.body[middle - 16..<middle], at: middle)
            answer.body.removeLast(16)
        case .lengthen where !answer.body.isEmpty:
            count(.lengthen)
            answer.head.removeAll { $0.lowercased().hasPrefix("content-length:") }
            answer.body += answer.body.suffix(16)
            answer.head.append("Content-Length: \(answer.body.count)")
        case .failAfter:
            count(.failAfter)
            try refuse(head, client, "500 Internal Server Error", "InternalError")
            return true
        case .answerTwice:
            count(.answerTwice)
            try client.write(answer.bytes + answer.bytes)
            return true
        default: break
        }
        try client.write(answer.bytes)
        return true
    }

    private func refuse(
        _ head: LoopbackConnection.Request, _ client: LoopbackConnection, _ status: String, _ code: String
    ) throws {
        let body = head.method == "HEAD" ? [] : Array("<Error><Code>\(code)</Code></Error>".utf8)
        try client.answer(status, ["x-amz-request-id: proxy"], body: body)
    }
}
