/// Reads JSON text one token at a time.
///
/// One scanner serves every JSON reader in Cairn: schema files, `cairn.json`, records. It validates as it goes: UTF-8 is
/// strict (checked once, up front), numbers follow RFC 8259 exactly, integers are exact to 64 bits or refused, and a
/// lone surrogate is an error. It holds an offset, so whoever reads can say where something stands.
package struct JSONScanner: Sendable {
    package let bytes: [UInt8]
    package internal(set) var offset = 0
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
}
