import CairnSchema

/// Percent-encoding as signatures need it: everything but `A-Z a-z 0-9 - . _ ~` becomes `%XX` in upper case.
///
/// The unreserved set of RFC 3986. S3 computes the signature from the path as it was sent, encoded once, with `/` left alone
/// ("Create a canonical request", S3 API reference).
enum PercentEncoding {
    /// What a path keeps: the unreserved set, and `/`.
    static func path(_ text: String) -> String { encode(text, keeping: pathKept) }

    /// What a name or a value of a query keeps: the unreserved set.
    static func component(_ text: String) -> String { encode(text, keeping: unreserved) }

    /// Whether each byte stands for itself.
    private static let unreserved = table("-._~")
    private static let pathKept = table("-._~/")

    private static func table(_ marks: StaticString) -> [Bool] {
        var table = [Bool](repeating: false, count: 256)
        for range in [0x30...0x39, 0x41...0x5A, 0x61...0x7A] { for byte in range { table[byte] = true } }
        marks.withUTF8Buffer { for byte in $0 { table[Int(byte)] = true } }
        return table
    }

    private static func encode(_ text: String, keeping kept: [Bool]) -> String {
        if text.utf8.allSatisfy({ kept[Int($0)] }) { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            if kept[Int(byte)] {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(Hex.upperDigits[Int(byte >> 4)])
                bytes.append(Hex.upperDigits[Int(byte & 15)])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text that `%XX` stands for; nil when a `%` is not followed by two digits, or the bytes are not UTF-8.
    /// - Parameter plusIsSpace: Whether `+` is a space, as forms and the LIST of S3 write it.
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        bytes(of: text, plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The bytes that `%XX` stands for; nil when a `%` is not followed by two digits.
    static func bytes(of text: some StringProtocol, plusIsSpace: Bool = false) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.next().flatMap(Hex.digit), let low = rest.next().flatMap(Hex.digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return bytes
    }
}
