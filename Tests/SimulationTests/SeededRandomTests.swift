import Testing

@testable import Simulation

@Suite("Seeded random numbers")
struct SeededRandomTests {
    @Test("The same seed gives the same numbers, on every machine")
    func same() {
        var random = SeededRandom(seed: 1)
        var other = SeededRandom(seed: 1)
        #expect((0..<100).allSatisfy { _ in random.next() == other.next() })
    }

    @Test("Numbers stay within their bounds and reach both ends")
    func bounds() {
        var random = SeededRandom(seed: 7)
        let numbers = (0..<500).map { _ in random.number(-2...2) }
        #expect(Set(numbers) == Set(-2...2))
        #expect(random.below(0) == 0)
    }
}
