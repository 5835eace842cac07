extension JSONScanner {
    /// Consumes an integer of at most 18 digits without making text of it; nil, with nothing consumed, for any other number.
    package mutating func shortInteger() -> Int? {
        guard let number = shortNumber(), number.places == 0 else { return nil }
        offset = number.end
        return number.isNegative ? -number.digits : number.digits
    }

    /// Consumes a number of at most 15 digits and no exponent without making text of it; nil, with nothing consumed, for any
    /// other number.
    ///
    /// Exact: both the digits and the power of ten are doubles, and IEEE 754 rounds their quotient correctly (Clinger, "How to
    /// read floating point numbers accurately", 1990).
    package mutating func shortDouble() -> Double? {
        guard let number = shortNumber(), number.digits < 1_000_000_000_000_000 else { return nil }
        offset = number.end
        let value = Double(number.digits) / JSONScanner.powersOfTen[number.places]
        return number.isNegative ? -value : value
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    ]

    /// The number that comes next: its digits as an integer, how many of them are behind the point, where it ends. nil for more
    /// than 18 digits, for an exponent, and for what is no number.
    private func shortNumber() -> (isNegative: Bool, digits: Int, places: Int, end: Int)? {
        bytes.withUnsafeBufferPointer { bytes in
            var end = offset
            let isNegative = end < bytes.count && bytes[end] == UInt8(ascii: "-")
            if isNegative { end += 1 }
            let first = end
            var value = 0
            func readDigits() {
                while end < bytes.count, bytes[end] &- 0x30 < 10, end - first < 20 {
                    value = value &* 10 &+ Int(bytes[end] & 0x0F)
                    end += 1
                }
            }
            readDigits()
            guard end > first, end - first == 1 || bytes[first] != UInt8(ascii: "0") else { return nil }
            var places = 0
            if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
                end += 1
                let point = end
                readDigits()
                places = end - point
                if places == 0 { return nil }
            }
            guard end - first <= 18 else { return nil }
            if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") { return nil }
            return (isNegative, value, places, end)
        }
    }

    /// Consumes a number.
    package mutating func number() throws(JSONError) -> JSONNumber {
        let start = offset
        var isInteger = true
        _ = skip(UInt8(ascii: "-"))
        if skip(UInt8(ascii: "0")) {
            if offset < bytes.count, isDigit(bytes[offset]) {
                throw JSONError("a number does not begin with a needless 0", at: start)
            }
        } else if skipDigits() == 0 {
            throw unexpected("a digit")
        }
        if skip(UInt8(ascii: ".")) {
            isInteger = false
            if skipDigits() == 0 { throw unexpected("a digit after the decimal point") }
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            offset += 1
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            if skipDigits() == 0 { throw unexpected("a digit in the exponent") }
        }
        return JSONNumber(text: String(decoding: bytes[start..<offset], as: UTF8.self), isInteger: isInteger)
    }

    private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// Consumes `byte` when it comes next, with no white space before it.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while offset < bytes.count, isDigit(bytes[offset]) { offset += 1 }
        return offset - start
    }
}

/// A number as it stands in the text, so that a decimal loses nothing.
package struct JSONNumber: Sendable, Hashable {
    /// The characters of the number.
    package let text: String
    /// Whether it has neither fraction nor exponent.
    package let isInteger: Bool

    package init(text: String, isInteger: Bool) {
        self.text = text
        self.isInteger = isInteger
    }

    /// The exact integer; nil when it is not one or does not fit in 64 bits.
    package var int: Int? { isInteger ? Int(text) : nil }

    /// The nearest finite double; nil when it is too large for one.
    package var double: Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }
}
