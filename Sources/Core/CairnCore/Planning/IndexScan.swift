public import CairnSchema

/// What the executor asks of a driver without a query engine: a part of one ordered index.
public struct IndexScan: Sendable, Hashable {
    /// The table.
    public let table: Table
    /// The index; nil for the primary key.
    public let index: Index?
    /// The parts to read, in the order of the index; none overlaps another.
    public var ranges: [IndexRange]
    /// Whether to read from the last entry to the first.
    public var isReversed = false
    /// Only entries after all that begin with these values, in the direction of the scan.
    public var after: [Value]?
    /// Whether those that begin with the values of ``after`` are read, too.
    public var includesAfter = false
    /// Which entries do not come in the order of the index, but in that of their keys; nil: all come as in the index.
    package var ties: Ties?
    /// Whether rows need all their columns. If not, the columns of the index, its included ones and the key suffice.
    public var needsRecords = true
    /// A condition that only entries are read for which it is true. It looks at columns that the entries have: those of the index, its
    /// included ones and the key. Nil for a driver whose costs do not say that it checks entries: see ``ScanCosts/checksEntries``.
    public var filter: Condition?
    /// How many rows will be asked for at most; nil when that depends on the rows. A driver need not read further ahead.
    public var limit: Int?

    /// A scan of a whole index, or of parts of it.
    public init(_ table: Table, index: Index?, ranges: [IndexRange] = [IndexRange()]) {
        self.table = table
        self.index = index
        self.ranges = ranges
    }
}

/// A part of an index: the entries that have given values in the first columns and, in the next one, a value in a range.
public struct IndexRange: Sendable, Hashable {
    /// The values of the first columns; null among them means null.
    public var equal: [Value] = []
    /// The least value of the next column; its nulls are out when there is one.
    public var lower: Bound?
    /// The greatest value of the next column; its nulls are out when there is one.
    public var upper: Bound?
    /// What the text of the next column begins with.
    public var prefix: String?
    /// Whether nulls of the next column are out; a bound or a prefix leaves them out too.
    public var excludesNull = false

    /// An end of a range.
    public struct Bound: Sendable, Hashable {
        /// The value.
        public let value: Value
        /// Whether the value itself is in the range.
        public let isIncluded: Bool
    }

    /// Everything.
    public init() {}
}

extension KeyLayout {
    /// The encoded entries of a range: from `lower`, included, to `upper`, not included; nil: to the end.
    package func bytes(of range: IndexRange) -> (lower: [UInt8], upper: [UInt8]?) {
        var base: [UInt8] = []
        for (index, value) in range.equal.enumerated() { append(value, part: index, to: &base) }
        let next = range.equal.count
        guard next < parts.count else { return (base, KeyBytes.end(ofPrefix: base)) }
        if let prefix = range.prefix {
            append(prefix: prefix, part: next, to: &base)
            return (base, KeyBytes.end(ofPrefix: base))
        }
        guard range.lower != nil || range.upper != nil || range.excludesNull else {
            return (base, base.isEmpty ? nil : KeyBytes.end(ofPrefix: base))
        }
        // In a descending part the greatest value comes first, so the ends change places.
        let isDescending = parts[next].isDescending
        let first = isDescending ? range.upper : range.lower
        let last = isDescending ? range.lower : range.upper
        var lower = afterNulls(base, part: next)
        if let first {
            // Behind the greatest value there is (all bytes FF) nothing can come: an empty range, not a whole one.
            guard let edge = edge(first, base, part: next, isFirst: true) else { return (base, base) }
            lower = edge
        }
        let upper = last.map { edge($0, base, part: next, isFirst: false) } ?? beforeNulls(base, part: next)
        return (lower, upper)
    }

    /// Where a range begins or ends: before the entries of the bound's value, or after them.
    private func edge(_ bound: IndexRange.Bound, _ base: [UInt8], part: Int, isFirst: Bool) -> [UInt8]? {
        var bytes = base
        append(bound.value, part: part, to: &bytes)
        return bound.isIncluded == isFirst ? bytes : KeyBytes.end(ofPrefix: bytes)
    }

