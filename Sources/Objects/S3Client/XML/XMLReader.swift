import CairnSchema

/// Reads XML one element at a time, as an object store writes it.
///
/// Elements and text, entities, numeric references, CDATA, comments, processing instructions, a byte order mark. Namespaces are
/// ignored and attributes checked for their form only. A document type is refused: nothing an answer needs is declared in one, and
/// entities that expand are the oldest way to bring a reader down. What is not well-formed is an error with the place where it
/// stands; what nests too deep or is too long, too. Two liberties: a numeric reference may name a control character, because S3
/// writes keys so that XML itself could not hold; and line ends in text stay what they are, because they may be part of a key.
///
/// A caller opens the root, asks for children until there are none, and must use up each child: by its text, by its own children,
/// or by skipping it.
struct XMLReader {
    private let bytes: [UInt8]
    private let tags = XMLTagTable.all
    private(set) var offset = 0
    /// The names of the open elements.
    private var names: [Range<Int>] = []
    /// The text of an element that does not stand in the document as it is; kept so that its memory is used again.
    private var scratch: [UInt8] = []
    /// Whether the innermost element was written `<a/>`, so that nothing is in it.
    private var isEmptyElement = false

    /// - Throws: `XMLError` when the document is too long, not UTF-8, or says that it is something else.
    init(_ bytes: [UInt8]) throws(XMLError) {
        guard bytes.count <= XMLLimits.bytes else {
            throw XMLError(
                "the document has \(bytes.count) bytes; the limit is \(XMLLimits.bytes)", at: XMLLimits.bytes)
        }
        if let invalid = Utf8.firstInvalidOffset(in: bytes) {
            throw XMLError("the document is not UTF-8", at: invalid)
        }
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    // MARK: Elements

    /// Opens the root element.
    mutating func root() throws(XMLError) -> XMLTag {
        if take("<?xml") { try skipDeclaration() }
        try skipMisc()
        guard offset < bytes.count else { throw XMLError("the document has no element", at: offset) }
        return try startTag()
    }

    /// Opens the next element inside the innermost open one; nil when that ends, which closes it.
    mutating func child() throws(XMLError) -> XMLTag? {
        if isEmptyElement {
            close()
            return nil
        }
        while true {
            skipSpace()
            if takeEnd() {
                try endTag()
                return nil
            }
            if !(try skipMarkup()) { return try startTag() }
        }
    }

    /// Closes the innermost element and passes over all that is in it.
    mutating func skip() throws(XMLError) {
        let depth = names.count
        while names.count >= depth {
            if isEmptyElement {
                close()
                continue
            }
            try skipText()
            if takeEnd() {
                try endTag()
            } else if takeByte(UInt8(ascii: "&")) {
                _ = try reference()
            } else if take("<![CDATA[") {
                try skipPast("]]>", of: "a CDATA section")
            } else if !(try skipMarkup()) {
                _ = try startTag()
            }
        }
    }

    /// Checks that nothing follows the root element.
    mutating func end() throws(XMLError) {
        try skipMisc()
        guard offset == bytes.count else { throw XMLError("expected the end of the document", at: offset) }
    }

    // MARK: Text

    /// The text of the innermost element, which is closed.
    /// - Throws: `XMLError` when there are elements in it.
    mutating func text() throws(XMLError) -> String {
        try content { String(decoding: $0, as: UTF8.self) }
    }

    /// The value of the innermost element, which is closed, white space around it left out.
    /// - Parameters:
    ///   - what: What the value is, for the message when `parse` gives nothing.
    mutating func value<Value>(
        _ what: StaticString, _ parse: (UnsafeBufferPointer<UInt8>) -> Value?
    ) throws(XMLError) -> Value {
        let start = offset
        let value = try content { bytes in
            var first = 0
            var last = bytes.count
            while first < last, XMLReader.isSpace(bytes[first]) { first += 1 }
            while first < last, XMLReader.isSpace(bytes[last - 1]) { last -= 1 }
            return parse(UnsafeBufferPointer(rebasing: bytes[first..<last]))
        }
        guard let value else { throw XMLError("expected \(what)", at: start) }
        return value
    }

    /// Hands the text of the innermost element to `body` and closes it.
    ///
    /// Text without references, CDATA and comments, which is nearly all there is, is handed on where it stands.
    private mutating func content<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) throws(XMLError) -> Result {
        if isEmptyElement {
            close()
            return body(UnsafeBufferPointer(start: nil, count: 0))
        }
        let start = offset
        try skipText()
        let end = offset
        if takeEnd() {
            try endTag()
            return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<end])) }
        }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: bytes[start..<end])
        while !takeEnd() {
            if takeByte(UInt8(ascii: "&")) {
                scratch.append(contentsOf: try reference())
            } else if take("<![CDATA[") {
                let from = offset
                try skipPast("]]>", of: "a CDATA section")
                scratch.append(contentsOf: bytes[from..<offset - 3])
            } else if !(try skipMarkup()) {
                guard offset < bytes.count else { throw unexpectedEnd() }
                throw XMLError("expected text, found an element", at: offset)
            }
            let from = offset
            try skipText()
            scratch.append(contentsOf: bytes[from..<offset])
        }
        try endTag()
        return scratch.withUnsafeBufferPointer(body)
    }

    /// Passes over plain text: up to `<`, to `&`, or to the end.
    private mutating func skipText() throws(XMLError) {
        let end = bytes.withUnsafeBufferPointer { bytes in
            var end = offset
            while end < bytes.count {
                let byte = bytes[end]
                if byte == UInt8(ascii: "<") || byte == UInt8(ascii: "&") { break }
                if byte < 0x20, !XMLReader.isSpace(byte) { break }
                end += 1
            }
            return end
        }
        offset = end
        if end < bytes.count, bytes[end] < 0x20 {
            throw XMLError("a control character stands in the text", at: end)
        }
    }

    /// The character that what follows a `&` stands for, in UTF-8.
    private mutating func reference() throws(XMLError) -> UTF8.EncodedScalar {
        let start = offset - 1
        if takeByte(UInt8(ascii: "#")) {
            let isHex = takeByte(UInt8(ascii: "x"))
            var code: UInt32 = 0
            let first = offset
            while offset < bytes.count, let digit = Hex.digit(bytes[offset]), isHex || digit < 10, offset - first < 8 {
                code = code &* (isHex ? 16 : 10) &+ UInt32(digit)
                offset += 1
            }
            guard offset > first, takeByte(UInt8(ascii: ";")), let scalar = UnicodeScalar(code),
                let utf8 = UTF8.encode(scalar)
            else {
                throw XMLError("a numeric reference names no character", at: start)
            }
            return utf8
        }
        for (name, byte) in XMLReader.entities where take(name) {
            return UTF8.EncodedScalar(CollectionOfOne(byte))
        }
        throw XMLError("an entity is one of &amp; &lt; &gt; &quot; &apos;", at: start)
    }

    private static let entities: [(name: StaticString, byte: UInt8)] = [
        ("amp;", UInt8(ascii: "&")), ("lt;", UInt8(ascii: "<")), ("gt;", UInt8(ascii: ">")),
        ("quot;", UInt8(ascii: "\"")), ("apos;", UInt8(ascii: "'")),
    ]

    // MARK: Tags

    /// Opens an element, whose `<` comes next.
    private mutating func startTag() throws(XMLError) -> XMLTag {
        let start = offset
        guard takeByte(UInt8(ascii: "<")) else {
            guard offset < bytes.count else { throw unexpectedEnd() }
            throw XMLError("expected an element, found text", at: offset)
        }
        if takeByte(UInt8(ascii: "!")) {
            throw XMLError("a document type, or any other declaration, is refused", at: start)
        }
        let name = try self.name()
        guard names.count < XMLLimits.depth else {
            throw XMLError("elements nest more than \(XMLLimits.depth) deep", at: start)
        }
        names.append(name)
        if !takeByte(UInt8(ascii: ">")) { try attributes() }
        return tag(of: name)
    }

    /// Reads the rest of a start tag that has more than a name.
    private mutating func attributes() throws(XMLError) {
        while true {
            let hasSpace = skipSpace()
            if take(">") { return }
            if take("/>") {
                isEmptyElement = true
                return
            }
            guard hasSpace else { throw XMLError("expected '>' or an attribute", at: offset) }
            _ = try name()
            skipSpace()
            guard take("=") else { throw XMLError("expected '=' behind the name of an attribute", at: offset) }
            skipSpace()
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") || bytes[offset] == UInt8(ascii: "'") else {
                throw XMLError("expected the value of an attribute in quotes", at: offset)
            }
            let quote = bytes[offset]
            offset += 1
            while offset < bytes.count, bytes[offset] != quote {
                guard bytes[offset] != UInt8(ascii: "<") else {
                    throw XMLError("a '<' stands in the value of an attribute", at: offset)
                }
                offset += 1
            }
            guard offset < bytes.count else { throw unexpectedEnd() }
            offset += 1
        }
    }

    /// Closes the innermost element by its end tag, whose `</` was consumed.
    private mutating func endTag() throws(XMLError) {
        guard let name = names.last else { throw XMLError("an end tag without an element", at: offset) }
        let end = offset + name.count
        let isSame = bytes.withUnsafeBufferPointer { bytes in
            end <= bytes.count
                && Bytes.equal(
                    UnsafeBufferPointer(rebasing: bytes[offset..<end]), UnsafeBufferPointer(rebasing: bytes[name]))
        }
        if isSame {
            offset = end
            skipSpace()
            if takeByte(UInt8(ascii: ">")) {
                names.removeLast()
                return
            }
        }
        throw XMLError("expected </\(String(decoding: bytes[name], as: UTF8.self))>", at: offset)
    }

    /// Closes an element that was written `<a/>`.
    private mutating func close() {
        isEmptyElement = false
        names.removeLast()
    }

    private mutating func name() throws(XMLError) -> Range<Int> {
        let start = offset
        let end = bytes.withUnsafeBufferPointer { bytes in
            var end = start
            while end < bytes.count, XMLReader.isNamePart(bytes[end]) { end += 1 }
            return end
        }
        guard end > start, !XMLReader.isDigitOrMark(bytes[start]) else { throw XMLError("expected a name", at: start) }
        offset = end
        return start..<end
    }

    private func tag(of name: Range<Int>) -> XMLTag {
        // What stands before a colon is a namespace.
        let colon = bytes.withUnsafeBufferPointer { bytes in name.last { bytes[$0] == UInt8(ascii: ":") } }
        return tags.tag(in: bytes, (colon.map { $0 + 1 } ?? name.lowerBound)..<name.upperBound)
    }

    // MARK: Everything else

    /// Passes over white space, comments and processing instructions.
    private mutating func skipMisc() throws(XMLError) {
        repeat { skipSpace() } while try skipMarkup()
    }

    /// Passes over a comment or a processing instruction, if one comes next.
    private mutating func skipMarkup() throws(XMLError) -> Bool {
        guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "<"),
            bytes[offset + 1] == UInt8(ascii: "!") || bytes[offset + 1] == UInt8(ascii: "?")
        else { return false }
        if take("<!--") {
            try skipPast("-->", of: "a comment")
            return true
        }
        if take("<?") {
            try skipPast("?>", of: "a processing instruction")
            return true
        }
        return false
    }

    /// Reads the declaration behind its `<?xml`.
    private mutating func skipDeclaration() throws(XMLError) {
        let start = offset
        try skipPast("?>", of: "the XML declaration")
        let text = String(decoding: bytes[start..<offset], as: UTF8.self).lowercased()
        guard text.contains("encoding") else { return }
        guard text.contains("utf-8") || text.contains("us-ascii") else {
            throw XMLError("the document says it is in another encoding than UTF-8", at: start)
        }
    }

    private mutating func skipPast(_ mark: StaticString, of what: StaticString) throws(XMLError) {
        let start = offset
        while offset < bytes.count {
            if take(mark) { return }
            offset += 1
        }
        throw XMLError("\(what) is never closed", at: start)
    }

    @discardableResult
    private mutating func skipSpace() -> Bool {
        let start = offset
        while offset < bytes.count, XMLReader.isSpace(bytes[offset]) { offset += 1 }
        return offset > start
    }

    /// Consumes `mark` if it comes next.
    private mutating func take(_ mark: StaticString) -> Bool {
        let end = offset + mark.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        let isThere = mark.withUTF8Buffer { mark in
            bytes.withUnsafeBufferPointer { Bytes.equal(UnsafeBufferPointer(rebasing: $0[offset..<end]), mark) }
        }
        if isThere { offset = end }
        return isThere
    }

    /// Consumes `byte` if it comes next.
    private mutating func takeByte(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    /// Consumes the beginning of an end tag if it comes next.
    private mutating func takeEnd() -> Bool {
        guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "<"), bytes[offset + 1] == UInt8(ascii: "/")
        else {
            return false
        }
        offset += 2
        return true
    }

    private func unexpectedEnd() -> XMLError {
        let open = names.last.map { " inside <\(String(decoding: bytes[$0], as: UTF8.self))>" } ?? ""
        return XMLError("the document ends\(open)", at: offset)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// Letters, digits, `-`, `.`, `_`, `:` and everything outside ASCII.
    private static func isNamePart(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || isDigitOrMark(byte) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: ":") || byte >= 0x80
    }

    /// What a name has, but does not begin with.
    private static func isDigitOrMark(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
