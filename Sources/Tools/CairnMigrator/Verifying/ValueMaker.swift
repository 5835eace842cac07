import CairnCore
import CairnSchema

/// Makes values of a column that is no reference.
struct ValueMaker {
    private let column: Column
    /// What the column becomes, when its values shall fit that too.
    private let later: Column?
    /// What is made from its values alone.
    private let conversion: (conversion: Conversion, column: Column)?
    private let cases: [String]?
    private let patterns: [(text: PatternText, check: RegularExpression)]
    /// The smallest and the largest value that the rules name.
    private let edges: [Value]

    init(_ column: Column, later: Column?, madeFrom conversion: (conversion: Conversion, column: Column)?) {
        self.column = column
        self.later = later
        self.conversion = conversion
        let enums = [column, later].compactMap { column -> [String]? in
            if case .enumeration(let values)? = column?.type { return values }
            return nil
        }
        cases = enums.first.map { first in first.filter { value in enums.allSatisfy { $0.contains(value) } } }
        let rules = [column.rules] + [later?.rules].compactMap { $0 }
        patterns = rules.compactMap(\.pattern).compactMap { pattern in
            guard let text = PatternText(pattern), let check = try? RegularExpression(pattern) else { return nil }
            return (text, check)
        }
        edges = rules.flatMap { [$0.minimum, $0.maximum] }.compactMap { $0 }
    }

    /// How often it is tried.
    private static let attempts = 200

    /// A value; nil when none was found that keeps all rules.
    func make(_ random: inout SeededGenerator) -> Value? {
        let mayBeNull = column.isNullable && later?.isNullable ?? true
        if mayBeNull, random.chance(20) { return .null }
        for _ in 0..<ValueMaker.attempts {
            let value = hint(&random) ?? candidate(&random)
            if fits(value) { return value }
        }
        return mayBeNull ? .null : nil
    }

    private func fits(_ value: Value) -> Bool {
        guard column.valueType.holds(value), ColumnCheck.brokenRule(value, column.rules) == nil else { return false }
        guard let later else { return true }
        guard let value = ValueConversion.exact(value, as: later.valueType) else { return false }
        return ColumnCheck.brokenRule(value, later.rules) == nil
    }

    /// A value that becomes one of another type, which few values may do.
    private func hint(_ random: inout SeededGenerator) -> Value? {
        if let names = conversion?.conversion.values?.members.map(\.name), random.chance(80) {
            return names.randomElement(using: &random).flatMap {
                ValueConversion.closest(.string($0), as: column.valueType)
            }
        }
        guard let wanted = conversion?.column ?? later, wanted.valueType != column.valueType, random.chance(80) else {
            return nil
        }
        let value: Value? =
            if case .enumeration(let values) = wanted.type {
                values.randomElement(using: &random).map(Value.string)
            } else {
                ValueMaker.plain(wanted.valueType, edges: edges, &random)
            }
        return value.flatMap { ValueConversion.exact($0, as: column.valueType) }
    }

    private func candidate(_ random: inout SeededGenerator) -> Value {
        if let cases { return cases.randomElement(using: &random).map(Value.string) ?? .null }
        if column.valueType == .string { return .string(text(&random)) }
        if let edge = edges.randomElement(using: &random), random.chance(20) { return edge }
        switch column.valueType {
        case .bytes: return .bytes((0..<length(&random)).map { _ in UInt8.random(in: .min ... .max, using: &random) })
        case .array(let element):
            return .array((0..<length(&random)).map { _ in ValueMaker.plain(element, edges: [], &random) })
        default: return ValueMaker.plain(column.valueType, edges: edges, &random)
        }
    }

    // MARK: Texts

