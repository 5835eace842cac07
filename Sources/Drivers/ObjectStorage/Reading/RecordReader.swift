import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

/// Reads records as of a view: from the overlay, the cache, or their files.
///
/// A file may be newer than the view. Then the log tells what it was: the commit that wrote the file has the image before it, and
/// so on back to the view, one GET for each change.
struct RecordReader: Sendable {
    let tip: Tip
    let log: LogReader
    let indexes: IndexReader
    /// What reads files of any age.
    let shapes: RecordShapes

    init(_ tip: Tip, _ log: LogReader, _ indexes: IndexReader, _ shapes: RecordShapes) {
        self.tip = tip
        self.log = log
        self.indexes = indexes
        self.shapes = shapes
    }

    /// For each table, what writes its files: making one takes as long as reading a file.
    var columns: [RecordJSON] { shapes.columns }

    private var access: StoreAccess { log.access }

    /// What the file of a record has.
    enum File: Sendable {
        case image(RecordImage)
        case absent
    }

    // MARK: Without requests

    /// The image of a record as far as no request is needed; nil when one is, `.some(nil)` when there never was a record.
    func known(_ table: Table, _ key: [UInt8], in view: View) -> RecordImage?? {
        if let image = view.tables[table.position].records.get(key) { return .some(image) }
        if let cached = tip.cached(table, key, for: view) { return cached }
        // The primary index has every key there ever was: what it has not is new. What lies outside of it, or in a block that is
        // cached, costs no request.
        if case .absent = indexes.cachedFind(key, in: view.manifest.runs(table, nil)) { return .some(nil) }
        return nil
    }

    // MARK: With requests

    /// The image of a record. At most one GET, and one for each change since the view; if there is no file, those that ask the
    /// index whether there should be one.
    func image(_ table: Table, _ key: Key, in view: View) async throws -> RecordImage? {
        // A handle that has ended must not read files of the store that took the place of its own.
        try tip.whileOpen { _ in }
        let bytes = view.tables[table.position].keyLayout.encode(key)
        if let known = known(table, bytes, in: view) { return known }
        let image = try await resolve(try await file(table, key), table, key, in: view)
        tip.remember(image, table, bytes, for: view)
        return image
    }

    /// The images of several records, in their order; 32 requests at a time.
    func images(_ table: Table, _ keys: [Key], in view: View) async throws -> [RecordImage?] {
        let layout = view.tables[table.position].keyLayout
        var images = [RecordImage?](repeating: nil, count: keys.count)
        var missing: [Int] = []
        for (index, key) in keys.enumerated() {
            if let known = known(table, layout.encode(key), in: view) {
                images[index] = known
            } else {
                missing.append(index)
            }
        }
        let read = try await missing.concurrently(LogReader.width) { index in
            try await image(table, keys[index], in: view)
        }
        for (index, image) in zip(missing, read) { images[index] = image }
        return images
    }

    /// Reads the file of a record. One GET.
    func file(_ table: Table, _ key: Key) async throws -> File {
        guard ObjectNames.isKey(key) else { return .absent }
        let name = ObjectNames.file(table, key)
        switch try await access.read(name) {
        case .absent: return .absent
        case .found(let object):
            let decoded = try await access.decoded(name, object) { object in
                try await shapes.decode(object.bytes, of: table, name: name)
            }
            guard case .value(let reading) = decoded, !reading.isForgotten else { return .absent }
            return .image(reading.image)
        }
    }

    /// The image of a record at a view, from what its file has.
    func resolve(_ file: File, _ table: Table, _ key: Key, in view: View) async throws -> RecordImage? {
        guard case .image(var image) = file else { return try await absent(table, key, in: view) }
        while image.commit > view.number {
            guard let before = try await before(image.commit, table, key) else {
                // A record that came to be over a deletion that a purge has forgotten: it may have been there at the view.
                if image.metadata.revision > 1 { try await checkKept(view) }
                return nil
            }
            image = before
        }
        return image.commit < view.manifest.since(table) ? nil : image
    }

    /// The image of a record without a file: nil for one that never was. A file that was lost must not be taken for that.
    private func absent(_ table: Table, _ key: Key, in view: View) async throws -> RecordImage? {
        let bytes = view.tables[table.position].keyLayout.encode(key)
        let runs = view.manifest.runs(table, nil)
        guard let entry = try await IndexReader.live({ try await indexes.find(bytes, in: runs) }) else { return nil }
        // A purge removes the files of deleted records before the entries.
        if case .tombstone(let revision, let commit) = try entry.content() {
            let metadata = RecordMetadata(revision: revision, createdAt: .epoch, updatedAt: .epoch)
            return RecordImage(values: nil, metadata: metadata, commit: commit)
        }
        try await checkKept(view)
        throw StorageError.damaged(table, key: key, "the index has the record, and its file is missing")
    }

    /// The image a record had before a commit changed it; nil when there was none.
    private func before(_ number: Int, _ table: Table, _ key: Key) async throws -> RecordImage? {
        let kept = try tip.whileOpen { $0.history[number]?.record }
        let record: CommitRecord
        if let kept {
            record = kept
        } else {
            switch try await log.read(number) {
            case .found(let found): record = found.record
            case .absent:
                throw StorageError(
                    .snapshotExpired,
                    "record \(KeyText.encode(key)) of table '\(table.name)' has changed since, and the store no longer keeps how it was",
                    remedy: "begin a new snapshot or transaction", isRetryable: true)
            }
        }
        for transaction in record.transactions {
            for operation in transaction.operations where operation.table == table && operation.key == key {
                return operation.before
            }
        }
        throw StorageError.damaged(
            table, key: key, "its file says that commit \(number) wrote it, which is not in that commit record")
    }
}
