import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

/// Compares record files with the primary index, 1,000 names a request.
///
/// The index has the MD5 of every file. Where the ETag of the store is that, a listing tells which files are as they were
/// written, and only the others are read; elsewhere every file is read. What the overlay knows better than the index is compared with
/// the overlay.
struct Examination: Sendable {
    let engine: Engine
    let view: View
    let progress: (@Sendable (ExaminationProgress) -> Void)?

    /// A file that is not what was committed.
    struct Suspect: Sendable {
        let finding: StoreFinding
        let table: Table
        let key: Key
        /// What the file has; nil when it has nothing that can be read as the record.
        let found: RecordImage?
        /// The mark of the file; nil when there is none.
        let etag: ETag?
        /// The commit and the digest that the file should have.
        let commit: Int
        let digest: [UInt8]
    }

    /// What the file of a record should be.
    private struct Expected {
        let key: Key
        let isLive: Bool
        let commit: Int
        let revision: Int
        let digest: [UInt8]
        /// Whether the file may not be written yet.
        let isRecent: Bool
    }

    private var access: StoreAccess { engine.parts.access }

    /// Examines all tables.
    func run() async throws -> (examination: StoreExamination, suspects: [Suspect]) {
        var examination = StoreExamination()
        examination.commit = view.number
        var suspects: [Suspect] = []
        let total = view.tables.reduce(0) { $0 + $1.count }
        for overlay in view.tables {
            var expected = try await expected(overlay, &examination)
            let names = access.list(ObjectNames.records(of: overlay.table.name))
            var pages = names.pages.makeAsyncIterator()
            while let page = try await translating({ try await pages.next() }) {
                try Deadline.check()
                suspects += try await compare(page, overlay, &expected, &examination)
                progress?(ExaminationProgress(table: overlay.table.name, done: examination.files, total: total))
            }
            suspects += missing(expected, overlay.table)
        }
        examination.findings += suspects.map(\.finding)
        return (examination, suspects)
    }

