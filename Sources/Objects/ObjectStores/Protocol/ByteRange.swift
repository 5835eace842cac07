/// Some bytes of an object, in the forms HTTP knows (RFC 9110, section 14.1.2).
public enum ByteRange: Sendable, Hashable {
    /// From an offset to an offset, both included: `bytes=0-499`. What lies past the end is left away.
    case closed(ClosedRange<Int>)
    /// From an offset to the end: `bytes=500-`.
    case from(Int)
    /// The last bytes: `bytes=-500`; all when the object is shorter.
    case suffix(Int)

    /// The offsets it stands for in an object of a size; nil when it lies behind the end, is empty or makes no sense.
    ///
    /// No offset lies inside an empty object, so only a suffix of it can be read.
    public func resolved(size: Int) -> Range<Int>? {
        switch self {
        case .closed(let range):
            guard range.lowerBound >= 0, range.lowerBound < size else { return nil }
            return range.lowerBound..<min(size - 1, range.upperBound) + 1
        case .from(let offset):
            guard offset >= 0, offset < size else { return nil }
            return offset..<size
        case .suffix(let count):
            guard count > 0 else { return nil }
            return max(0, size - min(count, size))..<size
        }
    }
}

extension ByteRange: CustomStringConvertible {
    /// The value of a `Range` header.
    public var description: String {
        switch self {
        case .closed(let range): "bytes=\(range.lowerBound)-\(range.upperBound)"
        case .from(let offset): "bytes=\(offset)-"
        case .suffix(let count): "bytes=-\(count)"
        }
    }
}
