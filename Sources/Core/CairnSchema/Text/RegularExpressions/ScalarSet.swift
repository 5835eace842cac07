/// A set of Unicode scalars: sorted ranges that do not touch.
package struct ScalarSet: Sendable, Hashable {
    /// The ranges, in order.
    package private(set) var ranges: [ClosedRange<UInt32>]

    /// The scalars of some ranges, in any order.
    package init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    static let last: UInt32 = 0x10FFFF
    static let digits = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet([0x09...0x0D, 0x20...0x20])
    static let anyButLineFeed = ScalarSet([0x0A...0x0A]).inverted

    /// All other scalars.
    var inverted: ScalarSet {
        var rest: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { rest.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= ScalarSet.last { rest.append(next...ScalarSet.last) }
        return ScalarSet(rest)
    }

    /// The set with what each of its scalars folds to.
    var folded: ScalarSet {
        var added: [ClosedRange<UInt32>] = []
        for run in CaseFoldingTable.runs {
            for scalar in stride(from: run.first, through: run.last, by: Int(run.step)) where contains(scalar) {
                let folded = CaseFoldingTable.fold(scalar)
                added.append(folded...folded)
            }
        }
        return added.isEmpty ? self : ScalarSet(ranges + added)
    }

    /// Whether a scalar is in the set.
    package func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= scalar
    }
}
