import CairnCore

extension ObjectStorage {
    /// Examines all record files: whether each is what was committed last.
    ///
    /// One LIST for each thousand files, and a GET for each that is not as it was written, or whose record is deleted; where ETags
    /// are not the MD5 of the bytes (a folder, memory), a GET for each. A GET more for each object of the values
    /// that migrations have kept. Two LISTs tell what came late from a store that was removed from
    /// the place. All indexes are read; the primary one of a table is held in memory while the table is examined.
    /// - Parameters:
    ///   - action: What to do with files that are not what was committed.
    ///   - progress: Hears how far it is, for each page of a listing.
    /// - Throws: `storage.unavailable`; `storage.read_only` for an action on a store opened for reading.
    public func examine(
        _ action: EditAction = .report, progress: (@Sendable (ExaminationProgress) -> Void)? = nil
    ) async throws -> StoreExamination {
        let engine = try engine()
        if action != .report { try checkWritable() }
        _ = await engine.materialiser.flush()
        let view = try await engine.follower.follow()
        var (examination, suspects) = try await Examination(engine: engine, view: view, progress: progress).run()
        if action == .report { return examination }
        try await Repair(engine: engine, view: view).run(action, suspects, &examination)
        await engine.finish()
        return examination
    }
}
