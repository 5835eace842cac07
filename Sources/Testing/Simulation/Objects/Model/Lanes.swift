/// Four numbers of sixteen bits in one word: states are small, for there are many of them.
struct Lanes: Hashable, Sendable {
    private var word: UInt64 = 0

    subscript(lane: Int) -> Int {
        get { Int(truncatingIfNeeded: word >> UInt64(lane * 16)) & 0xFFFF }
        set { word = word & ~(0xFFFF << UInt64(lane * 16)) | UInt64(newValue & 0xFFFF) << UInt64(lane * 16) }
    }

    /// Puts the first lanes in order. For processes that differ in nothing but what they are at: the same ones are the same state.
    mutating func sort(first count: Int) {
        for end in 1..<max(count, 1) {
            for lane in stride(from: end, to: 0, by: -1) where self[lane] < self[lane - 1] {
                (self[lane], self[lane - 1]) = (self[lane - 1], self[lane])
            }
        }
    }
}
