import CairnCore
import CairnSchema
import MemoryStorage

/// Reads the entries of an index, and the records they stand for, as a row cursor.
///
/// Entries come from the index files and the overlay; their records are fetched in portions, 32 requests at a time. A portion is
/// as large as the rows asked for, if that is known; otherwise it grows, so that a search that ends early has not read far ahead.
final class ObjectCursor: RowCursor {
    private let scan: IndexScan
    private let reader: ViewReader
    private let progress: ScanProgress
    private let row: RecordRow
    private let layout: KeyLayout
    private let included: IncludedColumns?
    /// What entries are checked by before their records are read.
    private let filter: RowFilter?
    /// The entry that is checked.
    private let entryRow: RecordRow
    /// Whether entries alone make rows.
    private let isCovered: Bool
    /// The ranges to come, the next one last.
    private var ranges: [(lower: [UInt8], upper: [UInt8]?)]
    private var entries: MergedIndexCursor?
    /// Brings entries into the order asked for, and says then what to read in the place of `ranges`.
    private var ties: TieOrder<IndexEntry>?
    /// Entries whose records are still to be read: kept until they are, so that what failed can be asked for again.
    private var unread: [IndexEntry] = []
    private var buffer: [(entry: [UInt8], values: [Value], metadata: RecordMetadata)] = []
    private var place = 0
    private var portion: Int
    /// Rows that may still be asked for.
    private var wanted: Int
    private var isClosed = false
    /// Entries that were looked at.
    private var checked = 0

    /// The first portion of a search of unknown length, and the largest.
    private static let firstPortion = 32
    private static let largestPortion = 512

    init(_ scan: IndexScan, _ reader: ViewReader, _ progress: ScanProgress) {
        self.scan = scan
        self.reader = reader
        self.progress = progress
        row = RecordRow(table: scan.table)
        entryRow = RecordRow(table: scan.table)
        filter = scan.filter.map(RowFilter.init)
        layout = reader.view.tables[scan.table.position].layout(of: scan.index)
        included = scan.index.map { IncludedColumns($0, of: scan.table) }
        isCovered = ObjectCursor.isCovered(scan, layout)
        if let order = scan.ties {
            ties = TieOrder(scan, order, layout)
            ranges = []
        } else {
            ranges = scan.byteRanges(layout).reversed()
        }
        wanted = scan.limit ?? .max
        portion = scan.limit.map { min($0, ObjectCursor.largestPortion) } ?? ObjectCursor.firstPortion
    }

    /// Whether a scan needs no records: it counts, or the index keeps all columns and the metadata.
    private static func isCovered(_ scan: IndexScan, _ layout: KeyLayout) -> Bool {
        if scan.needsRecords { return false }
        if let index = scan.index, !index.included.isEmpty { return true }
        // Entries that have every column may be asked for as rows, and have no metadata.
        return Set(layout.parts.map(\.column)).count < scan.table.columns.count
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        var remaining = count
        while remaining > 0 {
            if isClosed { throw StorageError.closed("cursor") }
            if place == buffer.count, try await !fill() {
                progress.set(.everything)
                return false
            }
            let (entry, values, metadata) = buffer[place]
            place += 1
            remaining -= 1
            progress.set(reach(of: entry))
            row.current = values
            row.currentMetadata = metadata
            if try !body(row) { return true }
        }
        return true
    }

    func close() {
        isClosed = true
        ranges = []
        entries = nil
        ties = nil
        unread = []
        buffer = []
        place = 0
    }

    // MARK: Portions

    /// Reads the next portion.
    /// - Returns: Whether there is one.
    private func fill() async throws -> Bool {
        if unread.isEmpty {
            guard wanted > 0 else { return false }
            try await readEntries(min(portion, wanted))
            if unread.isEmpty { return false }
            if wanted < .max { wanted -= unread.count }
            portion = min(portion * 2, ObjectCursor.largestPortion)
        }
        buffer = try await isCovered ? unread.map(covered) : records(unread)
        unread = []
        place = 0
        return true
    }

