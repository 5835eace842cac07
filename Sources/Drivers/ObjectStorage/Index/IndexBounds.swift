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

    /// Which blocks may have entries between the bounds.
    /// - Parameters:
    ///   - behind: The first block that begins behind `lower`.
    ///   - end: The first block that does not begin before `upper`.
    func blocks(behind: Int, end: Int) -> Range<Int> {
        // Entries from `lower` on may begin in the last block that does not begin behind it.
        let start = max(0, behind - 1)
        return start..<max(start, end)
    }

    /// Which of some blocks may have entries between the bounds.
    func blocks(of blocks: [IndexBlock]) -> Range<Int> {
        let behind = IndexOrder.partition(0, blocks.count) { blocks[$0].compare(0, lower) <= 0 }
        let end = upper.map { upper in IndexOrder.partition(0, blocks.count) { blocks[$0].compare(0, upper) < 0 } }
        return self.blocks(behind: behind, end: end ?? blocks.count)
    }
}

extension IndexRun {
    /// Whether a key may be in the run.
    func mayHave(_ key: [UInt8]) -> Bool { !IndexOrder.isLess(key, first) && !IndexOrder.isLess(last, key) }

    /// Bytes it takes of its file.
    package var bytes: Int { length + directoryLength + (filter?.length ?? 0) }
}
