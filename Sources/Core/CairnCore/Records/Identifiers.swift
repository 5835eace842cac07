public import CairnSchema

/// Identifies one record of one table. Generated for each table, so that the id of a city cannot be passed for that of a
/// country.
public protocol EntityIdentifier: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The values of the primary key.
    var key: Key { get }
}

extension EntityIdentifier {
    /// The canonical text of the key.
    public var description: String { KeyText.encode(key) }
}

/// The identifier of a table whose key is one column. Identifiers are ordered as stores order their values.
public protocol ColumnIdentifier: EntityIdentifier, OrderedColumnValue, Comparable {
    /// The record it identifies; for generated code.
    associatedtype _Record: Entity where _Record.ID == Self
    /// The type of the key column.
    associatedtype Value: OrderedColumnValue & Hashable & Codable
    /// The value of the key column.
    var value: Value { get }
    /// Identifies the record with this value.
    init(_ value: Value)
}

extension ColumnIdentifier {
    @inlinable public var key: Key { Key(value.columnValue) }
    @inlinable public var columnValue: CairnSchema.Value { value.columnValue }
    public init?(columnValue: CairnSchema.Value) {
        guard let value = Value(columnValue: columnValue) else { return nil }
        self.init(value)
    }

    // Here and not made by the compiler for each identifier: see ``ComparedByColumns``.
    @inlinable public static func == (left: Self, right: Self) -> Bool { left.value == right.value }
    @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(value) }

    public static func < (left: Self, right: Self) -> Bool {
        // Both are values of one column, which are always in an order.
        (CairnSchema.Value.compare(left.columnValue, right.columnValue) ?? 0) < 0
    }

    /// Reads the bare value of the key column.
    public init(from decoder: any Decoder) throws {
        self.init(try IdentifierCoding.decode(Value.self, from: decoder))
    }

    /// Writes the bare value of the key column.
    public func encode(to encoder: any Encoder) throws {
        try IdentifierCoding.encode(value, to: encoder)
    }
}

/// An identifier over `int`; an integer literal is one.
public protocol IntIdentifier: ColumnIdentifier, ExpressibleByIntegerLiteral where Value == Int {}

extension IntIdentifier {
    @inlinable public init(integerLiteral value: Int) { self.init(value) }

    @inlinable public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// An identifier over `string`, compared and ordered by bytes; a string literal is one, also with interpolations.
public protocol StringIdentifier: ColumnIdentifier, TextColumnValue, ExpressibleByStringInterpolation
where Value == String {}

extension StringIdentifier {
    @inlinable public init(stringLiteral value: String) { self.init(value) }

    @inlinable public static func == (left: Self, right: Self) -> Bool { Utf8.equal(left.value, right.value) }
    @inlinable public static func < (left: Self, right: Self) -> Bool { Utf8.isLess(left.value, right.value) }
    @inlinable public func hash(into hasher: inout Hasher) { Utf8.hash(value, into: &hasher) }
}
