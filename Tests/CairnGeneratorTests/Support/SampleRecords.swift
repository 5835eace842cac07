import CairnCore
import CairnSchema
import Foundation

/// Makes records for any schema, the same for the same seed: nulls, defaults, empty and extreme values among them.
struct SampleRecords {
    private var random: SeededNumbers
    /// The keys of the records that were stored, by table.
    private(set) var keys: [String: [Key]] = [:]

    init(seed: UInt64) {
        random = SeededNumbers(state: seed)
    }

    /// Tables so that those come first that others refer to, where there is no circle.
    static func order(of schema: Schema) -> [Table] {
        var ordered: [Table] = []
        var rest = schema.tables
        while !rest.isEmpty {
            let free = rest.firstIndex { table in
                table.columns.allSatisfy { column in
                    guard let target = column.referencedTable, target != table.name, !column.isNullable else {
                        return true
                    }
                    return ordered.contains { $0.name == target }
                }
            }
            ordered.append(rest.remove(at: free ?? 0))
        }
        return ordered
    }

    mutating func keep(_ record: Record) {
        keys[record.table.name, default: []].append(record.key)
    }

    /// A record; nil when it would have to refer to a table without records.
    mutating func record(of table: Table) throws -> Record? {
        var values: [CairnSchema.Value] = []
        for column in table.columns {
            guard let value = try value(of: column, in: table) else { return nil }
            values.append(value)
        }
        return Record(table, values: values)
    }

    private mutating func value(of column: Column, in table: Table) throws -> CairnSchema.Value? {
        if let target = column.referencedTable {
            if column.isNullable, random.next(below: 3) == 0 { return .null }
            let targets = keys[target] ?? []
            if targets.isEmpty { return column.isNullable ? .null : nil }
            return targets[random.next(below: targets.count)].first
        }
        if column.isNullable, random.next(below: 3) == 0 { return .null }
        if column.defaultValue != nil, !table.isKey(column.position), random.next(below: 4) == 0 {
            return try column.valueWhenMissing(in: table)
        }
        if case .enumeration(let texts) = column.type { return .string(texts[random.next(below: texts.count)]) }
        let bounds = [column.rules.minimum, column.rules.maximum].compactMap { $0 }
        if !bounds.isEmpty {
            if column.valueType == .int, case .int(let least)? = column.rules.minimum {
                return .int(least + random.next(below: 100))
            }
            return bounds[random.next(below: bounds.count)]
        }
        let least = column.rules.minimumLength ?? 0
        return value(of: column.valueType, length: least...min(column.rules.maximumLength ?? 6, least + 6))
    }

    private mutating func value(of type: ValueType, length: ClosedRange<Int>) -> CairnSchema.Value {
        let count = length.lowerBound + random.next(below: length.count)
        switch type {
        case .string: return .string(text(count))
        case .int:
            return .int([Int.min, -1, 0, 1, Int.max, Int(truncatingIfNeeded: random.next())][random.next(below: 6)])
        case .double:
            let double = Double(bitPattern: random.next())
            return .double(double.isFinite && double != 0 ? double : 0.1)
        case .bool: return .bool(random.next(below: 2) == 0)
        case .uuid: return .uuid(UUID.version7())
        case .bytes: return .bytes((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case .timestamp:
            return .timestamp(Timestamp(microseconds: Int64(random.next(below: 4_000_000_000_000_000))) ?? .epoch)
        case .date: return .date(CalendarDate(daysSinceEpoch: random.next(below: 700_000) - 350_000) ?? .min)
        case .decimal:
            return .decimal(
                DecimalNumber("\(random.next(below: 2_000_000) - 1_000_000).\(random.next(below: 99))") ?? .zero)
        case .json: return .json(json())
        case .array(let element): return .array((0..<count).map { _ in value(of: element, length: 0...6) })
        }
    }

    private mutating func json() -> JSONValue {
        [
            ["a\"b": [1, 2.5, .null, true], "": [:]], [], "text", 0, false, -1.5e-9, ["\n", "\u{2028}"],
        ][random.next(below: 7)]
    }

    private mutating func text(_ count: Int) -> String {
        let alphabet: [Unicode.Scalar] = ["\0", "%", "\\", "\"", "a", "B", "é", "\u{301}", "\u{7F}", "\u{2028}", "😀"]
        var text = ""
        for _ in 0..<count { text.unicodeScalars.append(alphabet[random.next(below: alphabet.count)]) }
        return text
    }
}

/// Numbers that look random and are the same for the same beginning (SplitMix64).
struct SeededNumbers {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
