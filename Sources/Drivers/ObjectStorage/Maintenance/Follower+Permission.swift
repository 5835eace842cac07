import CairnCore

/// When this process may write what others rely on.
extension Follower {
    /// How old a proof of the tip may be when a write begins to rely on it.
    private static let freshness = Duration.seconds(300)
    /// How long a closed store is taken to be closed still, by work that nobody waits for.
    private static let closedTrust = Duration.seconds(10)

    /// A proof of the tip that is young enough to write by.
    ///
    /// It matters most where the store cannot keep late writes from taking effect: a process that has slept finds its proof old by
    /// its own uptime, and looks again. No request when the last proof is young.
    func recentProof() async throws -> Tip.Confirmation? {
        let known = try tip.confirmed().confirmation
        if let known, isYoung(known, Follower.freshness), !isStoreReadingOld(at: known.date) { return known }
        _ = try await follow()
        return try tip.confirmed().confirmation
    }

    /// A proof of the tip by which record files, index files, manifests and pins may be written, and objects be removed.
    /// - Throws: `storage.maintenance` when another process has closed the store.
    func permission() async throws -> Tip.Confirmation? {
        var proof = try await recentProof()
        if try tip.closingByAnother() != nil, !(proof.map { isYoung($0, Follower.closedTrust) } ?? false) {
            // It may have been opened again since anybody looked.
            _ = try await follow()
            proof = try tip.confirmed().confirmation
        }
        if let closing = try tip.closingByAnother() { throw StorageError.underMaintenance(closing.note) }
        return proof
    }

    private func isYoung(_ proof: Tip.Confirmation, _ age: Duration) -> Bool {
        surroundings.uptime() - proof.uptime <= age
    }
}

extension Tip {
    /// The maintenance window that is open, unless this process has opened it itself.
    func closingByAnother() throws -> Closing? {
        try whileOpen { state in
            state.view.closing.flatMap { $0.number == state.window ? nil : $0 }
        }
    }
}
