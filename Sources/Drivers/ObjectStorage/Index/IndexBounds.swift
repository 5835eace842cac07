/// A part of an index: the entries from `lower`, included, to `upper`, not included.
package struct IndexBounds: Sendable, Hashable {
    /// The least key there may be. Empty: from the beginning.
    package var lower: [UInt8]
    /// What all keys are less than; nil: to the end.
    package var upper: [UInt8]?

    package init(lower: [UInt8] = [], upper: [UInt8]? = nil) {
        self.lower = lower
        self.upper = upper
    }

    /// Everything.
    package static let all = IndexBounds()

    /// A single key.
    package static func only(_ key: [UInt8]) -> IndexBounds { IndexBounds(lower: key, upper: key + [0]) }

    /// Whether nothing lies between the bounds.
    package var isEmpty: Bool { upper.map { !IndexOrder.isLess(lower, $0) } ?? false }

    /// Whether a key lies between the bounds.
    package func contains(_ key: [UInt8]) -> Bool {
        !IndexOrder.isLess(key, lower) && (upper.map { IndexOrder.isLess(key, $0) } ?? true)
    }

    /// Whether a run may have an entry between the bounds.
    package func meets(_ run: IndexRun) -> Bool {
        !isEmpty && !IndexOrder.isLess(run.last, lower) && (upper.map { IndexOrder.isLess(run.first, $0) } ?? true)
    }

    /// Which of `count` blocks in ascending order may have entries between the bounds.
    /// - Parameter compare: How the first key of a block sorts to a key.
    func blocks(of count: Int, _ compare: (Int, [UInt8]) -> Int) -> Range<Int> {
        // Entries from `lower` on may begin in the last block that does not begin behind it.
        let behind = IndexOrder.partition(0, count) { compare($0, lower) <= 0 }
        let end = upper.map { upper in IndexOrder.partition(0, count) { compare($0, upper) < 0 } } ?? count
        let start = max(0, behind - 1)
        return start..<max(start, end)
    }
}

extension IndexRun {
    /// Whether a key may be in the run.
    func mayHave(_ key: [UInt8]) -> Bool { !IndexOrder.isLess(key, first) && !IndexOrder.isLess(last, key) }

    /// Bytes it takes of its file.
    package var bytes: Int { length + directoryLength }
}
