import CairnCore

/// Values that have caught others out, by type.
enum EdgeValues {
    /// A value of a type: often a known edge, else random.
    static func make(_ type: ValueType, _ random: inout SeededRandom) -> Value {
        switch type {
        case .string: .string(text(&random))
        case .int: .int(int(&random))
        case .double: .double(double(&random))
        case .bool: .bool(random.chance(50))
        case .uuid: .uuid(uuid(&random))
        case .bytes: .bytes(bytes(&random))
        case .timestamp: .timestamp(timestamp(&random))
        case .date: .date(date(&random))
        case .decimal: .decimal(decimal(&random))
        case .json: .json(json(&random, depth: 0))
        case .array(let element): .array((0..<random.weighted([3, 4, 3, 1])).map { _ in make(element, &random) })
        }
    }

    // MARK: Text

    /// Pieces of texts: wildcards, escapes, NUL, letters whose case folds in unusual ways, composed and decomposed letters,
    /// the neighbours of the surrogates and the ends of planes, where UTF-16 sorts otherwise than UTF-8.
    private static let pieces: [String] = [
        "a", "A", "b", "ab", "aa", "%", "_", "\\", "\\%", "\0", " ", "/", ".", "'", "\"", "0", "9", "10", "i", "I",
        "\u{130}", "\u{131}", "k", "K", "\u{212A}", "s", "S", "\u{17F}", "\u{DF}", "\u{1E9E}", "ss", "\u{3C3}",
        "\u{3C2}", "\u{3A3}", "\u{E9}", "e\u{301}", "\u{301}", "\u{C9}", "\u{2126}", "\u{3C9}", "\u{7F}", "\u{80}",
        "\u{D7FF}", "\u{E000}", "\u{FFFD}", "\u{FFFF}", "\u{10000}", "\u{10400}", "\u{10428}", "\u{1F600}",
        "\u{10FFFF}", "\u{1C5}", "\u{1C4}", "\u{1C6}", "\u{390}", "\u{1FD3}",
    ]

    static func text(_ random: inout SeededRandom) -> String {
        if random.chance(1) { return String(repeating: "x", count: random.pick([199, 200, 201, 4000], else: 200)) }
        var text = ""
        for _ in 0..<random.weighted([1, 5, 4, 2, 1]) { text += random.pick(pieces, else: "a") }
        return text
    }

    /// Letters that differ by case, in one way of counting or another: simple folding, full folding, Turkish.
    private static let families: [[Unicode.Scalar]] = [
        ["a", "A"], ["b", "B"], ["e", "E"], ["x", "X"], ["i", "I", "\u{130}", "\u{131}"], ["k", "K", "\u{212A}"],
        ["s", "S", "\u{17F}"], ["\u{DF}", "\u{1E9E}"], ["\u{3C3}", "\u{3C2}", "\u{3A3}"], ["\u{E9}", "\u{C9}"],
        ["\u{2126}", "\u{3C9}", "\u{3A9}"], ["\u{10400}", "\u{10428}"], ["\u{1C5}", "\u{1C4}", "\u{1C6}"],
        ["\u{390}", "\u{1FD3}"],
    ]

