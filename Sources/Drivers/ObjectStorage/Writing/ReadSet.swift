import CairnCore

/// What a transaction has read, to see whether a later commit changed it.
///
/// Keys: records that were read, found absent, or written, and those that were found in the way of a unique value. Ranges: parts
/// of an index that were read, so that a record that comes into one, leaves it or changes in it is noticed. A clash found here
/// costs one repetition; one that is missed costs serializability: in doubt it is a clash.
struct ReadSet: Sendable {
    private struct KeyRead: Sendable, Hashable {
        let table: Int
        let key: [UInt8]
    }

    private struct RangeRead: Sendable {
        let table: Int
        /// nil: the primary index.
        let index: Int?
        let ranges: [(lower: [UInt8], upper: [UInt8]?)]
        let isReversed: Bool
        let progress: ScanProgress

        func contains(_ entry: [UInt8]) -> Bool {
            progress.current.contains(entry, isReversed: isReversed)
                && ranges.contains { range in
                    !KeyBytes.isLess(entry, range.lower) && (range.upper.map { KeyBytes.isLess(entry, $0) } ?? true)
                }
        }
    }

    private var keys: Set<KeyRead> = []
    private var ranges: [RangeRead] = []

    /// Whether nothing was read.
    var isEmpty: Bool { keys.isEmpty && ranges.isEmpty }

    /// A record was read, or found absent, or written.
    mutating func add(_ table: Table, key: [UInt8]) {
        keys.insert(KeyRead(table: table.position, key: key))
    }

    /// Entries of an index are read, as far as `progress` says.
    mutating func add(
        _ table: Table, _ index: Index?, _ read: [(lower: [UInt8], upper: [UInt8]?)], isReversed: Bool = false,
        progress: ScanProgress = ScanProgress(.everything)
    ) {
        ranges.append(
            RangeRead(
                table: table.position, index: index?.position, ranges: read, isReversed: isReversed, progress: progress)
        )
    }

    /// A table was read whole.
    mutating func addAll(of table: Table) { add(table, nil, [([], nil)]) }

    /// The keys alone: one of ``ObjectStorageFaults``.
    var withoutRanges: ReadSet {
        var keys = self
        keys.ranges = []
        return keys
    }

    /// Everything another transaction of the same caller has read.
    mutating func formUnion(_ other: ReadSet) {
        keys.formUnion(other.keys)
        ranges += other.ranges
    }

    /// Whether an operation changes something that was read.
    /// - Parameter overlay: The layouts of its table.
    func isTouched(by operation: LoggedOperation, _ overlay: TableOverlay) -> Bool {
        let table = operation.table.position
        let key = overlay.keyLayout.encode(operation.key)
        if keys.contains(KeyRead(table: table, key: key)) { return true }
        return ranges.contains { range in
            guard range.table == table else { return false }
            guard let index = range.index else { return range.contains(key) }
            let layout = overlay.indexLayouts[index]
            return [operation.before, operation.after].contains { image in
                image?.values.flatMap(layout.entry).map { range.contains($0) } ?? false
            }
        }
    }

    /// The first table of operations that change something that was read; nil when none does.
    func firstTouched(by operations: some Sequence<LoggedOperation>, _ tables: [TableOverlay]) -> Table? {
        operations.first { isTouched(by: $0, tables[$0.table.position]) }?.table
    }
}

/// How far a scan has got. The cursor that scans sets it; whoever validates looks at it.
final class ScanProgress: Sendable {
    enum Extent: Sendable {
        case nothing
        /// Up to this entry, itself included.
        case upTo([UInt8])
        case everything

        func contains(_ entry: [UInt8], isReversed: Bool) -> Bool {
            switch self {
            case .nothing: false
            case .upTo(let last): isReversed ? !KeyBytes.isLess(entry, last) : !KeyBytes.isLess(last, entry)
            case .everything: true
            }
        }
    }

    private let extent: Lock<Extent>

    init(_ extent: Extent = .nothing) {
        self.extent = Lock(extent)
    }

    var current: Extent { extent.withLock { $0 } }
    func set(_ new: Extent) { extent.withLock { $0 = new } }
}
