import CairnSchema

@testable import CairnCore
@testable import Simulation

/// Encoded keys, and keys as text.
///
/// An input is a layout, like `int,string? desc`, on a line; then two encoded keys with a line `--` between. Bytes that are
/// decoded are what their values are encoded to; two keys compare as their values do. Values are encoded, decoded and compared
/// likewise, whatever the input was the seed of. A text that is a key of a table is the text of that key.
struct KeyTarget: FuzzTarget {
    private let tables: [Table]

    let words = [
        "int", "string", "string?", "bytes desc", "decimal", "uuid", "date,", "timestamp,", "bool", "double?", "\n--\n",
        "\0\0", "\0\u{7F}",
        "%", "%2F", "/", "2026-11-20", "true/x",
    ]

    private static let types: [ValueType] = [.bool, .int, .double, .string, .bytes, .uuid, .timestamp, .date, .decimal]

    init() throws {
        tables = try Schema(
            parsing: """
                { "database": "keys", "tables": {
                  "by_string": { "columns": { "id": "string" }, "key": "id" },
                  "by_int": { "columns": { "id": "int" }, "key": "id" },
                  "by_uuid": { "columns": { "id": "uuid" }, "key": "id" },
                  "by_bytes": { "columns": { "id": "bytes" }, "key": "id" },
                  "by_bool": { "columns": { "id": "bool" }, "key": "id" },
                  "by_time": { "columns": { "id": "timestamp" }, "key": "id" },
                  "by_date": { "columns": { "id": "date" }, "key": "id" },
                  "by_decimal": { "columns": { "id": "decimal" }, "key": "id" },
                  "by_two": { "columns": { "a": "string", "b": "int" }, "key": ["a", "b"] },
                  "by_many": { "columns": { "a": "bytes", "b": "decimal", "c": "string", "d": "bool", "e": "timestamp",
                    "f": "date", "g": "uuid", "h": "int" }, "key": ["a", "b", "c", "d", "e", "f", "g", "h"] } } }
                """
        ).tables
    }

