public import CairnSchema

/// One row as a driver hands it out: columns by position, valid only while the closure that got it runs.
///
/// Generated initialisers read from it by constant positions, without a dictionary, `Codable` or a box for each value.
/// A class with overridden methods, because a virtual call is the cheapest way to reach a driver that the generated code
/// does not know. A driver overrides every `open` member; each throws `storage.damaged` when what is stored is not of
/// the column's type.
open class RowReader {
    /// The table the row is of.
    public let table: Table

    /// For drivers: a reader of rows of a table.
    public init(table: Table) {
        self.table = table
    }

    /// The number of the record's revision, from 1.
    open var revision: Int { 0 }
    /// When the record was first stored.
    open var createdAt: Timestamp { .epoch }
    /// When this revision was stored.
    open var updatedAt: Timestamp { .epoch }

    /// Whether a column is null.
    open func isNull(_ column: Int) throws -> Bool { try value(column).isNull }
    /// The text of a column.
    open func string(_ column: Int) throws -> String { throw mismatch(column) }
    /// The integer of a column.
    open func int(_ column: Int) throws -> Int { throw mismatch(column) }
    /// The double of a column.
    open func double(_ column: Int) throws -> Double { throw mismatch(column) }
    /// The truth value of a column.
    open func bool(_ column: Int) throws -> Bool { throw mismatch(column) }
    /// The UUID of a column.
    open func uuid(_ column: Int) throws -> UUID { throw mismatch(column) }
    /// The bytes of a column.
    open func bytes(_ column: Int) throws -> [UInt8] { throw mismatch(column) }
    /// The instant of a column.
    open func timestamp(_ column: Int) throws -> Timestamp { throw mismatch(column) }
    /// The day of a column.
    open func date(_ column: Int) throws -> CalendarDate { throw mismatch(column) }
    /// The decimal number of a column.
    open func decimal(_ column: Int) throws -> DecimalNumber { throw mismatch(column) }
    /// The JSON of a column.
    open func json(_ column: Int) throws -> JSONValue { throw mismatch(column) }
    /// The elements of a column.
    open func elements(_ column: Int) throws -> [Value] { throw mismatch(column) }

    /// The value of a column, whatever its type.
    open func value(_ column: Int) throws -> Value { throw mismatch(column) }

    /// All values, in the order of the columns.
    open func values() throws -> [Value] {
        try table.columns.indices.map(value)
    }

    /// The key of the row.
    public func key() throws -> Key {
        let key = table.key
        return Key(try value(key[0]), try key.dropFirst().map(value))
    }

    /// Times and revision together.
    public var metadata: RecordMetadata {
        RecordMetadata(revision: revision, createdAt: createdAt, updatedAt: updatedAt)
    }

    /// The error that a column does not hold what its type says.
    public func mismatch(_ column: Int) -> StorageError {
        .damaged(table, column: table.columns[column], "the stored value is not a \(table.columns[column].valueType)")
    }
}

// What generated initialisers call for nullable columns, enums and arrays.
extension RowReader {
    /// The text of a column that may be null.
    @inlinable public func optionalString(_ column: Int) throws -> String? { try isNull(column) ? nil : string(column) }
    /// The integer of a column that may be null.
    @inlinable public func optionalInt(_ column: Int) throws -> Int? { try isNull(column) ? nil : int(column) }
    /// The double of a column that may be null.
    @inlinable public func optionalDouble(_ column: Int) throws -> Double? { try isNull(column) ? nil : double(column) }
    /// The truth value of a column that may be null.
    @inlinable public func optionalBool(_ column: Int) throws -> Bool? { try isNull(column) ? nil : bool(column) }
    /// The UUID of a column that may be null.
    @inlinable public func optionalUUID(_ column: Int) throws -> UUID? { try isNull(column) ? nil : uuid(column) }
    /// The bytes of a column that may be null.
    @inlinable public func optionalBytes(_ column: Int) throws -> [UInt8]? { try isNull(column) ? nil : bytes(column) }
    /// The instant of a column that may be null.
    @inlinable public func optionalTimestamp(_ column: Int) throws -> Timestamp? {
        try isNull(column) ? nil : timestamp(column)
    }
    /// The day of a column that may be null.
    @inlinable public func optionalDate(_ column: Int) throws -> CalendarDate? {
        try isNull(column) ? nil : date(column)
    }
    /// The decimal number of a column that may be null.
    @inlinable public func optionalDecimal(_ column: Int) throws -> DecimalNumber? {
        try isNull(column) ? nil : decimal(column)
    }
    /// The JSON of a column that may be null. A JSON `null` written to such a column is null.
    @inlinable public func optionalJSON(_ column: Int) throws -> JSONValue? { try isNull(column) ? nil : json(column) }

    /// The array of a column.
    @inlinable
    public func array<Element: ArrayElement>(_ column: Int, of type: Element.Type) throws -> [Element] {
        try elements(column).map { value in
            guard let element = Element(elementValue: value) else { throw mismatch(column) }
            return element
        }
    }

    /// The array of a column that may be null.
    @inlinable
    public func optionalArray<Element: ArrayElement>(_ column: Int, of type: Element.Type) throws -> [Element]? {
        try isNull(column) ? nil : array(column, of: type)
    }

    /// The case of an enum column.
    @inlinable
    public func enumeration<Enum: ColumnEnum>(_ column: Int, _ type: Enum.Type) throws -> Enum {
        guard let value = Enum(rawValue: try string(column)) else { throw mismatch(column) }
        return value
    }

    /// The case of an enum column that may be null.
    @inlinable
    public func optionalEnumeration<Enum: ColumnEnum>(_ column: Int, _ type: Enum.Type) throws -> Enum? {
        try isNull(column) ? nil : enumeration(column, type)
    }
}

/// What Cairn keeps about every record beside its columns.
public struct RecordMetadata: Sendable, Hashable {
    /// 1 after the insert, one more after each update; 0 for a record that was never stored.
    public var revision: Int
    /// When the record was inserted.
    public var createdAt: Timestamp
    /// When this revision was written.
    public var updatedAt: Timestamp

    /// The metadata of a record that was never stored.
    public init() {
        self.init(revision: 0, createdAt: .epoch, updatedAt: .epoch)
    }

    /// Metadata as a store keeps it.
    public init(revision: Int, createdAt: Timestamp, updatedAt: Timestamp) {
        self.revision = revision
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
