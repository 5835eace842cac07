import Cairn

/// The rows of the benchmarks, the same in every run.
struct Rows {
    let items: [Item]

    init(count: Int) {
        var random = SplitMix(seed: 7)
        items = (0..<count).map { index in
            Item(
                id: Item.ID(Rows.id(index)), title: random.text(), author: random.text(), city: random.text(),
                note: random.text(), quantity: Int(random.next() % 1000), rank: index * 7919 % count,
                price: Double(random.next() % 100_000) / 100, isOpen: random.next().isMultiple(of: 2),
                seenAt: Timestamp(microseconds: Int64(random.next() % 1_700_000_000_000_000)) ?? .epoch)
        }
    }

    /// A UUID in its text form, in the order of the index as version 7 gives them.
    private static func id(_ index: Int) -> String {
        let digits = String(index, radix: 16)
        let padded = String(repeating: "0", count: 8 - digits.count) + digits
        return "0198f3c2-\(padded.prefix(4))-7\(padded.suffix(3))-8000-0000\(padded)"
    }

    /// Keys in an order that has nothing to do with theirs.
    func shuffledIDs(_ count: Int) -> [Item.ID] {
        (0..<count).map { items[$0 * 7907 % items.count].id }
    }
}

/// A small random generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// Twenty letters.
    mutating func text() -> String {
        var bytes: [UInt8] = []
        for _ in 0..<20 { bytes.append(UInt8(ascii: "a") + UInt8(next() % 26)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
