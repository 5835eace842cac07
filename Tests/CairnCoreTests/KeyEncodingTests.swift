import CairnSchema
import Testing

@testable import CairnCore

@Suite("The key encoding")
struct KeyEncodingTests {
    static let types: [ValueType] = [.bool, .int, .double, .string, .bytes, .uuid, .timestamp, .date, .decimal]

    private func layout(_ type: ValueType, isNullable: Bool = true, isDescending: Bool = false) -> KeyLayout {
        KeyLayout([.init(column: 0, type: type, isNullable: isNullable, isDescending: isDescending)])
    }

    private func encode(_ value: Value, _ layout: KeyLayout) -> [UInt8] {
        var bytes: [UInt8] = []
        layout.append(value, part: 0, to: &bytes)
        return bytes
    }

    @Test("Bytes compare as values do, null first, and the exact reverse when descending", arguments: types)
    func order(_ type: ValueType) {
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededRandom(seed)
            let values = (0..<12).map { _ in random.value(of: type) } + [.null]
            let (up, down) = (layout(type), layout(type, isDescending: true))
            for left in values {
                for right in values {
                    let wanted = Value.compare(left, right).map { $0.signum() }
                    #expect(compare(encode(left, up), encode(right, up)) == wanted, "seed \(seed): \(left) \(right)")
                    #expect(
                        compare(encode(left, down), encode(right, down)) == wanted.map { -$0 },
                        "seed \(seed): \(left) \(right)")
                }
            }
        }
    }

    @Test("What was encoded is decoded, ascending and descending", arguments: types)
    func roundTrip(_ type: ValueType) {
        for seed in 0..<60 as Range<UInt64> {
            var random = SeededRandom(seed)
            for layout in [layout(type), layout(type, isDescending: true), layout(type, isNullable: false)] {
                let value = layout.parts[0].isNullable && random.number(0..<5) == 0 ? .null : random.value(of: type)
                #expect(layout.decode(encode(value, layout)) == [value], "seed \(seed)")
            }
        }
    }

    @Test("Parts of a composite key do not disturb one another")
    func composite() {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededRandom(seed)
            let types = (0..<3).map { _ in Self.types[random.number(0..<Self.types.count)] }
            let layout = KeyLayout(
                types.enumerated().map {
                    .init(
                        column: $0.offset, type: $0.element, isNullable: $0.offset == 1,
                        isDescending: random.number(0..<2) == 0)
                })
            func row() -> [Value] {
                types.enumerated().map {
                    $0.offset == 1 && random.number(0..<3) == 0 ? .null : random.smallValue(of: $0.element)
                }
            }
            let (left, right) = (row(), row())
            var wanted = 0
            for (index, part) in layout.parts.enumerated() where wanted == 0 {
                wanted = (Value.compare(left[index], right[index]) ?? 0).signum() * (part.isDescending ? -1 : 1)
            }
            #expect(
                compare(layout.encode(record: left), layout.encode(record: right)) == wanted,
                "seed \(seed): \(left) \(right)")
            #expect(layout.decode(layout.encode(record: left)) == left, "seed \(seed)")
        }
    }

    @Test("Bytes that are no key are refused, whatever they are", arguments: types)
    func garbage(_ type: ValueType) {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededRandom(seed)
            let bytes = (0..<random.number(0..<24)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            // Decoding must not trap; what it accepts must be a value of the type.
            if let values = layout(type).decode(bytes) {
                #expect(values.count == 1)
                #expect(values[0].isNull || type.holds(values[0]), "seed \(seed)")
            }
        }
    }

    @Test("A cut or lengthened key is refused", arguments: types)
    func wrongLength(_ type: ValueType) {
        var random = SeededRandom(1)
        let layout = layout(type)
        let bytes = encode(random.value(of: type), layout)
        #expect(layout.decode(bytes + [0]) == nil)
        #expect(layout.decode([]) == nil)
        if type != .bool { #expect(layout.decode(bytes.dropLast()) == nil) }
    }

    @Test("The end of a prefix is the least key behind all that begin with it")
    func prefixEnd() {
        #expect(KeyBytes.end(ofPrefix: [1, 2]) == [1, 3])
        #expect(KeyBytes.end(ofPrefix: [1, 0xFF]) == [2])
        #expect(KeyBytes.end(ofPrefix: [0xFF, 0xFF]) == nil)
        #expect(KeyBytes.end(ofPrefix: []) == nil)
    }

    private func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left == right ? 0 : (left.lexicographicallyPrecedes(right) ? -1 : 1)
    }
}

