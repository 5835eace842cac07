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
    /// `String(validating:as:)` says the same but takes twice as long here: decoding, which mends what is wrong, and seeing
    /// whether anything was mended is the fast way. In ASCII nothing is.
    package static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        if isASCII(bytes) { return String(decoding: bytes, as: UTF8.self) }
        var text = String(decoding: bytes, as: UTF8.self)
        return text.withUTF8 { Bytes.equal($0, bytes) } ? text : nil
    }

    /// Whether no byte has its highest bit set, eight bytes at a time.
    private static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        var bits: UInt64 = 0
        var offset = 0
        while offset + 8 <= raw.count {
            bits |= raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < raw.count {
            bits |= UInt64(raw[offset])
            offset += 1
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
