import CairnSchema

/// Numbers of few bytes: seven bits a byte, the lowest first, the eighth bit set in all but the last.
enum Varint {
    /// Bytes of the longest one: 63 bits.
    static let maximumBytes = 9

    /// Appends a number that is not negative.
    static func append(_ number: Int, to bytes: inout [UInt8]) {
        precondition(number >= 0, "a varint of \(number)")
        var rest = UInt(number)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// Reads what an index file holds. Every read looks whether the bytes are there, so that no bytes make it fail otherwise than
/// by nil.
struct IndexBytesReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var place: Int

    /// - Parameter bytes: Must outlive the reader.
    init(_ bytes: UnsafeRawBufferPointer, from place: Int = 0) {
        self.bytes = bytes
        self.place = min(place, bytes.count)
    }

    var rest: Int { bytes.count - place }

    /// A number in its shortest form; nil for any other, and for one past the largest `Int`.
    mutating func varint() -> Int? {
        // Nearly all are one byte.
        guard place < bytes.count else { return nil }
        var byte = bytes[place]
        place += 1
        if byte < 0x80 { return Int(byte) }
        var number = UInt(byte & 0x7F)
        for shift in 1..<Varint.maximumBytes {
            guard place < bytes.count else { return nil }
            byte = bytes[place]
            place += 1
            number |= UInt(byte & 0x7F) << UInt(7 * shift)
            if byte < 0x80 { return byte == 0 ? nil : Int(number) }
        }
        return nil
    }

    mutating func byte() -> UInt8? {
        guard place < bytes.count else { return nil }
        defer { place += 1 }
        return bytes[place]
    }

    /// Four bytes, the lowest first.
    mutating func word() -> Int? {
        guard rest >= 4 else { return nil }
        defer { place += 4 }
        return Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
    }

    /// The next bytes, without copying them; nil when there are not so many.
    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= rest else { return nil }
        defer { place += count }
        return UnsafeRawBufferPointer(rebasing: bytes[place..<place + count])
    }

    /// A text with its length before it; nil when it is not UTF-8.
    mutating func text() -> String? {
        guard let count = varint(), let bytes = take(count) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The order of keys: that of their bytes.
enum IndexOrder {
    /// Negative, zero or positive as `left` sorts before, with or after `right`.
    static func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left.withUnsafeBytes { left in right.withUnsafeBytes { compare(left, $0) } }
    }

    static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        Bytes.compare(left.assumingMemoryBound(to: UInt8.self), right.assumingMemoryBound(to: UInt8.self))
    }

    static func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool { compare(left, right) < 0 }

    /// The first eight bytes of a key as a number that compares as they do; a shorter key is filled with zeros.
    static func prefix(_ key: UnsafeRawBufferPointer) -> UInt64 {
        if key.count >= 8 { return UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)) }
        var prefix: UInt64 = 0
        for index in 0..<8 { prefix = prefix << 8 | (index < key.count ? UInt64(key[index]) : 0) }
        return prefix
    }

    /// How many bytes two keys begin with in common.
    static func shared(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let count = min(left.count, right.count)
        var place = 0
        while place + 8 <= count {
            let difference =
                left.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                ^ right.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            if difference != 0 { return place + UInt64(littleEndian: difference).trailingZeroBitCount / 8 }
            place += 8
        }
        while place < count, left[place] == right[place] { place += 1 }
        return place
    }

    /// The first place from `low` to `high` for which `isBefore` is false; it is true for all before that one.
    static func partition(_ low: Int, _ high: Int, _ isBefore: (Int) -> Bool) -> Int {
        var (low, high) = (low, high)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
