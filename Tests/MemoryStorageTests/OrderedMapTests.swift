import CairnCore
import Testing

@testable import MemoryStorage

@Suite("The ordered map")
struct OrderedMapTests {
    /// A map beside a dictionary that must always hold the same.
    private struct Pair {
        var map = OrderedMap<Int>()
        var model: [[UInt8]: Int] = [:]

        mutating func set(_ key: [UInt8], _ value: Int) -> Bool {
            map.set(key, value) == model.updateValue(value, forKey: key)
        }
        mutating func remove(_ key: [UInt8]) -> Bool { map.remove(key) == model.removeValue(forKey: key) }

        /// The keys between two, both ways.
        func isSame(from lower: [UInt8]?, to upper: [UInt8]?) -> Bool {
            let wanted = model.keys.filter { key in
                (lower.map { !KeyBytes.isLess(key, $0) } ?? true) && (upper.map { KeyBytes.isLess(key, $0) } ?? true)
            }.sorted { KeyBytes.isLess($0, $1) }
            var forwards: [[UInt8]] = []
            var cursor = OrderedMap.Cursor(map, before: lower)
            while let (key, value) = cursor.next(), upper.map({ KeyBytes.isLess(key, $0) }) ?? true {
                guard model[key] == value else { return false }
                forwards.append(key)
            }
            var backwards: [[UInt8]] = []
            cursor = OrderedMap.Cursor(map, after: upper)
            while let (key, _) = cursor.previous(), lower.map({ !KeyBytes.isLess(key, $0) }) ?? true {
                backwards.append(key)
            }
            return forwards == wanted && backwards == wanted.reversed() && map.count == model.count
        }
    }

    private func key(_ number: Int, _ length: Int) -> [UInt8] {
        // Long common beginnings, and keys that begin with others.
        Array("prefix".utf8.prefix(length)) + Array(String(number, radix: 4).utf8)
    }

    @Test(
        "Random writes and removals hold what a dictionary holds, in order, from any place, both ways",
        arguments: 0..<20 as Range<UInt64>)
    func random(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var pair = Pair()
        var snapshots: [Pair] = []
        let span = [20, 300, 3000][Int(seed % 3)]
        for step in 0..<4000 {
            let key = key(Int(random.next() % UInt64(span)), Int(seed % 7))
            // Phases that mostly grow and mostly shrink, so that nodes split and merge.
            let isGrowing = (step / 500).isMultiple(of: 2)
            let writes = random.next() % 10 < (isGrowing ? 8 : 2)
            let isRight = writes ? pair.set(key, step) : pair.remove(key)
            #expect(isRight, "seed \(seed), step \(step)")
            if step % 700 == 350 { snapshots.append(pair) }
        }
        for pair in snapshots + [pair] {
            #expect(pair.isSame(from: nil, to: nil), "seed \(seed)")
            for _ in 0..<10 {
                let bounds = [
                    key(Int(random.next() % UInt64(span)), Int(seed % 7)),
                    key(Int(random.next() % UInt64(span)), Int(seed % 7)),
                ]
                .sorted { KeyBytes.isLess($0, $1) }
                #expect(pair.isSame(from: bounds[0], to: bounds[1]), "seed \(seed)")
                #expect(pair.isSame(from: bounds[0], to: nil), "seed \(seed)")
                #expect(pair.isSame(from: nil, to: bounds[1]), "seed \(seed)")
            }
        }
    }

    @Test("Keys in ascending and descending order are all there, and all go", arguments: [true, false])
    func sequential(_ isAscending: Bool) {
        var pair = Pair()
        let numbers = isAscending ? Array(0..<5000) : (0..<5000).reversed()
        for number in numbers { _ = pair.set([UInt8(number >> 8), UInt8(number & 255)], number) }
        #expect(pair.isSame(from: nil, to: nil))
        for number in numbers { _ = pair.remove([UInt8(number >> 8), UInt8(number & 255)]) }
        #expect(pair.map.count == 0)
        #expect(pair.isSame(from: nil, to: nil))
        _ = pair.set([1], 1)
        #expect(pair.isSame(from: nil, to: nil))
    }

    @Test("How many entries lie between two keys is guessed well, and exactly where they are few")
    func estimatedCounts() {
        var map = OrderedMap<Int>()
        func key(_ number: Int) -> [UInt8] {
            [UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
        }
        #expect(map.estimatedCount(from: [], to: nil) == 0)
        for number in 0..<40 { _ = map.set(key(number), number) }
        for lower in 0..<40 {
            for upper in lower..<40 { #expect(map.estimatedCount(from: key(lower), to: key(upper)) == upper - lower) }
            #expect(map.estimatedCount(from: key(lower), to: nil) == 40 - lower)
        }
        for number in (40..<20_000).shuffled() { _ = map.set(key(number), number) }
        for (lower, upper) in [(0, 19_999), (0, 20_000), (100, 300), (5_000, 15_000), (9_000, 9_500), (19_000, 19_999)]
        {
            let guess = map.estimatedCount(from: key(lower), to: key(upper))
            #expect((upper - lower) / 3...(upper - lower) * 3 ~= guess, "\(lower)..<\(upper): \(guess)")
        }
        #expect(map.estimatedCount(from: key(7_000), to: key(7_000)) == 0)
        #expect(map.estimatedCount(from: key(19_999) + [1], to: nil) == 0)
    }

    @Test("A cursor sees the map as it was when it was made")
    func cursorView() {
        var map = OrderedMap<Int>()
        for number in 0..<200 { map.set([UInt8(number)], number) }
        var cursor = OrderedMap.Cursor(map, before: nil)
        _ = cursor.next()
        for number in 0..<200 { map.remove([UInt8(number)]) }
        var seen = 1
        while cursor.next() != nil { seen += 1 }
        #expect(seen == 200)
    }

    @Test("An empty map has no first and no last entry")
    func empty() {
        let map = OrderedMap<Int>()
        var cursor = OrderedMap.Cursor(map, before: nil)
        #expect(cursor.next() == nil)
        #expect(cursor.previous() == nil)
        #expect(map.get([]) == nil)
    }
}

/// Random numbers that are the same for the same seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
