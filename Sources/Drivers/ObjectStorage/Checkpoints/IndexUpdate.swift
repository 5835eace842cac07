import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// The store's time.
typealias StoreDate = Date

/// Writes what a view changed in the indexes: one index file with a section for each index that was touched, and those that merging
/// makes.
///
/// Merges that stay small are done in the same file; a large one gets files of its own.
struct IndexUpdate {
    private let parts: EngineParts
    private let view: View
    private let files: IndexFiles
    private let changes: [[[UInt8]: RecordImage]]

    /// Bytes of a merge that is done in the file of the others.
    static let smallMerge = 4 << 20

    init(_ parts: EngineParts, _ view: View) throws {
        self.parts = parts
        self.view = view
        files = IndexFiles(parts)
        let covers = view.manifest.manifest.covers
        let commits = try parts.tip.whileOpen { state in
            state.history.reaches(covers, newest: view.number) ? Array(state.history.commits(after: covers)) : nil
        }
        guard let commits else {
            throw StorageError(
                .busy, "the log behind the manifest is no longer in memory: another process was quicker",
                isRetryable: true)
        }
        var changes = [[[UInt8]: RecordImage]](repeating: [:], count: view.tables.count)
        for commit in commits where commit.number <= view.number {
            for transaction in commit.record.transactions {
                for operation in transaction.operations {
                    let overlay = view.tables[operation.table.position]
                    let key = overlay.keyLayout.encode(operation.key)
                    changes[operation.table.position][key] = overlay.records.get(key)
                }
            }
        }
        self.changes = changes
    }

    /// What a manifest says of what was written.
    struct Result {
        var tables: [Manifest.TableState]
        var receipts: ReceiptUpdate.Result
        /// A moment of the store's clock before the first file was written; nil when none was, or the store does not say its time.
        var written: StoreDate?
    }

    /// Writes the files.
    /// - Parameters:
    ///   - now: Receipts that are past then are left out.
    ///   - isThorough: Whether all of them are. See ``ReceiptUpdate``.
    func write(at now: Timestamp, isThorough: Bool) async throws -> Result {
        let before = try parts.tip.confirmed().confirmation?.date
        let file = files.newID()
        var writer = IndexFileWriter(store: parts.tip.storeID)
        var states: [Manifest.TableState] = []
        // Those that this file has.
        var written: [IndexRun] = []
        for overlay in view.tables {
            let table = overlay.table
            var indexes: [Manifest.IndexState] = []
            for index in [nil] + table.indexes.map(Optional.some) {
                let entries = entries(overlay, index)
                let runs = view.manifest.runs(table, index)
                let filter = IndexFilterKeys(index, of: table)
                let update = try await merge(entries, into: runs, filter, &writer, file)
                if update.usesFile, let run = update.runs.last, run.file == file { written.append(run) }
                indexes.append(Manifest.IndexState(name: index?.name ?? "", runs: update.runs))
            }
            states.append(
                Manifest.TableState(
                    name: table.name, since: view.manifest.since(table), count: overlay.count, indexes: indexes,
                    revisionFloor: overlay.revisionFloor))
        }
        let receipts = try await ReceiptUpdate(parts, at: now).write(view, isThorough: isThorough, &writer, file)
        written += receipts.written
        if !written.isEmpty {
            let bytes = writer.finish()
            try await files.save(file, bytes)
            for run in written { parts.indexes.keep(run, of: bytes) }
        }
        return Result(tables: states, receipts: receipts, written: before)
    }

    private func merge(
        _ entries: [IndexEntry], into runs: [IndexRun], _ filter: IndexFilterKeys?, _ writer: inout IndexFileWriter,
        _ file: String
    ) async throws -> (runs: [IndexRun], usesFile: Bool) {
        if entries.isEmpty { return (runs, false) }
        let added = entries.reduce(0) { $0 + $1.key.count + $1.payload.count + 8 }
        guard let plan = IndexCompaction.plan(runs, adding: added) else {
            writer.begin(filter: filter)
            for entry in entries { writer.append(entry) }
            return (runs + [writer.endSection(file: file)].compactMap { $0 }, true)
        }
        let merged = Array(runs[plan.runs])
        let kept = Array(runs[..<plan.runs.lowerBound])
        if merged.reduce(added, { $0 + $1.bytes }) <= IndexUpdate.smallMerge {
            writer.begin(filter: filter)
            try await parts.indexes.merge(
                merged, newest: IndexEntries(entries), dropsRemoved: plan.isWhole, into: &writer)
            return (kept + [writer.endSection(file: file)].compactMap { $0 }, true)
        }
        let new = try await parts.indexes.merge(
            merged, newest: IndexEntries(entries), dropsRemoved: plan.isWhole, filter: filter,
            store: parts.tip.storeID, name: files.newID, save: files.save)
        return (kept + new, false)
    }

    // MARK: Entries

    /// What changed in an index, in its order.
    private func entries(_ overlay: TableOverlay, _ index: Index?) -> [IndexEntry] {
        guard let index else { return primaryEntries(overlay) }
        let included = IncludedColumns(index, of: overlay.table)
        var entries: [IndexEntry] = []
        var cursor = OrderedMap.Cursor(overlay.indexes[index.position], before: nil)
        while let (entry, key) = cursor.next() {
            guard let key, let image = overlay.records.get(key), let values = image.values else {
                entries.append(IndexEntry(key: entry, .removed))
                continue
            }
            entries.append(IndexEntry(key: entry, .present(included: included.encode(values, image.metadata))))
        }
        return entries
    }

    private func primaryEntries(_ overlay: TableOverlay) -> [IndexEntry] {
        let table = overlay.table
        return changes[table.position].sorted { KeyBytes.isLess($0.key, $1.key) }.compactMap { key, image in
            let (revision, commit) = (image.metadata.revision, image.commit)
            guard image.isLive else { return IndexEntry(key: key, .tombstone(revision: revision, commit: commit)) }
            guard let id = overlay.key(key) else { return nil }
            let bytes = parts.file(image, table, id)
            return IndexEntry(
                key: key, .record(revision: revision, commit: commit, digest: ComputedETag.md5(bytes) ?? []))
        }
    }
}
