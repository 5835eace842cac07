/// One column of a table.
public struct Column: Sendable, Hashable {
    /// The name in the schema file and in stores.
    public let name: String
    /// The place among the columns of the table, from 0.
    public let position: Int
    /// The declared type.
    public let type: ColumnType
    /// What is stored: the type with enums and references resolved.
    public let valueType: ValueType
    /// Whether the value may be null.
    public let isNullable: Bool
    /// What a record gets that does not say; nil when it must say.
    public let defaultValue: DefaultValue?
    /// What values must satisfy.
    public let rules: ColumnRules
    /// What happens to this record when the one it refers to is deleted; nil unless the column is a reference.
    public let onDelete: ReferenceAction?
    /// Whether values are kept out of logs and error messages.
    public let isSensitive: Bool
    /// Why the column should not be used any more; nil when it may.
    public let deprecation: String?
    /// What the schema file says about it.
    public let doc: String?
    /// The name it had before, for migrations.
    public let renamedFrom: String?
    /// What its values are made from where it is new, for migrations.
    package let conversion: Conversion?

    /// The name of the Swift property.
    package var swiftName: String { Naming.lowerCamelCase(name) }

    /// The table a reference points to; nil for other columns.
    public var referencedTable: String? {
        if case .reference(let table) = type { return table }
        return nil
    }
}

/// The value a column gets when a record does not say.
public enum DefaultValue: Sendable, Hashable {
    /// Always the same.
    case literal(Value)
    /// The time or the day when the record is made.
    case now
    /// A new UUID of version 7.
    case uuid

    /// The value for a record made at this moment.
    package func make(for type: ValueType) -> Value {
        switch self {
        case .literal(let value): value
        case .now: type == .date ? .date(.today) : .timestamp(.now)
        case .uuid: .uuid(.version7())
        }
    }
}

/// What the values of a column must satisfy. Null satisfies everything but `NOT NULL`.
public struct ColumnRules: Sendable, Hashable {
    /// The smallest value allowed.
    public var minimum: Value?
    /// The largest value allowed.
    public var maximum: Value?
    /// The smallest length allowed: Unicode scalars of a string, bytes of `bytes`, elements of an array.
    public var minimumLength: Int?
    /// The largest length allowed, counted likewise.
    public var maximumLength: Int?
    /// A regular expression that is found in each text.
    public var pattern: String?

    /// No rules.
    public init() {}

    /// Whether nothing is demanded.
    public var isEmpty: Bool { self == ColumnRules() }
}

/// What happens to a record when the one it refers to is deleted.
public enum ReferenceAction: String, Sendable, Hashable, CaseIterable {
    /// The delete is refused.
    case restrict
    /// The record is deleted too.
    case cascade
    /// The reference becomes null.
    case setNull = "set_null"
}
