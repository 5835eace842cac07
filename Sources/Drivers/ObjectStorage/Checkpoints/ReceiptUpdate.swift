import CairnCore
import MemoryStorage
import ObjectStores

/// Carries the receipts of a view over to the next manifest: new ones into index files, and those past their time out of them.
///
/// The problem: a receipt counts for a day, and at a hundred batches a second that is eight million; a manifest that had them all
/// would be rewritten with all of them every sixteen commits. The idea: they are the entries of one more index, which no query
/// sees, in runs of its own that the manifest names with the times of their oldest and newest receipt.
///
/// Receipts only ever come and expire, so there is no base to make anew: a run is forgotten unread when its newest receipt is past.
/// When there are more than ``runLimit``, the newest ones of similar size are merged, which leaves out what is past; what has
/// come to the size of a file is left alone. So a receipt is rewritten about four times, and a manifest names few runs.
struct ReceiptUpdate {
    private let parts: EngineParts
    private let files: IndexFiles
    private let now: Timestamp

    /// Runs smaller than a file at which some are merged.
    static let runLimit = 12

    /// What the next manifest says.
    struct Result {
        /// From the oldest to the newest.
        var runs: [ReceiptRun]
        /// How many receipts were left out.
        var expired: Int
        /// Those of the runs that are in the file of the other indexes.
        var written: [IndexRun] = []
    }

    /// - Parameter now: What is past then is left out.
    init(_ parts: EngineParts, at now: Timestamp) {
        self.parts = parts
        self.now = now
        files = IndexFiles(parts)
    }

    /// Whether a manifest or the log behind it has receipts that would be left out.
    /// - Parameter isThorough: As for `write`.
    func hasExpired(_ view: View, isThorough: Bool) -> Bool {
        view.receipts.values.contains { $0.isPast(at: now) }
            || view.manifest.manifest.receiptRuns.contains { isPast(isThorough ? $0.oldest : $0.newest) }
    }

    /// Writes what is new, and merges what is to be merged.
    /// - Parameters:
    ///   - isThorough: Whether every receipt that is past is left out, also where that takes a run to be written anew.
    ///   - writer: Of the file that may get a section.
    func write(
        _ view: View, isThorough: Bool, _ writer: inout IndexFileWriter, _ file: String
    ) async throws -> Result {
        let before = view.manifest.manifest.receiptRuns
        let runs = before.filter { !isPast($0.newest) }
        let new = view.receipts.values.filter { !$0.isPast(at: now) }.map(ReceiptEntry.encode)
            .sorted { IndexOrder.isLess($0.key, $1.key) }
        let added = new.reduce(0) { $0 + $1.key.count + $1.payload.count + IndexBlockFormat.entryBytes }
        let planned = ReceiptUpdate.firstMerged(runs.map(\.run.bytes) + (new.isEmpty ? [] : [added]))
        let mixed = isThorough ? runs.firstIndex { isPast($0.oldest) } : nil
        let first = min(planned ?? runs.count, mixed ?? runs.count, runs.count)
        var result = Result(runs: Array(runs[..<first]), expired: 0)
        let merged = Array(runs[first...])
        if merged.reduce(added, { $0 + $1.run.bytes }) <= IndexUpdate.smallMerge {
            try await merge(merged, new, &result, &writer, file)
        } else {
            try await merge(merged, new, &result)
        }
        let count = before.reduce(view.receipts.count) { $0 + $1.run.count }
        result.expired = count - result.runs.reduce(0) { $0 + $1.run.count }
        return result
    }

    private func isPast(_ time: Timestamp) -> Bool { Limits.isPast(time, Limits.receiptLifetime, at: now) }