    /// Reads the next entries that stand for records.
    private func readEntries(_ count: Int) async throws {
        while unread.count < count {
            if let (_, entry) = ties?.next() {
                unread.append(entry)
                continue
            }
            if entries == nil {
                guard let range = nextRange() else { break }
                entries = reader.indexes.cursor(
                    reader.view, scan.table, scan.index, range.bounds, isReversed: range.isReversed)
            }
            // A long search looks now and then whether it is still to go on, before it takes what it would lose.
            checked += 1
            if checked % 4096 == 0 { try Deadline.check() }
            if let entry = try await IndexReader.live({ try await entries?.next() }) {
                if try isWanted(entry) { try take(entry) }
            } else {
                entries = nil
                ties?.endRange()
            }
        }
    }

    private func nextRange() -> (bounds: IndexBounds, isReversed: Bool)? {
        if let ties {
            return ties.range.map { (IndexBounds(lower: $0.lower, upper: $0.upper), $0.isReversed) }
        }
        return ranges.popLast().map { (IndexBounds(lower: $0.lower, upper: $0.upper), scan.isReversed) }
    }

    private func take(_ entry: IndexEntry) throws {
        guard ties != nil else { return unread.append(entry) }
        // Where it is to go on elsewhere, what was begun is left.
        if try ties?.take(entry.key, entry) == true { entries = nil }
    }

    /// How far the index was read, when an entry is handed out.
    private func reach(of entry: [UInt8]) -> ScanProgress.Extent {
        guard let ties else { return .upTo(entry) }
        return ties.reach(of: entry).map { .upTo($0) } ?? .everything
    }

    /// Whether the record of an entry is to be read.
    private func isWanted(_ entry: IndexEntry) throws -> Bool {
        guard let filter else { return true }
        entryRow.current = try covered(entry).values
        return try filter.matches(entryRow) ?? false
    }

    /// A row that the entry alone makes.
    private func covered(_ entry: IndexEntry) throws -> (entry: [UInt8], values: [Value], metadata: RecordMetadata) {
        let table = scan.table
        guard let parts = layout.decode(entry.key) else { throw unreadable() }
        var values = [Value](repeating: .null, count: table.columns.count)
        for (part, value) in zip(layout.parts, parts) { values[part.column] = value }
        guard let index = scan.index, !index.included.isEmpty, let included else {
            return (entry.key, values, RecordMetadata())
        }
        let overlay = reader.view.tables[table.position]
        if let key = overlay.indexes[index.position].get(entry.key) ?? nil, let image = overlay.records.get(key),
            let current = image.values
        {
            return (entry.key, current, image.metadata)
        }
        guard case .present(let kept) = try entry.content() else { throw unreadable() }
        let metadata = try included.decode(kept, into: &values)
        return (entry.key, values, metadata)
    }

    /// The rows of entries, from their records.
    private func records(_ found: [IndexEntry]) async throws
        -> [(entry: [UInt8], values: [Value], metadata: RecordMetadata)]
    {
        let overlay = reader.view.tables[scan.table.position]
        let keys = try found.map { entry in
            guard let key = overlay.key(ofEntry: entry.key, in: scan.index) else { throw unreadable() }
            return key
        }
        let images = try await reader.records.images(scan.table, keys, in: reader.view)
        return try zip(found, zip(keys, images)).map { entry, record in
            let (key, image) = record
            guard let image, let values = image.values, layout.entry(of: values) == entry.key else {
                throw StorageError.damaged(
                    scan.table, key: key,
                    image?.isLive == true
                        ? "its file has other values than the index '\(scan.index?.name ?? "primary")' says"
                        : "an index has the record, and its file has not")
            }
            if scan.index == nil, case .record(_, let commit, _) = try entry.content(), image.commit < commit {
                throw StorageError.damaged(
                    scan.table, key: key, "its file is of commit \(image.commit), and the index has commit \(commit)")
            }
            return (entry.key, values, image.metadata)
        }
    }

    private func unreadable() -> StorageError {
        StorageError.damaged(
            scan.table, "an entry of the index '\(scan.index?.name ?? "primary")' is not what Cairn wrote")
    }
}
