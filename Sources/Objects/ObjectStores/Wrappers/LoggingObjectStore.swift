import CairnCore

/// One call, for a log. It names keys, and neither bytes nor metadata.
public struct ObjectCallRecord: Sendable {
    /// The call.
    public var call: ObjectCall
    /// How long it took; of a GET, until its body began.
    public var duration: Duration
    /// Why it failed; nil when it did not.
    public var error: (any Error)?
    /// Bytes of the body that was sent.
    public var bytesSent = 0
    /// Bytes of the body that is received: those the store announced.
    public var bytesReceived = 0
}

extension ObjectCallRecord: CustomStringConvertible {
    /// One line: `put tables/cities/objects/1.json 3.2 ms ok`.
    public var description: String {
        let outcome = error.map { ($0 as? ObjectStoreError)?.description ?? "\($0)" } ?? "ok"
        return "\(call) \(milliseconds) ms \(outcome)"
    }

    /// One line with bytes and dollars: `put tables/cities/objects/1.json, 237 bytes, 3.2 ms, $0.000005`. Of an error it has the
    /// code: whoever made the call gets the rest.
    public func line(_ prices: PriceTable) -> String {
        var parts = [
            "\(call)", "\(bytesSent + bytesReceived) bytes", "\(milliseconds) ms",
            ObjectCallRecord.dollars(prices.nanodollars(self)),
        ]
        if let error { parts.append((error as? ObjectStoreError)?.code.rawValue ?? "\(error)") }
        return parts.joined(separator: ", ")
    }

    private var milliseconds: Double { (duration / .microseconds(100)).rounded() / 10 }

    /// An amount with as many places as it needs: `$0.0000004`.
    private static func dollars(_ nanodollars: Double) -> String {
        let amount = Int(nanodollars.rounded(.up))
        var places = Array(String(amount % 1_000_000_000).utf8)
        places.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: 9 - places.count), at: 0)
        while places.last == UInt8(ascii: "0") { places.removeLast() }
        return "$\(amount / 1_000_000_000)" + (places.isEmpty ? "" : ".\(String(decoding: places, as: UTF8.self))")
    }
}

/// Tells of every call to a store.
public struct LoggingObjectStore: ObjectStoreWrapper {
    /// The store inside.
    public let base: any ObjectStore
    private let log: @Sendable (ObjectCallRecord) -> Void

    /// A store whose calls are told of.
    /// - Parameter log: Called after each call, on its thread; must not wait.
    public init(_ base: any ObjectStore, log: @escaping @Sendable (ObjectCallRecord) -> Void) {
        self.base = base
        self.log = log
    }

    public func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await logged(call, body)
    }

    public func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        let (counted, sent) = counted(body)
        return try await logged(.put(key, body, options), { [base] in try await base.put(key, counted, options) }, sent)
    }

    public func uploadPart(_ number: Int, of upload: MultipartUpload, _ body: ObjectBody) async throws -> UploadedPart {
        let (counted, sent) = counted(body)
        let call = ObjectCall(.uploadPart, upload.key, isReplayable: body.isReplayable)
        return try await logged(call, { [base] in try await base.uploadPart(number, of: upload, counted) }, sent)
    }

    public func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        try await logged(
            ObjectCall(.get, key), { [base] in try await base.get(key, options) }, received: { $0.range.count })
    }

    /// Makes a call and tells of it.
    private func logged<Result: Sendable>(
        _ call: ObjectCall, _ body: () async throws -> Result, _ sent: Lock<Int>? = nil,
        received: (Result) -> Int = { _ in 0 }
    ) async throws -> Result {
        let start = ContinuousClock.now
        var record = ObjectCallRecord(call: call, duration: .zero, error: nil)
        defer {
            record.duration = .now - start
            record.bytesSent = sent?.withLock { $0 } ?? 0
            log(record)
        }
        do {
            let result = try await body()
            record.bytesReceived = received(result)
            return result
        } catch {
            record.error = error
            throw error
        }
    }

    /// The same body, and how many bytes of it are sent: as it says, or as they go.
    private func counted(_ body: ObjectBody) -> (ObjectBody, Lock<Int>) {
        let sent = Lock(body.length ?? 0)
        if body.length != nil { return (body, sent) }
        return (body.mapStream { $0.observed { chunk in sent.withLock { $0 += chunk.count } } }, sent)
    }
}