    // MARK: Making

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        if random.chance(20) {
            let table = random.pick(tables, else: tables[0])
            let values = table.key.map { EdgeValues.make(table.columns[$0].valueType, &random) }
            return Array(KeyText.encode(Key(values[0], Array(values.dropFirst()))).utf8)
        }
        let parts = (0..<1 + random.weighted([60, 25, 15])).map { column in
            KeyLayout.Part(
                column: column, type: random.pick(KeyTarget.types, else: .int), isNullable: random.chance(40),
                isDescending: random.chance(40))
        }
        let layout = KeyLayout(parts)
        let words = parts.map { "\($0.type)\($0.isNullable ? "?" : "")\($0.isDescending ? " desc" : "")" }
        let left = layout.encode(record: KeyTarget.values(parts, &random))
        let right = random.chance(30) ? left : layout.encode(record: KeyTarget.values(parts, &random))
        var input = Array("\(words.joined(separator: ","))\n".utf8)
        input += left
        input += Array("\n--\n".utf8)
        return input + right
    }

    private static func values(_ parts: [KeyLayout.Part], _ random: inout SeededRandom) -> [Value] {
        parts.map { $0.isNullable && random.chance(25) ? .null : EdgeValues.make($0.type, &random) }
    }

    // MARK: Checking

    func check(_ input: [UInt8]) throws {
        let (spelling, content) = KeyTarget.cut(input, at: [0x0A])
        let layout = KeyTarget.layout(String(decoding: spelling, as: UTF8.self))
        let (left, right) = KeyTarget.cut(content, at: Array("\n--\n".utf8))
        let keys = [try decode(left, layout), try decode(right, layout)].compactMap { $0 }
        var random = SeededRandom(seed: input.reduce(0) { $0 &* 31 &+ UInt64($1) })
        let made = try encode(KeyTarget.values(layout.parts, &random), layout)
        for key in keys + [made] { try compare(key, made, layout) }
        if keys.count == 2 { try compare(keys[0], keys[1], layout) }
        for table in tables {
            try checkText(String(decoding: input, as: UTF8.self), of: table)
            try checkText(of: table.key.map { EdgeValues.make(table.columns[$0].valueType, &random) }, table)
        }
    }

    private typealias Encoded = (bytes: [UInt8], values: [Value])

    private func decode(_ bytes: [UInt8], _ layout: KeyLayout) throws -> Encoded? {
        guard let values = layout.decode(bytes) else { return nil }
        for (part, value) in zip(layout.parts, values) {
            let isHeld = value.isNull ? part.isNullable : part.type.holds(value)
            try hold(isHeld, "\(value) in a part of type \(part.type)")
        }
        try hold(layout.encode(record: values) == bytes, "\(values) is encoded otherwise")
        return (bytes, values)
    }

    private func encode(_ values: [Value], _ layout: KeyLayout) throws -> Encoded {
        let bytes = layout.encode(record: values)
        try hold(layout.decode(bytes) == values, "\(values) is decoded otherwise")
        try hold(
            layout.decode(bytes + [0]) == nil && layout.decode(bytes.dropLast()) == nil, "two lengths of \(values)")
        if let end = KeyBytes.end(ofPrefix: bytes) {
            try hold(
                KeyTarget.order(bytes, end) < 0 && KeyTarget.order(bytes + [0xFF, 0xFF], end) < 0,
                "the end of \(values)")
        }
        return (bytes, values)
    }

    private func compare(_ left: Encoded, _ right: Encoded, _ layout: KeyLayout) throws {
        var wanted = 0
        for (index, part) in layout.parts.enumerated() where wanted == 0 {
            guard let order = Value.compare(left.values[index], right.values[index]) else {
                throw FuzzFailure("no order of \(left.values[index]) and \(right.values[index])")
            }
            wanted = order.signum() * (part.isDescending ? -1 : 1)
        }
        let order = KeyTarget.order(left.bytes, right.bytes)
        try hold(order == wanted, "\(left.values) and \(right.values): \(wanted), their bytes \(order)")
        try hold(
            (order == 0) == (left.values == right.values), "\(left.values) and \(right.values): equal by one way only")
    }

    private static func order(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
    }

    private func checkText(_ text: String, of table: Table) throws {
        guard let key = try Expected.result({ try KeyText.decode(text, of: table) }) else { return }
        try table.check(key)
        try hold(Utf8.equal(KeyText.encode(key), text), "a second text: \(KeyText.encode(key))")
    }

    private func checkText(of values: [Value], _ table: Table) throws {
        let key = Key(values[0], Array(values.dropFirst()))
        let text = KeyText.encode(key)
        try hold(try KeyText.decode(text, of: table) == key, "\(text) is another key")
        try hold(
            values.reduce(0) { $0 + KeyText.longestCount($1) } + values.count - 1 >= text.utf8.count,
            "\(text) is longer")
        try hold(text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(text) has characters of another kind")
    }

    // MARK: Reading an input

    private static func cut(_ bytes: [UInt8], at mark: [UInt8]) -> (before: [UInt8], after: [UInt8]) {
        guard let place = bytes.firstRange(of: mark) else { return (bytes, []) }
        return (Array(bytes[..<place.lowerBound]), Array(bytes[place.upperBound...]))
    }

    /// A layout by its text; parts that make no sense are left out, and there is always one.
    private static func layout(_ text: String) -> KeyLayout {
        var parts: [KeyLayout.Part] = []
        for word in text.split(separator: ",").prefix(8) {
            let name = word.prefix { $0.isLetter }
            guard let type = types.first(where: { $0.description == name }) else { continue }
            parts.append(
                KeyLayout.Part(
                    column: parts.count, type: type, isNullable: word.contains("?"),
                    isDescending: word.hasSuffix(" desc")))
        }
        return parts.isEmpty ? KeyLayout(valueType: .decimal) : KeyLayout(parts)
    }
}
