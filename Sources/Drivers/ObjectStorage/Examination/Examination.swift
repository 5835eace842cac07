import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

/// Compares record files with the primary index, 1,000 names a request.
///
/// The index has the MD5 of every file. Where the ETag of the store is that, a listing tells which files are as they were
/// written, and only the others are read, with those of deleted records, of which the index has no digest; elsewhere every file is
/// read. What the overlay knows better than the index is compared with the overlay.
///
/// What migrations have kept for record files of before is read, too: no file tells that it is gone.
///
/// Others may commit while this looks. What they write is of a commit behind the view, and is believed when the log has it.
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
        /// What was committed; nil when nothing was.
        let expected: Expected?
        /// The commit that the file says it is of, and that the log has lost; nil for one of no such.
        var lost: Int?
    }

    /// What the file of a record should be.
    struct Expected: Sendable {
        let key: Key
        let isLive: Bool
        let commit: Int
        let revision: Int
        /// The MD5 of the file; empty when that is not known.
        let digest: [UInt8]
        /// The image, where the overlay has it.
        let image: RecordImage?
        /// Whether the file may not be written yet.
        let isAwaited: Bool
    }

    var access: StoreAccess { engine.parts.access }

    /// Examines all tables.
    func run() async throws -> (examination: StoreExamination, suspects: [Suspect]) {
        var examination = StoreExamination()
        examination.commit = view.number
        var suspects: [Suspect] = []
        let total = view.tables.reduce(0) { $0 + $1.count }
        for overlay in view.tables {
            for index in overlay.table.indexes { try await check(index, overlay, &examination) }
            guard var expected = try await readable(overlay, &examination) else { continue }
            try await access.eachPage(ObjectNames.records(of: overlay.table.name)) { page in
                try Deadline.check()
                suspects += try await compare(page, overlay, &expected, &examination)
                progress?(ExaminationProgress(table: overlay.table.name, done: examination.files, total: total))
                return !page.isLast
            }
            suspects += missing(expected, overlay.table)
        }
        let lost = suspects.filter { $0.lost != nil }
        suspects.removeAll { $0.lost != nil }
        examination.findings += lostCommits(lost)
        let kept = try await keptValues()
        examination.findings += kept
        // Of an object that thousands of files need is spoken once.
        var reasons = Set(kept.map(\.message))
        examination.findings += suspects.map(\.finding).filter {
            $0.kind != .damagedObject || reasons.insert($0.message).inserted
        }
        examination.findings += try await strays()
        return (examination, suspects)
    }

    // MARK: What should be there

    /// What is expected of a table; nil, and a finding, when its primary index cannot be read.
    private func readable(
        _ overlay: TableOverlay, _ examination: inout StoreExamination
    ) async throws -> [String: Expected]? {
        do {
            return try await expected(overlay, &examination)
        } catch let error as StorageError where Examination.isDamage(error) {
            examination.findings.append(damagedIndex(error, overlay.table, nil))
            return nil
        }
    }

    /// What the index and the overlay say of the files of a table, by the text of their keys.
    private func expected(
        _ overlay: TableOverlay, _ examination: inout StoreExamination
    ) async throws -> [String: Expected] {
        let table = overlay.table
        var expected: [String: Expected] = [:]
        var cursor = engine.indexes.passing().merged(
            view.manifest.runs(table, nil), .all, keeping: .allButRemoved, readAhead: .full)
        var live = 0
        while let entry = try await IndexReader.live({ try await cursor.next() }) {
            guard let key = overlay.key(entry.key) else { continue }
            switch try entry.content() {
            case .record(let revision, let commit, let digest):
                live += 1
                expected[KeyText.encode(key)] = Expected(
                    key: key, isLive: true, commit: commit, revision: revision, digest: digest, image: nil,
                    isAwaited: false)
            case .tombstone(let revision, let commit):
                expected[KeyText.encode(key)] = Expected(
                    key: key, isLive: false, commit: commit, revision: revision, digest: [], image: nil,
                    isAwaited: false)
            case .removed, .present: continue
            }
        }
        check(live, overlay, nil, &examination)
        var recent = OrderedMap.Cursor(overlay.records, before: nil)
        while let (bytes, image) = recent.next() {
            guard let key = overlay.key(bytes) else { continue }
            let file = RecordFile.encode(image, of: table, key: key, schema: view.schema.id)
            let isWritten = engine.materialiser.isWritten(.init(table: table.position, key: bytes), image.commit)
            expected[KeyText.encode(key)] = Expected(
                key: key, isLive: image.isLive, commit: image.commit, revision: image.metadata.revision,
                digest: ComputedETag.md5(file) ?? [], image: image, isAwaited: !isWritten)
        }
        return expected
    }

    /// Counts the entries of an index: it has one for each record, or for some of them when it has a condition.
    private func check(_ index: Index, _ overlay: TableOverlay, _ examination: inout StoreExamination) async throws {
        do {
            var cursor = engine.indexes.passing().merged(
                view.manifest.runs(overlay.table, index), .all, keeping: .live, readAhead: .full)
            check(try await IndexReader.live { try await cursor.count() }, overlay, index, &examination)
        } catch let error as StorageError where Examination.isDamage(error) {
            examination.findings.append(damagedIndex(error, overlay.table, index))
        }
    }

    private func check(
        _ live: Int, _ overlay: TableOverlay, _ index: Index?, _ examination: inout StoreExamination
    ) {
        let said = view.manifest.states[overlay.table.position]?.count ?? 0
        guard index?.condition == nil ? live != said : live > said else { return }
        let name = index.map { "index '\($0.name)'" } ?? "primary index"
        examination.findings.append(
            StoreFinding(
                kind: .wrongCount, object: ObjectNames.manifest(view.manifest.manifest.version),
                table: overlay.table.name, id: nil,
                message: "the manifest counts \(said) records, and the \(name) has \(live)",
                remedy: "run cairn rebuild --force, which makes the indexes again"))
    }

    private func damagedIndex(_ error: StorageError, _ table: Table, _ index: Index?) -> StoreFinding {
        StoreFinding(
            kind: .damagedIndex, object: ObjectNames.manifest(view.manifest.manifest.version), table: table.name,
            id: nil,
            message: "the \(index.map { "index '\($0.name)'" } ?? "primary index") cannot be read: \(error.message)",
            remedy: "run cairn rebuild --force, which makes the indexes again from the record files")
    }

    /// Whether an index is not what was written. An index file that is gone is said to be of an old view; this one is not old.
    private static func isDamage(_ error: StorageError) -> Bool {
        error.code == .damaged || error.code == .snapshotExpired
    }

    // MARK: What is not there

    /// The records that have no file.
    private func missing(_ expected: [String: Expected], _ table: Table) -> [Suspect] {
        expected.sorted { Utf8.isLess($0.key, $1.key) }.compactMap { _, expected in missing(expected, table) }
    }

    /// A record that has no file; nil when it needs none.
    func missing(_ expected: Expected, _ table: Table) -> Suspect? {
        // Purging removes the files of deleted records.
        if !expected.isLive, expected.image == nil { return nil }
        let finding = StoreFinding(
            kind: expected.isAwaited ? .notWrittenYet : .missingFile, object: ObjectNames.file(table, expected.key),
            table: table.name, id: KeyText.encode(expected.key),
            message: expected.isAwaited
                ? "commit \(expected.commit) is in the log" : "the index has the record, and there is no file",
            remedy: expected.isAwaited ? "nothing needs to be done" : Examination.undoing)
        return Suspect(finding: finding, table: table, key: expected.key, found: nil, etag: nil, expected: expected)
    }

    /// The remedy for a file that has nothing worth keeping.
    static let undoing = "run cairn doctor --undo-edits, which writes it again if the log still has the record"
}
