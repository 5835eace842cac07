import CairnCore

/// How often a store was asked for what, and how many bytes went each way.
public struct RequestCounts: Sendable, Hashable {
    /// Requests by kind, those that failed included.
    public var requests: [ObjectCall.Operation: Int] = [:]
    /// Those that failed, by kind. That there is no such object is an answer, and counted as a failure here.
    public var failures: [ObjectCall.Operation: Int] = [:]
    /// Bytes of bodies that were sent.
    public var bytesSent = 0
    /// Bytes of bodies that were received, as far as they were read.
    public var bytesReceived = 0

    /// None.
    public init() {}

    /// Requests of a kind.
    public subscript(operation: ObjectCall.Operation) -> Int { requests[operation] ?? 0 }

    /// All requests.
    public var total: Int { requests.values.reduce(0, +) }

    /// What they cost.
    public func dollars(_ prices: PriceTable = .s3Standard) -> Double {
        var nanodollars = 0.0
        for (operation, count) in requests { nanodollars += Double(count * (prices.nanodollars[operation] ?? 0)) }
        nanodollars += Double(bytesReceived) / Double(1 << 30) * Double(prices.nanodollarsPerGiBReceived)
        return nanodollars / 1e9
    }

    /// What came between two counts.
    public static func - (later: RequestCounts, earlier: RequestCounts) -> RequestCounts {
        var difference = later
        difference.requests.merge(earlier.requests) { $0 - $1 }
        difference.failures.merge(earlier.failures) { $0 - $1 }
        difference.requests = difference.requests.filter { $0.value != 0 }
        difference.failures = difference.failures.filter { $0.value != 0 }
        difference.bytesSent -= earlier.bytesSent
        difference.bytesReceived -= earlier.bytesReceived
        return difference
    }
}

extension RequestCounts: CustomStringConvertible {
    /// The requests by kind, in one line.
    public var description: String {
        let kinds = ObjectCall.Operation.allCases.filter { self[$0] > 0 }
        return kinds.map { "\($0.rawValue) \(self[$0])" }.joined(separator: ", ")
    }
}

/// Counts the requests to a store and their bytes.
public struct CountingObjectStore: ObjectStoreWrapper {
    /// The store inside.
    public let base: any ObjectStore
    private let state = Lock(RequestCounts())

    /// A store whose requests are counted.
    public init(_ base: any ObjectStore) {
        self.base = base
    }

    /// What was counted so far.
    public var counts: RequestCounts { state.withLock { $0 } }

    public func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        state.withLock { $0.requests[call.operation, default: 0] += 1 }
        do {
            return try await body()
        } catch {
            state.withLock { $0.failures[call.operation, default: 0] += 1 }
            throw error
        }
    }

    public func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        let counted = counted(body)
        return try await perform(.put(key, body, options)) { [base] in try await base.put(key, counted, options) }
    }

    public func uploadPart(_ number: Int, of upload: MultipartUpload, _ body: ObjectBody) async throws -> UploadedPart {
        let counted = counted(body)
        let call = ObjectCall(.uploadPart, upload.key, isReplayable: body.isReplayable)
        return try await perform(call) { [base] in try await base.uploadPart(number, of: upload, counted) }
    }

    /// The same body; its bytes are counted as they are sent.
    private func counted(_ body: ObjectBody) -> ObjectBody {
        if let whole = body.whole { state.withLock { $0.bytesSent += whole.count } }
        return body.mapStream { $0.observed { chunk in state.withLock { $0.bytesSent += chunk.count } } }
    }

    public func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        let result = try await perform(ObjectCall(.get, key)) { [base] in try await base.get(key, options) }
        if let whole = result.content.whole { state.withLock { $0.bytesReceived += whole.count } }
        let body = result.content.mapStream { stream in
            stream.observed { chunk in state.withLock { $0.bytesReceived += chunk.count } }
        }
        return GetResult(info: result.info, range: result.range, body: body)
    }
}
