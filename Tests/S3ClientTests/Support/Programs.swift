import Foundation
import Testing

/// A folder of its own, removed at the end.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/cairn-transport-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }
}

/// Another program that the tests talk to. A test that needs one that is missing fails, and says how to get it.
enum Program: String {
    case openssl, nginx

    private struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    private var package: String { self == .nginx ? "nginx-light" : rawValue }

    func url() throws -> URL {
        let paths = ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/"].map { $0 + rawValue }
        guard let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw Missing(
                description: "the program \(rawValue) is missing; install it (on Debian: apt-get install \(package)).")
        }
        return URL(filePath: path)
    }

    /// Runs a program to its end.
    func run(_ arguments: [String], in folder: String) throws {
        let process = try Spawned(url(), arguments, in: folder)
        try #require(process.wait(), "\(arguments)")
    }
}

/// An authority of our own, and a certificate of its for `localhost`: `ca.pem`, `server.pem`, `server.key`.
struct Certificates {
    let folder: TemporaryFolder
    var authority: String { folder.path + "/ca.pem" }

    init() throws {
        folder = try TemporaryFolder()
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try Program.openssl.run(
            ["req", "-x509"] + key + [
                "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority",
            ],
            in: folder.path)
        try Program.openssl.run(
            ["req"] + key + ["-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost"],
            in: folder.path)
        try folder.write("names", "subjectAltName=DNS:localhost\n")
        try Program.openssl.run(
            [
                "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                "2",
                "-extfile", "names", "-out", "server.pem",
            ], in: folder.path)
    }
}

/// `openssl s_server`, which answers each request with 200 and closes.
final class TLSServer {
    let port: Int
    private let process: Spawned

    init(_ certificates: Certificates) throws {
        process = try Spawned(
            Program.openssl.url(),
            ["s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key", "-www"],
            in: certificates.folder.path, readsOutput: true)
        // It says `ACCEPT 127.0.0.1:12345`.
        var said = ""
        while !said.contains("\n") || !said.contains("ACCEPT") {
            let more = process.availableOutput()
            try #require(!more.isEmpty, "openssl s_server said: \(said)")
            said += String(decoding: more, as: UTF8.self)
        }
        let line = said.split(separator: "\n").first { $0.hasPrefix("ACCEPT") }
        port = try #require(line?.split(separator: ":").last.flatMap { Int($0) })
    }
}

/// nginx with TLS and HTTP/2, on a folder where files can be put.
final class NginxServer {
    let port: Int
    private let process: Spawned

    /// - Parameter settings: Lines for its `server` block.
    init(_ certificates: Certificates, settings: String = "") throws {
        let folder = certificates.folder
        let socket = try loopbackSocket()
        port = socket.port
        closeSocket(socket.file)
        try FileManager.default.createDirectory(atPath: folder.path + "/files", withIntermediateDirectories: true)
        try folder.write(
            "nginx.conf",
            """
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log error.log;
            events { worker_connections 256; }
            http {
                access_log off;
                client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                client_max_body_size 1g;
                server {
                    listen 127.0.0.1:\(port) ssl http2;
                    ssl_certificate \(folder.path)/server.pem;
                    ssl_certificate_key \(folder.path)/server.key;
                    root \(folder.path)/files;
                    add_header x-connection $connection always;
                    add_header x-protocol $server_protocol always;
                    \(settings)
                    location / { dav_methods PUT; }
                    location /slow { limit_rate 1k; }
                }
            }
            """)
        process = try Spawned(
            Program.nginx.url(), ["-p", folder.path, "-c", folder.path + "/nginx.conf"], in: folder.path)
    }

    /// False when it could not start: its `error.log` says why.
    var isRunning: Bool { process.isRunning }
}
