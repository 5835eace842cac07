import CairnSchema

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Data
#else
    import struct Foundation.Data
#endif

/// Names and values that travel with an object in `x-amz-meta-` fields (S3 user guide, "Working with object metadata").
///
/// Header fields hold ASCII. A value that has more, or that a header would change, is written as encoded words (RFC 2047), which
/// S3 itself uses in its answers, and read back as it was.
enum UserMetadata {
    /// The most bytes of all names and values together, encoded, the prefix not counted.
    static let maximumBytes = 2048

    private static let prefix = "x-amz-meta-"

    /// The header fields of metadata, sorted by name.
    /// - Throws: `s3.invalid` for a name that is no header name, for two that differ in case only, and for too much of it.
    static func fields(_ metadata: [String: String]) throws(S3Error) -> [HeaderField] {
        var fields: [HeaderField] = []
        var bytes = 0
        for (name, value) in metadata {
            guard HeaderRules.isToken(name) else {
                throw S3Error(
                    .invalid, "\(name.debugDescription) cannot be the name of metadata",
                    remedy: "use letters, digits, '-' and '_'; other text can be in the value")
            }
            let field = HeaderField(prefix + name, encode(value))
            bytes += name.utf8.count + field.value.utf8.count
            fields.append(field)
        }
        fields.sort { Utf8.isLess($0.name, $1.name) }
        for (field, next) in zip(fields, fields.dropFirst()) where Utf8.equal(field.name, next.name) {
            throw S3Error(
                .invalid, "two names of metadata are '\(field.name.dropFirst(prefix.count))' but for their case",
                remedy: "names of header fields have no case; rename one")
        }
        guard bytes <= maximumBytes else {
            throw S3Error(
                .invalid, "the metadata has \(bytes) bytes; the limit is \(maximumBytes)",
                remedy: "keep what is large in the object, or in an object of its own")
        }
        return fields
    }

    /// The metadata in the header fields of an answer, names in lower case.
    static func read(_ headers: [HeaderField]) -> [String: String] {
        var metadata: [String: String] = [:]
        for field in headers where field.name.hasPrefix(prefix) {
            metadata[String(field.name.dropFirst(prefix.count))] = decode(field.value)
        }
        return metadata
    }

    // MARK: Encoded words

    /// Bytes of text in one encoded word, so that the word has no more than the 75 bytes it may have.
    private static let wordBytes = 45

    static func encode(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        if isPlain, value.utf8.first != 0x20, value.utf8.last != 0x20, !value.contains("=?") { return value }
        var words: [String] = []
        var bytes: [UInt8] = []
        func endWord() {
            guard !bytes.isEmpty else { return }
            words.append("=?UTF-8?B?\(Data(bytes).base64EncodedString())?=")
            bytes = []
        }
        // Each word holds whole characters (RFC 2047 section 5).
        for scalar in value.unicodeScalars {
            let utf8 = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            if bytes.count + utf8.count > wordBytes { endWord() }
            bytes.append(contentsOf: utf8)
        }
        endWord()
        return words.joined(separator: " ")
    }

    /// Decodes a value whose every word is an encoded one; any other is left as it is.
    static func decode(_ value: String) -> String {
        let words = value.split(separator: " ")
        guard !words.isEmpty else { return value }
        var bytes: [UInt8] = []
        for word in words {
            guard let decoded = decodeWord(word) else { return value }
            bytes += decoded
        }
        return String(validating: bytes, as: UTF8.self) ?? value
    }

    private static func decodeWord(_ word: Substring) -> [UInt8]? {
        guard word.hasPrefix("=?"), word.hasSuffix("?="), word.utf8.count > 4 else { return nil }
        let parts = word.dropFirst(2).dropLast(2).split(separator: "?", omittingEmptySubsequences: false)
        guard parts.count == 3, ["utf-8", "us-ascii"].contains(parts[0].lowercased()) else { return nil }
        switch parts[1].lowercased() {
        case "b": return Data(base64Encoded: String(parts[2])).map { Array($0) }
        case "q": return decodeQ(parts[2])
        default: return nil
        }
    }

    private static func decodeQ(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "_"): bytes.append(0x20)
            case UInt8(ascii: "="):
                guard let high = rest.next().flatMap(Hex.digit), let low = rest.next().flatMap(Hex.digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return bytes
    }
}
