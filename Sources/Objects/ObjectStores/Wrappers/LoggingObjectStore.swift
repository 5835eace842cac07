/// One call, for a log. It names keys, and neither bytes nor metadata.
public struct ObjectCallRecord: Sendable {
    /// The call.
    public var call: ObjectCall
    /// How long it took; of a GET, until its body began.
    public var duration: Duration
    /// Why it failed; nil when it did not.
    public var error: (any Error)?
}

extension ObjectCallRecord: CustomStringConvertible {
    /// One line: `put tables/cities/objects/1.json 3.2 ms ok`.
    public var description: String {
        let tenths = duration / .microseconds(100)
        let outcome = error.map { ($0 as? ObjectStoreError)?.description ?? "\($0)" } ?? "ok"
        return "\(call) \((tenths).rounded() / 10) ms \(outcome)"
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
        let start = ContinuousClock.now
        do {
            let result = try await body()
            log(ObjectCallRecord(call: call, duration: .now - start, error: nil))
            return result
        } catch {
            log(ObjectCallRecord(call: call, duration: .now - start, error: error))
            throw error
        }
    }
}
