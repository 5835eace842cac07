extension JSONScanner {
    /// Consumes a string in double quotes and gives its text, escapes resolved, byte for byte otherwise.
    package mutating func string() throws(JSONError) -> String {
        let start = offset
        try expect(UInt8(ascii: "\""), "a string in double quotes")
        let first = offset
        offset = endOfPlainText(from: first)
        guard offset < bytes.count else { throw JSONError("this string is never closed", at: start) }
        switch bytes[offset] {
        case UInt8(ascii: "\""):
            // The whole text was checked, and no character reaches over a quote.
            let text = bytes.withUnsafeBufferPointer {
                String(copying: UTF8Span(unchecked: UnsafeBufferPointer(rebasing: $0[first..<offset]).span))
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

    private func endOfPlainText(from start: Int) -> Int {
        bytes.withUnsafeBufferPointer { JSONScanner.endOfPlainText($0, from: start) }
    }

    /// The offset of the first byte from `start` on that is a quote, a backslash or a control character.
    static func endOfPlainText(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let raw = UnsafeRawBufferPointer(text)
        let ones: UInt64 = 0x0101_0101_0101_0101
        var end = start
        // Eight bytes at a time. Subtracting sets the highest bit of each byte that was smaller; borrows reach only bytes behind
        // the first such byte, which is the one that counts.
        while end + 8 <= raw.count {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: end, as: UInt64.self))
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let controls = (word &- (ones &* 0x20)) & ~word
            let found = controls | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
            let marks = found & (ones &* 0x80)
            if marks != 0 { return end + marks.trailingZeroBitCount / 8 }
            end += 8
        }
        while end < text.count {
            let byte = text[end]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            end += 1
        }
        return end
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
