import CairnCore
import Foundation

/// A server on a loopback port that does what a test says, byte by byte, with one thread for each connection.
package final class LoopbackServer: Sendable {
    package typealias Script = @Sendable (LoopbackConnection) throws -> Void

    private struct State {
        var open: [Int32] = []
        var isStopped = false
    }

    package let port: Int
    /// Connections that were accepted.
    package let accepted = Counter()
    /// Connections that are open; `highest` is the most there were at once.
    package let connections = Counter()
    private let listener: Int32
    private let state = Lock(State())

    /// - Parameter script: Run for each connection, which is closed at its end.
    package init(_ script: @escaping Script) throws {
        let socket = try loopbackSocket()
        listener = socket.file
        port = socket.port
        guard listen(listener, 256) == 0 else { throw SocketError("listen") }
        Thread.detachNewThread { [self] in
            while true {
                let file = accept(listener, nil, nil)
                guard file >= 0 else { break }
                guard take(file) else {
                    close(file)
                    break
                }
                connections.add()
                let number = accepted.add()
                Thread.detachNewThread { [self] in
                    let connection = LoopbackConnection(file, number: number)
                    // A script fails when the other side goes away: the test sees that on its own side.
                    try? script(connection)
                    end(file)
                    connections.add(-1)
                }
            }
            close(listener)
        }
    }

    private func take(_ file: Int32) -> Bool {
        state.withLock { state in
            if !state.isStopped { state.open.append(file) }
            return !state.isStopped
        }
    }

    private func end(_ file: Int32) {
        state.withLock { state in
            state.open.removeAll { $0 == file }
            close(file)
        }
    }

    /// Accepts nothing more, and ends all connections.
    package func stop() {
        state.withLock { state in
            state.isStopped = true
            for file in state.open { shutdown(file, Int32(SHUT_RDWR)) }
            shutdown(listener, Int32(SHUT_RDWR))
        }
    }
}

package struct SocketError: Error, CustomStringConvertible {
    package let description: String

    package init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}

/// A TCP socket bound to a free port of 127.0.0.1.
package func loopbackSocket() throws -> (file: Int32, port: Int) {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard file >= 0 else { throw SocketError("socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(file, address, length) == 0 ? getsockname(file, address, &length) : -1
        }
    }
    guard code == 0 else { throw SocketError("bind") }
    return (file, Int(UInt16(bigEndian: address.sin_port)))
}

/// A socket that connects, or has begun to, to a port of 127.0.0.1.
package func loopbackConnection(to port: Int, flags: Int32 = 0) throws -> Int32 {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | flags, 0)
    guard file >= 0 else { throw SocketError("socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    let code = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard code == 0 || errno == EINPROGRESS else { throw SocketError("connect") }
    return file
}

/// A connection of a test server.
package final class LoopbackConnection {
    /// What a client sent.
    package struct Request {
        package let line: String
        package let fields: [String]
        package var body: [UInt8] = []

        package var method: String { String(line.prefix { $0 != " " }) }
        package var target: String { line.split(separator: " ").dropFirst().first.map(String.init) ?? "" }

        package func field(_ name: String) -> String? {
            fields.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    package let file: Int32
    /// Counted from 1.
    package let number: Int
    private var buffer: [UInt8] = []

    package init(_ file: Int32, number: Int) {
        self.file = file
        self.number = number
    }

    // MARK: Reading

    /// The next bytes; empty when the client has closed.
    package func read() throws -> [UInt8] {
        if !buffer.isEmpty {
            defer { buffer = [] }
            return buffer
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(file, &bytes, bytes.count, 0)
        guard count >= 0 else { throw SocketError("recv") }
        return Array(bytes.prefix(count))
    }

    /// Waits until the client closes or breaks the connection.
    package func waitForEnd() {
        while let bytes = try? read(), !bytes.isEmpty {}
    }

    /// The head of the next request; nil when the client has closed instead.
    package func readHead() throws -> Request? {
        var head: [UInt8] = []
        while true {
            if let end = head.firstRange(of: Array("\r\n\r\n".utf8)) {
                buffer = Array(head[end.upperBound...])
                let lines = String(decoding: head[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                return Request(line: lines[0], fields: Array(lines.dropFirst()))
            }
            let more = try read()
            if more.isEmpty { return nil }
            head += more
        }
    }

    /// Reads the body that belongs to a head.
    package func readBody(of request: Request) throws -> [UInt8] {
        if let length = request.field("Content-Length") { return try read(exactly: Int(length) ?? 0) }
        guard request.field("Transfer-Encoding") == "chunked" else { return [] }
        var body: [UInt8] = []
        while true {
            let line = try readLine()
            let size = Int(line, radix: 16) ?? 0
            body += try read(exactly: size)
            _ = try readLine()
            if size == 0 { return body }
        }
    }

    /// The next request with its body; nil when the client has closed instead.
    package func readRequest() throws -> Request? {
        guard var request = try readHead() else { return nil }
        request.body = try readBody(of: request)
        return request
    }

    package func read(exactly count: Int) throws -> [UInt8] {
        guard count > 0 else { return [] }
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try read()
            if more.isEmpty { throw SocketError("the client closed") }
            bytes += more
        }
        buffer = Array(bytes[count...])
        return Array(bytes[..<count])
    }

    private func readLine() throws -> String {
        var line: [UInt8] = []
        while true {
            let byte = try read(exactly: 1)[0]
            if byte == UInt8(ascii: "\n") { return String(decoding: line.dropLast(), as: UTF8.self) }
            line.append(byte)
        }
    }

    // MARK: Writing

    package func write(_ text: String) throws { try write(Array(text.utf8)) }

    package func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                send(file, buffer.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw SocketError("send") }
            sent += count
        }
    }

    /// A whole answer.
    package func answer(_ status: String = "200 OK", _ fields: [String] = [], body: [UInt8] = []) throws {
        let lines = ["HTTP/1.1 \(status)"] + fields + ["Content-Length: \(body.count)", "", ""]
        try write(Array(lines.joined(separator: "\r\n").utf8) + body)
    }

    /// Nothing more will be written.
    package func finishWriting() { shutdown(file, Int32(SHUT_WR)) }

    /// Breaks the connection (RST) at the end of the script.
    package func resetAtEnd() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(file, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
    }
}

package func closeSocket(_ file: Int32) { close(file) }
