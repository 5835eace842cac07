/// An exact decimal number of at most 38 digits, for money and measures.
///
/// Digits are counted in plain notation, before and after the point together, without needless zeros: `0.05` has two,
/// `1200` has four. More is refused, never rounded. `1.50` and `1.5` are the same number. Foundation's `Decimal` rounds
/// silently, so no column holds one.
public struct DecimalNumber: Sendable, Hashable {
    // An `Int128` would be aligned to 16 bytes. Swift 6.3 damages the stack when a value of such a type is handed to an asynchronous function
    // behind several others, and every `Value` would take eight bytes more.
    private let high: Int64
    private let low: UInt64
    private let places: UInt8

    /// The digits as an integer: the number times ten to the power of `scale`.
    package var coefficient: Int128 { Int128(high) << 64 | Int128(low) }
    /// How many digits stand after the point; the last of them is not zero.
    package var scale: Int { Int(places) }

    /// The most digits a number has.
    public static let maximumDigits = 38
    /// Zero.
    public static let zero = DecimalNumber(0)

    private static let bound = powersOfTen[maximumDigits].magnitude

    /// 10^0 … 10^38.
    package static let powersOfTen: [Int128] = {
        var powers: [Int128] = [1]
        for _ in 0..<maximumDigits { powers.append((powers.last ?? 1) * 10) }
        return powers
    }()

    /// An integer.
    public init(_ value: Int) {
        self.init(whole: Int128(value), places: 0)
    }

    private init(whole: Int128, places: UInt8) {
        high = Int64(truncatingIfNeeded: whole >> 64)
        low = UInt64(truncatingIfNeeded: whole)
        self.places = places
    }

    /// A coefficient divided by ten to the power of `scale`; nil beyond 38 digits.
    package init?(coefficient: Int128, scale: Int) {
        guard scale >= 0 else { return nil }
        var coefficient = coefficient
        var scale = scale
        while scale > 0, coefficient % 10 == 0 {
            coefficient /= 10
            scale -= 1
        }
        guard scale <= DecimalNumber.maximumDigits, coefficient.magnitude < DecimalNumber.bound else { return nil }
        self.init(whole: coefficient, places: UInt8(scale))
    }

