import CCrypto

/// CRC-32C, the Castagnoli polynomial (RFC 3720 appendix B.4), a piece at a time.
package struct CRC32C: Sendable, Hashable {
    /// The register, inverted as it is between pieces.
    private var register = UInt32.max

    package init() {}

    /// The checksum of all that was added.
    package var value: UInt32 { ~register }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // The C function reads `count` bytes at the base address, which an empty buffer may not have.
        guard let base = bytes.baseAddress else { return }
        if CRC32C.hasInstruction {
            register = cairn_crc32c_update(register, base.assumingMemoryBound(to: UInt8.self), bytes.count)
        } else {
            register = CRC32C.byTable(register, bytes)
        }
    }

    /// The checksum of bytes that are all there.
    package static func of(_ bytes: [UInt8]) -> UInt32 {
        var checksum = CRC32C()
        bytes.withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }

    private static let hasInstruction = cairn_crc32c_is_fast() != 0

    /// What processors without the instruction do: eight bytes at a time by eight tables ("slicing by 8").
    package static func byTable(_ start: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var sum = start
            var offset = 0
            while offset + 8 <= bytes.count {
                let word =
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(sum)
                sum = 0
                for byte in 0..<8 { sum ^= tables[(7 - byte) * 256 + Int(word >> UInt64(byte * 8) & 0xFF)] }
                offset += 8
            }
            while offset < bytes.count {
                sum = sum >> 8 ^ tables[Int((sum ^ UInt32(bytes[offset])) & 0xFF)]
                offset += 1
            }
            return sum
        }
    }

    /// Table n has what a byte does to the register when n more bytes follow it.
    private static let tables: [UInt32] = {
        let polynomial: UInt32 = 0x82F6_3B78
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var sum = UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ polynomial }
            tables[byte] = sum
        }
        for place in 256..<tables.count {
            let before = tables[place - 256]
            tables[place] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()
}
