#if canImport(Glibc)
    public import Glibc
#elseif canImport(Musl)
    public import Musl
#else
    public import Darwin
#endif

/// Text by its UTF-8 bytes.
///
/// Swift compares strings by canonical equivalence: "é" in one scalar equals "é" in two. SQLite, S3 and this library
/// compare bytes, so every comparison of identifiers and column values goes through here.
public enum Utf8 {
    /// Whether both strings have the same bytes.
    @inlinable
    public static func equal(_ left: String, _ right: String) -> Bool {
        var left = left
        var right = right
        return left.withUTF8 { leftBytes in right.withUTF8 { Bytes.equal(leftBytes, $0) } }
    }

    /// Negative, zero or positive as `left` sorts before, with or after `right`: byte by byte, the shorter first when one
    /// begins with the other.
    @inlinable
    public static func compare(_ left: String, _ right: String) -> Int {
        var left = left
        var right = right
        return left.withUTF8 { leftBytes in right.withUTF8 { Bytes.compare(leftBytes, $0) } }
    }

    /// Whether `left` sorts before `right`.
    @inlinable
    public static func isLess(_ left: String, _ right: String) -> Bool {
        compare(left, right) < 0
    }

    /// Feeds the bytes of `text` and an end mark to `hasher`, in keeping with ``equal(_:_:)``.
    @inlinable
    public static func hash(_ text: String, into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }

    /// The text of UTF-8 bytes; nil when they are not valid.
    ///
    /// `String(decoding:as:)` looks at every byte twice, and mends instead of saying that something is wrong.
    package static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        if isASCII(bytes) {
            // ASCII is valid UTF-8.
            return String(copying: UTF8Span(unchecked: bytes.span, isKnownASCII: true))
        }
        guard let valid = try? UTF8Span(validating: bytes.span) else { return nil }
        return String(copying: valid)
    }

    /// Whether no byte has its highest bit set, eight bytes at a time.
    private static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        guard raw.count >= 8 else { return raw.allSatisfy { $0 < 0x80 } }
        // The last eight overlap those before them when the count is no multiple of eight.
        let last = raw.count - 8
        var bits = raw.loadUnaligned(fromByteOffset: last, as: UInt64.self)
        for offset in stride(from: 0, to: last, by: 8) {
            bits |= raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        return bits & 0x8080_8080_8080_8080 == 0
    }

    /// The offset of the first byte that is not part of valid UTF-8; nil when all are.
    package static func firstInvalidOffset(in bytes: [UInt8]) -> Int? {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }
}

/// Byte strings.
public enum Bytes {
    /// Whether both buffers hold the same bytes.
    @inlinable
    public static func equal(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        left.count == right.count && compare(left, right) == 0
    }

    /// Negative, zero or positive as `left` sorts before, with or after `right`.
    @inlinable
    public static func compare(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
        let common = min(left.count, right.count)
        // An empty buffer may have no base address; there is nothing to compare then.
        if common > 0, let leftBase = left.baseAddress, let rightBase = right.baseAddress {
            let order = memcmp(leftBase, rightBase, common)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }
}
