import CairnCore
import CairnSchema
import ObjectStorage
import Testing

/// What the tests of the format work with: a schema with every type, random records of it, and damage of every kind.
enum FormatFixtures {
    static let schema = try? Schema(
        parsing: """
            {
              "database": "format",
              "tables": {
                "samples": {
                  "columns": {
                    "id": "uuid", "text": "string", "number": "int", "real": "double", "flag": "bool", "raw": "bytes",
                    "time": "timestamp", "day": "date", "price": "decimal", "document": "json",
                    "state": { "enum": ["draft", "live"], "default": "draft" },
                    "parent": { "references": "samples", "nullable": true },
                    "text_or_null": "string?", "number_or_null": "int?", "real_or_null": "double?", "flag_or_null": "bool?",
                    "raw_or_null": "bytes?", "time_or_null": "timestamp?", "day_or_null": "date?",
                    "price_or_null": "decimal?", "document_or_null": "json?",
                    "texts": "[string]", "numbers": "[int]", "reals": "[double]", "flags": "[bool]", "tags": "[uuid]",
                    "raws": "[bytes]", "times": "[timestamp]", "days": "[date]", "prices": "[decimal]", "documents": "[json]",
                  },
                  "key": "id",
                  "indexes": { "by_text": ["text"], "by_number": { "on": ["number desc"], "include": ["flag"] } },
                },
                "cities": {
                  "columns": { "name": "string", "id": "int", "population": "int?", "area": { "type": "decimal", "default": 1 } },
                  "key": "id",
                },
                "measures": {
                  "columns": { "value": "double", "station": "string", "day": "date", "hour": "int" },
                  "key": ["station", "day", "hour"],
                },
              },
            }
            """)

    static func table(_ name: String) throws -> Table {
        let schema = try #require(schema)
        return try #require(schema.table(named: name))
    }

    static func resolve(_ id: SchemaID) throws -> Schema {
        let schema = try #require(schema)
        guard id == schema.id else { throw OtherSchema(id: id) }
        return schema
    }

    /// What the resolver of these tests throws: the codecs must pass it on.
    struct OtherSchema: Error, Equatable {
        let id: SchemaID
    }

    static let time = Timestamp("2026-11-20T15:06:01.870549Z") ?? .epoch

    static func metadata(_ revision: Int = 1) -> RecordMetadata {
        RecordMetadata(revision: revision, createdAt: time, updatedAt: time)
    }

    /// A record of `cities`.
    static func city(_ id: Int, _ name: String = "Paris", revision: Int = 1, commit: Int = 7) -> RecordImage {
        let area = DecimalNumber("105.4") ?? .zero
        return RecordImage(
            values: [.string(name), .int(id), .int(2_138_551), .decimal(area)], metadata: metadata(revision),
            commit: commit)
    }

    /// A deleted record.
    static func tombstone(revision: Int = 2, commit: Int = 7) -> RecordImage {
        RecordImage(values: nil, metadata: metadata(revision), commit: commit)
    }