    /// The oldest run to merge with all that are newer; nil when there is nothing to do.
    /// - Parameter sizes: Bytes of the runs from the oldest to the newest, the one that is to be written among them.
    static func firstMerged(_ sizes: [Int]) -> Int? {
        let open = (sizes.lastIndex { $0 >= IndexCompaction.splitBytes } ?? -1) + 1
        guard sizes.count - open > runLimit, var merged = sizes.last else { return nil }
        var first = sizes.count - 1
        while first > open, first == sizes.count - 1 || sizes[first - 1] <= 2 * merged {
            first -= 1
            merged += sizes[first]
        }
        return first
    }

    // MARK: Merging

    /// The oldest and the newest time of receipts.
    private struct Span {
        var oldest: Timestamp?
        var newest: Timestamp?

        mutating func add(_ time: Timestamp) {
            oldest = min(oldest ?? time, time)
            newest = max(newest ?? time, time)
        }

        func run(_ run: IndexRun) -> ReceiptRun? {
            guard let oldest, let newest else { return nil }
            return ReceiptRun(run: run, oldest: oldest, newest: newest)
        }
    }

    private func cursor(_ runs: [ReceiptRun], _ new: [IndexEntry]) -> MergedIndexCursor {
        parts.indexes.passing().merged(
            runs.map(\.run), overlay: IndexEntries(new), keeping: .all, readAhead: .full)
    }

    /// Merges into a section of the file of the other indexes.
    private func merge(
        _ runs: [ReceiptRun], _ new: [IndexEntry], _ result: inout Result, _ writer: inout IndexFileWriter,
        _ file: String
    ) async throws {
        if runs.isEmpty, new.isEmpty { return }
        var cursor = cursor(runs, new)
        var span = Span()
        writer.begin(filter: .whole)
        while let (entry, time) = try await next(&cursor) {
            writer.append(entry)
            span.add(time)
        }
        guard let section = writer.endSection(file: file), let run = span.run(section) else { return }
        result.runs.append(run)
        result.written.append(section)
    }

    /// Merges into files of their own. One file at a time is in memory.
    private func merge(_ runs: [ReceiptRun], _ new: [IndexEntry], _ result: inout Result) async throws {
        var cursor = cursor(runs, new)
        while true {
            var writer = IndexFileWriter(store: parts.tip.storeID)
            var span = Span()
            writer.begin(filter: .whole)
            while writer.byteCount < IndexCompaction.splitBytes, let (entry, time) = try await next(&cursor) {
                writer.append(entry)
                span.add(time)
            }
            let file = files.newID()
            guard let section = writer.endSection(file: file), let run = span.run(section) else { return }
            try Deadline.check()
            let bytes = writer.finish()
            try await files.save(file, bytes)
            parts.indexes.keep(section, of: bytes)
            result.runs.append(run)
        }
    }

    /// The next receipt that still counts.
    private func next(_ cursor: inout MergedIndexCursor) async throws -> (entry: IndexEntry, time: Timestamp)? {
        while let entry = try await cursor.next() {
            guard let time = ReceiptEntry.time(of: entry) else { throw ReceiptEntry.damaged() }
            if !isPast(time) { return (entry, time) }
        }
        return nil
    }
}

extension Engine {
    /// The receipt that is kept for an idempotency key; nil when none is. At most one request for each run of receipts that is not
    /// known yet, all at the same time.
    /// - Throws: `storage.snapshot_expired`; `storage.damaged`.
    func keptReceipt(_ key: String, in view: View) async throws -> Manifest.KeptReceipt? {
        let now = now()
        let bytes = Array(key.utf8)
        if let kept = view.receipts[bytes] { return kept.isPast(at: now) ? nil : kept }
        let runs = view.manifest.manifest.receiptRuns.filter {
            !Limits.isPast($0.newest, Limits.receiptLifetime, at: now)
        }
        guard let entry = try await IndexReader.live({ try await indexes.find(bytes, in: runs.map(\.run)) }) else {
            return nil
        }
        guard let kept = ReceiptEntry.decode(entry) else { throw ReceiptEntry.damaged() }
        return kept.isPast(at: now) ? nil : kept
    }
}
