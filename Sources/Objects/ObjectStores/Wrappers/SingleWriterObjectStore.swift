import CairnCore

/// Keeps the conditions of writes for a store that does not: it looks what is there, and then writes.
///
/// Between the two another writer could come, so this is right only where nobody else ever writes. Calls through one value of this
/// type take turns for each key. What the store inside keeps by itself is left to it.
public struct SingleWriterObjectStore: ObjectStoreWrapper {
    /// The store inside.
    public let base: any ObjectStore
    /// Who writes a key waits for those before; keys share a few queues.
    private let queues: [FairQueue]

    /// More than requests are made at once, so that few wait for another key.
    private static let queueCount = 64

    /// A store that has one writer.
    public init(_ base: any ObjectStore) {
        self.base = base
        queues = (0..<Self.queueCount).map { _ in FairQueue(timeout: .seconds(3600)) }
    }

    /// Those of the store inside, and the conditions of a PUT.
    public var capabilities: ObjectStoreCapabilities { extended(base.capabilities) }

    @discardableResult
    public func prepareWriting() async throws -> ObjectStoreCapabilities {
        extended(try await base.prepareWriting())
    }

    public func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await body()
    }

    public func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        let can = try await base.prepareWriting()
        let isKept =
            switch options.mode {
            case .overwrite: true
            case .create: can.canCreate
            case .ifMatch: can.canCompareAndSwap
            }
        if isKept { return try await base.put(key, body, options) }
        try ObjectRules.check(key: key)
        let queue = queues[key.utf8.reduce(5381) { $0 &* 33 &+ Int($1) } & (Self.queueCount - 1)]
        _ = try await queue.wait(nil)
        defer { queue.release() }
        try await check(options.mode, key)
        var plain = options
        plain.mode = .overwrite
        return try await base.put(key, body, plain)
    }

    private func check(_ mode: PutMode, _ key: String) async throws {
        do {
            let found = try await base.head(key)
            try mode.check(found.etag, of: key, answer: found.answer)
        } catch let error as ObjectStoreError where error.code == .notFound {
            try mode.check(nil, of: key, answer: error.answer)
        }
    }

    private func extended(_ capabilities: ObjectStoreCapabilities) -> ObjectStoreCapabilities {
        var extended = capabilities
        extended.canCreate = true
        extended.canCompareAndSwap = true
        return extended
    }
}