    /// Where the values begin, when nulls come first.
    private func afterNulls(_ base: [UInt8], part: Int) -> [UInt8] {
        parts[part].isNullable && !parts[part].isDescending ? base + [1] : base
    }

    /// Where the values end, when nulls come last.
    private func beforeNulls(_ base: [UInt8], part: Int) -> [UInt8]? {
        if parts[part].isNullable, parts[part].isDescending { return base + [0xFF] }
        return base.isEmpty ? nil : KeyBytes.end(ofPrefix: base)
    }
}

extension IndexScan {
    /// The encoded entries to read, range by range in the direction of the scan, without what lies before `after`.
    package func byteRanges(_ layout: KeyLayout) -> [(lower: [UInt8], upper: [UInt8]?)] {
        var result = ranges.map(layout.bytes)
        if let after { result = cut(result, behind: after, layout) }
        if isReversed { result.reverse() }
        return result
    }

    /// The parts of ranges behind all entries that begin with `values`, or from the first of these on.
    private func cut(
        _ ranges: [(lower: [UInt8], upper: [UInt8]?)], behind values: [Value], _ layout: KeyLayout
    ) -> [(lower: [UInt8], upper: [UInt8]?)] {
        var first: [UInt8] = []
        for (index, value) in values.enumerated() { layout.append(value, part: index, to: &first) }
        let end = KeyBytes.end(ofPrefix: first)
        // Where the part begins that is read, or ends where it is read backwards; nil: behind all there is.
        guard let edge = isReversed == includesAfter ? end : first else { return isReversed ? ranges : [] }
        return ranges.compactMap { range in
            if isReversed {
                guard KeyBytes.isLess(range.lower, edge) else { return nil }
                let upper = range.upper.map { KeyBytes.isLess($0, edge) ? $0 : edge } ?? edge
                return (range.lower, upper)
            }
            if let upper = range.upper, !KeyBytes.isLess(edge, upper) { return nil }
            return (KeyBytes.isLess(range.lower, edge) ? edge : range.lower, range.upper)
        }
    }
}

/// What the executor reads from: the snapshots and transactions of drivers without a query engine.
public protocol IndexScanner: Sendable {
    /// Begins to read entries of an index, in its order.
    func scan(_ scan: IndexScan) async throws -> any RowCursor

    /// About how many records a table has.
    func estimatedCount(of table: Table) async throws -> Int

    /// About how many entries there are in the ranges of a scan, as far as the driver knows without reading for it; nil, as here by
    /// default, where it does not. It never counts as read.
    func estimatedEntries(of scan: IndexScan) -> Int?

    /// What reading costs with this driver; by default what it costs in memory.
    var costs: ScanCosts { get }
}

extension IndexScan {
    /// Of more ranges it is not found out how many entries they have: it would take as long as reading them.
    package static var mostEstimatedRanges: Int { 64 }
}

extension IndexScanner {
    /// Nobody knows.
    public func estimatedEntries(of scan: IndexScan) -> Int? { nil }

    /// Those of memory.
    public var costs: ScanCosts { .memory }
}

/// What a driver takes to read and to sort, relative to one another: by this the planner chooses an index.
public struct ScanCosts: Sendable, Hashable {
    /// To read an entry of an index.
    public var entry: Double
    /// To read a record where the primary index is scanned.
    public var primaryRecord: Double
    /// To read the record that an entry of another index stands for.
    public var record: Double
    /// To compare two rows that are sorted.
    public var comparison: Double
    /// Whether the driver checks the entries of a scan by ``IndexScan/filter`` before it reads the records they stand for: worth it where
    /// a record is much more to read than an entry.
    public var checksEntries: Bool

    /// Costs of a driver.
    public init(
        entry: Double, primaryRecord: Double, record: Double, comparison: Double, checksEntries: Bool = false
    ) {
        self.checksEntries = checksEntries
        self.entry = entry
        self.primaryRecord = primaryRecord
        self.record = record
        self.comparison = comparison
    }

    /// Those of a driver that has everything in memory.
    public static let memory = ScanCosts(entry: 0.5, primaryRecord: 1, record: 3, comparison: 0.5)
}
