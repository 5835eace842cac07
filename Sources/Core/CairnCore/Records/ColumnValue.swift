public import CairnSchema

/// A Swift type that a column can have.
public protocol ColumnValue: Sendable {
    /// What is stored.
    var columnValue: Value { get }
    /// What was stored; nil when the value is of another type.
    init?(columnValue: Value)
}

/// A column type whose values have an order, so `<`, `in` and sorting make sense.
public protocol OrderedColumnValue: ColumnValue {}

/// A column type that can be compared as text.
public protocol TextColumnValue: OrderedColumnValue {}

/// A type that an array column can hold.
public protocol ArrayElement: Sendable {
    /// The element of a stored value; nil when the value is of another type.
    init?(elementValue: Value)
    /// What is stored for an array of these.
    static func arrayValue(_ elements: [Self]) -> Value
    /// The array that was stored; nil when the value is something else.
    static func elements(of value: Value) -> [Self]?
}

extension ArrayElement {
    public static func elements(of value: Value) -> [Self]? {
        guard case .array(let stored) = value else { return nil }
        let elements = stored.compactMap(Self.init(elementValue:))
        return elements.count == stored.count ? elements : nil
    }
}

extension ArrayElement where Self: ColumnValue {
    @inlinable
    public static func arrayValue(_ elements: [Self]) -> Value { .array(elements.map(\.columnValue)) }

    @inlinable
    public init?(columnValue: Value) { self.init(elementValue: columnValue) }
}

extension String: TextColumnValue, ArrayElement {
    @inlinable public var columnValue: Value { .string(self) }
    @inlinable
    public init?(elementValue: Value) {
        guard case .string(let value) = elementValue else { return nil }
        self = value
    }
}

extension Int: OrderedColumnValue, ArrayElement {
    @inlinable public var columnValue: Value { .int(self) }
    @inlinable
    public init?(elementValue: Value) {
        guard case .int(let value) = elementValue else { return nil }
        self = value
    }
}

extension Double: OrderedColumnValue, ArrayElement {
    @inlinable public var columnValue: Value { .double(self) }
    @inlinable
    public init?(elementValue: Value) {
        guard case .double(let value) = elementValue else { return nil }
        self = value
    }
}

extension Bool: OrderedColumnValue, ArrayElement {
    @inlinable public var columnValue: Value { .bool(self) }
    @inlinable
    public init?(elementValue: Value) {
        guard case .bool(let value) = elementValue else { return nil }
        self = value
    }
}

extension UUID: OrderedColumnValue, ArrayElement {
    @inlinable public var columnValue: Value { .uuid(self) }
    @inlinable
    public init?(elementValue: Value) {
        guard case .uuid(let value) = elementValue else { return nil }
        self = value
    }
}

extension Timestamp: OrderedColumnValue, ArrayElement {
    @inlinable public var columnValue: Value { .timestamp(self) }
    @inlinable
    public init?(elementValue: Value) {
        guard case .timestamp(let value) = elementValue else { return nil }
        self = value
    }
}

extension CalendarDate: OrderedColumnValue, ArrayElement {
    @inlinable public var columnValue: Value { .date(self) }
    @inlinable
    public init?(elementValue: Value) {
        guard case .date(let value) = elementValue else { return nil }
        self = value
    }
}

extension DecimalNumber: OrderedColumnValue, ArrayElement {
    @inlinable public var columnValue: Value { .decimal(self) }
    @inlinable
    public init?(elementValue: Value) {
        guard case .decimal(let value) = elementValue else { return nil }
        self = value
    }
}

// Inside `JSONValue`, `Value` is what a dictionary literal of it holds.
extension JSONValue: ColumnValue, ArrayElement {
    @inlinable public var columnValue: CairnSchema.Value { .json(self) }
    @inlinable
    public init?(elementValue: CairnSchema.Value) {
        guard case .json(let value) = elementValue else { return nil }
        self = value
    }
}

// `[UInt8]` is the type of `bytes` columns, so its elements are stored as bytes and not as a list of numbers; an array of
// `bytes` columns is `[[UInt8]]`, whose element is an array itself.
extension UInt8: ArrayElement {
    public init?(elementValue: Value) { nil }
    @inlinable public static func arrayValue(_ elements: [UInt8]) -> Value { .bytes(elements) }
    public static func elements(of value: Value) -> [UInt8]? {
        guard case .bytes(let bytes) = value else { return nil }
        return bytes
    }
}

extension Array: ColumnValue where Element: ArrayElement {
    @inlinable public var columnValue: Value { Element.arrayValue(self) }
    public init?(columnValue: Value) {
        guard let elements = Element.elements(of: columnValue) else { return nil }
        self = elements
    }
}

extension Array: OrderedColumnValue where Element == UInt8 {}

extension Array: ArrayElement where Element == UInt8 {
    @inlinable
    public init?(elementValue: Value) {
        guard case .bytes(let value) = elementValue else { return nil }
        self = value
    }
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
    @inlinable public var columnValue: Value { self?.columnValue ?? .null }
    public init?(columnValue: Value) {
        if columnValue.isNull {
            self = .none
        } else {
            guard let wrapped = Wrapped(columnValue: columnValue) else { return nil }
            self = .some(wrapped)
        }
    }
}

extension Optional: OrderedColumnValue where Wrapped: OrderedColumnValue {}
extension Optional: TextColumnValue where Wrapped: TextColumnValue {}

/// A generated enum: the raw values are what is stored.
public protocol ColumnEnum: OrderedColumnValue, ArrayElement, RawRepresentable, Hashable, CaseIterable, Codable
where RawValue == String {}

extension ColumnEnum {
    @inlinable public var columnValue: Value { .string(rawValue) }
    @inlinable
    public init?(elementValue: Value) {
        guard case .string(let text) = elementValue else { return nil }
        self.init(rawValue: text)
    }
}
