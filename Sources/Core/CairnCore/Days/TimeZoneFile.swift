import CairnSchema

/// The rules of a time zone, as the files of the IANA database hold them (RFC 8536, "TZif").
///
/// Transitions first, then a rule for all time after the last of them: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct TimeZoneFile: Sendable, Hashable {
    /// When the distance from UTC changes, in seconds from 1970, in order; and what it is from then on.
    private var transitions: [(time: Int, offset: Int)] = []
    /// The distance before the first of them.
    private var first = 0
    private var rule: TimeZoneRule?

    static func == (left: TimeZoneFile, right: TimeZoneFile) -> Bool {
        left.first == right.first && left.rule == right.rule && left.transitions.count == right.transitions.count
            && zip(left.transitions, right.transitions).allSatisfy { $0 == $1 }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(first)
        hasher.combine(rule)
        hasher.combine(transitions.count)
    }

    /// A zone at a fixed distance from UTC, in seconds.
    init(offset: Int) {
        first = offset
    }

    /// Reads a file; nil when it is none.
    init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes)
        guard let header = reader.header() else { return nil }
        var counts = header.counts
        var width = 4
        if header.version >= UInt8(ascii: "2") {
            // The first block is for readers of 32 bits.
            reader.place += counts.blockSize(width: 4)
            guard let second = reader.header() else { return nil }
            counts = second.counts
            width = 8
        }
        guard counts.types > 0, reader.place + counts.blockSize(width: width) <= bytes.count else { return nil }
        let times = (0..<counts.times).map { _ in reader.number(width) }
        let kinds = (0..<counts.times).map { _ in reader.number(1) & 0xFF }
        var offsets: [Int] = []
        for _ in 0..<counts.types {
            offsets.append(reader.number(4))
            reader.place += 2
        }
        guard kinds.allSatisfy(offsets.indices.contains), zip(times, times.dropFirst()).allSatisfy(<),
            offsets.allSatisfy({ abs($0) <= 26 * 3600 })
        else { return nil }
        transitions = zip(times, kinds).map { ($0, offsets[$1]) }
        first = offsets[0]
        guard width == 8 else { return }
        reader.place += counts.characters + counts.leaps * 12 + counts.standard + counts.universal
        let footer = bytes[min(reader.place, bytes.count)...].dropFirst().prefix { $0 != 0x0A }
        if !footer.isEmpty {
            guard let rule = TimeZoneRule(String(decoding: footer, as: UTF8.self)) else { return nil }
            self.rule = rule
        }
    }

    /// The distance from UTC at an instant, in seconds: what is added to UTC to get the time of the place.
    func offset(at seconds: Int) -> Int {
        guard let last = transitions.last else { return rule?.offset(at: seconds) ?? first }
        if seconds >= last.time { return rule?.offset(at: seconds) ?? last.offset }
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].time <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : transitions[low - 1].offset
    }

    private struct Counts {
        let universal: Int
        let standard: Int
        let leaps: Int
        let times: Int
        let types: Int
        let characters: Int

        func blockSize(width: Int) -> Int {
            times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standard + universal
        }
    }

    /// Reads numbers, the highest byte first; zeros behind the end.
    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func number(_ width: Int) -> Int {
            var value = 0
            for index in place..<place + width {
                value = value << 8 | (index < bytes.count ? Int(bytes[index]) : 0)
            }
            place += width
            return width == 4 ? Int(Int32(truncatingIfNeeded: value)) : value
        }

        mutating func header() -> (version: UInt8, counts: Counts)? {
            guard place + 44 <= bytes.count, bytes[place...].starts(with: Array("TZif".utf8)) else { return nil }
            let version = bytes[place + 4]
            place += 20
            let numbers = (0..<6).map { _ in number(4) }
            // More than any zone has; and sums of them do not overflow.
            guard numbers.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
            return (
                version,
                Counts(
                    universal: numbers[0], standard: numbers[1], leaps: numbers[2], times: numbers[3],
                    types: numbers[4],
                    characters: numbers[5])
            )
        }
    }
}
