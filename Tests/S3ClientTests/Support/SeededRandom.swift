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

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// One of `choices`.
    mutating func one<Choice>(of choices: [Choice]) -> Choice { choices[number(0..<choices.count)] }

    /// A key of characters that have caught others out, none of them a control character.
    mutating func key(_ length: Int) -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "Z", "0", "/", " ", "+", "%", "=", "&", "<", ">", "\"", "'", "~", "*", "?", "#", ";", ":", ".", "-",
            "_", "é", "e", "\u{301}", "日", "\u{FFFD}", "\u{10FFFF}", "🦆", "]",
        ]
        var text = ""
        for _ in 0..<length { text.unicodeScalars.append(one(of: alphabet)) }
        return text
    }

    /// Bytes near to `text`: some changed, removed, repeated or inserted.
    mutating func mutation(of text: [UInt8]) -> [UInt8] {
        var bytes = text
        for _ in 0..<number(1..<6) {
            guard !bytes.isEmpty else { return self.bytes(4) }
            let place = number(0..<bytes.count)
            switch number(0..<5) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(one(of: Array("<>&;'\"[]!?-/=#%:\n\0\u{7F}".utf8)), at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + number(1..<12)))
            default:
                let end = min(bytes.count, place + number(1..<12))
                bytes.insert(contentsOf: bytes[place..<end], at: number(0..<bytes.count))
            }
        }
        return bytes
    }
}
