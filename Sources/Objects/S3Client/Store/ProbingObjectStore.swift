import CairnCore

/// A store on a bucket whose server is asked before the first write what it really does. For reading nothing is asked.
///
/// A server that takes a condition and ignores it answers as one that keeps it: only trying tells them apart. What is found holds
/// for as long as this value lives, and is told by ``capabilities`` from then on.
package final class ProbingObjectStore: ObjectStoreWrapper {
    /// The store inside: one on the bucket, maybe in other wrappers.
    package let base: any ObjectStore
    private let store: S3ObjectStore
    private let isSingleWriter: Bool
    private let tell: @Sendable (S3ProbeReport) -> Void
    /// Those who wait for the answer: each of them asks only if those before it could not.
    private let queue = FairQueue(timeout: .seconds(24 * 3600))
    private let verdict = Lock<Verdict?>(nil)

    private enum Verdict: Sendable {
        case mayBeWritten
        case refused(ObjectStoreError)
    }

    /// - Parameters:
    ///   - base: The store to use: `store`, maybe in wrappers.
    ///   - store: The store on the bucket that is asked about.
    ///   - isSingleWriter: Whether a server that keeps no conditions is taken, because nobody else ever writes there.
    ///   - tell: Called with what was found.
    package init(
        _ base: any ObjectStore, of store: S3ObjectStore, isSingleWriter: Bool,
        tell: @escaping @Sendable (S3ProbeReport) -> Void = { _ in }
    ) {
        self.base = base
        self.store = store
        self.isSingleWriter = isSingleWriter
        self.tell = tell
    }

    /// Asks the server, once: see `S3Bucket.probeWriting`. Eight requests, or nine.
    /// - Throws: `object.unsupported` for a server that writers cannot rely on, naming it and what it does; what kept it from being
    ///   asked, `object.access_denied` for credentials that may not write.
    @discardableResult
    package func prepareWriting() async throws -> ObjectStoreCapabilities {
        if try isDecided() { return capabilities }
        _ = try await queue.wait(nil)
        defer { queue.release() }
        if try isDecided() { return capabilities }
        let report = try await report()
        tell(report)
        let refusal = refusal(report)
        verdict.withLock { $0 = refusal.map(Verdict.refused) ?? .mayBeWritten }
        if let refusal { throw refusal }
        return capabilities
    }

    private func report() async throws -> S3ProbeReport {
        do {
            return try await store.translating(nil) {
                try await store.bucket.probeWriting(store.prefix, encryption: store.encryption)
            }
        } catch var error as ObjectStoreError {
            // It is about an object of the probe: what the caller wants to write was not sent.
            if error.code == .outcomeUnknown {
                error.code = .network
                error.isRetryable = true
            }
            error.mayHaveTakenEffect = false
            error.key = nil
            throw error
        }
    }

    package func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        if call.operation.isWrite { try await prepareWriting() }
        return try await body()
    }

    private func isDecided() throws -> Bool {
        switch verdict.withLock({ $0 }) {
        case nil: return false
        case .mayBeWritten: return true
        case .refused(let error): throw error
        }
    }

    /// Why a server must not be written to; nil when it may.
    private func refusal(_ report: S3ProbeReport) -> ObjectStoreError? {
        // Names first: what else is seen of a server that changes them says little.
        let always: [(S3ProbeCheck.Name, String)] = [
            (.oddKeys, "changes keys, or loses some"), (.alikeKeys, "takes keys that differ in their case for one"),
            (.listOrder, "does not list keys in the order of their bytes"),
        ]
        let conditions: [(S3ProbeCheck.Name, String)] = [
            (.create, "writes over what is there although 'If-None-Match: *' forbids it"),
            (.swap, "does not keep 'If-Match'"),
        ]
        for (name, what) in always + (isSingleWriter ? [] : conditions) {
            guard let check = report[name], check.outcome != .yes else { continue }
            let alone =
                conditions.contains { $0.0 == name }
                ? ", or, if only one program ever writes here, add single_writer=true to the address" : ""
            let versions = report[.versioning]?.outcome == .yes ? ", which keeps versions" : ""
            return ObjectStoreError(
                .unsupported,
                "\(server(report)) \(what), so writers would undo each other's work in the bucket '\(store.bucket.name)'\(versions) (\(check.detail))",
                remedy: "use another provider, or ask this one with 'cairn s3 doctor'\(alone)")
        }
        return nil
    }

    private func server(_ report: S3ProbeReport) -> String {
        let name = report.server.map { "the server '\($0)'" } ?? "the server"
        return "\(name) at \(store.bucket.client.endpoint)"
    }
}
