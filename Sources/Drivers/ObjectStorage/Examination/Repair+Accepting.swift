import CairnCore
import CairnSchema
import ObjectStores

extension Repair {
    /// Commits what stands in a file, as a new revision.
    /// - Throws: an error that says why that cannot be.
    func accept(_ suspect: Examination.Suspect) async throws {
        // Only a program of one of the two makes what the other one reads.
        if view.schema.window != nil { throw StorageError.usedByTwo(access.capabilities.location) }
        guard let found = suspect.found else {
            throw StorageError(
                .damaged, "it cannot be read as a record of table '\(suspect.table.name)'",
                remedy: suspect.expected == nil ? "move it out of the store" : "mend the JSON, or undo the edit")
        }
        guard let values = found.values else {
            throw StorageError(
                .invalid, "it was changed into that of a deleted record",
                remedy: "delete the record with a program, or undo the edit")
        }
        var operations: [WriteOperation] = [.upsert(suspect.table, values)]
        _ = try BatchCheck(view.schema).check(&operations)
        let (workspace, before) = try await workspace(suspect, found)
        let written = try await commit(operations, suspect, workspace, before)
        guard let etag = suspect.etag, var image = written.image else { return }
        // The materialiser replaces no file that another program wrote, nor one that says it is of a later commit. This one is known.
        // If it is another one by now, the materialiser was here first.
        image.commit = written.commit
        let bytes = RecordFile.encode(image, of: suspect.table, key: suspect.key, schema: view.schema.id)
        _ = try await write(
            suspect.finding.object, bytes, .ifMatch(etag), engine.attributes.attributes(of: image, suspect.table))
    }

    /// A workspace at the tip, and the record as it was committed, if nobody has written it since it was examined.
    private func workspace(
        _ suspect: Examination.Suspect, _ found: RecordImage
    ) async throws -> (Workspace, before: RecordImage?) {
        let newest = try await engine.follower.follow()
        var reads = ReadSet()
        reads.add(suspect.table, key: id(suspect).key)
        guard case .unchanged = try engine.tip.standing(of: reads, since: view.number, at: newest) else {
            throw StorageError(
                .conflict, "the record was written meanwhile", remedy: "examine the store again", isRetryable: true)
        }
        let before = try await before(suspect, found)
        return (Workspace(newest, at: engine.now()), before)
    }

    private func commit(
        _ operations: [WriteOperation], _ suspect: Examination.Suspect, _ workspace: Workspace, _ before: RecordImage?
    ) async throws -> (commit: Int, image: RecordImage?) {
        var workspace = workspace
        let lookups = try await engine.preparation.lookups(
            for: operations, in: workspace, knowing: [id(suspect): before])
        for operation in operations { _ = try workspace.apply(operation, lookups) }
        try await engine.preparation.checkReferences(&workspace)
        guard case .committed(let number, _, _) = try await engine.commit(workspace, idempotency: nil) else {
            throw StorageError(
                .conflict, "another process wrote meanwhile", remedy: "examine the store again", isRetryable: true)
        }
        return (number, workspace.operations.first?.after)
    }

    // MARK: What was before

    /// The record as it was committed: what the commit must take out of the indexes are the entries that are there, not those
    /// that the edited values would have.
    private func before(_ suspect: Examination.Suspect, _ found: RecordImage) async throws -> RecordImage? {
        guard let expected = suspect.expected else { return nil }
        if let image = expected.image { return image }
        if let (_, image) = try await logged(expected, suspect) { return image }
        var metadata = found.metadata
        metadata.revision = expected.revision
        let values = expected.isLive ? try await indexed(suspect, found.values ?? []) : nil
        return RecordImage(values: values, metadata: metadata, commit: expected.commit)
    }

    /// The values the record had as far as indexes tell, and those in the file elsewhere. Reads the indexes of the table.
    /// - Throws: when an index that has some records had this one, or had it not, by a value that is known nowhere any more.
    private func indexed(_ suspect: Examination.Suspect, _ edited: [Value]) async throws -> [Value] {
        var values = edited
        let overlay = view.tables[suspect.table.position]
        var holders: Set<Int> = []
        for index in suspect.table.indexes {
            let layout = overlay.indexLayouts[index.position]
            var cursor = engine.indexes.cursor(view, suspect.table, index, .all)
            while let entry = try await IndexReader.live({ try await cursor.next() }) {
                guard overlay.key(ofEntry: entry.key, in: index) == suspect.key, let parts = layout.decode(entry.key)
                else { continue }
                for (part, value) in zip(layout.parts, parts) { values[part.column] = value }
                holders.insert(index.position)
                break
            }
        }
        for index in suspect.table.indexes
        where overlay.indexLayouts[index.position].has(values) != holders.contains(index.position) {
            throw StorageError(
                .snapshotExpired,
                "the commit that wrote it is no longer in the log, and only it tells why index '\(index.name)' \(holders.contains(index.position) ? "has" : "has not") the record",
                remedy:
                    "restore the file from a backup, or run cairn rebuild --force, which takes the files as they are")
        }
        return values
    }
}
