/// The order-preserving encoding of keys and index entries.
///
/// The problem: drivers keep entries in ordered maps of bytes, and every driver must give the same order. The idea: encode
/// each value so that comparing bytes compares values, and put the parts of a key behind one another.
///
/// | part | bytes |
/// |---|---|
/// | nullable column | `00` for null, `01` before a value |
/// | `bool` | `00` or `01` |
/// | `int`, `timestamp`, `date` | eight bytes, most significant first, the sign bit flipped |
/// | `double` | its bits, most significant byte first; sign bit flipped, all bits when negative |
/// | `decimal` | see `DecimalEncoding` |
/// | `uuid` | its 16 bytes |
/// | `string`, `bytes` | the bytes, `00` as `00 FF`, then `00 00` |
/// | descending | every byte of the part inverted |
///
/// Invariants, each held by a test with random values: no part is a prefix of another part of the same column (so the
/// next part cannot disturb the order); `encode(a) < encode(b)` exactly when `a` sorts before `b`; `decode(encode(a)) = a`.
package struct KeyLayout: Sendable, Hashable {
    /// One part of a key.
    package struct Part: Sendable, Hashable {
        /// The position of the column in its table.
        package let column: Int
        package let type: ValueType
        package let isNullable: Bool
        package let isDescending: Bool
    }

    package let parts: [Part]
    /// Which records have an entry; nil: all.
    package let condition: IndexCondition?

    package init(_ parts: [Part], where condition: IndexCondition? = nil) {
        self.parts = parts
        self.condition = condition
    }

    /// A single value of a type, never null.
    package init(valueType: ValueType) {
        self.init([Part(column: 0, type: valueType, isNullable: false, isDescending: false)])
    }

    /// The primary key of a table.
    package init(keyOf table: Table) {
        self.init(table.key.map { KeyLayout.part(IndexPart(column: $0), of: table) })
    }

    /// The entries of an index: its columns, then the columns of the primary key it does not have.
    package init(_ index: Index, of table: Table) {
        let rest = table.key.filter { key in !index.parts.contains { $0.column == key } }
        self.init(
            (index.parts + rest.map { IndexPart(column: $0) }).map { KeyLayout.part($0, of: table) },
            where: index.condition)
    }

    /// Records sorted by columns of a query, all of the records themselves.
    package init(order: [OrderTerm], of table: Table) {
        self.init(
            order.map { KeyLayout.part(IndexPart(column: $0.column, isDescending: $0.isDescending), of: table) })
    }

    private static func part(_ part: IndexPart, of table: Table) -> Part {
        let column = table.columns[part.column]
        return Part(
            column: part.column, type: column.valueType, isNullable: column.isNullable, isDescending: part.isDescending)
    }

    // MARK: Encoding

    /// The bytes of a primary key.
    package func encode(_ key: Key) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        for index in parts.indices { append(key[index], part: index, to: &bytes) }
        return bytes
    }

    /// Whether a record has an entry. `values` has one value for each column of the table.
    package func has(_ values: [Value]) -> Bool { condition?.isTrue(of: values) ?? true }

    /// Whether a record that was alone with its values in a unique index stays alone when it gets others.
    package func keepsUnique(_ index: Index, _ old: [Value], _ new: [Value]) -> Bool {
        index.parts.allSatisfy { old[$0.column] == new[$0.column] } && has(old)
    }

    /// The bytes of the entry of a record; nil when it has none.
    package func entry(of values: [Value]) -> [UInt8]? { has(values) ? encode(record: values) : nil }

    /// The bytes that the entry of a record has, if it has one. `values` has one value for each column of the table.
    package func encode(record values: [Value]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        for index in parts.indices { append(values[parts[index].column], part: index, to: &bytes) }
        return bytes
    }

    /// Appends one part. The value is of the part's type, or null where the column may be.
    package func append(_ value: Value, part index: Int, to bytes: inout [UInt8]) {
        let part = parts[index]
        let start = bytes.count
        if part.isNullable { bytes.append(value.isNull ? 0 : 1) }
        KeyBytes.append(value, to: &bytes)
        if part.isDescending { KeyBytes.invert(&bytes, from: start) }
    }

    /// Appends what all texts that begin with `prefix` begin with.
    package func append(prefix: String, part index: Int, to bytes: inout [UInt8]) {
        let part = parts[index]
        let start = bytes.count
        if part.isNullable { bytes.append(1) }
        KeyBytes.appendEscaped(Array(prefix.utf8), to: &bytes)
        if part.isDescending { KeyBytes.invert(&bytes, from: start) }
    }

    // MARK: Decoding

    /// The values of an encoded entry, in the order of the parts; nil when the bytes are not one.
    package func decode(_ bytes: [UInt8]) -> [Value]? {
        var reader = KeyBytesReader(bytes)
        var values: [Value] = []
        for part in parts {
            reader.isInverted = part.isDescending
            guard let value = reader.value(of: part.type, isNullable: part.isNullable) else { return nil }
            values.append(value)
        }
        return reader.isAtEnd ? values : nil
    }

    /// The bytes of the first parts of an encoded entry, of nulls too; nil when the bytes are not one.
    package func prefix(ofParts count: Int, in bytes: [UInt8]) -> [UInt8]? {
        var reader = KeyBytesReader(bytes)
        for part in parts.prefix(count) {
            reader.isInverted = part.isDescending
            guard reader.value(of: part.type, isNullable: part.isNullable) != nil else { return nil }
        }
        return Array(bytes.prefix(reader.offset))
    }

    /// How many bytes the first parts of an encoded entry take; nil when one of them is null, or the bytes are not one.
    package func length(ofParts count: Int, in bytes: [UInt8]) -> Int? {
        var reader = KeyBytesReader(bytes)
        for part in parts.prefix(count) {
            reader.isInverted = part.isDescending
            guard let value = reader.value(of: part.type, isNullable: part.isNullable), !value.isNull else {
                return nil
            }
        }
        return reader.offset
    }
}

