import CairnCore
import S3Client
import Testing

@Suite("Transport: answers", .timeLimit(.minutes(10)))
struct HTTPAnswerTests {
    struct AnswerCase: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "GET"
        let raw: String
        let status: Int
        let body: String
        /// Whether the connection must be closed to end the answer.
        var isEndedByClose = false
        var testDescription: String { name }
    }

    private static let cases = [
        AnswerCase(
            name: "length", raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", status: 200, body: "hello"),
        AnswerCase(
            name: "chunks",
            raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
            status: 200, body: "hello"),
        AnswerCase(
            name: "chunks with a trailer",
            raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-late: 1\r\n\r\n",
            status: 200,
            body: "hello"),
        AnswerCase(
            name: "until close", raw: "HTTP/1.1 200 OK\r\n\r\nhello", status: 200, body: "hello", isEndedByClose: true),
        AnswerCase(name: "1.0", raw: "HTTP/1.0 200 OK\r\n\r\nhello", status: 200, body: "hello", isEndedByClose: true),
        AnswerCase(name: "empty", raw: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", status: 200, body: ""),
        AnswerCase(name: "204", raw: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, body: ""),
        AnswerCase(name: "304", raw: "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", status: 304, body: ""),
        AnswerCase(
            name: "HEAD", method: "HEAD", raw: "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", status: 200,
            body: ""),
        AnswerCase(
            name: "redirect", raw: "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\ngo",
            status: 307,
            body: "go"),
        AnswerCase(
            name: "401", raw: "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 1\r\n\r\nx", status: 401,
            body: "x"),
        AnswerCase(
            name: "interim answers",
            raw:
                "HTTP/1.1 100 Continue\r\nx-a: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nx-b: 2\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            status: 200, body: "ok"),
        AnswerCase(name: "no reason", raw: "HTTP/1.1 503\r\nContent-Length: 2\r\n\r\nno", status: 503, body: "no"),
        AnswerCase(name: "bare line feeds", raw: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", status: 200, body: "ok"),
    ]

    @Test("Each form of answer is read to its end and no further", arguments: cases, [false, true])
    func answer(_ example: AnswerCase, isByteByByte: Bool) async throws {
        try await serving { connection in
            while try connection.readRequest() != nil {
                if isByteByByte {
                    for byte in example.raw.utf8 { try connection.write([byte]) }
                } else {
                    try connection.write(example.raw)
                }
                if example.isEndedByClose { return }
            }
        } _: { server, transport in
            for round in 1...2 {
                let collected = try await transport.send(server.request(example.method))
                #expect(collected.status == example.status)
                #expect(text(collected.body) == example.body)
                #expect(collected.attempts == 1)
                let streamed = try await transport.stream(server.request(example.method))
                #expect(streamed.status == example.status)
                #expect(text(try await streamed.body.read(upTo: 100)) == example.body)
                #expect(collected.fields["x-b"] == nil)
                #expect(server.accepted.value == (example.isEndedByClose ? 2 * round : 1))
            }
        }
    }

    @Test("Fields are found without case, all values in order, folded lines joined, bytes as they came")
    func fields() async throws {
        let huge = String(repeating: "v", count: 90_000)
        let head: [[UInt8]] =
            [
                "HTTP/1.1 200 OK", "ETag: \"abc\"", "x-amz-meta-a:one", "X-AMZ-Meta-A:  two \t", "x-folded: first",
                "   second",
                "\tthird", "x-empty:", "x-huge: \(huge)", "Content-Length: 0",
            ].map { Array($0.utf8) } + [Array("x-latin: caf".utf8) + [0xE9], Array("x-utf8: café".utf8), [], []]
        let raw = Array(head.joined(separator: Array("\r\n".utf8)))
        try await serving { connection in
            while try connection.readRequest() != nil { try connection.write(raw) }
        } _: { server, transport in
            let fields = try await transport.send(server.request()).fields
            #expect(fields["etag"] == "\"abc\"")
            #expect(fields["ETAG"] == "\"abc\"")
            #expect(fields.values(of: "x-amz-meta-a") == ["one", "two"])
            #expect(fields["x-amz-meta-A"] == "one")
            #expect(fields["x-folded"] == "first second third")
            #expect(fields["x-empty"] == "")
            #expect(fields["x-missing"] == nil)
            #expect(fields.values(of: "x-missing") == [])
            #expect(fields["x-huge"] == huge)
            #expect(fields["x-latin"] == "café")
            #expect(fields["x-utf8"] == "café")
            #expect(fields.bytes(of: "x-latin").map(Array.init) == Array("caf".utf8) + [0xE9])
            #expect(fields.all.map(\.name).first == "ETag")
            #expect(fields.all.count == 9)
        }
    }

    // MARK: Bodies that are too long

    @Test("A body longer than the caller takes is refused, announced or not", arguments: [true, false])
    func tooLarge(isAnnounced: Bool) async throws {
        try await serving { connection in
            while try connection.readRequest() != nil {
                let length = isAnnounced ? "Content-Length: 1000\r\n" : ""
                try connection.write("HTTP/1.1 200 OK\r\n\(length)\r\n" + String(repeating: "x", count: 1000))
                if !isAnnounced { return }
            }
        } _: { server, transport in
            let error = try await failure { _ = try await transport.send(server.request(), bodyLimit: 999) }
            #expect(error.kind == .tooLarge)
            #expect(error.phase == .receiving)
            let whole = try await transport.send(server.request(), bodyLimit: 1000)
            #expect(whole.body.count == 1000)
            let streamed = try await transport.stream(server.request())
            let other = try await failure { _ = try await streamed.body.collect(upTo: 999) }
            #expect(other.kind == .tooLarge)
        }
    }

    @Test("A length that no memory holds is not believed before the bytes are there", arguments: [true, false])
    func hugeLength(isStreamed: Bool) async throws {
        try await serving { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(Int.max)\r\n\r\nhello")
        } _: { server, transport in
            let error = try await failure {
                if isStreamed {
                    _ = try await transport.stream(server.request()).body.collect(upTo: .max)
                } else {
                    _ = try await transport.send(server.request(), bodyLimit: .max)
                }
            }
            #expect(error.kind == .truncated)
        }
    }

    @Test("What follows the announced length is never taken for the next answer", arguments: [true, false])
    func excess(isLate: Bool) async throws {
        // The head is read first, so that libcurl reads the body alone and leaves what follows where it is.
        let canGoOn = Signal()
        let isWritten = Signal()
        let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        try await serving { connection in
            while try connection.readRequest() != nil {
                guard connection.number == 1 else {
                    try connection.answer(body: Array("good".utf8))
                    continue
                }
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                canGoOn.waitOnThread()
                try connection.write(isLate ? "hello" : "hello" + evil)
                if isLate {
                    isWritten.waitOnThread()
                    try connection.write(evil)
                }
            }
        } _: { server, transport in
            let first = try await transport.stream(server.request())
            canGoOn.fire()
            #expect(text(try await first.body.read(upTo: 100)) == "hello")
            if isLate {
                isWritten.fire()
                // The connection is closed by us as soon as the bytes are seen.
                while server.connections.value > 0 { await Task.yield() }
            }
            let second = try await transport.send(server.request())
            #expect(text(second.body) == "good")
            #expect(second.attempts == 1)
        }
    }

    // MARK: What is no answer

    @Test(
        "What is not HTTP is malformed",
        arguments: [
            ["hello, this is no HTTP", ""], ["", "", ""], ["HTTP/1.1 200 OK", "no colon here", ""],
            ["HTTP/1.1 abc OK", ""], ["HTTP/9.9 200 OK", ""],
        ])
    func malformed(_ lines: [String]) async throws {
        try await serving { connection in
            if try connection.readRequest() != nil {
                for line in lines { try connection.write(line + "\r\n") }
            }
        } _: { server, transport in
            let error = try await failure { _ = try await transport.send(server.request("PUT", body: .bytes([1]))) }
            #expect(error.kind == .malformed)
            #expect(!error.isSurelyNotSent)
        }
    }

    @Test("A head without end is cut off")
    func endlessHead() async throws {
        try await serving { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n")
            while true { try connection.write("x-more: " + String(repeating: "y", count: 10_000) + "\r\n") }
        } _: { server, transport in
            let error = try await failure { _ = try await transport.send(server.request()) }
            #expect(error.kind == .malformed)
        }
    }

    @Test("A line of a head without end is cut off", arguments: ["HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nx-long: "])
    func endlessLine(_ beginning: String) async throws {
        try await serving { connection in
            _ = try connection.readRequest()
            try connection.write(beginning)
            while true { try connection.write(String(repeating: "y", count: 10_000)) }
        } _: { server, transport in
            let error = try await failure { _ = try await transport.send(server.request("PUT", body: .bytes([1]))) }
            #expect(error.kind == .malformed)
            #expect(!error.isSurelyNotSent)
        }
    }

    @Test("Interim answers without end are cut off")
    func endlessInterim() async throws {
        try await serving { connection in
            _ = try connection.readRequest()
            while true { try connection.write("HTTP/1.1 100 Continue\r\nx: y\r\n\r\n") }
        } _: { server, transport in
            let error = try await failure { _ = try await transport.send(server.request()) }
            #expect(error.kind == .malformed)
        }
    }
}
