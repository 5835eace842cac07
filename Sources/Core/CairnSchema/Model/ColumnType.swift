/// The type of a column, as a schema file declares it.
public indirect enum ColumnType: Sendable, Hashable {
    /// `string`: Swift `String`, kept byte for byte.
    case string
    /// `int`: Swift `Int`, 64 bits.
    case int
    /// `double`: Swift `Double`, finite.
    case double
    /// `bool`: Swift `Bool`.
    case bool
    /// `uuid`: Foundation `UUID`.
    case uuid
    /// `bytes`: Swift `[UInt8]`.
    case bytes
    /// `timestamp`: ``Timestamp``.
    case timestamp
    /// `date`: ``CalendarDate``.
    case date
    /// `decimal`: ``DecimalNumber``.
    case decimal
    /// `json`: ``JSONValue``.
    case json
    /// `blob`: a large binary. Part of the language, refused by this version.
    case blob
    /// `[T]`: a Swift array of a scalar type.
    case array(ColumnType)
    /// `{ "enum": [...] }`: a generated Swift enum; the texts are stored.
    case enumeration([String])
    /// `{ "references": table }`: the identifier of a record of another table.
    case reference(table: String)

    /// The scalar types by their names in a schema file.
    package static let named: [(name: String, type: ColumnType)] = [
        ("string", .string), ("int", .int), ("double", .double), ("bool", .bool), ("uuid", .uuid), ("bytes", .bytes),
        ("timestamp", .timestamp), ("date", .date), ("decimal", .decimal), ("json", .json), ("blob", .blob),
    ]

    /// The name in a schema file of a scalar type or an array of one; nil for enums and references.
    package var name: String? {
        if case .array(let element) = self { return element.name.map { "[\($0)]" } }
        return ColumnType.named.first { $0.type == self }?.name
    }
}

/// What is stored for a column, once enums and references are resolved.
public indirect enum ValueType: Sendable, Hashable, CustomStringConvertible {
    /// Text.
    case string
    /// A 64-bit integer.
    case int
    /// A finite double.
    case double
    /// A truth value.
    case bool
    /// A UUID.
    case uuid
    /// Raw bytes.
    case bytes
    /// An instant.
    case timestamp
    /// A day.
    case date
    /// An exact decimal number.
    case decimal
    /// A JSON document.
    case json
    /// A list.
    case array(ValueType)

    /// The name in a schema file.
    public var description: String {
        switch self {
        case .string: "string"
        case .int: "int"
        case .double: "double"
        case .bool: "bool"
        case .uuid: "uuid"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .date: "date"
        case .decimal: "decimal"
        case .json: "json"
        case .array(let element): "[\(element)]"
        }
    }

    /// Whether values have an order: all but JSON and lists.
    public var isOrdered: Bool {
        switch self {
        case .json, .array: false
        default: true
        }
    }

    /// Whether values can identify a record: all with an order but doubles, whose text is not canonical.
    package var canBeKey: Bool { isOrdered && self != .double }

    /// Whether `min` and `max` make sense.
    package var hasBounds: Bool {
        switch self {
        case .int, .double, .decimal, .timestamp, .date: true
        default: false
        }
    }

    /// Whether `min_length` and `max_length` make sense.
    package var hasLength: Bool {
        switch self {
        case .string, .bytes, .array: true
        default: false
        }
    }

    /// Whether a value is of this type. Null is of none.
    package func holds(_ value: Value) -> Bool {
        switch (self, value) {
        case (.string, .string), (.int, .int), (.double, .double), (.bool, .bool), (.uuid, .uuid), (.bytes, .bytes),
            (.timestamp, .timestamp), (.date, .date), (.decimal, .decimal), (.json, .json):
            true
        case (.array(let element), .array(let values)): values.allSatisfy(element.holds)
        default: false
        }
    }
}
