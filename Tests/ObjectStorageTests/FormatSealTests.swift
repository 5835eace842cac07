import Testing

@testable import ObjectStorage

@Suite("Checksums of objects")
struct FormatSealTests {
    private let plain = Array(#"{"a":1,"b":"two"}"#.utf8)
    private let sealed = Array(#"{"a":1,"b":"two","sum":"e6efa1aa5117583e"}"#.utf8)

    @Test("The checksum is XXH64 of what stands before it, as the last member")
    func golden() throws {
        #expect(Seal.put(on: plain) == sealed)
        try Seal.check(sealed)
    }

    @Test("An object without one passes, and one whose bytes are others does not")
    func check() throws {
        try Seal.check(plain)
        try Seal.check([])
        for place in plain.indices.dropLast() {
            var changed = sealed
            changed[place] ^= 1
            #expect(throws: Damage.self, "byte \(place)") { try Seal.check(changed) }
        }
        for digit in 0..<16 {
            var changed = sealed
            changed[sealed.count - 3 - digit] = UInt8(ascii: "x")
            #expect(throws: Damage.self) { try Seal.check(changed) }
        }
    }
}
