/// Random numbers that are the same for the same seed, on every machine and with every compiler: SplitMix64 (Steele, Lea,
/// Flood 2014). The standard library's `random(in:using:)` may change what it makes of a generator; nothing here uses it.
package struct SeededRandom: Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed &* 0xD134_2543_DE82_EF95 &+ 0x2545_F491_4F6C_DD1D
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// A number from 0, below `bound`; 0 when that is not positive.
    package mutating func below(_ bound: Int) -> Int {
        guard bound > 0 else { return 0 }
        return Int(UInt64(bound).multipliedFullWidth(by: next()).high)
    }

    /// A number of a range.
    package mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// True that often of a hundred times.
    package mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// One of several; nil of none.
    package mutating func pick<T>(_ choices: [T]) -> T? { choices.isEmpty ? nil : choices[below(choices.count)] }

    /// One of several; `fallback` of none.
    package mutating func pick<T>(_ choices: [T], else fallback: T) -> T { pick(choices) ?? fallback }

    /// The place of one of several weights, each as likely as it is heavy.
    package mutating func weighted(_ weights: [Int]) -> Int {
        var rest = below(weights.reduce(0, +))
        for (place, weight) in weights.enumerated() {
            if rest < weight { return place }
            rest -= weight
        }
        return 0
    }

    /// The same elements in another order (Fisher and Yates).
    package mutating func shuffled<T>(_ elements: [T]) -> [T] {
        var shuffled = elements
        for place in shuffled.indices.dropFirst().reversed() { shuffled.swapAt(place, below(place + 1)) }
        return shuffled
    }
}
