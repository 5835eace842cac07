import CairnCore

extension ObjectStorage {
    /// Examines all record files: whether each is what was committed last.
    ///
    /// One LIST for each thousand files, and a GET for each that is not as it was written, or whose record is deleted; where ETags
    /// are not the MD5 of the bytes (a folder, memory), a GET for each. A GET more for each object of the values
    /// that migrations have kept. Two LISTs tell what came late from a store that was removed from
    /// the place; a GET for each file that says it is of a commit behind the end of the log, whether the log has it by now. All indexes are read; the primary one of a table is held in memory while the table is examined.
    /// - Parameters:
    ///   - action: What to do with files that are not what was committed. Nothing is accepted while the log has lost commits: what is
    ///     committed would take their numbers.
    ///   - progress: Hears how far it is, for each page of a listing.
    /// - Throws: `storage.unavailable`; `storage.damaged` when the log is not whole, which a rebuild mends; `storage.read_only` for an action on a store opened for reading.
    public func examine(
        _ action: EditAction = .report, progress: (@Sendable (ExaminationProgress) -> Void)? = nil
    ) async throws -> StoreExamination {
        let engine = try engine()
        if action != .report { try checkWritable() }
        _ = await engine.materialiser.flush()
        let view = try await engine.follower.follow()
        var (examination, suspects) = try await Examination(engine: engine, view: view, progress: progress).run()
        examination.closed = try await window(of: view)
        if action == .report { return examination }
        if action == .accept, examination.findings.contains(where: { $0.kind == .lostCommit }) {
            examination.unrepaired = [Examination.notCommitted]
            return examination
        }
        try await Repair(engine: engine, view: view).run(action, suspects, &examination)
        await engine.finish()
        return examination
    }
}
