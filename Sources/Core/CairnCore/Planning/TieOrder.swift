import CairnSchema

/// Which entries of a scan are brought into another order than that of the index: those that are equal in the first columns.
package struct Ties: Sendable, Hashable {
    /// How many of the first columns of an entry are equal. Equal entries come in the order of their keys, ascending.
    package let parts: Int
    /// Behind which key to begin among the entries that ``IndexScan/after`` names; nil: with the first of them.
    package var after: Key?
    /// How many rows are handed out at most, where all that are found are; nil: nobody knows.
    package var most: Int?
}

/// Sorts the entries of a scan among those that are equal in its first columns, by their keys: no record is read for that.
///
/// The order of a query ends with the key, ascending, so that it is total. An index that is read backwards gives equal values with
/// their keys descending; one of more columns than the order has gives them in the order of these. All is in order but within each
/// group of equal entries.
///
/// Mostly the entries of a group have their keys ascending in the index, and only the way back turns them round. Then some are read
/// backwards; of a group that has more, the entries are read anew, forwards from its first one, as they are asked for, and the search
/// goes on in front of the group. So few rows of a large group are few entries, and a page that goes on within a group begins there.
/// Other groups are read whole before the first entry is handed out; about twice as many are kept as rows are handed out at most, where
/// nothing is left to ask the records.
///
/// It reads nothing itself. The driver hands over the entries of ``range``, in the direction of that, until it is told that the range
/// is another; before each it takes what is ready.
package struct TieOrder<Entry> {
    /// Entries from `lower`, included, to `upper`, not included; nil: to the end.
    package struct Range {
        package let lower: [UInt8]
        package let upper: [UInt8]?
        package let isReversed: Bool
        /// Whether its entries come in the order asked for.
        fileprivate let isInOrder: Bool

        fileprivate func mayHave(prefix: [UInt8]) -> Bool {
            (upper.map { KeyBytes.isLess(prefix, $0) } ?? true)
                && (KeyBytes.end(ofPrefix: prefix).map { KeyBytes.isLess(lower, $0) } ?? true)
        }
    }

    private typealias Found = (key: [UInt8], sortKey: [UInt8], entry: Entry)

    private let scan: IndexScan
    private let layout: KeyLayout
    private let parts: Int
    /// Where the columns of the primary key are among the parts of an entry.
    private let keyPlaces: [Int]
    private let keyLayout: KeyLayout
    /// Whether groups have their keys ascending in the index, which is read backwards.
    private let isTurned: Bool
    /// The group that the scan begins in and the sort key it begins behind, where that is not a matter of ranges.
    private let begin: (prefix: [UInt8], sortKey: [UInt8])?
    /// Entries that will be asked for at most.
    private let most: Int
    /// The ranges to come, the next one last.
    private var ranges: [Range]
    /// What the entries of the group that is being read begin with.
    private var prefix: [UInt8]?
    private var group: [Found] = []
    /// Whether some of it were in ranges before.
    private var isSpread = false
    /// Entries in order, the next one last.
    private var ready: [Found] = []

    /// How many entries of a group are read backwards before it is read forwards.
    private static var mostTurned: Int { 64 }

    package init(_ scan: IndexScan, _ ties: Ties, _ layout: KeyLayout) {
        let key = scan.table.key
        let parts = ties.parts
        self.scan = scan
        self.layout = layout
        self.parts = parts
        keyLayout = KeyLayout(keyOf: scan.table)
        keyPlaces = key.compactMap { column in layout.parts.firstIndex { $0.column == column } }
        most = ties.most ?? .max
        ranges = scan.byteRanges(layout).reversed().map {
            Range(lower: $0.lower, upper: $0.upper, isReversed: scan.isReversed, isInOrder: false)
        }
        let isKeyNext = TieOrder.isKeyNext(in: layout, behind: parts, key)
        guard let after = scan.after, let afterKey = ties.after else {
            begin = nil
            isTurned = scan.isReversed && isKeyNext
            return
        }
        let prefix = layout.bytes(of: after)
        // Where several ranges have entries of the group, one cannot say where to begin.
        isTurned = scan.isReversed && isKeyNext && !ranges.dropLast().contains { $0.mayHave(prefix: prefix) }
        guard isTurned else {
            begin = (prefix, keyLayout.encode(afterKey))
            return
        }
        begin = nil
        var values = after
        for part in layout.parts.dropFirst(parts) {
            guard let place = key.firstIndex(of: part.column) else { break }
            values.append(afterKey[place])
        }
        if let range = ranges.last, range.mayHave(prefix: prefix) {
            turn(at: prefix, from: KeyBytes.end(ofPrefix: layout.bytes(of: values)))
        }
    }

    /// Whether, behind so many parts, what follows is the rest of the primary key, ascending.
    private static func isKeyNext(in layout: KeyLayout, behind parts: Int, _ key: [Int]) -> Bool {
        let known = Set(layout.parts.prefix(parts).map(\.column))
        let rest = key.filter { !known.contains($0) }
        let next = layout.parts.dropFirst(parts).prefix(rest.count)
        return next.map(\.column) == rest && next.allSatisfy { !$0.isDescending }
    }

    /// What to read now; nil when all was read.
    package var range: Range? { ranges.last }

    /// The next entry in order; nil when first more have to be read.
    package mutating func next() -> (key: [UInt8], entry: Entry)? {
        ready.popLast().map { ($0.key, $0.entry) }
    }

    /// Takes the next entry of ``range``, when none is ready.
    /// - Returns: Whether ``range`` is another now.
    /// - Throws: `storage.damaged` when the entry is none of the index.
    package mutating func take(_ key: [UInt8], _ entry: Entry) throws -> Bool {
        guard let range = ranges.last, !range.isInOrder else {
            ready.append((key, [], entry))
            return false
        }
        if let prefix, !key.starts(with: prefix) { endGroup() }
        let prefix = try self.prefix ?? beginning(of: key)
        self.prefix = prefix
        let sortKey = isTurned ? [] : try self.sortKey(of: key)
        if let begin, begin.prefix == prefix, !KeyBytes.isLess(begin.sortKey, sortKey) { return false }
        group.append((key, sortKey, entry))
        if isTurned {
            let isWithin = !isSpread && !(ranges.dropLast().last?.mayHave(prefix: prefix) ?? false)
            guard isWithin, group.count > TieOrder.mostTurned else { return false }
            (group, self.prefix) = ([], nil)
            turn(at: prefix, from: prefix)
            return true
        }
        if most < .max / 2, group.count >= max(64, 2 * most) { trim() }
        return false
    }

    /// Takes notice that ``range`` has no more entries; it is another then.
    package mutating func endRange() {
        _ = ranges.popLast()
        guard let prefix else { return }
        // The group may go on in the next one.
        isSpread = ranges.last?.mayHave(prefix: prefix) ?? false
        if !isSpread { endGroup() }
    }

    /// Ends the scan.
    package mutating func close() { (ranges, group, ready, prefix) = ([], [], [], nil) }

    /// Up to where the index was read, in the direction of the scan, when an entry is handed out; nil: to its end.
    package func reach(of key: [UInt8]) -> [UInt8]? {
        guard let prefix = layout.prefix(ofParts: parts, in: key) else { return nil }
        return scan.isReversed ? prefix : KeyBytes.end(ofPrefix: prefix)
    }

    // MARK: Groups

    /// Goes on with a group of the last range, forwards from a place, and then with what is in front of the group.
    private mutating func turn(at prefix: [UInt8], from start: [UInt8]?) {
        guard let range = ranges.popLast() else { return }
        if KeyBytes.isLess(range.lower, prefix) {
            ranges.append(Range(lower: range.lower, upper: prefix, isReversed: true, isInOrder: false))
        }
        guard let start else { return }
        let lower = KeyBytes.isLess(range.lower, start) ? start : range.lower
        var upper = KeyBytes.end(ofPrefix: prefix)
        if let own = range.upper, upper.map({ KeyBytes.isLess(own, $0) }) ?? true { upper = own }
        if let upper, !KeyBytes.isLess(lower, upper) { return }
        ranges.append(Range(lower: lower, upper: upper, isReversed: false, isInOrder: true))
    }

    private mutating func endGroup() {
        // Read backwards, its keys are descending: the last one comes first.
        if !isTurned {
            trim()
            group.reverse()
        }
        (ready, group, prefix, isSpread) = (group, [], nil, false)
    }

    private mutating func trim() {
        group.sort { KeyBytes.isLess($0.sortKey, $1.sortKey) }
        if group.count > most { group.removeLast(group.count - most) }
    }

    private func beginning(of key: [UInt8]) throws -> [UInt8] {
        guard let prefix = layout.prefix(ofParts: parts, in: key) else { throw unreadable() }
        return prefix
    }

    private func sortKey(of key: [UInt8]) throws -> [UInt8] {
        guard let values = layout.decode(key) else { throw unreadable() }
        var bytes: [UInt8] = []
        for (part, place) in keyPlaces.enumerated() { keyLayout.append(values[place], part: part, to: &bytes) }
        return bytes
    }

    private func unreadable() -> StorageError {
        .damaged(scan.table, "an entry of the index '\(scan.index?.name ?? "primary")' is not what Cairn wrote")
    }
}

extension KeyLayout {
    /// What entries begin with that have some values first.
    fileprivate func bytes(of values: [Value]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (part, value) in values.enumerated() { append(value, part: part, to: &bytes) }
        return bytes
    }
}