@Suite("The text of keys")
struct KeyTextTests {
    @Test(
        "Each value has one text",
        arguments: [
            (Key(.int(-5)), "-5"), (Key(.string("paris")), "paris"), (Key(.string("Île/1")), "%C3%8Ele%2F1"),
            (Key(.string("")), "%"),
            (Key(.string("..")), "%2E."), (Key(.string("a.b")), "a.b"), (Key(.string("%")), "%25"),
            (Key(.string("a b\0")), "a%20b%00"),
            (Key(.bool(true), [.string("x")]), "true/x"), (Key(.bytes([0, 255])), "00ff"),
            (Key(.decimal(DecimalNumber("1.50") ?? 0)), "1.5"),
            (Key(.date(CalendarDate("2026-11-20") ?? .min)), "2026-11-20"),
            (Key(.timestamp(Timestamp("2026-11-20T15:06:01.870549Z") ?? .epoch)), "2026-11-20T15%3A06%3A01.870549Z"),
            (
                Key(.uuid(UUID(bytes: [UInt8](repeating: 0xAB, count: 16)) ?? .version7())),
                "abababab-abab-abab-abab-abababababab"
            ),
        ])
    func golden(_ key: Key, _ text: String) throws {
        #expect(KeyText.encode(key) == text)
    }

    @Test("A text of a key of a table gives the key back", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let schema = try Schema(
            parsing: """
                { "database": "d", "tables": { "t": { "columns": { "a": "string", "b": "int", "c": "uuid", "d": "bytes",
                  "e": "timestamp", "f": "date", "g": "decimal", "h": "bool" }, "key": ["a", "b", "c", "d", "e", "f", "g", "h"] } } }
                """)
        let values = schema.tables[0].columns.map { random.smallValue(of: $0.valueType) }
        let key = Key(values[0], Array(values.dropFirst()))
        #expect(try KeyText.decode(KeyText.encode(key), of: schema.tables[0]) == key, "seed \(seed)")
    }

    @Test(
        "A text that is not the canonical one is refused",
        arguments: ["", "05", "+5", " 5", "5/6", "%35", "five", "9223372036854775808"])
    func refused(_ text: String) throws {
        let schema = try Schema(
            parsing:
                "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" } } }")
        let error = try #require(throws: StorageError.self) { try KeyText.decode(text, of: schema.tables[0]) }
        #expect(error.code == .invalid)
    }

    @Test(
        "A text with needless, missing or wrong escapes is refused",
        arguments: ["%61", "a%2f", "a%2", "a%", "%GG", ".a", "a b", "%FF", "é", ""])
    func refusedEscapes(_ text: String) throws {
        let schema = try Schema(
            parsing:
                "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"string\" }, \"key\": \"id\" } } }"
        )
        #expect(throws: StorageError.self) { try KeyText.decode(text, of: schema.tables[0]) }
    }

    @Test("The longest text a store may use is never shorter than the text", arguments: KeyEncodingTests.types)
    func longest(_ type: ValueType) {
        for seed in 0..<100 as Range<UInt64> where type != .double {
            var random = SeededRandom(seed)
            let value = random.value(of: type)
            let text = KeyText.encode(Key(value))
            let escapedCapitals = text.utf8.filter { (0x41...0x5A).contains($0) }.count
            // Capitals of an escape like %2F stay; all others may become three bytes.
            #expect(KeyText.longestCount(value) >= text.utf8.count, "seed \(seed)")
            if type == .timestamp { #expect(KeyText.longestCount(value) >= text.utf8.count + 2 * escapedCapitals - 12) }
        }
    }
}
