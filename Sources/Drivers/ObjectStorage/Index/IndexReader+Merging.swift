import CairnCore

extension IndexReader {
    /// Merges runs into the section a writer has begun. For what is known to be small: the file is in memory.
    /// - Parameters:
    ///   - runs: From the oldest to the newest.
    ///   - newest: Entries newer than all of them, in ascending order.
    ///   - dropsRemoved: Whether to forget what was removed. Only when no older run is left that could have it.
    package func merge(
        _ runs: [IndexRun], newest: (any IndexOverlay)? = nil, dropsRemoved: Bool, into writer: inout IndexFileWriter
    ) async throws {
        var cursor = mergeCursor(runs, newest, dropsRemoved: dropsRemoved)
        while let (block, index) = try await cursor.nextPlace() { writer.append(block, index) }
    }

    /// Merges runs into files of their own, each with one section of about `splitBytes`. One file at a time is in memory.
    /// - Parameters:
    ///   - runs: From the oldest to the newest.
    ///   - newest: Entries newer than all of them, in ascending order.
    ///   - dropsRemoved: Whether to forget what was removed. Only when no older run is left that could have it.
    ///   - filter: What the filters of the new runs are to be asked for.
    ///   - store: The id of the store.
    ///   - name: Makes the id of a new file.
    ///   - save: Stores a file under its id.
    /// - Returns: What the runs are replaced by: in ascending order, without overlap; none when no entry is left.
    package func merge(
        _ runs: [IndexRun], newest: (any IndexOverlay)? = nil, dropsRemoved: Bool,
        filter: IndexFilterKeys? = nil, store: String,
        splitBytes: Int = IndexCompaction.splitBytes, name: () -> String,
        save: (_ file: String, _ bytes: [UInt8]) async throws -> Void
    ) async throws -> [IndexRun] {
        var cursor = mergeCursor(runs, newest, dropsRemoved: dropsRemoved)
        var merged: [IndexRun] = []
        while true {
            var writer = IndexFileWriter(store: store)
            writer.begin(filter: filter)
            let limit = writer.byteCount + splitBytes
            while writer.byteCount < limit, let (block, index) = try await cursor.nextPlace() {
                writer.append(block, index)
            }
            let file = name()
            guard let run = writer.endSection(file: file) else { return merged }
            try Deadline.check()
            let bytes = writer.finish()
            try await save(file, bytes)
            keep(run, of: bytes)
            merged.append(run)
        }
    }

    private func mergeCursor(
        _ runs: [IndexRun], _ newest: (any IndexOverlay)?, dropsRemoved: Bool
    ) -> MergedIndexCursor {
        passing().merged(
            runs, overlay: newest, keeping: dropsRemoved ? .allButRemoved : .all, readAhead: .full)
    }
}
