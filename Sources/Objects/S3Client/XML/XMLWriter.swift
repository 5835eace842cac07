/// Writes the XML of requests.
struct XMLWriter {
    private(set) var bytes: [UInt8] = []

    /// A document of the namespace of S3.
    /// - Throws: `s3.invalid` when `body` writes a character that XML cannot hold.
    static func document(
        _ root: StaticString, _ body: (inout XMLWriter) throws(S3Error) -> Void
    ) throws(S3Error) -> [UInt8] {
        var writer = XMLWriter()
        writer.append(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><\(root) xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">")
        try body(&writer)
        writer.append("</\(root)>")
        return writer.bytes
    }

    /// An element with elements in it.
    mutating func element(
        _ name: StaticString, _ body: (inout XMLWriter) throws(S3Error) -> Void
    ) throws(S3Error) {
        append("<\(name)>")
        try body(&self)
        append("</\(name)>")
    }

    /// An element with text in it.
    mutating func element(_ name: StaticString, _ text: String) throws(S3Error) {
        append("<\(name)>")
        for scalar in text.unicodeScalars { try append(scalar, of: text) }
        append("</\(name)>")
    }

    /// Writes a character of a text so that a reader gives it back as it is, line ends included.
    private mutating func append(_ scalar: UnicodeScalar, of text: String) throws(S3Error) {
        switch scalar {
        case "&": append("&amp;")
        case "<": append("&lt;")
        case ">": append("&gt;")
        case "\"": append("&quot;")
        case "'": append("&apos;")
        case "\t", "\n", "\r": append("&#\(scalar.value);")
        // XML 1.0 section 2.2.
        case "\0"..<" ", "\u{FFFE}", "\u{FFFF}":
            let code = String(scalar.value, radix: 16, uppercase: true)
            throw S3Error(
                .invalid, "\(text.debugDescription) has the character U+\(code), which XML cannot hold",
                remedy: "leave it out of the name, or use an operation on this one object, which sends no XML")
        default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
