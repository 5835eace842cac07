import CairnCore
import Foundation

/// A server on a loopback port that answers HTTP requests as a test says. It ends with its last reference.
package final class ScriptedServer: Sendable {
    package struct Request: Sendable {
        package let method: String
        package let target: String
        package let head: String
        package let bytes: [UInt8]

        package var body: String { String(decoding: bytes, as: UTF8.self) }

        /// The value of a header field, whose name is in lower case.
        package func field(_ name: String) -> String? {
            let line = head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("\(name):") }
            return line.map { String($0.dropFirst(name.count + 1)).trimmingCharacters(in: .whitespaces) }
        }
    }

    package struct Answer: Sendable {
        package var status: String
        package var fields: [String]
        package var bytes: [UInt8]

        package var body: String {
            get { String(decoding: bytes, as: UTF8.self) }
            set { bytes = Array(newValue.utf8) }
        }

        package init(status: String = "200 OK", fields: [String] = [], body: String = "") {
            self.init(status: status, fields: fields, bytes: Array(body.utf8))
        }

        package init(status: String = "200 OK", fields: [String] = [], bytes: [UInt8]) {
            self.status = status
            self.fields = fields
            self.bytes = bytes
        }
    }

    package let port: Int
    private let listener: Int32
    private let seen = Lock<[Request]>([])

    /// What was asked, in this order.
    package var requests: [Request] { seen.withLock { $0 } }

    package init(_ script: @escaping @Sendable (Request) -> Answer) throws {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(file, address, length) == 0 ? getsockname(file, address, &length) : -1
            }
        }
        guard file >= 0, code == 0, listen(file, 16) == 0 else { throw ServerError() }
        listener = file
        port = Int(UInt16(bigEndian: address.sin_port))
        let seen = seen
        Thread.detachNewThread {
            while true {
                let connection = accept(file, nil, nil)
                guard connection >= 0 else { break }
                Thread.detachNewThread {
                    ScriptedServer.serve(connection) { request in
                        seen.withLock { $0.append(request) }
                        return script(request)
                    }
                    close(connection)
                }
            }
            close(file)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func serve(_ connection: Int32, _ script: (Request) -> Answer) {
        var bytes: [UInt8] = []
        while true {
            while true {
                guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { break }
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                let length =
                    head.lowercased().components(separatedBy: "\r\n").first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                guard bytes.count >= end.upperBound + length else { break }
                let body = Array(bytes[end.upperBound..<end.upperBound + length])
                bytes.removeFirst(end.upperBound + length)
                let words = head.split(separator: " ").map(String.init)
                let answer = script(Request(method: words[0], target: words[1], head: head, bytes: body))
                let isHead = words[0] == "HEAD"
                var fields = answer.fields
                if !isHead { fields.append("Content-Length: \(answer.bytes.count)") }
                let lines = (["HTTP/1.1 \(answer.status)"] + fields + ["", ""]).joined(separator: "\r\n")
                guard write(Array(lines.utf8) + (isHead ? [] : answer.bytes), to: connection) else { return }
            }
            var portion = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(connection, &portion, portion.count, 0)
            guard count > 0 else { return }
            bytes += portion[..<count]
        }
    }

    private static func write(_ bytes: [UInt8], to connection: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private struct ServerError: Error {}
}

/// Lines that were written, from whatever thread.
package final class Lines: Sendable {
    private let lines = Lock<[String]>([])

    package init() {}

    package var all: [String] { lines.withLock { $0 } }

    package func add(_ line: String) { lines.withLock { $0.append(line) } }
}
