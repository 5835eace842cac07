import CairnSchema

/// Random values that are the same for the same seed, so that a failure can be repeated.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }

    /// Text of characters that have caught others out.
    mutating func text(_ length: Int) -> String {
        let alphabet: [Unicode.Scalar] = [
            "\0", "\u{1}", "%", "_", "\\", "/", ".", "a", "b", "A", "é", "e", "\u{301}", "\u{7F}", "\u{80}", "\u{FFFD}",
            "😀", "\u{10FFFF}",
        ]
        var text = ""
        for _ in 0..<length { text.unicodeScalars.append(alphabet[number(0..<alphabet.count)]) }
        return text
    }

    /// A value from anywhere in a type's range.
    mutating func value(of type: ValueType) -> Value {
        switch type {
        case .bool: return .bool(number(0..<2) == 0)
        case .int: return .int(number(0..<3) == 0 ? number(-3..<4) : Int(truncatingIfNeeded: next()))
        case .double:
            let double = Double(bitPattern: next())
            return .double(double.isFinite && double != 0 ? double : 0)
        case .string: return .string(text(number(0..<7)))
        case .bytes: return .bytes((0..<number(0..<7)).map { _ in [0, 1, 0xFE, 0xFF][number(0..<4)] })
        case .uuid:
            return .uuid(UUID(bytes: (0..<16).map { _ in UInt8(truncatingIfNeeded: next()) }) ?? UUID.version7())
        case .timestamp:
            return .timestamp(
                Timestamp(microseconds: Int64(number(-62_135_596_800_000_000..<253_402_300_799_999_999))) ?? .epoch)
        case .date: return .date(CalendarDate(daysSinceEpoch: number(-719_162..<2_932_896)) ?? .min)
        case .decimal: return .decimal(decimal(digits: number(1..<38)))
        case .json, .array: return .null
        }
    }

    /// A value from few, so that equal ones and common beginnings are frequent.
    mutating func smallValue(of type: ValueType) -> Value {
        switch type {
        case .int: .int(number(-1..<2))
        case .double: .double(Double(number(-1..<2)))
        case .string: .string(text(number(0..<3)))
        case .bytes: .bytes((0..<number(0..<3)).map { _ in number(0..<2) == 0 ? 0 : 0xFF })
        case .decimal: .decimal(decimal(digits: number(1..<3)))
        case .date: .date(CalendarDate(daysSinceEpoch: number(-1..<2)) ?? .min)
        case .timestamp: .timestamp(Timestamp(microseconds: Int64(number(-1..<2))) ?? .epoch)
        default: value(of: type)
        }
    }

    private mutating func decimal(digits: Int) -> DecimalNumber {
        let text = (0..<digits).map { _ in String(number(0..<10)) }.joined()
        let point = number(0..<digits + 1)
        let whole = point == 0 ? "0" : String(text.prefix(point))
        let fraction = point < digits ? "." + text.dropFirst(point) : ""
        return DecimalNumber((number(0..<2) == 0 ? "-" : "") + whole + fraction) ?? .zero
    }
}
