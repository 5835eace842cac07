import CairnSchema

/// Where a page ends: what to pass to get the next one. Safe to keep, print and send; it holds key and order values.
///
/// It belongs to one query: table, order and schema are part of it, and another query refuses it. It stays valid while
/// rows come and go, also when the row it was made from is gone.
public struct PageCursor: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The text: letters, digits, `-` and `_`.
    public let rawValue: String

    /// A cursor by its text. Whether it is one, and of the right query, is checked when it is used.
    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    private static let version: UInt8 = 1
    private static let fingerprintCount = 8

    /// The cursor behind a row.
    package init(_ query: Query, schema: SchemaID, row: RowReader) throws {
        let order = query.totalOrder
        let layout = KeyLayout(order: order, of: query.table)
        // Of a row that was not read as a whole the other columns are not defined.
        var values = [Value](repeating: .null, count: query.table.columns.count)
        for term in order { values[term.column] = try row.value(term.column) }
        let bytes = [PageCursor.version] + PageCursor.fingerprint(query, schema) + layout.encode(record: values)
        rawValue = Base64URL.encode(bytes)
    }

    /// The position the cursor names in a query.
    /// - Throws: `query.cursor` when it is of another query, or no cursor.
    package func position(in query: Query, schema: SchemaID) throws -> Query.Position {
        guard let bytes = Base64URL.decode(rawValue), bytes.count > 1 + PageCursor.fingerprintCount,
            bytes[0] == PageCursor.version
        else {
            throw StorageError(
                .cursor, "this is not a cursor of a page", remedy: "pass the cursor of the page before, unchanged")
        }
        let content = bytes.dropFirst(1 + PageCursor.fingerprintCount)
        let layout = KeyLayout(order: query.totalOrder, of: query.table)
        guard bytes[1...PageCursor.fingerprintCount].elementsEqual(PageCursor.fingerprint(query, schema)),
            let values = layout.decode(Array(content))
        else {
            throw StorageError(
                .cursor, "this cursor is of another query than this one on table '\(query.table.name)'",
                remedy: "pass it to a query with the same order, on the same schema; or begin with the first page")
        }
        return Query.Position(values: values)
    }

    /// What two queries that share cursors have in common.
    private static func fingerprint(_ query: Query, _ schema: SchemaID) -> ArraySlice<UInt8> {
        let order = query.totalOrder.map { "\(query.table.columns[$0.column].name) \($0.isDescending)" }
        let text = ([schema.description, query.table.name] + order).joined(separator: "\n")
        return SHA256.digest(Array(text.utf8)).prefix(fingerprintCount)
    }
}

/// One page of a query.
public struct Page<Item: Sendable>: Sendable {
    /// The rows, at most as many as asked for.
    public let items: [Item]
    /// What to pass for the next page; nil when this is the last.
    public let next: PageCursor?

    package init(items: [Item], next: PageCursor?) {
        self.items = items
        self.next = next
    }
}

/// Base64 for URLs, without padding (RFC 4648 section 5).
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var bits = 0
        var count = 0
        for byte in bytes {
            bits = (bits << 8 | Int(byte)) & 0xFFFF
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[bits >> count & 63])
            }
        }
        if count > 0 { text.append(alphabet[bits << (6 - count) & 63]) }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits = 0
        var count = 0
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits = (bits << 6 | value) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> count & 255))
            }
        }
        // What is left over is padding: fewer than six bits, all zero.
        return count < 6 && bits & (1 << count - 1) == 0 ? bytes : nil
    }
}
