import CairnCore

extension ObjectStorage {
    /// Forgets records that were deleted long ago. Only in a maintenance window of this handle.
    ///
    /// A deleted record leaves a small file and an entry in an index, which stay until somebody does this. Nothing that can be read
    /// changes. What is inserted under such a key afterwards, or under one that never was, begins at a revision above all that were
    /// forgotten in its table, so no key ever has the same revision twice.
    ///
    /// Waits until the window is half an hour old. Then a GET for each deleted record, a DELETE for each thousand that go, the primary
    /// indexes of their tables read and written once, and two checkpoints. What is deleted after the oldest checkpoint that
    /// is kept, or pinned, stays.
    /// - Parameter days: How long ago they must have been deleted, at least; 1 or more.
    /// - Throws: `storage.invalid` outside of a window, and for less than a day; `storage.maintenance` when another process takes the
    ///   window; `storage.busy`; `storage.unavailable`. What was done by then is safe, and purging again goes on with it.
    public func purge(olderThanDays days: Int = 30) async throws -> PurgeReport {
        let engine = try engine()
        try checkWritable()
        guard (1...36_500).contains(days) else {
            throw StorageError.misuse(
                "records deleted \(days) days ago cannot be asked for", remedy: "say 1 or more days")
        }
        try engine.windows.check()
        try await engine.windows.awaitQuiet()
        guard let now = try engine.tip.confirmed().confirmation?.date else {
            throw StorageError.noStoreTime(engine.parts.access)
        }
        return try await Purge(engine: engine, before: now.addingTimeInterval(-86_400 * Double(days))).run()
    }
}
