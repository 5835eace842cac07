import Simulation

/// Makes inputs: whole ones of the target, and changed ones of the corpus. The same seed and index give the same input, by
/// themselves, as long as the corpus is the same.
struct Mutator: Sendable {
    /// The most bytes of an input.
    static let maximumBytes = 1 << 16

    private let target: any FuzzTarget
    private let name: String
    private let corpus: [[UInt8]]
    private let words: [[UInt8]]

    init(_ target: any FuzzTarget, name: String, corpus: [[UInt8]]) {
        self.target = target
        self.name = name
        self.corpus = corpus.isEmpty ? [[]] : corpus
        words = (target.words + Mutator.everywhere).map { Array($0.utf8) } + Mutator.brokenText
    }

    /// The input of a seed and an index.
    func input(seed: UInt64, index: Int) -> [UInt8] {
        // FNV-1a, so that targets with the same seed do not make the same choices.
        let salt = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var random = SeededRandom(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ salt &+ UInt64(index) &* 0xD6E8_FEB8_6659_FD93)
        var bytes = base(&random)
        let isWhole = bytes.isWhole && random.chance(30)
        if !isWhole {
            // Most inputs are one or two steps away from one that is accepted: those get the farthest.
            let steps = 1 + random.weighted([40, 25, 12, 8, 5, 4, 3, 3])
            for _ in 0..<steps { change(&bytes.content, &random) }
        }
        return Array(bytes.content.prefix(Mutator.maximumBytes))
    }

    private func base(_ random: inout SeededRandom) -> (content: [UInt8], isWhole: Bool) {
        if random.chance(40), let made = target.make(&random) { return (made, true) }
        switch random.below(20) {
        case 0: return ((0..<random.below(40)).map { _ in byte(&random) }, false)
        case 1: return ((0..<random.below(8)).flatMap { _ in word(&random) }, false)
        default: return (entry(&random), false)
        }
    }

    private func entry(_ random: inout SeededRandom) -> [UInt8] { random.pick(corpus, else: []) }

    private func word(_ random: inout SeededRandom) -> [UInt8] { random.pick(words, else: []) }

    private func byte(_ random: inout SeededRandom) -> UInt8 { UInt8(truncatingIfNeeded: random.next()) }

    // MARK: Changes

