/// When to merge which runs of an index.
///
/// The problem: every run is one more place to look in, and every merge writes bytes again and takes them out of the caches of
/// all readers. The idea: leave runs alone until there are too many, then merge the newest ones of similar size; and when all that
/// is newer than the base has come to a quarter of it, make a new base.
///
/// What follows, and `IndexCompactionTests` measures: an index has at most one base and ``deltaLimit`` deltas; a byte is
/// rewritten a few times on its way into the base, and the base about four times while it doubles.
///
/// Pieces of one merge that was split are one here: they follow one another without overlap, and each but the last is full.
package enum IndexCompaction {
    /// How many runs an index has beside its base.
    package static let deltaLimit = 8
    /// Bytes at which a merged run ends and another begins.
    package static let splitBytes = 64 << 20

    /// What to merge.
    package struct Merge: Sendable, Hashable {
        /// Which runs, by their place in the list; always up to the newest.
        package let runs: Range<Int>
        /// Whether the oldest is among them: what comes out is the base, and need not remember what was removed.
        package let isWhole: Bool
    }

    /// What to merge of the runs of an index.
    /// - Parameters:
    ///   - runs: From the oldest to the newest.
    ///   - added: Bytes of a newer run that is to be written now, and would be merged with them; 0 when there is none.
    /// - Returns: nil when all is well.
    package static func plan(_ runs: [IndexRun], adding added: Int = 0) -> Merge? {
        let groups = groups(runs)
        let sizes = groups.map { group in runs[group].reduce(0) { $0 + $1.bytes } }
        guard let first = firstMerged(added > 0 ? sizes + [added] : sizes), first < groups.count else { return nil }
        return Merge(runs: groups[first].lowerBound..<runs.count, isWhole: first == 0)
    }

    /// The oldest to merge with all that are newer.
    /// - Parameter sizes: Bytes of the base, then of the deltas from the oldest to the newest.
    /// - Returns: Its place, never that of the newest; nil when there is nothing to do.
    static func firstMerged(_ sizes: [Int]) -> Int? {
        let deltas = sizes.dropFirst()
        guard let base = sizes.first, let newest = deltas.last else { return nil }
        if deltas.reduce(0, +) > base / 4 { return 0 }
        guard deltas.count > deltaLimit else { return nil }
        var first = sizes.count - 1
        var merged = newest
        while first > 1, sizes[first - 1] <= 2 * merged || first == sizes.count - 1 {
            first -= 1
            merged += sizes[first]
        }
        return first
    }

    /// Runs that count as one.
    static func groups(_ runs: [IndexRun]) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        for index in runs.indices {
            if let last = groups.last, runs[index - 1].length >= splitBytes,
                IndexOrder.isLess(runs[index - 1].last, runs[index].first)
            {
                groups[groups.count - 1] = last.lowerBound..<index + 1
            } else {
                groups.append(index..<index + 1)
            }
        }
        return groups
    }
}