    static func record(_ transactions: [LoggedTransaction], number: Int = 7) throws -> CommitRecord {
        CommitRecord(
            store: "s1", number: number, previous: [UInt8](repeating: 0xAB, count: 32), commit: "42-boot-0001",
            schema: try #require(schema).id, time: time, kind: .commit, transactions: transactions)
    }

    // MARK: Damage

    /// Checks that `body` fails as a reader of an object may fail: with an error of the store that names the object.
    /// - Returns: The error; nil when nothing failed.
    @discardableResult
    static func storageError<Result>(
        _ name: String, _ context: @autoclosure () -> String, _ body: () throws -> Result
    ) -> StorageError? {
        do {
            _ = try body()
            return nil
        } catch let error as StorageError {
            // Not by `#expect`, which takes longer than the reading.
            if ![.damaged, .upgradeRequired].contains(error.code) || error.remedy == nil
                || !error.message.contains("'\(name)'")
            {
                Issue.record("\(context()): \(error)")
            }
            return error
        } catch is OtherSchema {
            // A flipped bit in the id of the schema: the resolver's own error.
            return nil
        } catch {
            Issue.record("\(context()): \(error)")
            return nil
        }
    }

    /// A commit record or a manifest without its checksum.
    static func unsealed(_ bytes: [UInt8]) -> [UInt8] {
        bytes.dropLast(#","sum":"0123456789abcdef"}"#.utf8.count) + [0x7D]
    }

    /// Reads a text cut off at every place, with every byte changed in a few ways, and random bytes. Whatever is read then, nothing
    /// but errors of the store may come of it, and what was cut off is never read as whole.
    static func torture<Result>(_ bytes: [UInt8], _ name: String, _ read: ([UInt8]) throws -> Result) {
        // White space at the end says nothing.
        let length = bytes.count - (bytes.last == 0x0A ? 1 : 0)
        for count in 0..<length {
            let error = storageError(name, "the first \(count) bytes") { try read(Array(bytes[..<count])) }
            if error == nil { Issue.record("the first \(count) bytes are read as all") }
        }
        for seed in 0..<2 as Range<UInt64> {
            var random = FormatRandom(seed)
            for offset in bytes.indices {
                var changed = bytes
                changed[offset] = random.below(4) == 0 ? UInt8(random.below(256)) : random.pick(FormatRandom.telling)
                storageError(name, "seed \(seed), byte \(offset) is \(changed[offset])") { try read(changed) }
            }
            for round in 0..<200 {
                let noise = (0..<random.below(60)).map { _ in UInt8(random.below(256)) }
                let error = storageError(name, "seed \(seed), noise \(round): \(noise)") { try read(noise) }
                if error == nil { Issue.record("noise is read: \(noise)") }
            }
            for round in 0..<200 {
                let start = random.below(bytes.count)
                let end = min(bytes.count, start + random.below(40))
                var changed = bytes
                let place = random.below(bytes.count)
                changed.replaceSubrange(place..<min(bytes.count, place + random.below(20)), with: bytes[start..<end])
                storageError(name, "seed \(seed), splice \(round)") { try read(changed) }
            }
        }
    }
}

/// Random values that are the same for the same seed.
struct FormatRandom {
    private var state: UInt64

    /// Bytes that mean something in JSON.
    static let telling = Array("{}[]\",:\\0123456789-.eEntfu \n\u{0}".utf8)

    init(_ seed: UInt64) {
        state = seed &* 0xD134_2543_DE82_EF95 &+ 0x2545_F491_4F6C_DD1D
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

    private mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(below(256)) } }

    private static let texts = [
        "", "a", "Zürich", "e\u{301}", "\u{E9}", "\"\\/\n\t\u{1}\u{1F}", "😀", "\u{FFFF}", "a/b", "..", "%", " ",
    ]
    private static let ints = [0, 1, -1, 7, .max, .min, 1 << 53, (1 << 53) + 1, 999_999_999_999_999_999]
    private static let doubles = [
        0, 1, -0.5, 48.85, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e21, 0.1, 1.0 / 3,
    ]
    private static let decimals = [
        "0", "1", "-12.5", "99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001",
    ]
    private static let documents: [JSONValue] = [
        .null, true, 1, 1.5, "x", [], [:], [1, ["a": .null]], ["b": [1, 2.5, "\n"], "a": ["": 0]],
    ]

    /// A value of a type, which is not null.
    mutating func value(_ type: ValueType) -> Value {
        switch type {
        case .string: .string(pick(Self.texts))
        case .int: .int(pick(Self.ints))
        case .double: .double(pick(Self.doubles))
        case .bool: .bool(below(2) == 0)
        case .uuid: .uuid(UUID(bytes: bytes(16)) ?? .version7())
        case .bytes: .bytes(bytes(below(5)))
        case .timestamp: .timestamp(pick([.min, .max, .epoch, FormatFixtures.time]))
        case .date: .date(pick([.min, .max, CalendarDate(daysSinceEpoch: below(20000)) ?? .min]))
        case .decimal: .decimal(DecimalNumber(pick(Self.decimals)) ?? .zero)
        case .json: .json(pick(Self.documents))
        case .array(let element): .array((0..<below(4)).map { _ in value(element) })
        }
    }

    /// The values of a record as they are stored.
    mutating func values(_ table: Table) -> [Value] {
        table.columns.map { column in
            if column.isNullable, below(3) == 0 { return .null }
            if case .enumeration(let cases) = column.type { return .string(pick(cases)) }
            let value = value(column.valueType)
            // As every write makes it.
            return column.isNullable && value == .json(.null) ? .null : value
        }
    }

    mutating func metadata() -> RecordMetadata {
        RecordMetadata(
            revision: pick([1, 2, 4711, (1 << 53) - 1]), createdAt: pick([.min, FormatFixtures.time]),
            updatedAt: pick([.max, FormatFixtures.time]))
    }

    /// An operation of any kind on a record that no other has.
    mutating func operation(_ table: Table, number: Int) -> LoggedOperation {
        let first = values(table)
        let key = table.key(of: first)
        func live(_ values: [Value]) -> [Value] {
            var values = values
            for position in table.key { values[position] = first[position] }
            return values
        }
        func image(_ commit: Int, _ random: inout FormatRandom) -> RecordImage {
            let values = live(random.values(table))
            return RecordImage(
                values: random.below(3) == 0 ? nil : values, metadata: random.metadata(), commit: commit)
        }
        let after = image(number, &self)
        let before = below(3) == 0 ? nil : image(1 + below(number - 1), &self)
        return LoggedOperation(table: table, key: key, before: before, after: after)
    }

    /// Transactions over all tables.
    mutating func transactions(_ count: Int, number: Int) throws -> [LoggedTransaction] {
        let tables = try #require(FormatFixtures.schema).tables
        var met: Set<String> = []
        return (0..<count).map { index in
            let operations = (0..<below(6)).map { _ in operation(pick(tables), number: number) }.filter {
                met.insert("\($0.table.name)/\(KeyText.encode($0.key))").inserted
            }
            var transaction = LoggedTransaction(id: "t\(index)", operations: operations)
            if below(2) == 0 {
                transaction.idempotency = LoggedTransaction.Idempotency(
                    key: pick(Self.texts), digest: bytes(32), results: (0..<below(5)).map { _ in metadata() })
            }
            return transaction
        }
    }
}

extension [UInt8] {
    /// The bytes of a text in which another stands instead of each occurrence of one.
    func replacing(_ old: String, with new: String) -> [UInt8] {
        let text = String(decoding: self, as: UTF8.self)
        let changed = text.replacing(old, with: new)
        if old != new, changed == text { Issue.record("'\(old)' does not occur in \(text)") }
        return Array(changed.utf8)
    }
}