    private func text(_ random: inout SeededGenerator) -> String {
        guard let pattern = patterns.randomElement(using: &random) else {
            return ValueMaker.text(length(&random), &random)
        }
        var text = pattern.text.make(&random)
        // What a pattern leaves open may have to be longer.
        let missing = (leastLength ?? 0) - text.unicodeScalars.count
        if missing > 0 {
            let longer = text + String(repeating: "a", count: missing)
            text = pattern.check.isFound(in: longer) ? longer : text
        }
        return text
    }

    /// The length that is asked for, as far as values are made as long: those of a longer one do not fit, which is said.
    private var leastLength: Int? {
        [column.rules.minimumLength, later?.rules.minimumLength].compactMap { $0 }.max().map {
            min($0, ValueMaker.longest)
        }
    }

    private static let longest = 10_000

    private func length(_ random: inout SeededGenerator) -> Int {
        let least = leastLength ?? 0
        let most = [column.rules.maximumLength, later?.rules.maximumLength].compactMap { $0 }.min() ?? least + 12
        guard least < most else { return least }
        if random.chance(10) { return min(most, 4000) }
        return Int.random(in: least...min(most, least + 12), using: &random)
    }

    private static func text(_ length: Int, _ random: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        let letters: [Unicode.Scalar] = ["a", "b", "e", "n", "r", "t", "X", "7", " ", "é", "ß", "漢", "😀"]
        for _ in 0..<length { text.append(letters.randomElement(using: &random) ?? "a") }
        return String(text)
    }

    // MARK: Other types

    /// A value of a type, near what its rules name.
    private static func plain(_ type: ValueType, edges: [Value], _ random: inout SeededGenerator) -> Value {
        switch type {
        case .string: return .string(text(Int.random(in: 0...8, using: &random), &random))
        case .int: return .int(Int(number(edges, &random).rounded()))
        case .double: return .double((number(edges, &random) * 4).rounded() / 4)
        case .decimal:
            let cents = Int128((number(edges, &random) * 100).rounded())
            return DecimalNumber(coefficient: cents, scale: 2).map(Value.decimal) ?? .null
        case .bool: return .bool(Bool.random(using: &random))
        case .uuid:
            let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            return UUID(bytes: bytes).map(Value.uuid) ?? .null
        case .bytes: return .bytes((0..<4).map { _ in UInt8.random(in: .min ... .max, using: &random) })
        case .timestamp:
            let base: Int64 =
                edges.lazy.compactMap { if case .timestamp(let time) = $0 { time.microseconds } else { nil } }
                .first ?? 1_767_225_600_000_000
            let offset = Int64.random(in: -100_000_000_000...100_000_000_000, using: &random)
            return Timestamp(microseconds: base + offset).map(Value.timestamp) ?? .null
        case .date:
            let base = edges.lazy.compactMap { if case .date(let day) = $0 { day.daysSinceEpoch } else { nil } }.first
            let days = (base ?? 20_000) + Int.random(in: -400...400, using: &random)
            return CalendarDate(daysSinceEpoch: days).map(Value.date) ?? .null
        case .json:
            let values: [JSONValue] = [true, 1, "a", [1, "b"], ["a": 1, "b": ["c": .null]]]
            return .json(values.randomElement(using: &random) ?? .null)
        case .array: return .array([])
        }
    }

    /// A number between two edges, or near one; small where there is none.
    private static func number(_ edges: [Value], _ random: inout SeededGenerator) -> Double {
        let numbers = edges.compactMap(\.number)
        let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 0)
        let number =
            low < high && random.chance(60)
            ? Double.random(in: max(low, -1e15)...max(min(high, 1e15), max(low, -1e15)), using: &random)
            : (numbers.randomElement(using: &random) ?? 0) + Double.random(in: -1000...1000, using: &random)
        return min(max(number, -1e15), 1e15)
    }
}

extension Value {
    /// The number it is, roughly.
    fileprivate var number: Double? {
        switch self {
        case .int(let int): Double(int)
        case .double(let double): double
        case .decimal(let decimal): Double(decimal.description)
        default: nil
        }
    }
}
