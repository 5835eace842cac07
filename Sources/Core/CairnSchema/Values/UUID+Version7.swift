#if canImport(FoundationEssentials)
    public import FoundationEssentials
    @_exported public import struct FoundationEssentials.UUID
#else
    public import Foundation
    @_exported public import struct Foundation.UUID
#endif

extension UUID {
    /// A new UUID of version 7 (RFC 9562): 48 bits of Unix milliseconds, then random bits.
    ///
    /// Ids made later sort later, to the millisecond, so inserts go to the end of a B-tree instead of all over it.
    public static func version7() -> UUID {
        version7(at: .now)
    }

    /// A UUID of version 7 that carries the given time.
    package static func version7(at time: Timestamp) -> UUID {
        let milliseconds = UInt64(bitPattern: max(0, time.microseconds / 1000))
        var generator = SystemRandomNumberGenerator()
        let high = milliseconds << 16 | 0x7000 | generator.next() & 0x0FFF
        let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
        return UUID(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3),
                byte(high, 4), byte(high, 5), byte(high, 6), byte(high, 7),
                byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3),
                byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
            ))
    }

    /// The 16 bytes.
    package var bytes: [UInt8] {
        withUnsafeBytes(of: uuid) { Array($0) }
    }

    /// A UUID from 16 bytes; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        let b = Array(bytes)
        guard b.count == 16 else { return nil }
        self.init(
            uuid: (
                b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]
            ))
    }

    /// Reads the canonical text, of either case; nil for anything else. `UUID(uuidString:)` also takes texts that are none, with a
    /// space or an `x` among the digits.
    package init?(text: String) {
        guard text.utf8.count == 36 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for (place, character) in text.utf8.enumerated() {
            if place == 8 || place == 13 || place == 18 || place == 23 {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Hex.digit(character) else { return nil }
            if let before = high { bytes.append(before << 4 | digit) }
            high = high == nil ? digit : nil
        }
        self.init(bytes: bytes)
    }

    /// The canonical lower-case text.
    package var text: String {
        withUnsafeBytes(of: uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { text in
                var end = 0
                for (index, byte) in bytes.enumerated() {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        text[end] = UInt8(ascii: "-")
                        end += 1
                    }
                    text[end] = Hex.lowerDigits[Int(byte >> 4)]
                    text[end + 1] = Hex.lowerDigits[Int(byte & 15)]
                    end += 2
                }
                // 16 bytes are 32 digits, and there are four hyphens.
                return end
            }
        }
    }
}
