/// The exact sum of doubles, rounded once at the end.
///
/// The problem: adding doubles one by one rounds at every step, so the sum depends on the order of the rows, and drivers read
/// them in different orders. The idea: every double is a whole number of units of 2^-1074, the smallest one there is. The sum
/// is kept as such a number, in limbs of 32 bits inside integers of 64, so that carries may wait for a billion additions.
/// Numbers of like size touch the same few limbs; only those are kept.
///
/// Invariant: the sum is Σ limbs[i] × 2^(32 × (first + i) − 1074), exactly.
package struct DoubleSum: Sendable {
    private var limbs: [Int64] = []
    private var first = 0
    /// Additions since carries were moved on; each adds less than 2^32 to a limb.
    private var additions = 0

    private static let mask: Int64 = 0xFFFF_FFFF
    private static let mostAdditions = 1 << 30

    package init() {}

    /// Adds a finite number.
    package mutating func add(_ number: Double) {
        if number == 0 { return }
        let exponent = Int(number.exponentBitPattern)
        // The number is `digits` units of 2^(place − 1074).
        let digits = number.significandBitPattern | (exponent == 0 ? 0 : 1 << 52)
        let place = max(exponent, 1) - 1
        let wide = UInt128(digits) << UInt128(place % 32)
        let limb = place / 32
        makeRoom(limb...(limb + 2))
        for offset in 0..<3 {
            let part = Int64(truncatingIfNeeded: wide >> UInt128(32 * offset)) & DoubleSum.mask
            limbs[limb - first + offset] += number.sign == .minus ? -part : part
        }
        additions += 1
        if additions == DoubleSum.mostAdditions { carry() }
    }

    private mutating func makeRoom(_ range: ClosedRange<Int>) {
        if limbs.isEmpty { first = range.lowerBound }
        if range.lowerBound < first {
            limbs.insert(contentsOf: repeatElement(0, count: first - range.lowerBound), at: 0)
            first = range.lowerBound
        }
        let missing = range.upperBound - (first + limbs.count - 1)
        if missing > 0 { limbs.append(contentsOf: repeatElement(0, count: missing)) }
    }

    /// Brings every limb but the last to 32 bits, not negative; the last then has the sign of the sum, or is zero.
    private mutating func carry() {
        additions = 0
        guard let last = limbs.last else { return }
        if last.magnitude > UInt64(DoubleSum.mask) { limbs.append(0) }
        for place in limbs.indices.dropLast() {
            limbs[place + 1] += limbs[place] >> 32
            limbs[place] &= DoubleSum.mask
        }
    }

    /// The double nearest to the sum, of two the even one; nil when it is larger than the largest.
    package func rounded() -> Double? {
        var sum = self
        // Room for the carry of the last limb.
        sum.limbs.append(0)
        sum.carry()
        let isNegative = sum.limbs.contains { $0 < 0 }
        if isNegative {
            for place in sum.limbs.indices { sum.limbs[place].negate() }
            sum.carry()
        }
        guard let top = sum.limbs.lastIndex(where: { $0 != 0 }) else { return 0 }
        // The first three limbs hold more than the 53 bits of a double; of the rest it matters whether there is any.
        let wide = (0..<3).reduce(UInt128(0)) { wide, offset in
            wide << 32 | UInt128(top >= offset ? sum.limbs[top - offset] : 0)
        }
        let hasRest = top > 2 && sum.limbs[..<(top - 2)].contains { $0 != 0 }
        let dropped = 128 - wide.leadingZeroBitCount - 53
        var digits = wide >> UInt128(dropped)
        let rest = wide & (1 << UInt128(dropped) - 1)
        let half = UInt128(1) << UInt128(dropped - 1)
        if rest > half || rest == half && (hasRest || digits & 1 == 1) { digits += 1 }
        // Exact also when the result is subnormal: the sum has no digits below the smallest unit, so none are lost.
        let exponent = 32 * (sum.first + top - 2) + dropped - 1074
        let number = Double(sign: .plus, exponent: exponent, significand: Double(UInt64(digits)))
        guard number.isFinite else { return nil }
        return isNegative ? -number : number
    }
}
