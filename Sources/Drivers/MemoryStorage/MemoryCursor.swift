import CairnCore

/// Reads the entries of an index and the records they stand for, as a row cursor.
final class MemoryCursor: RowCursor {
    private var entries: EntryIterator
    /// Reads them in another order than that of the index.
    private var tied: TiedEntryIterator?
    private let row: RecordRow
    /// Up to which entry the index was read, in the direction of the scan, for transactions that must know what they have read.
    private(set) var last: [UInt8]?
    /// Whether everything was read.
    private(set) var isExhausted = false

    init(_ stored: MemoryTable, _ scan: IndexScan) {
        entries = EntryIterator(stored, scan)
        tied = scan.ties.map { TiedEntryIterator(stored, scan, $0) }
        row = RecordRow(table: scan.table)
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        var remaining = count
        while remaining > 0 {
            guard let (entry, record) = try tied == nil ? entries.next() : tied?.next() else {
                isExhausted = true
                return false
            }
            remaining -= 1
            last = tied == nil ? entry : tied?.reach(of: entry)
            if last == nil { isExhausted = true }
            row.current = record.values
            row.currentMetadata = record.metadata
            if try !body(row) { return true }
        }
        return true
    }

    func close() {
        entries.close()
        tied?.close()
    }
}

/// Walks over the entries of a scan, those that are equal in its order by their keys.
struct TiedEntryIterator {
    private let stored: MemoryTable
    private let index: Index?
    private var order: TieOrder<StoredRecord>
    /// Those of the range that is being read.
    private var entries: EntryIterator?
    private var steps = 0

    init(_ stored: MemoryTable, _ scan: IndexScan, _ ties: Ties) {
        self.stored = stored
        index = scan.index
        order = TieOrder(scan, ties, stored.layout(of: scan.index))
    }

    /// The next entry and the record it stands for.
    mutating func next() throws -> (entry: [UInt8], record: StoredRecord)? {
        while true {
            if let found = order.next() { return (found.key, found.entry) }
            guard let range = order.range else { return nil }
            if entries == nil {
                entries = EntryIterator(stored, index, [(range.lower, range.upper)], isReversed: range.isReversed)
            }
            // A group of equal entries may be the whole table.
            steps += 1
            if steps % 4096 == 0 { try Deadline.check() }
            if let (entry, record) = entries?.next() {
                if try order.take(entry, record) { entries = nil }
            } else {
                order.endRange()
                entries = nil
            }
        }
    }

    /// Up to where the index was read when an entry is handed out; nil: to its end.
    func reach(of entry: [UInt8]) -> [UInt8]? { order.reach(of: entry) }

    /// Lets go of the map.
    mutating func close() {
        order.close()
        entries = nil
    }
}

/// Walks over the entries of an index, range by range, in the direction of a scan.
struct EntryIterator {
    private let stored: MemoryTable
    private let index: Index?
    private let isReversed: Bool
    /// The ranges as bytes; the next one to read stands last.
    private var ranges: [ByteRange]
    private var place: Place?

    /// Entries from `lower`, included, to `upper`, not included; nil: to the end.
    fileprivate typealias ByteRange = (lower: [UInt8], upper: [UInt8]?)

    private enum Place {
        case records(OrderedMap<StoredRecord>.Cursor)
        case index(OrderedMap<[UInt8]>.Cursor)
    }

    /// - Parameter ranges: The first one to read first.
    fileprivate init(_ stored: MemoryTable, _ index: Index?, _ ranges: [ByteRange], isReversed: Bool) {
        self.stored = stored
        self.index = index
        self.isReversed = isReversed
        self.ranges = ranges.reversed()
    }

    /// Those of a scan, in the order of the index.
    init(_ stored: MemoryTable, _ scan: IndexScan) {
        let ranges = scan.byteRanges(stored.layout(of: scan.index))
        self.init(stored, scan.index, ranges, isReversed: scan.isReversed)
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
        if isReversed { return !KeyBytes.isLess(entry, range.lower) }
        return range.upper.map { KeyBytes.isLess(entry, $0) } ?? true
    }

    private func begin(_ range: ByteRange) -> Place {
        guard let index else {
            return .records(
                isReversed ? .init(stored.records, after: range.upper) : .init(stored.records, before: range.lower)
            )
        }
        let entries = stored.indexes[index.position]
        return .index(isReversed ? .init(entries, after: range.upper) : .init(entries, before: range.lower))
    }

    private mutating func step() -> (entry: [UInt8], record: StoredRecord?)? {
        switch place {
        case .records(var cursor):
            // Taken out and put back, so that moving it does not copy its path.
            place = nil
            let found = isReversed ? cursor.previous() : cursor.next()
            place = .records(cursor)
            return found.map { ($0.key, $0.value) }
        case .index(var cursor):
            place = nil
            let found = isReversed ? cursor.previous() : cursor.next()
            place = .index(cursor)
            return found.map { ($0.key, stored.records.get($0.value)) }
        case nil:
            return nil
        }
    }
}
