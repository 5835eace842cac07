public import CairnCore

/// Changes that are kept for as long as the store is: a position of one process means nothing to the next.
extension MemoryStorage {
    private func position(_ version: Int) -> ChangePosition {
        ChangePosition(MemoryStorage.driver, store: instance, [version])
    }

    public func changePosition() async throws -> ChangePosition { position(try state().version) }

    public func keptChanges(
        since position: ChangePosition, _ freshness: Freshness, limit: Int
    ) async throws -> KeptChanges {
        let version = try position.numbers(1, of: MemoryStorage.driver, store: instance)[0]
        // Under the lock, and only what is given out: whoever holds the ring itself makes the next commit copy all of it.
        let (newest, commits, isComplete) = try shared.withLock { shared in
            try shared.checkOpen()
            let newest = shared.state.version
            guard version <= newest else { throw StorageError.foreignPosition(position) }
            guard version >= shared.kept.forgotten else {
                throw StorageError.expiredPosition(position, "a memory store keeps the last 10000, and 64 MiB at most")
            }
            let commits = Array(shared.kept.commits(after: version, limit: limit))
            return (newest, commits, commits.last.map { shared.kept.isNewest($0.version) } ?? true)
        }
        return KeptChanges(
            commits: commits.map { commit in
                KeptCommit(
                    start: self.position(commit.version - 1), position: self.position(commit.version),
                    time: commit.time, changes: commit.changes)
            }, end: self.position(isComplete ? newest : commits.last?.version ?? newest), isComplete: isComplete)
    }
}
