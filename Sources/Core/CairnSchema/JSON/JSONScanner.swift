/// Reads JSON text one token at a time.
///
/// One scanner serves every JSON reader in Cairn: schema files, `cairn.json`, records. It validates as it goes: UTF-8 is
/// strict (checked once, up front), numbers follow RFC 8259 exactly, integers are exact to 64 bits or refused, and a
/// lone surrogate is an error. It holds an offset, so whoever reads can say where something stands.
package struct JSONScanner: Sendable {
    package let bytes: [UInt8]
    package private(set) var offset = 0
    private let syntax: JSONSyntax

    /// Starts at a value of a text that was scanned before, and so is valid UTF-8.
    package init(_ scanned: [UInt8], from offset: Int, syntax: JSONSyntax) {
        bytes = scanned
        self.offset = offset
        self.syntax = syntax
    }

    /// Starts at the first byte of `bytes`.
    /// - Throws: `JSONError` when the text is too long or not UTF-8.
    package init(_ bytes: [UInt8], syntax: JSONSyntax = .strict) throws(JSONError) {
        guard bytes.count <= JSONLimits.bytes else {
            throw JSONError("the text has \(bytes.count) bytes; the limit is \(JSONLimits.bytes)", at: JSONLimits.bytes)
        }
        if let invalid = Utf8.firstInvalidOffset(in: bytes) {
            throw JSONError("the text is not valid UTF-8", at: invalid)
        }
        self.bytes = bytes
        self.syntax = syntax
        // A byte order mark is allowed at the start of a file a person wrote, and nowhere else.
        if syntax == .relaxed, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    // MARK: Structure

    /// The next byte that is not white space or a comment, without consuming it; nil at the end of the text.
    package mutating func peek() throws(JSONError) -> UInt8? {
        try skipBlank()
        return offset < bytes.count ? bytes[offset] : nil
    }

    /// Consumes `byte` when it comes next.
    package mutating func take(_ byte: UInt8) throws(JSONError) -> Bool {
        guard try peek() == byte else { return false }
        offset += 1
        return true
    }

    /// Consumes `byte` or says what stands there instead.
    package mutating func expect(_ byte: UInt8, _ what: String) throws(JSONError) {
        guard try take(byte) else { throw unexpected(what) }
    }

    /// An object or an array.
    package enum Container: Sendable {
        case object
        case array

        fileprivate var open: UInt8 { self == .object ? UInt8(ascii: "{") : UInt8(ascii: "[") }
        fileprivate var close: UInt8 { self == .object ? UInt8(ascii: "}") : UInt8(ascii: "]") }
    }

    /// Consumes the opening bracket. `depth` is how many containers are open around it.
    package mutating func open(_ container: Container, depth: Int) throws(JSONError) {
        guard depth < JSONLimits.depth else {
            throw JSONError("arrays and objects nest more than \(JSONLimits.depth) deep", at: offset)
        }
        try expect(container.open, container == .object ? "an object" : "an array")
    }

    /// Goes to the next member or element: consumes the comma before it, or the closing bracket.
    /// - Returns: Whether there is one.
    package mutating func hasNext(_ container: Container, isFirst: Bool) throws(JSONError) -> Bool {
        let byte = try peek()
        if byte == container.close, isFirst {
            offset += 1
            return false
        }
        if isFirst { return true }
        guard byte == UInt8(ascii: ",") else {
            try expect(container.close, container == .object ? "',' or '}'" : "',' or ']'")
            return false
        }
        offset += 1
        guard try peek() == container.close, syntax == .relaxed else { return true }
        offset += 1
        return false
    }

    /// Checks that nothing but white space is left.
    package mutating func end() throws(JSONError) {
        if try peek() != nil { throw unexpected("the end of the text") }
    }

    /// An error at the next byte: what was expected, what is there.
    package func unexpected(_ expected: String) -> JSONError {
        guard offset < bytes.count else { return JSONError("expected \(expected), the text ends", at: offset) }
        return JSONError("expected \(expected), found \(JSONScanner.describe(bytes[offset]))", at: offset)
    }

    private static func describe(_ byte: UInt8) -> String {
        switch byte {
        case 0x21...0x7E: "'\(Character(UnicodeScalar(byte)))'"
        case 0x80...: "a character outside ASCII"
        default: "byte \(byte)"
        }
    }

    /// The JSON type of the value that comes next, with its article, for messages.
    package mutating func kind() throws(JSONError) -> String {
        switch try peek() {
        case UInt8(ascii: "{"): return "an object"
        case UInt8(ascii: "["): return "an array"
        case UInt8(ascii: "\""): return "a string"
        case UInt8(ascii: "-"), .some(0x30...0x39): return "a number"
        default: return try literal() == nil ? "null" : "a boolean"
        }
    }

    private mutating func skipBlank() throws(JSONError) {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            case UInt8(ascii: "/") where syntax == .relaxed: try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(JSONError) {
        let start = offset
        let marker = offset + 1 < bytes.count ? bytes[offset + 1] : 0
        if marker == UInt8(ascii: "/") {
            while offset < bytes.count, bytes[offset] != 0x0A { offset += 1 }
        } else if marker == UInt8(ascii: "*") {
            offset += 2
            while offset + 1 < bytes.count {
                if bytes[offset] == UInt8(ascii: "*"), bytes[offset + 1] == UInt8(ascii: "/") {
                    offset += 2
                    return
                }
                offset += 1
            }
            throw JSONError("this comment is never closed by */", at: start)
        } else {
            throw unexpected("a value, or a comment that begins with // or /*")
        }
    }

    // MARK: Scalars

    /// Consumes `null`, `true` or `false`.
    package mutating func literal() throws(JSONError) -> Bool? {
        if takeWord("null") { return nil }
        if takeWord("true") { return true }
        if takeWord("false") { return false }
        let start = offset
        while offset < bytes.count, isLetter(bytes[offset]) { offset += 1 }
        let word = String(decoding: bytes[start..<offset], as: UTF8.self)
        offset = start
        if word.isEmpty { throw unexpected("a value") }
        throw JSONError("'\(word)' is not a value; text stands in double quotes", at: start)
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let end = offset + word.utf8CodeUnitCount
        guard end <= bytes.count, end == bytes.count || !isLetter(bytes[end]) else { return false }
        let isThere = word.withUTF8Buffer { word in word.indices.allSatisfy { bytes[offset + $0] == word[$0] } }
        if isThere { offset = end }
        return isThere
    }

    /// Consumes `text` when exactly its bytes come next.
    package mutating func take(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let end = offset + text.count
        guard end <= bytes.count else { return false }
        let isThere = bytes.withUnsafeBufferPointer {
            Bytes.equal(UnsafeBufferPointer(rebasing: $0[offset..<end]), text)
        }
        if isThere { offset = end }
        return isThere
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
    }

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

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while offset < bytes.count, isDigit(bytes[offset]) { offset += 1 }
        return offset - start
    }

    /// Consumes a string in double quotes and gives its text, escapes resolved, byte for byte otherwise.
    package mutating func string() throws(JSONError) -> String {
        let start = offset
        try expect(UInt8(ascii: "\""), "a string in double quotes")
        let first = offset
        offset = endOfPlainText(from: first)
        guard offset < bytes.count else { throw JSONError("this string is never closed", at: start) }
        switch bytes[offset] {
        case UInt8(ascii: "\""):
            let text = bytes.withUnsafeBufferPointer {
                String(decoding: UnsafeBufferPointer(rebasing: $0[first..<offset]), as: UTF8.self)
            }
            offset += 1
            return text
        case UInt8(ascii: "\\"):
            return try escapedString(from: first, start: start)
        default:
            throw JSONError("a control character in a string is written as an escape, like \\n", at: offset)
        }
    }

    /// Consumes a string without escapes if one comes next and `parse` makes something of its bytes; otherwise nothing.
    package mutating func plainString<Result>(_ parse: (UnsafeBufferPointer<UInt8>) -> Result?) -> Result? {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else { return nil }
        let end = endOfPlainText(from: offset + 1)
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
        let result = bytes.withUnsafeBufferPointer { parse(UnsafeBufferPointer(rebasing: $0[offset + 1..<end])) }
        if result != nil { offset = end + 1 }
        return result
    }

    /// The offset of the first byte from `start` on that is a quote, a backslash or a control character.
    private func endOfPlainText(from start: Int) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var end = start
            while end < bytes.count {
                let byte = bytes[end]
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
                end += 1
            }
            return end
        }
    }

    private mutating func escapedString(from first: Int, start: Int) throws(JSONError) -> String {
        var text = Array(bytes[first..<offset])
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try appendEscape(to: &text)
            case 0..<0x20:
                throw JSONError("a control character in a string is written as an escape, like \\n", at: offset - 1)
            default: text.append(byte)
            }
        }
        throw JSONError("this string is never closed", at: start)
    }

    private mutating func appendEscape(to text: inout [UInt8]) throws(JSONError) {
        guard offset < bytes.count else { throw unexpected("an escape") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            text.append(contentsOf: UTF8.encode(try unicodeEscape()) ?? UTF8.encodedReplacementCharacter)
        default: throw JSONError("an escape is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u", at: offset - 2)
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> UnicodeScalar {
        let start = offset - 2
        let unit = try hexUnit()
        if let scalar = UnicodeScalar(unit) { return scalar }
        // Outside the first plane JSON writes a surrogate pair (RFC 8259 section 7).
        guard unit < 0xDC00, skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
            throw JSONError("a surrogate in an escape stands alone", at: start)
        }
        let low = try hexUnit()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = UnicodeScalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw JSONError("a surrogate in an escape stands alone", at: start) }
        return scalar
    }

    private mutating func hexUnit() throws(JSONError) -> UInt16 {
        guard offset + 4 <= bytes.count else { throw unexpected("four hexadecimal digits") }
        var unit: UInt16 = 0
        for byte in bytes[offset..<offset + 4] {
            guard let digit = Hex.digit(byte) else { throw unexpected("four hexadecimal digits") }
            unit = unit << 4 | UInt16(digit)
        }
        offset += 4
        return unit
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