    /// Reads plain or scientific notation: `-12.50`, `1.2e3`; nil for other text and for more than 38 digits.
    public init?(_ text: String) {
        var rest = Substring(text)
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest = rest.dropFirst() }
        var digits: [UInt8] = []
        var scale = 0
        var sawPoint = false
        while let byte = rest.utf8.first, byte | 0x20 != UInt8(ascii: "e") {
            switch byte {
            case 0x30...0x39:
                digits.append(byte - 0x30)
                if sawPoint { scale += 1 }
            case UInt8(ascii: ".") where !sawPoint && !digits.isEmpty: sawPoint = true
            default: return nil
            }
            rest = Substring(rest.utf8.dropFirst())
        }
        guard !digits.isEmpty, !sawPoint || scale > 0 else { return nil }
        if !rest.isEmpty {
            // An exponent of more than four digits cannot name a number of 38 digits.
            guard rest.utf8.count <= 6, let exponent = Int(rest.dropFirst()) else { return nil }
            scale -= exponent
        }
        self.init(digits: digits, scale: scale, isNegative: isNegative)
    }

    private init?(digits: [UInt8], scale: Int, isNegative: Bool) {
        var digits = digits
        var scale = scale
        while scale > 0, digits.count > 1, digits.last == 0 {
            digits.removeLast()
            scale -= 1
        }
        let significant = digits.drop { $0 == 0 }
        guard !significant.isEmpty else {
            self = .zero
            return
        }
        let padding = scale < 0 ? -scale : 0
        guard significant.count + padding <= DecimalNumber.maximumDigits else { return nil }
        var coefficient = significant.reduce(Int128(0)) { $0 * 10 + Int128($1) }
        coefficient *= DecimalNumber.powersOfTen[padding]
        self.init(coefficient: isNegative ? -coefficient : coefficient, scale: max(0, scale))
    }

    /// The sum; nil beyond 38 digits.
    public func adding(_ other: DecimalNumber) -> DecimalNumber? {
        let scale = Swift.max(self.scale, other.scale)
        // 256 bits: brought to one scale, each has 76 digits at most.
        let left = coefficient.multipliedFullWidth(by: DecimalNumber.powersOfTen[scale - self.scale])
        let right = other.coefficient.multipliedFullWidth(by: DecimalNumber.powersOfTen[scale - other.scale])
        let (low, carry) = left.low.addingReportingOverflow(right.low)
        let high = left.high + right.high + (carry ? 1 : 0)
        guard high < 0 else {
            return DecimalNumber(magnitude: (UInt128(high), low), isNegative: false, scale: scale)
        }
        // The magnitude of a two's complement.
        let borrow: UInt128 = low == 0 ? 0 : 1
        return DecimalNumber(magnitude: (high.magnitude - borrow, 0 &- low), isNegative: true, scale: scale)
    }

    /// The difference; nil beyond 38 digits.
    public func subtracting(_ other: DecimalNumber) -> DecimalNumber? {
        adding(-other)
    }

    /// The exact product; nil beyond 38 digits.
    public func multiplied(by other: DecimalNumber) -> DecimalNumber? {
        let magnitude = coefficient.magnitude.multipliedFullWidth(by: other.coefficient.magnitude)
        return DecimalNumber(
            magnitude: magnitude, isNegative: (coefficient < 0) != (other.coefficient < 0), scale: scale + other.scale)
    }

    /// A result of 256 bits: zeros at the end may go, so what does not fit at first may fit then.
    private init?(magnitude: (high: UInt128, low: UInt128), isNegative: Bool, scale: Int) {
        var (high, low) = magnitude
        var scale = scale
        while high > 0 || low >= DecimalNumber.bound {
            let (highTens, rest) = high.quotientAndRemainder(dividingBy: 10)
            let (lowTens, digit) = (10 as UInt128).dividingFullWidth((rest, low))
            guard scale > 0, digit == 0 else { return nil }
            (high, low) = (highTens, lowTens)
            scale -= 1
        }
        let coefficient = Int128(low)
        self.init(coefficient: isNegative ? -coefficient : coefficient, scale: scale)
    }

    /// The number with its sign changed.
    public static prefix func - (number: DecimalNumber) -> DecimalNumber {
        DecimalNumber(negating: number)
    }

    private init(negating number: DecimalNumber) {
        self.init(whole: -number.coefficient, places: number.places)
    }
}

extension Double {
    /// The nearest double to a decimal number.
    public init(_ number: DecimalNumber) {
        self = Double(number.description) ?? 0
    }
}

extension DecimalNumber: Comparable, CustomStringConvertible, ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self.init(value) }

    public static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
        // The integer parts decide unless they are equal; then the fractions, brought to one scale, fit in 38 digits.
        let (leftWhole, leftFraction) = left.parts
        let (rightWhole, rightFraction) = right.parts
        return leftWhole == rightWhole ? leftFraction < rightFraction : leftWhole < rightWhole
    }

    /// The part before the point, and the part after it in units of 10^-38; both carry the sign.
    package var parts: (whole: Int128, fraction: Int128) {
        let (whole, rest) = coefficient.quotientAndRemainder(dividingBy: DecimalNumber.powersOfTen[scale])
        return (whole, rest * DecimalNumber.powersOfTen[DecimalNumber.maximumDigits - scale])
    }

    /// Plain notation without needless zeros: `-12.5`, `1200`, `0.05`.
    public var description: String {
        let digits = String(coefficient.magnitude)
        let sign = coefficient < 0 ? "-" : ""
        guard scale > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: Swift.max(0, scale + 1 - digits.utf8.count)) + digits
        return sign + padded.dropLast(scale) + "." + padded.suffix(scale)
    }
}

extension DecimalNumber: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, "a decimal number of at most 38 digits") { DecimalNumber($0) }
    }

    /// Writes text, not a number: most JSON readers would turn a number into a double.
    public func encode(to encoder: any Encoder) throws {
        try description.encode(to: encoder)
    }
}
