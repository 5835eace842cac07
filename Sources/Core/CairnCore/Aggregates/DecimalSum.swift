import CairnSchema

/// The exact sum of decimal numbers, whatever their order: sums on the way may be larger than any decimal number.
///
/// Each number is cut into four parts of 19 digits, two before the point and two after it, which are added apart: integers of
/// 128 bits take more of them than there can be rows.
package struct DecimalSum: Sendable {
    /// In units of 10^19, 1, 10^-19 and 10^-38.
    private var parts: (Int128, Int128, Int128, Int128) = (0, 0, 0, 0)

    private static let unit = DecimalNumber.powersOfTen[19]

    package init() {}

    /// Adds a number.
    package mutating func add(_ number: DecimalNumber) {
        let (whole, fraction) = number.parts
        parts.0 += whole / DecimalSum.unit
        parts.1 += whole % DecimalSum.unit
        parts.2 += fraction / DecimalSum.unit
        parts.3 += fraction % DecimalSum.unit
    }

    /// The sum; nil when it has more than 38 digits.
    package var total: DecimalNumber? {
        let unit = DecimalSum.unit
        let third = parts.2 + parts.3 / unit
        let fraction = third % unit * unit + parts.3 % unit
        let second = parts.1 + third / unit
        let first = parts.0 + second / unit
        guard first.magnitude <= unit.magnitude,
            let whole = DecimalNumber(coefficient: first * unit + second % unit, scale: 0),
            let rest = DecimalNumber(coefficient: fraction, scale: DecimalNumber.maximumDigits)
        else { return nil }
        return whole.adding(rest)
    }
}