    private func change(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let place = random.below(bytes.count + 1)
        switch random.weighted([8, 8, 8, 8, 6, 5, 6, 12, 8, 4, 3, 3, 1]) {
        case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8(random.below(8)) }
        case 1: if place < bytes.count { bytes[place] = byte(&random) }
        case 2: insert((0..<1 + random.below(4)).map { _ in byte(&random) }, at: place, in: &bytes)
        case 3: bytes.removeSubrange(range(from: place, in: bytes, &random))
        case 4:
            insert(Array(bytes[range(from: place, in: bytes, &random)]), at: random.below(bytes.count + 1), in: &bytes)
        case 5:
            let other = entry(&random)
            bytes = Array(bytes[..<place] + other[random.below(other.count + 1)...])
        case 6:
            let other = entry(&random)
            insert(Array(other[range(from: random.below(other.count + 1), in: other, &random)]), at: place, in: &bytes)
        case 7: insert(word(&random), at: place, in: &bytes)
        case 8: replaceNumber(near: place, in: &bytes, &random)
        case 9: repeatPart(at: place, in: &bytes, &random)
        case 10: nest(at: place, in: &bytes, &random)
        case 11: bytes.removeSubrange(place...)
        default: replacePart(at: place, in: &bytes, &random)
        }
        if bytes.count > Mutator.maximumBytes { bytes.removeSubrange(Mutator.maximumBytes...) }
    }

    private func insert(_ part: [UInt8], at place: Int, in bytes: inout [UInt8]) {
        bytes.insert(contentsOf: part.prefix(Mutator.maximumBytes), at: place)
    }

    /// A part that begins at a place: short ones more often than long ones.
    private func range(from place: Int, in bytes: [UInt8], _ random: inout SeededRandom) -> Range<Int> {
        let longest = bytes.count - place
        let length = random.chance(70) ? min(longest, 1 + random.below(16)) : random.below(longest + 1)
        return place..<place + length
    }

    /// Puts a number at an edge where one stands.
    private func replaceNumber(near place: Int, in bytes: inout [UInt8], _ random: inout SeededRandom) {
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        let number = Array(random.pick(Mutator.numbers, else: "0").utf8)
        guard let start = bytes[place...].firstIndex(where: isDigit) else {
            return insert(number, at: place, in: &bytes)
        }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: number)
    }

    /// Repeats a part a few times, seldom as often as there is room.
    private func repeatPart(at place: Int, in bytes: inout [UInt8], _ random: inout SeededRandom) {
        let part = Array(bytes[range(from: place, in: bytes, &random)])
        let room = (Mutator.maximumBytes - bytes.count) / max(1, part.count)
        let times = random.chance(8) ? room : min(room, 1 + random.below(100))
        insert(Array(repeatElement(part, count: max(0, times)).joined()), at: place, in: &bytes)
    }

    /// Puts brackets around a part, around the limit of depth or far beyond it.
    private func nest(at place: Int, in bytes: inout [UInt8], _ random: inout SeededRandom) {
        let (open, close) = random.pick(
            [("[", "]"), ("{\"a\":", "}"), ("(", ")"), ("/*", "*/"), ("!", "")], else: ("[", "]"))
        let depth = random.pick([1, 3, 90, 99, 100, 101, 120, 126, 127, 128, 129, 1000, 10_000], else: 1)
        let part = range(from: place, in: bytes, &random)
        let inner = bytes[part]
        bytes.replaceSubrange(
            part,
            with: Array(String(repeating: open, count: depth).utf8) + inner
                + Array(String(repeating: close, count: depth).utf8))
    }

    private func replacePart(at place: Int, in bytes: inout [UInt8], _ random: inout SeededRandom) {
        for index in range(from: place, in: bytes, &random) { bytes[index] = byte(&random) }
    }

    // MARK: Pieces

    private static let numbers = [
        "0", "1", "-1", "-0", "00", "9", "127", "128", "255", "256", "32767", "65535", "65536", "2147483647",
        "2147483648", "4294967295", "9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "0.1", "-0.0", "1e308", "1e309", "1e-324", "4.9e-324", "1.7976931348623157e308",
        "1e400",
        "1e-400", "1E+2", "1e9999", "1e99999999999999999999", "99999999999999999999999999999999999999",
        "100000000000000000000000000000000000000", "0.00000000000000000000000000000000000001", "123456789012345678",
        "1234567890123456789", "999999999999999.9", "86400", "86401", "1000", "1001", "9999", "10000", "NaN", "inf",
        "-inf", "0x10", "0x1p3", "+5", "1_000", "٣",
    ]

    /// Characters that look like others, join with others, fold unusually, or end a line.
    private static let everywhere = [
        "\0", "\n", "\r\n", "\t", " ", "\u{1B}[2J", "\u{7F}", "\u{85}", "\u{2028}", "\u{202E}", "\u{FEFF}", "\u{301}",
        "é", "e\u{301}", "\u{212A}", "\u{37E}", "\u{1FEF}", "ſ", "\u{130}", "ß", "😀", "👩‍👩‍👧", "\u{FFFD}", "\u{10FFFF}",
        "\u{E000}",
        "\"", "'", "\\", "\\u0000", "\\ud800", "\\udc00", "\\ud83d\\ude00", "%", "%00", "%2F", "%ff", "$", "${", "}",
        "{", "[",
        "]", ":", ",", "/", "//", "/*", "*/", "=", "-", "--", "_", ".", "..", "?", "&", "#", "null", "true", "false",
    ]

    /// Bytes that are no UTF-8: a lone continuation, cut sequences, overlong forms, surrogates, beyond the last plane.
    private static let brokenText: [[UInt8]] = [
        [0x80], [0xBF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80],
        [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8], [0xFF],
        [0xFE, 0xFF], [0xFF, 0xFE],
    ]
}
