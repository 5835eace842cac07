import CairnCore
import CairnSchema

/// Records that are to be changed, as they were committed.
///
/// A commit takes the entries of the image before out of the indexes. If somebody has edited the file by hand, what stands there is
/// not what the indexes have: the entries of the committed values would stay for ever, and values that nobody has compared with
/// those of others would come in. So an image from a file is compared with what the primary index says of the file, which is read
/// beside it; it costs no further request while the block of the index is cached. An edited record is not changed until somebody
/// has decided what becomes of the edit. A table without indexes has nothing that could become wrong.
extension Preparation {
    /// The images of records in the order of the keys; nil where there never was one.
    /// - Throws: `storage.damaged` for a file that is not what was committed.
    func committed(_ table: Table, _ keys: [Key], in view: View) async throws -> [RecordImage?] {
        guard !table.indexes.isEmpty else { return try await records.images(table, keys, in: view) }
        async let entries = entries(table, keys, view)
        let images = try await records.images(table, keys, in: view)
        var checked: [RecordImage?] = []
        for ((key, image), entry) in zip(zip(keys, images), try await entries) {
            guard let image else {
                checked.append(nil)
                continue
            }
            checked.append(try await committed(image, table, key, entry, view))
        }
        return checked
    }

    private func entries(_ table: Table, _ keys: [Key], _ view: View) async throws -> [IndexPayload?] {
        let layout = view.tables[table.position].keyLayout
        let runs = view.manifest.runs(table, nil)
        return try await keys.concurrently(LogReader.width) { [indexes] key in
            try await IndexReader.live { try await indexes.present(layout.encode(key), in: runs) }?.content()
        }
    }

    private func committed(
        _ image: RecordImage, _ table: Table, _ key: Key, _ entry: IndexPayload?, _ view: View
    ) async throws -> RecordImage {
        let isCommitted =
            switch entry {
            case .record(_, let commit, let digest):
                image.isLive && image.commit == commit && matches(image, table, key, digest, view)
            // A purge removes the entry of a deleted record after its file.
            case .tombstone, .removed, .present, nil: !image.isLive
            }
        return isCommitted ? image : try await readAgain(image, table, key, entry, view)
    }

    private func matches(
        _ image: RecordImage, _ table: Table, _ key: Key, _ digest: [UInt8], _ view: View
    ) -> Bool {
        if digest.isEmpty { return true }
        let bytes = RecordFile.encode(image, records.columns[table.position], key: key, schema: view.schema.id)
        return ComputedETag.md5(bytes).map { $0 == digest } ?? true
    }

    /// Looks at the file itself: an index that was made from files knows them as they are, also by other bytes than Cairn writes;
    /// and an edit that was read before may have been undone since.
    private func readAgain(
        _ image: RecordImage, _ table: Table, _ key: Key, _ entry: IndexPayload?, _ view: View
    ) async throws -> RecordImage {
        let name = ObjectNames.file(table, key)
        guard case .found(let object) = try await records.log.access.read(name) else { throw edited(table, key) }
        let found = try await records.shapes.decode(object.bytes, of: table, name: name).image
        // Another process has changed the record since the view: that is what the commit fails on.
        if found.commit > view.number { return image }
        let isCommitted =
            switch entry {
            case .record(_, let commit, let digest):
                found.isLive && found.commit == commit
                    && (digest.isEmpty || ComputedETag.md5(object.bytes).map { $0 == digest } ?? true)
            case .tombstone(_, let commit): !found.isLive && found.commit == commit
            case .removed, .present, nil: false
            }
        guard isCommitted else { throw edited(table, key) }
        records.tip.remember(found, table, view.tables[table.position].keyLayout.encode(key), for: view)
        return found
    }

    private func edited(_ table: Table, _ key: Key) -> StorageError {
        let name = ObjectNames.file(table, key)
        var details = StorageError.Details()
        details.table = table.name
        details.id = KeyText.encode(key)
        return StorageError(
            .damaged,
            "the file '\(name)' is not what was committed: somebody has edited it, and a change would leave its indexes wrong",
            remedy:
                "run cairn doctor --accept-edits to commit what stands there, or --undo-edits to write the record again",
            details: details)
    }
}