    private func translating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch { throw StoreAccess.translated(error) }
    }

    // MARK: What should be there

    /// What the index and the overlay say of the files of a table, by the text of their keys.
    private func expected(
        _ overlay: TableOverlay, _ examination: inout StoreExamination
    ) async throws -> [String: Expected] {
        let table = overlay.table
        var expected: [String: Expected] = [:]
        var cursor = engine.indexes.merged(
            view.manifest.runs(table, nil), .all, keeping: .allButRemoved, readAhead: .full)
        var live = 0
        while let entry = try await IndexReader.live({ try await cursor.next() }) {
            guard let key = overlay.key(entry.key) else { continue }
            switch try entry.content() {
            case .record(let revision, let commit, let digest):
                live += 1
                expected[KeyText.encode(key)] = Expected(
                    key: key, isLive: true, commit: commit, revision: revision, digest: digest, isRecent: false)
            case .tombstone(let revision, let commit):
                expected[KeyText.encode(key)] = Expected(
                    key: key, isLive: false, commit: commit, revision: revision, digest: [], isRecent: false)
            case .removed, .present: continue
            }
        }
        check(live, overlay, &examination)
        for (id, image) in engine.recent(in: view) where id.table == table.position {
            guard let key = overlay.key(id.key) else { continue }
            let bytes = RecordFile.encode(image, of: table, key: key, schema: view.schema.id)
            expected[KeyText.encode(key)] = Expected(
                key: key, isLive: image.isLive, commit: image.commit, revision: image.metadata.revision,
                digest: ComputedETag.md5(bytes) ?? [], isRecent: true)
        }
        return expected
    }

    private func check(_ live: Int, _ overlay: TableOverlay, _ examination: inout StoreExamination) {
        let said = view.manifest.states[overlay.table.position]?.count ?? 0
        guard live != said else { return }
        examination.findings.append(
            StoreFinding(
                kind: .wrongCount, object: ObjectNames.manifest(view.manifest.manifest.version),
                table: overlay.table.name, id: nil,
                message: "the manifest counts \(said) records, and its index has \(live)",
                remedy: "run cairn rebuild, which makes the indexes again"))
    }

    // MARK: What is there

    private func compare(
        _ page: ListPage, _ overlay: TableOverlay, _ expected: inout [String: Expected],
        _ examination: inout StoreExamination
    ) async throws -> [Suspect] {
        let table = overlay.table
        var doubtful: [(name: String, etag: ETag, expected: Expected?)] = []
        for case .object(let summary) in page.entries {
            examination.files += 1
            guard let text = ObjectNames.keyText(ofFile: summary.key, of: table.name) else {
                doubtful.append((summary.key, summary.etag, nil))
                continue
            }
            let wanted = expected.removeValue(forKey: text)
            if let wanted, access.capabilities.etags == .md5, !wanted.digest.isEmpty,
                Utf8.equal(summary.etag.rawValue, Hex.encode(wanted.digest))
            {
                continue
            }
            doubtful.append((summary.key, summary.etag, wanted))
        }
        examination.filesRead += doubtful.count
        return try await doubtful.concurrently(LogReader.width) { doubt in
            try await look(doubt.name, doubt.expected, table)
        }.compactMap { $0 }
    }

    /// Reads a file and says what is wrong with it; nil when nothing is.
    private func look(_ name: String, _ expected: Expected?, _ table: Table) async throws -> Suspect? {
        guard case .found(let object) = try await access.read(name) else { return nil }
        let decoded = Result { try RecordFile.decode(object.bytes, of: table, name: name) }
        guard let expected else { return added(name, object, decoded, table) }
        func suspect(_ kind: StoreFinding.Kind, _ message: String, _ remedy: String, _ found: RecordImage?) -> Suspect {
            Suspect(
                finding: StoreFinding(
                    kind: kind, object: name, table: table.name, id: KeyText.encode(expected.key), message: message,
                    remedy: remedy),
                table: table, key: expected.key, found: found, etag: object.etag, commit: expected.commit,
                digest: expected.digest)
        }
        switch decoded {
        case .failure(let error):
            return suspect(
                .damagedFile, "\((error as? StorageError)?.message ?? "\(error)")",
                "run cairn doctor --undo-edits, which writes it again if the log still has the record", nil)
        case .success((_, let image)):
            // Somebody commits while this looks.
            if image.commit > view.number { return nil }
            if image.commit < expected.commit {
                if expected.isRecent {
                    return suspect(
                        .notWrittenYet, "it is of commit \(image.commit), and commit \(expected.commit) is in the log",
                        "nothing needs to be done", image)
                }
                return suspect(
                    .outdatedFile, "it is of commit \(image.commit), and the index has commit \(expected.commit)",
                    "run cairn doctor --undo-edits, which writes it again if the log still has the record", image)
            }
            // The index has no digest of a tombstone.
            if expected.digest.isEmpty, !expected.isLive, !image.isLive { return nil }
            if !expected.digest.isEmpty, ComputedETag.md5(object.bytes) == expected.digest { return nil }
            return suspect(
                .editedByHand, "it is not what commit \(expected.commit) wrote",
                "run cairn doctor --accept-edits to commit it, or --undo-edits to write the record again", image)
        }
    }

    private func added(
        _ name: String, _ object: StoreAccess.StoredObject,
        _ decoded: Result<(key: Key, image: RecordImage), any Error>,
        _ table: Table
    ) -> Suspect? {
        let image = try? decoded.get().image
        // Somebody commits while this looks.
        if let image, image.commit > view.number { return nil }
        let text = ObjectNames.keyText(ofFile: name, of: table.name)
        let key = text.flatMap { try? KeyText.decode($0, of: table) }
        let finding = StoreFinding(
            kind: .addedByHand, object: name, table: table.name, id: text,
            message: key == nil ? "its name is not that of a record" : "no commit made this file",
            remedy: key == nil
                ? "move it out of the store"
                : "run cairn doctor --accept-edits to insert it, or move it out of the store")
        guard let key else {
            return Suspect(
                finding: finding, table: table, key: Key(.null), found: nil, etag: nil, commit: 0, digest: [])
        }
        let values = image?.values ?? Examination.values(object.bytes, table)
        let found = values.map { RecordImage(values: $0, metadata: RecordMetadata(), commit: 0) }
        return Suspect(
            finding: finding, table: table, key: key, found: found, etag: object.etag, commit: 0, digest: [])
    }

    /// The values in a file that Cairn did not write; nil when they are none of a record.
    private static func values(_ bytes: [UInt8], _ table: Table) -> [Value]? {
        guard let json = try? JSONValue(parsing: bytes), let fields = json["fields"],
            var scanner = try? JSONScanner(Array(fields.description.utf8))
        else { return nil }
        return try? RecordJSON(table).readFields(&scanner)
    }

    /// The records that have no file.
    private func missing(_ expected: [String: Expected], _ table: Table) -> [Suspect] {
        expected.sorted { Utf8.isLess($0.key, $1.key) }.compactMap { text, expected in
            // Purging removes the files of deleted records.
            if !expected.isLive, !expected.isRecent { return nil }
            let finding = StoreFinding(
                kind: expected.isRecent ? .notWrittenYet : .missingFile, object: ObjectNames.file(table, expected.key),
                table: table.name, id: text,
                message: expected.isRecent
                    ? "commit \(expected.commit) is in the log" : "the index has the record, and there is no file",
                remedy: expected.isRecent
                    ? "nothing needs to be done"
                    : "run cairn doctor --undo-edits, which writes it again if the log still has the record")
            return Suspect(
                finding: finding, table: table, key: expected.key, found: nil, etag: nil, commit: expected.commit,
                digest: expected.digest)
        }
    }
}
