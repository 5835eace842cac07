public import CairnCore

/// Moments that are over, and what happened since.
extension ObjectStorage: StoragePast {
    /// The store itself.
    public var past: (any StoragePast)? { self }

    /// The number of the newest commit. One GET.
    ///
    /// Numbers begin at 1 and have no gaps; 0 is the empty store. What each commit did, ``changes(since:)`` tells.
    public func currentCommit() async throws -> Int { try await engine().follower.follow().number }

    /// A view of the store as a commit left it. Moments are kept for a day, and longer while a pin is older than they are.
    ///
    /// A GET for a moment this process has seen. Otherwise also a LIST, a GET for each halving of the number of checkpoints of the last
    /// day, and about fifty for the log. Reading is as from any snapshot; a record that has changed since costs one GET more for
    /// each change.
    /// - Parameter commit: Its number, as ``currentCommit()`` tells it.
    /// - Throws: `storage.invalid` for a number that is none yet; `storage.snapshot_expired` for a moment that is no longer kept, also
    ///   from reading when it ceases to be kept meanwhile; `storage.schema_mismatch` when the store had another schema then.
    public func snapshot(asOf commit: Int) async throws -> any StorageSnapshot {
        let engine = try engine()
        return ObjectSnapshot(engine.reader(try await PastViews(parts: engine.parts).view(of: commit)))
    }

    /// A view of the store as a pin keeps it. Two GETs.
    /// - Throws: `storage.not_found` when there is no such pin; `storage.invalid` for a text that is no name;
    ///   `storage.snapshot_expired` from reading, when the pin is removed meanwhile; `storage.schema_mismatch` when the store had
    ///   another schema then.
    public func snapshot(pinned name: String) async throws -> any StorageSnapshot {
        let engine = try engine()
        return ObjectSnapshot(engine.reader(try await PastViews(parts: engine.parts).view(pinned: name)))
    }

    /// What happened to records since a commit, change by change, up to the newest commit there is now.
    ///
    /// A GET that proves which that is; then one for each commit that this process has not followed itself, as the loop needs them: 32 at
    /// a time, or as many as make up 8 MiB, which a LIST for each thousand says. To go on later, ask for the changes since
    /// ``RecordChanges/end``. The log is kept for a week, and longer while a pin is older.
    /// - Parameter commit: The number of the last commit that is known; 0 for none.
    /// - Throws: `storage.invalid` for a number that is none yet. From the loop: `storage.snapshot_expired` when the log no longer
    ///   reaches back so far; `storage.damaged`.
    public func changes(since commit: Int) async throws -> RecordChanges {
        let engine = try engine()
        let newest = try await engine.follower.follow().number
        guard (0...newest).contains(commit) else {
            throw StorageError.misuse("there is no commit \(commit): the newest is \(newest)")
        }
        return RecordChanges(parts: engine.parts, since: commit, end: newest)
    }
}
