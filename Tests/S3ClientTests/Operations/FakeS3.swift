import CairnCore
import Foundation

@testable import S3Client

/// A bucket in memory behind a loopback port. It counts what is asked of it, and fails as a test says.
final class FakeS3: Sendable {
    /// A request as a test looks at it.
    struct Request: Sendable {
        let operation: String
        let key: String
        let query: [String: String]
        let fields: [String]
        let bodyBytes: Int

        var part: Int? { query["partNumber"].flatMap { Int($0) } }

        func field(_ name: String) -> String? {
            fields.first { $0.lowercased().hasPrefix(name + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    /// What goes wrong with a request.
    enum Fault: Sendable {
        /// It is refused.
        case status(Int, code: String)
        /// It is not carried out, though the status is 200.
        case errorBody(code: String)
        /// It is carried out, and the connection broken before an answer.
        case lostAnswer
        /// It is not carried out, and the connection broken before an answer.
        case lostRequest
        /// It gets no answer before this fires.
        case waiting(Signal)
        /// Its answer ends after so many bytes of the body.
        case truncated(Int)
        /// A byte of its body is another.
        case changed
    }

    /// An object, and what was stored with it.
    struct Object: Sendable {
        var bytes: [UInt8]
        var etag: String
        var fields: [String: String] = [:]
    }

    struct Upload: Sendable {
        var key: String
        var fields: [String: String]
        var parts: [Int: Object] = [:]
    }

    struct State {
        var requests: [Request] = []
        var objects: [String: Object] = [:]
        var uploads: [String: Upload] = [:]
        var uploadCount = 0
    }

    /// Which request goes wrong: by the request and how many of its operation there were, counted from 1.
    typealias Faults = @Sendable (Request, Int) -> Fault?

    let state = Lock(State())
    /// Parts that are being received, and the most there were at once.
    let partsInFlight = Counter()
    /// Requests that began.
    let begun = Counter()
    private let faults: Faults
    private let box = Lock<LoopbackServer?>(nil)

    init(_ faults: @escaping Faults = { _, _ in nil }) throws {
        self.faults = faults
        let server = try LoopbackServer { [weak self] connection in try self?.serve(connection) }
        box.withLock { $0 = server }
    }

    /// Runs `body` with a bucket of the server; both end with it.
    static func serving<Result>(
        _ faults: @escaping Faults = { _, _ in nil }, _ change: (inout S3ClientOptions) -> Void = { _ in },
        _ body: (FakeS3, S3Bucket) async throws -> Result
    ) async throws -> Result {
        let fake = try FakeS3(faults)
        defer { fake.box.withLock { $0 }?.stop() }
        let port = fake.box.withLock { $0 }?.port ?? 0
        var options = S3ClientOptions(
            endpoint: try S3Endpoint("http://127.0.0.1:\(port)"), region: "us-east-1",
            credentials: .explicit(Credentials(accessKey: "a", secretKey: "s")))
        options.retries = S3RetryPolicy(firstDelay: .milliseconds(1), maximumDelay: .milliseconds(2))
        change(&options)
        let client = try S3Client(options)
        do {
            let result = try await body(fake, try client.bucket("bucket"))
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    // MARK: What a test looks at

    var requests: [Request] { state.withLock { $0.requests } }
    var operations: [String] { requests.map(\.operation) }
    func count(_ operation: String) -> Int { operations.filter { $0 == operation }.count }
    func object(_ key: String) -> [UInt8]? { state.withLock { $0.objects[key]?.bytes } }
    var uploads: Int { state.withLock { $0.uploads.count } }

    func store(_ key: String, _ bytes: [UInt8], _ fields: [String: String] = [:]) {
        let etag = EntityTag.of(bytes) ?? ""
        state.withLock { $0.objects[key] = Object(bytes: bytes, etag: etag, fields: fields) }
    }

    // MARK: Serving

    private func serve(_ connection: LoopbackConnection) throws {
        while let head = try connection.readHead() {
            begun.add()
            if head.field("Expect") != nil { try connection.write("HTTP/1.1 100 Continue\r\n\r\n") }
            let isPart = head.method == "PUT" && head.target.contains("partNumber")
            if isPart { partsInFlight.add() }
            defer { if isPart { partsInFlight.add(-1) } }
            let body = try connection.readBody(of: head)
            let request = request(head, body)
            let number = state.withLock { state in
                state.requests.append(request)
                return state.requests.filter { $0.operation == request.operation }.count
            }
            let fault = faults(request, number)
            switch fault {
            case .status(let status, let code): try connection.answer("\(status) No", body: Self.error(code))
            case .errorBody(let code): try connection.answer(body: Self.error(code))
            case .lostRequest: return connection.resetAtEnd()
            case .lostAnswer:
                _ = answer(request, body)
                return connection.resetAtEnd()
            case .waiting(let signal):
                signal.waitOnThread()
                return
            case .truncated(let count):
                let answer = answer(request, body)
                try send(answer, connection, body: Array(answer.body.prefix(count)))
                return connection.resetAtEnd()
            case .changed:
                var answer = answer(request, body)
                if !answer.body.isEmpty { answer.body[answer.body.count / 2] ^= 1 }
                try send(answer, connection, body: answer.body)
            case nil:
                let answer = answer(request, body)
                try send(answer, connection, body: request.operation == "HeadObject" ? [] : answer.body)
            }
        }
    }

    struct Answer {
        var status = "200 OK"
        var fields: [String] = []
        var body: [UInt8] = []
    }

    private func send(_ answer: Answer, _ connection: LoopbackConnection, body: [UInt8]) throws {
        let lines =
            ["HTTP/1.1 \(answer.status)", "x-amz-request-id: 1", "Date: Fri, 20 Nov 2026 12:00:00 GMT"]
            + answer.fields + ["Content-Length: \(answer.body.count)", "", ""]
        try connection.write(lines.joined(separator: "\r\n"))
        try connection.write(body)
    }

    static func error(_ code: String) -> [UInt8] { Array("<Error><Code>\(code)</Code></Error>".utf8) }

    static func refusal(_ status: Int, _ code: String) -> Answer {
        Answer(status: "\(status) No", body: error(code))
    }

    private func request(_ head: LoopbackConnection.Request, _ body: [UInt8]) -> Request {
        let parts = head.target.split(separator: "?", maxSplits: 1).map(String.init)
        let key = parts[0].dropFirst("/bucket/".count).removingPercentEncoding ?? ""
        var query: [String: String] = [:]
        for item in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let pair = item.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
            query[pair[0]] = pair.count > 1 ? pair[1] : ""
        }
        let isCopy = head.field("x-amz-copy-source") != nil
        let operation =
            switch (head.method, query["uploadId"] != nil, query["uploads"] != nil) {
            case ("POST", _, true): "CreateMultipartUpload"
            case ("POST", true, _): "CompleteMultipartUpload"
            case ("PUT", true, _): isCopy ? "UploadPartCopy" : "UploadPart"
            case ("DELETE", true, _): "AbortMultipartUpload"
            case ("GET", true, _): "ListParts"
            case ("GET", _, true): "ListMultipartUploads"
            case ("PUT", _, _): isCopy ? "CopyObject" : "PutObject"
            case ("HEAD", _, _): "HeadObject"
            default: "GetObject"
            }
        return Request(operation: operation, key: key, query: query, fields: head.fields, bodyBytes: body.count)
    }
}
