/// The canonical text of a key: one key, one text. Error messages, commands and object stores name records by it.
///
/// Each value has its canonical text: decimal integers, lower-case uuids, RFC 3339 times in UTC, decimals without
/// needless zeros, bytes as lower-case hexadecimal digits. Of that, `a-z A-Z 0-9 - _` stand for themselves, and `.` where it
/// is not first; every other byte is `%XX` with upper-case digits. An empty value is `%`. The parts of a composite key
/// are joined by `/`, so an object store can list a hierarchy.
public enum KeyText {
    /// The text of a key.
    public static func encode(_ key: Key) -> String {
        var bytes: [UInt8] = []
        for index in 0..<key.count {
            if index > 0 { bytes.append(UInt8(ascii: "/")) }
            append(key[index], to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads the text of a key of a table.
    /// - Throws: `storage.invalid` when it is not the canonical text of a key of that table.
    public static func decode(_ text: String, of table: Table) throws -> Key {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Substring.init)
        guard parts.count == table.key.count else {
            let names = table.key.map { table.columns[$0].name }.joined(separator: ", ")
            let count = table.key.count == 1 ? "1 part" : "\(table.key.count) parts"
            throw malformed(text, table, "the key of '\(table.name)' has \(count): \(names)")
        }
        var values: [Value] = []
        for (part, position) in zip(parts, table.key) {
            let column = table.columns[position]
            guard let plain = unescape(part), let value = value(plain, column.valueType) else {
                throw malformed(
                    text, table, "'\(part)' is no value of column '\(column.name)' of type \(column.valueType)")
            }
            values.append(value)
        }
        let key = Key(values[0], Array(values.dropFirst()))
        guard Utf8.equal(encode(key), text) else {
            throw malformed(text, table, "the canonical text is '\(encode(key))'")
        }
        return key
    }

    private static func malformed(_ text: String, _ table: Table, _ reason: String) -> StorageError {
        StorageError(.invalid, "'\(text)' is not the text of a key of table '\(table.name)': \(reason)")
    }

    // MARK: Values

    /// The text of one value, before escaping.
    package static func plainText(_ value: Value) -> String {
        switch value {
        case .string(let text): text
        case .int(let int): String(int)
        case .bytes(let bytes): Hex.encode(bytes)
        case .bool(let bool): bool ? "true" : "false"
        default:
            if case .string(let text) = ValueJSON.value(value) { text } else { ValueJSON.value(value).description }
        }
    }

    private static func value(_ plain: String, _ type: ValueType) -> Value? {
        type == .bytes ? Hex.decode(plain).map(Value.bytes) : ValueJSON.parse(plain, as: type)
    }

    // MARK: Escaping

    private static func append(_ value: Value, to bytes: inout [UInt8]) {
        var plain = plainText(value)
        if plain.isEmpty { return bytes.append(UInt8(ascii: "%")) }
        plain.withUTF8 { text in
            for (index, byte) in text.enumerated() {
                if isPlain(byte, isFirst: index == 0) {
                    bytes.append(byte)
                } else {
                    bytes.append(UInt8(ascii: "%"))
                    bytes.append(Hex.upperDigits[Int(byte >> 4)])
                    bytes.append(Hex.upperDigits[Int(byte & 15)])
                }
            }
        }
    }

    private static func isPlain(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        case UInt8(ascii: "."): !isFirst
        default: false
        }
    }

    private static func unescape(_ part: Substring) -> String? {
        if part == "%" { return "" }
        if part.isEmpty { return nil }
        return Hex.unescape(part.utf8).flatMap { String(validating: $0, as: UTF8.self) }
    }

    // MARK: Length

    /// How many bytes a value takes in the longest text any store may use: where names ignore case, `A-Z` are escaped too.
    package static func longestCount(_ value: Value) -> Int {
        switch value {
        case .int, .bool, .uuid, .date, .decimal: return 44
        // Five characters of a time are escaped, and its two letters may be.
        case .timestamp: return 64
        case .bytes(let bytes): return max(1, bytes.count * 2)
        case .string(var text):
            return text.withUTF8 { bytes in
                var count = bytes.isEmpty ? 1 : 0
                for (index, byte) in bytes.enumerated() {
                    count += isPlain(byte, isFirst: index == 0) && !(0x41...0x5A).contains(byte) ? 1 : 3
                }
                return count
            }
        default: return plainText(value).utf8.count * 3
        }
    }
}
