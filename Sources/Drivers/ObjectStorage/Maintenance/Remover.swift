import CairnCore
import ObjectStores

/// Removes objects that nothing can need any more, a thousand a request.
///
/// Each request is made by a proof of the tip, and carries the time past which it must not take effect, as everything does that
/// Cairn writes. Removing what is gone already does no harm, so what is unclear is done again.
struct Remover: Sendable {
    let parts: EngineParts
    /// Fails when nothing may be removed any more; looked at after each proof.
    var check: @Sendable () throws -> Void = {}
    /// Hears of each request before it is sent: of the store's time past which it takes no effect, however late or often it arrives.
    var willSend: @Sendable (StoreDate?) -> Void = { _ in }

    /// What became of a removal.
    struct Outcome: Sendable {
        var removed: [ObjectSummary] = []
        /// Objects that may still be there.
        var failed: [ObjectSummary] = []
        /// What went wrong last.
        var problem: ObjectStoreError?

        var bytes: Int { removed.reduce(0) { $0 + $1.size } }
    }

    /// How often a request is made again.
    private static let attempts = 6

    /// Removes objects.
    /// - Throws: `storage.maintenance` when another process closes the store; `storage.access_denied` and others that stay
    ///   as they are however often it is tried.
    func remove(_ objects: [ObjectSummary]) async throws -> Outcome {
        var outcome = Outcome()
        var rest = objects[...]
        while !rest.isEmpty {
            try Deadline.check()
            try await remove(Array(rest.prefix(ObjectLimits.batchKeys)), &outcome)
            rest = rest.dropFirst(ObjectLimits.batchKeys)
        }
        return outcome
    }

    private func remove(_ batch: [ObjectSummary], _ outcome: inout Outcome) async throws {
        var left = batch
        var pause = Duration.milliseconds(50)
        for _ in 0..<Remover.attempts {
            let proof = try await parts.follower.permission()
            try check()
            do {
                let end = try await notAfter(proof)
                willSend(end ?? proof?.date?.addingTimeInterval(MaintenanceWindows.quiet))
                let result = try await parts.access.objects.delete(left.map(\.key), notAfter: end)
                let failed = Set(result.failures.compactMap(\.key))
                outcome.problem = result.failures.last ?? outcome.problem
                // One that does not say what it is about is about all of them.
                let isNamed = result.failures.allSatisfy { $0.key != nil }
                outcome.removed += left.filter { isNamed && !failed.contains($0.key) }
                left = left.filter { !isNamed || failed.contains($0.key) }
                if left.isEmpty { return }
                // Whoever may not remove one may remove none.
                if let denied = result.failures.first(where: { $0.code == .accessDenied }) { throw denied }
                guard result.failures.contains(where: { $0.isRetryable || $0.mayHaveTakenEffect }) else { break }
            } catch let error as ObjectStoreError {
                outcome.problem = error
                if error.code == .expired {
                    _ = try await parts.follower.follow()
                    continue
                }
                guard error.isRetryable || error.mayHaveTakenEffect else {
                    throw StoreAccess.storageError(error, error.key ?? "", .delete)
                }
            }
            try await parts.surroundings.sleep(pause)
            pause = min(pause * 2, .seconds(5))
        }
        outcome.failed += left
    }

    private func notAfter(_ proof: Tip.Confirmation?) async throws -> StoreDate? {
        guard try await parts.access.canFence(), !parts.faults.contains(.noFence) else { return nil }
        guard let date = proof?.date else { throw StorageError.noStoreTime(parts.access) }
        return date.addingTimeInterval(Committer.fence)
    }
}

extension StorageError {
    /// A store that does not say what time it is cannot be cleaned.
    static func noStoreTime(_ access: StoreAccess) -> StorageError {
        StorageError(
            .unavailable, "\(access.capabilities.location) does not say what time it is, by which old objects are told",
            remedy: "look what stands between this program and the store, and drops the 'Date' of answers",
            isRetryable: true)
    }
}
