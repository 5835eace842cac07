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

    mutating func text() -> String {
        let alphabet: [Unicode.Scalar] = [
            "\0", "\n", "\"", "\\", "a", "Z", "0", "é", "e", "\u{301}", "日", "😀", "\u{10FFFF}", "\u{7F}", "\u{80}",
        ]
        var text = ""
        for _ in 0..<number(0..<8) { text.unicodeScalars.append(alphabet[number(0..<alphabet.count)]) }
        return text
    }

    mutating func double() -> Double {
        while true {
            let double = Double(bitPattern: next())
            if double.isFinite { return double == 0 ? 0 : double }
        }
    }

    mutating func decimal() -> DecimalNumber {
        while true {
            let digits = (0..<number(1..<38)).map { _ in String(number(0..<10)) }.joined()
            let point = number(0..<digits.utf8.count + 1)
            let text =
                "\(Bool.random(using: &self) ? "-" : "")\(point == 0 ? "0" : digits.prefix(point))\(point < digits.utf8.count ? "." + digits.dropFirst(point) : "")"
            if let decimal = DecimalNumber(text) { return decimal }
        }
    }

    mutating func json(depth: Int) -> JSONValue {
        switch number(0..<(depth > 0 ? 8 : 5)) {
        case 0: .null
        case 1: .bool(Bool.random(using: &self))
        case 2: .int(Int(truncatingIfNeeded: next()))
        case 3: .double(double())
        case 4: .string(text())
        case 5, 6: .array((0..<number(0..<4)).map { _ in json(depth: depth - 1) })
        default:
            .object(JSONObject((0..<number(0..<4)).map { _ in .init(name: text(), value: json(depth: depth - 1)) }))
        }
    }
}