    /// A text with some letters in another case.
    static func inOtherCase(_ text: String, _ random: inout SeededRandom) -> String {
        var changed = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let family = families.first { $0.contains(scalar) } ?? [scalar]
            changed.append(random.chance(60) ? random.pick(family, else: scalar) : scalar)
        }
        return String(changed)
    }

    /// A pattern that has to do with a text.
    static func pattern(_ text: String, _ random: inout SeededRandom) -> String {
        var pattern = ""
        for scalar in text.unicodeScalars.prefix(12) {
            switch random.below(10) {
            case 0: pattern += "%"
            case 1: pattern += "_"
            case 2: pattern += "\\" + String(scalar)
            case 3: break
            default: pattern += "%_\\".unicodeScalars.contains(scalar) ? "\\" + String(scalar) : String(scalar)
            }
        }
        return random.chance(30) ? pattern + "%" : pattern
    }

    /// A regular expression that has to do with a text; now and then one that cannot be read.
    static func regularExpression(_ text: String, _ random: inout SeededRandom) -> String {
        var pattern = random.chance(20) ? "^" : ""
        for scalar in text.unicodeScalars.prefix(8) {
            let plain = "\\^$.|?*+()[]{}".unicodeScalars.contains(scalar) ? "\\" + String(scalar) : String(scalar)
            let atom =
                switch random.below(12) {
                case 0: "."
                case 1: "\\w"
                case 2: "[^\\d]"
                case 3: "[\\u{\(String(scalar.value, radix: 16))}-\\u{10FFFF}x]"
                case 4: "(\(plain)|ab?)"
                case 5: "(?:\(plain)*)"
                case 6: "\\S"
                case 7: ""
                default: plain
                }
            let sign = random.pick(["", "", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"], else: "")
            pattern += atom.isEmpty ? "" : atom + sign
            if random.chance(8) { pattern += random.pick(["|", "\\b", "\\B", "()", "$"], else: "|") }
        }
        if random.chance(15) { pattern += "$" }
        return random.chance(2) ? pattern + random.pick(["(", "[", "\\", "a**", "\\1", "(?=a)"], else: "(") : pattern
    }

    /// A part of a text, cut between scalars.
    static func part(_ text: String, _ random: inout SeededRandom) -> String {
        let scalars = Array(text.unicodeScalars)
        let start = random.below(scalars.count + 1)
        let end = start + random.below(scalars.count - start + 1)
        var part = String.UnicodeScalarView()
        part.append(contentsOf: scalars[start..<end])
        return String(part)
    }

    // MARK: Numbers

    private static let ints = [
        0, 1, -1, 2, 5, -5, 10, 100, 255, 256, -256, 65_536, .max, .min, .max - 1, .min + 1, 9_007_199_254_740_993,
        -9_007_199_254_740_993,
    ]

    private static func int(_ random: inout SeededRandom) -> Int {
        random.chance(80) ? random.pick(ints, else: 0) : Int(truncatingIfNeeded: random.next())
    }

    private static let doubles: [Double] = [
        0, -0.0, 1, -1, 0.5, 0.1, 0.1.nextUp, -0.1, 1.5, 3, 1e300, -1e300, 9_007_199_254_740_992, 1e15, 1e17, 1e-7,
        .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
        .leastNormalMagnitude, 9_223_372_036_854_775_808,
    ]

    private static func double(_ random: inout SeededRandom) -> Double {
        if random.chance(85) { return random.pick(doubles, else: 0) }
        let double = Double(bitPattern: random.next())
        return double.isFinite ? double : 7
    }

    private static let decimals: [DecimalNumber] = [
        "0", "1", "-1", "1.5", "1.50", "1.05", "-1.5", "0.5", "0.05", "10", "9.99", "99.9", "100", "1e3", "12.00",
        "99999999999999999999999999999999999999", "-99999999999999999999999999999999999999",
        "0.00000000000000000000000000000000000001", "-0.00000000000000000000000000000000000001",
        "1.0000000000000000000000000000000000001", "-0.5", "9223372036854775808", "0.10", "0.1",
    ].compactMap { DecimalNumber($0) }

    private static func decimal(_ random: inout SeededRandom) -> DecimalNumber {
        if random.chance(80) { return random.pick(decimals, else: .zero) }
        let digits = String(random.below(1_000_000))
        return DecimalNumber("-\(digits).\(random.below(1000))") ?? .zero
    }

    // MARK: Times

    private static let timestamps: [Timestamp] =
        [.min, .max, .epoch]
        + [
            "1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00.000001Z", "2000-02-29T12:00:00Z",
            "2026-12-31T23:59:59.999999Z", "2027-01-01T00:00:00Z", "1900-01-01T00:00:00Z",
        ].compactMap { Timestamp($0) }

    private static func timestamp(_ random: inout SeededRandom) -> Timestamp {
        if random.chance(80) { return random.pick(timestamps, else: .epoch) }
        return Timestamp(microseconds: Int64(random.number(-4_000_000_000_000_000...4_000_000_000_000_000))) ?? .epoch
    }

    private static let dates: [CalendarDate] =
        [.min, .max]
        + ["1969-12-31", "1970-01-01", "2000-02-29", "2024-12-31", "2025-01-01", "1900-02-28"].compactMap {
            CalendarDate($0)
        }

    private static func date(_ random: inout SeededRandom) -> CalendarDate {
        if random.chance(80) { return random.pick(dates, else: .min) }
        return CalendarDate(daysSinceEpoch: random.number(-100_000...100_000)) ?? .min
    }

    // MARK: Bytes

    private static func bytes(_ random: inout SeededRandom) -> [UInt8] {
        if random.chance(2) { return [UInt8](repeating: 0xAB, count: random.pick([100, 101, 3000], else: 100)) }
        return (0..<random.weighted([2, 4, 3, 1])).map { _ in random.pick([0, 0, 1, 65, 127, 128, 254, 255], else: 0) }
    }

    private static func uuid(_ random: inout SeededRandom) -> UUID {
        let fixed = [
            "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001",
            "7fffffff-ffff-ffff-ffff-ffffffffffff", "80000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ]
        if random.chance(40), let uuid = UUID(uuidString: random.pick(fixed, else: "")) { return uuid }
        func word() -> (UInt8, UInt8, UInt8, UInt8) {
            let word = random.next()
            return (
                UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8),
                UInt8(truncatingIfNeeded: word >> 16), UInt8(truncatingIfNeeded: word >> 24)
            )
        }
        let (a, b, c, d) = (word(), word(), word(), word())
        return UUID(uuid: (a.0, a.1, a.2, a.3, b.0, b.1, b.2, b.3, c.0, c.1, c.2, c.3, d.0, d.1, d.2, d.3))
    }

    // MARK: JSON

    private static func json(_ random: inout SeededRandom, depth: Int) -> JSONValue {
        switch random.weighted([2, 2, 3, 3, 3, depth < 3 ? 2 : 0, depth < 3 ? 2 : 0]) {
        case 0: return .null
        case 1: return .bool(random.chance(50))
        case 2: return .int(int(&random))
        case 3: return .double(double(&random))
        case 4: return .string(text(&random))
        case 5: return .array((0..<random.below(3)).map { _ in json(&random, depth: depth + 1) })
        default:
            let names = random.shuffled(["a", "b", "B", "", "\u{E9}", "e\u{301}"])
            return .object(
                JSONObject(
                    names.prefix(random.below(4)).map { .init(name: $0, value: json(&random, depth: depth + 1)) }))
        }
    }
}
