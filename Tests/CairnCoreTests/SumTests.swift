import CairnCore
import CairnSchema
import Testing

/// Sums that no order of the rows changes.
@Suite("Sums")
struct SumTests {
    private func sum(_ numbers: [Double]) -> Double? {
        var sum = DoubleSum()
        for number in numbers { sum.add(number) }
        return sum.rounded()
    }

    @Test("The sum of one double is that double, to the last bit")
    func single() {
        let numbers: [Double] = [
            0, 1, -1, 0.1, -0.1, 1e-300, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
            .leastNormalMagnitude.nextDown, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .pi, 0x1p52, 0x1p53,
            0x1p-1074 * 3, 0x1.fffffffffffffp31, 0x1.fffffffffffffp-32,
        ]
        for number in numbers { #expect(sum([number])?.bitPattern == number.bitPattern, "\(number)") }
        #expect(sum([]) == 0)
        #expect(sum([-0.0])?.sign == .plus)
    }

    @Test("Two doubles add as the processor adds them, which rounds once too")
    func pairs() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let left = Double(bitPattern: random.next())
            // Exponents near one another, where digits meet.
            let exponent = UInt64(clamping: Int(left.exponentBitPattern) + Int.random(in: -60...60))
            let right = Double(bitPattern: random.next() & ~(0x7FF << 52) | min(exponent, 0x7FE) << 52)
            guard left.isFinite, right.isFinite else { continue }
            let plain = left + right
            let found = sum([left, right])
            #expect(plain.isFinite ? found == plain : found == nil, "\(left) + \(right)")
        }
    }

    @Test("The order does not matter, and what cancels leaves nothing behind")
    func order() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let numbers = (0..<20).map { _ in Double(bitPattern: random.next()) }.filter(\.isFinite)
            let small = Double.random(in: -1...1)
            let all = numbers + [small] + numbers.map { -$0 }
            for _ in 0..<4 { #expect(sum(all.shuffled()) == small, "\(all)") }
            let first = sum(numbers)
            for _ in 0..<4 { #expect(sum(numbers.shuffled()) == first, "\(numbers)") }
        }
    }

    @Test("Half-way sums go to the even double, and the least digit beyond tips them")
    func ties() {
        #expect(sum([0x1p53, 1]) == 0x1p53)
        #expect(sum([0x1p53, 1, .leastNonzeroMagnitude]) == 0x1p53 + 2)
        #expect(sum([0x1p53, 1, -.leastNonzeroMagnitude]) == 0x1p53)
        #expect(sum([0x1p53 + 2, 1]) == 0x1p53 + 4)
        #expect(sum([-0x1p53, -1, -.leastNonzeroMagnitude]) == -0x1p53 - 2)
    }

    @Test("A sum beyond the largest double is none, whatever way it went; one on the way does not matter")
    func overflow() {
        let largest = Double.greatestFiniteMagnitude
        #expect(sum([largest, largest]) == nil)
        #expect(sum([-largest, -largest]) == nil)
        #expect(sum([largest, largest, -largest]) == largest)
        // Half of the last digit more rounds up to infinity; less than half does not.
        #expect(sum([largest, largest.ulp / 2]) == nil)
        #expect(sum([largest, (largest.ulp / 2).nextDown]) == largest)
    }

    @Test("Decimals add exactly, with sums of any size on the way")
    func decimals() throws {
        func sum(_ texts: [String]) throws -> String? {
            var sum = DecimalSum()
            for text in texts { sum.add(try #require(DecimalNumber(text))) }
            return sum.total?.description
        }
        let nines = String(repeating: "9", count: 38)
        let least = "0." + String(repeating: "0", count: 37) + "1"
        #expect(try sum([]) == "0")
        #expect(try sum(["1.5", "-0.25"]) == "1.25")
        #expect(try sum([nines]) == nines)
        #expect(try sum(["-" + nines]) == "-" + nines)
        #expect(try sum([nines, "1"]) == nil)
        #expect(try sum([nines, least]) == nil)
        #expect(try sum([nines, nines, nines, "-" + nines, "-" + nines, "-" + nines, least]) == least)
        #expect(try sum(["0." + nines, least]) == "1")
        #expect(try sum(["-0." + nines, "1"]) == least)
        #expect(try sum(Array(repeating: "0.1", count: 1000)) == "100")
        #expect(try sum(["10000000000000000000", "-0.1"]) == "9999999999999999999.9")
    }
}
