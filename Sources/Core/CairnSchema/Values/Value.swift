/// The value of one column of one record, or a value it is compared with.
///
/// Equality and hashing go by content: strings by bytes, doubles by number (`-0.0` is `0.0`), decimals by number.
public enum Value: Sendable {
    /// No value.
    case null
    /// A truth value.
    case bool(Bool)
    /// A 64-bit integer.
    case int(Int)
    /// A finite double.
    case double(Double)
    /// Text.
    case string(String)
    /// Raw bytes.
    case bytes([UInt8])
    /// A UUID.
    case uuid(UUID)
    /// An instant.
    case timestamp(Timestamp)
    /// A day.
    case date(CalendarDate)
    /// An exact decimal number. Boxed, so that the common values stay small.
    indirect case decimal(DecimalNumber)
    /// A JSON document.
    case json(JSONValue)
    /// A list of values of one type.
    case array([Value])

    /// Whether this is ``null``.
    @inlinable
    public var isNull: Bool {
        if case .null = self { return true }
        return false
    }
}

extension Value: Hashable {
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.string(let left), .string(let right)): Utf8.equal(left, right)
        case (.bytes(let left), .bytes(let right)): left == right
        case (.uuid(let left), .uuid(let right)): left == right
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.date(let left), .date(let right)): left == right
        case (.decimal(let left), .decimal(let right)): left == right
        case (.json(let left), .json(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let bool): hasher.combine(bool)
        case .int(let int): hasher.combine(int)
        case .double(let double): hasher.combine(double)
        case .string(let string): Utf8.hash(string, into: &hasher)
        case .bytes(let bytes): hasher.combine(bytes)
        case .uuid(let uuid): hasher.combine(uuid)
        case .timestamp(let timestamp): hasher.combine(timestamp)
        case .date(let date): hasher.combine(date)
        case .decimal(let decimal): hasher.combine(decimal)
        case .json(let json): hasher.combine(json)
        case .array(let elements): hasher.combine(elements)
        }
    }
}

extension Value {
    /// The order of two values of one type: negative, zero or positive; nil when their types have no common order.
    ///
    /// Null comes first, false before true, numbers by value, text and bytes by bytes, times by instant. The key encoding
    /// gives the same order; a test holds the two together.
    package static func compare(_ left: Value, _ right: Value) -> Int? {
        func sign<T: Comparable>(_ left: T, _ right: T) -> Int { left < right ? -1 : (right < left ? 1 : 0) }
        switch (left, right) {
        case (.null, .null): return 0
        case (.null, _): return -1
        case (_, .null): return 1
        case (.bool(let left), .bool(let right)): return sign(left ? 1 : 0, right ? 1 : 0)
        case (.int(let left), .int(let right)): return sign(left, right)
        case (.double(let left), .double(let right)): return sign(left, right)
        case (.string(let left), .string(let right)): return Utf8.compare(left, right)
        case (.bytes(let left), .bytes(let right)): return compare(left, right)
        case (.uuid(let left), .uuid(let right)): return compare(left.bytes, right.bytes)
        case (.timestamp(let left), .timestamp(let right)): return sign(left, right)
        case (.date(let left), .date(let right)): return sign(left, right)
        case (.decimal(let left), .decimal(let right)): return sign(left, right)
        default: return nil
        }
    }

    private static func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left.withUnsafeBufferPointer { left in right.withUnsafeBufferPointer { Bytes.compare(left, $0) } }
    }
}
