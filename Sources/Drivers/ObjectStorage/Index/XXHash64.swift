/// XXH64, a hash of bytes that is spread evenly and quickly made, as its specification has it
/// (github.com/Cyan4973/xxHash, doc/xxhash_spec.md). No secret: who chooses the bytes can choose the hash.
enum XXHash64 {
    private static let primes: [UInt64] = [
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5,
    ]
    private static let (prime1, prime2, prime3) = (primes[0], primes[1], primes[2])
    private static let (prime4, prime5) = (primes[3], primes[4])

    static func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { hash($0) } }

    static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.withUnsafeBytes { hash($0) } }

    /// The hash of bytes, with the seed 0.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let (prime1, prime2, prime3, prime4, prime5) = (prime1, prime2, prime3, prime4, prime5)
        var place = 0
        var hash = prime5
        if bytes.count >= 32 {
            var lanes = (prime1 &+ prime2, prime2, UInt64(0), 0 &- prime1)
            while place + 32 <= bytes.count {
                lanes.0 = round(lanes.0, word(bytes, place), prime1, prime2)
                lanes.1 = round(lanes.1, word(bytes, place + 8), prime1, prime2)
                lanes.2 = round(lanes.2, word(bytes, place + 16), prime1, prime2)
                lanes.3 = round(lanes.3, word(bytes, place + 24), prime1, prime2)
                place += 32
            }
            hash = rotate(lanes.0, 1) &+ rotate(lanes.1, 7) &+ rotate(lanes.2, 12) &+ rotate(lanes.3, 18)
            for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
                hash = (hash ^ round(0, lane, prime1, prime2)) &* prime1 &+ prime4
            }
        }
        hash &+= UInt64(bytes.count)
        while place + 8 <= bytes.count {
            hash ^= round(0, word(bytes, place), prime1, prime2)
            hash = rotate(hash, 27) &* prime1 &+ prime4
            place += 8
        }
        if place + 4 <= bytes.count {
            let half = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
            hash ^= UInt64(half) &* prime1
            hash = rotate(hash, 23) &* prime2 &+ prime3
            place += 4
        }
        while place < bytes.count {
            hash ^= UInt64(bytes[place]) &* prime5
            hash = rotate(hash, 11) &* prime1
            place += 1
        }
        hash = (hash ^ hash >> 33) &* prime2
        hash = (hash ^ hash >> 29) &* prime3
        return hash ^ hash >> 32
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ word: UInt64, _ prime1: UInt64, _ prime2: UInt64) -> UInt64 {
        rotate(lane &+ word &* prime2, 31) &* prime1
    }

    @inline(__always)
    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }
}