/// Writes single values of a key.
package enum KeyBytes {
    static func append(_ value: Value, to bytes: inout [UInt8]) {
        switch value {
        case .null: break
        case .bool(let bool): bytes.append(bool ? 1 : 0)
        case .int(let int): append(UInt64(bitPattern: Int64(int)) ^ signBit, to: &bytes)
        case .timestamp(let time): append(UInt64(bitPattern: time.microseconds) ^ signBit, to: &bytes)
        case .date(let date): append(UInt64(bitPattern: Int64(date.daysSinceEpoch)) ^ signBit, to: &bytes)
        case .double(let double): append(ordered(double), to: &bytes)
        case .decimal(let decimal): DecimalEncoding.append(decimal, to: &bytes)
        case .uuid(let uuid): bytes.append(contentsOf: uuid.bytes)
        case .string(var text):
            text.withUTF8 { appendEscaped($0, to: &bytes) }
            bytes.append(contentsOf: [0, 0])
        case .bytes(let content):
            appendEscaped(content, to: &bytes)
            bytes.append(contentsOf: [0, 0])
        // Neither has an order, and the schema lets neither into a key or an index.
        case .json, .array: break
        }
    }

    static let signBit: UInt64 = 1 << 63

    /// Doubles as integers in the order of their values (IEEE 754 totalOrder of numbers that are not NaN).
    static func ordered(_ double: Double) -> UInt64 {
        let bits = (double == 0 ? 0.0 : double).bitPattern
        return bits & signBit == 0 ? bits | signBit : ~bits
    }

    static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
    }

    static func appendEscaped(_ content: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        for byte in content {
            bytes.append(byte)
            if byte == 0 { bytes.append(0xFF) }
        }
    }

    static func invert(_ bytes: inout [UInt8], from start: Int) {
        for index in start..<bytes.count { bytes[index] = ~bytes[index] }
    }

    /// The smallest bytes that sort after everything beginning with `prefix`; nil when there are none.
    package static func end(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        var end = prefix
        while let last = end.popLast() {
            if last < 0xFF { return end + [last + 1] }
        }
        return nil
    }
}
