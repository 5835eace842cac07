import CairnCore

/// Makes calls go wrong, to see that whoever makes them can live with it.
///
/// What happened is counted in ``fired``: a test that means to see a fault looks there whether it came.
public struct FaultInjectingObjectStore: ObjectStoreWrapper {
    private struct State {
        var plan: FaultPlan
        var fired: [Fault.Kind: Int] = [:]
        var held: [@Sendable () async -> Void] = []
    }

    /// The store inside.
    public let base: any ObjectStore
    private let state: Lock<State>
    private let sleep: @Sendable (Duration) async throws -> Void

    /// A store that fails.
    /// - Parameter sleep: Waits by the clock of the faults; by default not at all.
    public init(
        _ base: any ObjectStore, _ plan: FaultPlan,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in }
    ) {
        self.base = base
        self.sleep = sleep
        state = Lock(State(plan: plan))
    }

    /// How often each fault happened.
    public var fired: [Fault.Kind: Int] { state.withLock { $0.fired } }

    /// Goes on with another plan.
    public func follow(_ plan: FaultPlan) { state.withLock { $0.plan = plan } }

    /// Lets the requests that are held up, and the second ones of those that were doubled, take effect now, in their order.
    /// Nobody hears how they end.
    public func deliver() async {
        let held = state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for request in held { await request() }
    }

    private func fault(_ call: ObjectCall) -> Fault? {
        let plan = state.withLock { $0.plan }
        guard let fault = plan.choose(call), fault.applies(to: call) else { return nil }
        // Whether there is anything to break off shows only later.
        if fault != .truncate { count(fault) }
        return fault
    }

    private func count(_ fault: Fault) { state.withLock { $0.fired[fault.kind, default: 0] += 1 } }

    public func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await perform(call, body, fault(call))
    }

    private func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result, _ fault: Fault?
    ) async throws -> Result {
        switch fault {
        case nil, .truncate: return try await body()
        case .dropRequest: throw lost(call)
        case .dropAnswer:
            _ = try? await body()
            throw lost(call)
        case .holdRequest:
            hold(body)
            throw lost(call)
        case .duplicate:
            let result = try await body()
            hold(body)
            return result
        case .delay(let duration):
            try await sleep(duration)
            return try await body()
        case .throttle(let retryAfter):
            throw ObjectStoreError(
                .throttled, "a planned fault: too many requests", key: call.key, isRetryable: true,
                retryAfter: retryAfter, provider: .init(code: "SlowDown", status: 503))
        case .failBefore: throw failed(call)
        case .failAfter:
            _ = try? await body()
            throw failed(call)
        }
    }

    private func hold<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) {
        state.withLock { $0.held.append { _ = try? await body() } }
    }

    /// What a caller hears when no answer comes: nothing tells whether the request or the answer was lost.
    private func lost(_ call: ObjectCall) -> ObjectStoreError {
        ObjectStoreError(
            .network, "a planned fault: no answer to '\(call)'", key: call.key, isRetryable: true,
            mayHaveTakenEffect: call.operation.isWrite)
    }

    private func failed(_ call: ObjectCall) -> ObjectStoreError {
        ObjectStoreError(
            .unavailable, "a planned fault: the store failed", key: call.key, isRetryable: true,
            mayHaveTakenEffect: call.operation.isWrite, provider: .init(code: "InternalError", status: 500))
    }

    public func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        let call = ObjectCall(.get, key)
        let fault = fault(call)
        let result = try await perform(call, { [base] in try await base.get(key, options) }, fault)
        guard fault == .truncate, !result.range.isEmpty else { return result }
        count(.truncate)
        let half = result.range.count / 2
        let body = ByteStream {
            var rest = half
            var source = result.content.chunks.makeAsyncIterator()
            return {
                guard rest > 0, let chunk = try await source.next() else { return nil }
                defer { rest -= chunk.count }
                return Array(chunk.prefix(rest))
            }
        }
        return GetResult(info: result.info, range: result.range, body: .stream(body, length: result.range.count))
    }
}
