import CairnCore
public import CairnSchema

/// Maintenance windows: times in which nobody writes, for work that needs that.
extension ObjectStorage {
    /// That a store is closed for writing.
    public struct MaintenanceWindow: Sendable, Hashable {
        /// Who closed it.
        public let by: String
        /// What for.
        public let reason: String
        /// When it was closed; nil when the log no longer tells.
        public let since: Timestamp?
        /// When it will be open again, as planned.
        public let until: Timestamp
        /// Whether it was closed through this handle.
        public let isOwn: Bool
    }

    /// The maintenance window that is open; nil when the store can be written. One GET, and one where something was recorded since it was
    /// closed.
    public func maintenanceWindow() async throws -> MaintenanceWindow? {
        try await window(of: engine().follower.follow())
    }

    /// The maintenance window that is open as of a view.
    func window(of view: View) async throws -> MaintenanceWindow? {
        let engine = try engine()
        guard let closing = view.closing else { return nil }
        return MaintenanceWindow(
            by: closing.note.by, reason: closing.note.reason, since: try await time(of: closing, view),
            until: closing.note.until, isOwn: engine.windows.number == closing.number)
    }

    /// When a store was closed. The record is the newest one as a rule: nobody commits behind it.
    private func time(of closing: Closing, _ view: View) async throws -> Timestamp? {
        if closing.number == view.number { return view.time }
        do {
            guard case .found(let found) = try await engine().parts.log.readOfAnyEra(closing.number) else { return nil }
            return found.record.time
        } catch let error as StorageError where !error.isRetryable {
            // Whoever ends the window needs no more than that it is open.
            return nil
        }
    }

    /// Closes the store for writing, for all processes. Reading goes on.
    ///
    /// From then on commits fail with `storage.maintenance`, also those that wait, and every process stops writing files when
    /// it learns of it. Half an hour later nothing of before can arrive any more: work that needs that waits for it by itself. Nobody
    /// opens the store but ``endMaintenance(takingOver:)``: `until` is for people.
    ///
    /// A GET and a PUT.
    /// - Parameters:
    ///   - by: Who closes it, for the errors of others. At most 200 bytes, as `reason`.
    ///   - takingOver: Whether to take over a window that is open: of a process that is gone, say.
    /// - Throws: `storage.maintenance` when it is closed already; `storage.invalid` for an empty or long text;
    ///   `storage.read_only`; `storage.unavailable` when it may or may not be closed now.
    public func beginMaintenance(
        by: String, reason: String, until: Timestamp, takingOver: Bool = false
    ) async throws {
        let engine = try engine()
        try checkWritable()
        for text in [by, reason] where !(1...200).contains(text.utf8.count) {
            throw StorageError.misuse(
                "'\(text)' must have 1 to 200 bytes", remedy: "say in a few words who closes the store, and why")
        }
        let number = try await engine.mark(.close, MaintenanceNote(by: by, reason: reason, until: until)) { view in
            if let closing = view.closing, !takingOver { throw StorageError.underMaintenance(closing.note) }
        }
        try engine.windows.hold(number)
    }

    /// Opens the store again. Nothing happens when it is open.
    ///
    /// Two LISTs and a PUT; more after a purge, whose removals could arrive again for a quarter of an hour: so long it waits.
    /// - Parameter takingOver: Whether to end the window of another process. That may be at work, and its requests under way, so the
    ///   window is taken from it first, and half an hour passes before the store is open.
    /// - Throws: `storage.maintenance` when another process holds the window; `storage.read_only`; `storage.unavailable` when it may
    ///   or may not be open now.
    public func endMaintenance(takingOver: Bool = false) async throws {
        let engine = try engine()
        try checkWritable()
        guard let closing = try await engine.follower.follow().closing else { return engine.windows.release() }
        if engine.windows.number != closing.number {
            engine.windows.release()
            guard takingOver else { throw StorageError.underMaintenance(closing.note) }
            try await beginMaintenance(
                by: closing.note.by, reason: closing.note.reason, until: closing.note.until, takingOver: true)
            try await engine.windows.awaitQuiet()
        }
        try await engine.windows.awaitRemovals()
        // What was forgotten in the window stands in the newest manifest, and goes into the record that opens the store.
        try await engine.follower.adoptNewest()
        _ = try await engine.mark(.open, nil) { _ in try engine.windows.check() }
        engine.windows.release()
    }

    /// Runs `body` while the store is closed for writing, and opens it again however that ends.
    ///
    /// If the process dies in it, the store stays closed until somebody calls ``endMaintenance(takingOver:)``.
    /// - Throws: what `body` throws; what ``beginMaintenance(by:reason:until:takingOver:)`` and ``endMaintenance(takingOver:)`` throw.
    public func withMaintenanceWindow<Result>(
        by: String, reason: String, until: Timestamp, _ body: () async throws -> Result
    ) async throws -> Result {
        try await beginMaintenance(by: by, reason: reason, until: until)
        let result: Result
        do {
            result = try await body()
        } catch {
            try? await endUncancelled()
            throw error
        }
        try await endUncancelled()
        return result
    }

    /// Ends the window also when the task is cancelled, or has no time left.
    private func endUncancelled() async throws {
        let surroundings = try engine().parts.surroundings
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            surroundings.spawn { [self] in
                do {
                    try await endMaintenance()
                    continuation.resume()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}
