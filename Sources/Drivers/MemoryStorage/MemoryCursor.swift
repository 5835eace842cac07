import CairnCore

/// Reads the entries of an index and the records they stand for, as a row cursor.
final class MemoryCursor: RowCursor {
    private var entries: EntryIterator
    private let row: RecordRow
    /// The last entry handed out, for transactions that must know what they have read.
    private(set) var last: [UInt8]?
    /// Whether everything was read.
    private(set) var isExhausted = false

    init(_ stored: MemoryTable, _ scan: IndexScan) {
        entries = EntryIterator(stored, scan)
        row = RecordRow(table: scan.table)
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        var remaining = count
        while remaining > 0 {
            guard let (entry, record) = entries.next() else {
                isExhausted = true
                return false
            }
            remaining -= 1
            last = entry
            row.current = record.values
            row.currentMetadata = record.metadata
            if try !body(row) { return true }
        }
        return true
    }

    func close() { entries.close() }
}

/// Walks over the entries of an index, range by range, in the direction of a scan.
struct EntryIterator {
    private let stored: MemoryTable
    private let scan: IndexScan
    /// The ranges as bytes; the next one to read stands last.
    private var ranges: [ByteRange]
    private var place: Place?

    /// Entries from `lower`, included, to `upper`, not included; nil: to the end.
    private typealias ByteRange = (lower: [UInt8], upper: [UInt8]?)

    private enum Place {
        case records(OrderedMap<StoredRecord>.Cursor)
        case index(OrderedMap<[UInt8]>.Cursor)
    }

    init(_ stored: MemoryTable, _ scan: IndexScan) {
        self.stored = stored
        self.scan = scan
        ranges = scan.byteRanges(stored.layout(of: scan.index)).reversed()
    }

    /// Lets go of the map.
    mutating func close() {
        ranges = []
        place = nil
    }

    /// The next entry and the record it stands for.
    mutating func next() -> (entry: [UInt8], record: StoredRecord)? {
        while let range = ranges.last {
            if place == nil { place = begin(range) }
            if let (entry, record) = step(), isInside(entry, range) {
                // Every entry has its record: both are written together.
                if let record { return (entry, record) }
            } else {
                place = nil
                ranges.removeLast()
            }
        }
        return nil
    }

    private func isInside(_ entry: [UInt8], _ range: ByteRange) -> Bool {
        if scan.isReversed { return !KeyBytes.isLess(entry, range.lower) }
        return range.upper.map { KeyBytes.isLess(entry, $0) } ?? true
    }

    private func begin(_ range: ByteRange) -> Place {
        guard let index = scan.index else {
            return .records(
                scan.isReversed ? .init(stored.records, after: range.upper) : .init(stored.records, before: range.lower)
            )
        }
        let entries = stored.indexes[index.position]
        return .index(scan.isReversed ? .init(entries, after: range.upper) : .init(entries, before: range.lower))
    }

    private mutating func step() -> (entry: [UInt8], record: StoredRecord?)? {
        switch place {
        case .records(var cursor):
            // Taken out and put back, so that moving it does not copy its path.
            place = nil
            let found = scan.isReversed ? cursor.previous() : cursor.next()
            place = .records(cursor)
            return found.map { ($0.key, $0.value) }
        case .index(var cursor):
            place = nil
            let found = scan.isReversed ? cursor.previous() : cursor.next()
            place = .index(cursor)
            return found.map { ($0.key, stored.records.get($0.value)) }
        case nil:
            return nil
        }
    }
}
