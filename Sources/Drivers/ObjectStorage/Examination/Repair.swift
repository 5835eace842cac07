import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

/// Repairs what an examination found: commits what stands in the files, or writes what was committed again.
struct Repair: Sendable {
    let engine: Engine
    let view: View

    private var access: StoreAccess { engine.parts.access }

    // MARK: Undoing

    /// Writes what was committed again.
    /// - Throws: an error that says why that cannot be.
    func undo(_ suspect: Examination.Suspect) async throws {
        let name = suspect.finding.object
        switch suspect.finding.kind {
        case .editedByHand, .damagedFile, .outdatedFile, .missingFile: break
        case .addedByHand:
            throw StorageError(
                .invalid, "'\(name)' was never committed, and Cairn removes no files",
                remedy: "move it out of the store")
        case .notWrittenYet, .wrongCount: return
        }
        let bytes = try await committed(suspect)
        let mode: PutMode = suspect.etag.map(PutMode.ifMatch) ?? .create
        try await write(name, bytes, mode)
    }

    /// The bytes that a file should have, by the log.
    private func committed(_ suspect: Examination.Suspect) async throws -> [UInt8] {
        guard case .found(let found) = try await engine.parts.log.read(suspect.commit) else {
            throw StorageError(
                .snapshotExpired, "commit \(suspect.commit) of '\(suspect.finding.object)' is no longer in the log",
                remedy: "restore the file from a backup or from an older version of the object, or accept what it has")
        }
        for transaction in found.record.transactions {
            for operation in transaction.operations
            where operation.table == suspect.table && operation.key == suspect.key {
                let bytes = RecordFile.encode(
                    operation.after, of: suspect.table, key: suspect.key, schema: found.record.schema)
                guard suspect.digest.isEmpty || ComputedETag.md5(bytes) == suspect.digest else { break }
                return bytes
            }
        }
        throw StorageError(
            .damaged, "commit \(suspect.commit) has not the record of '\(suspect.finding.object)'",
            remedy: "restore the file from a backup")
    }

    private func write(_ name: String, _ bytes: [UInt8], _ mode: PutMode) async throws {
        let notAfter = try engine.tip.confirmed().confirmation?.date?.addingTimeInterval(Committer.fence)
        do {
            let result = try await access.write(name, bytes, mode, notAfter: notAfter, access.attributes())
            guard case .written = result else {
                throw StorageError(
                    .conflict, "'\(name)' was changed meanwhile", remedy: "examine the store again", isRetryable: true)
            }
        } catch {
            throw StoreAccess.translated(error)
        }
    }

    // MARK: Accepting

    /// Commits what stands in a file, as a new revision.
    /// - Throws: an error that says why that cannot be.
    func accept(_ suspect: Examination.Suspect) async throws {
        guard suspect.finding.kind == .editedByHand || suspect.finding.kind == .addedByHand else { return }
        guard let found = suspect.found else {
            throw StorageError(
                .damaged, "'\(suspect.finding.object)' cannot be read as a record of table '\(suspect.table.name)'",
                remedy: "mend the JSON, or undo the edit")
        }
        guard let values = found.values else {
            throw StorageError(
                .invalid, "'\(suspect.finding.object)' was changed into that of a deleted record",
                remedy: "delete the record with a program, or undo the edit")
        }
        let isNew = suspect.finding.kind == .addedByHand
        var operations: [WriteOperation] = [
            isNew ? .insert(suspect.table, values) : .update(suspect.table, values, expecting: nil)
        ]
        _ = try BatchCheck(view.schema).check(&operations)
        var workspace = Workspace(try engine.tip.view(), at: engine.now())
        guard
            workspace.base == view.number
                || workspace.view.tables[suspect.table.position].records.get(id(suspect).key) == nil
        else {
            throw StorageError(.conflict, "the record was written meanwhile", isRetryable: true)
        }
        var lookups = try await engine.preparation.lookups(for: operations, in: workspace)
        lookups.images.updateValue(
            isNew
                ? nil
                : RecordImage(
                    values: try await indexed(suspect, values), metadata: found.metadata, commit: suspect.commit),
            forKey: id(suspect))
        for operation in operations { _ = try workspace.apply(operation, lookups) }
        try await engine.preparation.checkReferences(&workspace)
        guard case .committed = try await engine.commit(workspace, idempotency: nil) else {
            throw StorageError(
                .conflict, "another process wrote meanwhile", remedy: "examine the store again", isRetryable: true)
        }
        guard isNew, let etag = suspect.etag, let image = workspace.operations.first?.after else { return }
        // Nobody replaces a file that Cairn did not write; this one is known.
        try await replace(suspect, image, etag)
    }

    private func id(_ suspect: Examination.Suspect) -> Workspace.RecordID {
        Workspace.RecordID(
            table: suspect.table.position,
            key: view.tables[suspect.table.position].keyLayout.encode(suspect.key))
    }

    private func replace(_ suspect: Examination.Suspect, _ image: RecordImage, _ etag: ETag) async throws {
        var image = image
        let newest = try await engine.follower.follow()
        guard let committed = newest.tables[suspect.table.position].records.get(id(suspect).key) else { return }
        image.commit = committed.commit
        let bytes = RecordFile.encode(image, of: suspect.table, key: suspect.key, schema: view.schema.id)
        try await write(suspect.finding.object, bytes, .ifMatch(etag))
    }

    /// The values the record had as far as indexes tell, and those in the file elsewhere: what the commit must take out of the
    /// indexes are the entries that are there, not those that the edited values would have.
    private func indexed(_ suspect: Examination.Suspect, _ edited: [Value]) async throws -> [Value] {
        var values = edited
        let overlay = view.tables[suspect.table.position]
        let wanted = id(suspect).key
        for index in suspect.table.indexes {
            let layout = overlay.indexLayouts[index.position]
            var cursor = engine.indexes.cursor(view, suspect.table, index, .all)
            while let entry = try await IndexReader.live({ try await cursor.next() }) {
                guard let key = overlay.key(ofEntry: entry.key, in: index), overlay.keyLayout.encode(key) == wanted,
                    let parts = layout.decode(entry.key)
                else { continue }
                for (part, value) in zip(layout.parts, parts) { values[part.column] = value }
                break
            }
        }
        return values
    }
}

extension ObjectStorage {
    /// Examines all record files: whether each is what was committed last.
    ///
    /// One LIST for each thousand files, and a GET for each that is not as it was written; where ETags are not the MD5 of the
    /// bytes (a folder, memory), a GET for each. The index of every table is read, and held in memory while its table is examined.
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
        let repair = Repair(engine: engine, view: view)
        for suspect in suspects where !suspect.finding.isHarmless {
            do {
                switch action {
                case .accept:
                    guard [.editedByHand, .addedByHand].contains(suspect.finding.kind) else { continue }
                    try await repair.accept(suspect)
                case .undo: try await repair.undo(suspect)
                case .report: break
                }
                examination.repaired.append(suspect.finding)
            } catch let error as StorageError {
                examination.unrepaired.append("\(suspect.finding.object): \(error.message)")
            }
        }
        await engine.finish()
        return examination
    }
}
