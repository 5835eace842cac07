public import CairnSchema

/// A record without generated code: the values of its columns in the order of the schema, and its metadata.
public struct Record: Sendable, Hashable {
    /// The table it belongs to.
    public let table: Table
    /// One value for each column of the table, in their order.
    public var values: [Value]
    /// Revision and times; zero for a record that was never stored.
    public internal(set) var metadata: RecordMetadata

    /// A record that was never stored.
    /// - Parameter values: By column name. A column that is missing gets its default, null where it may be null, or an
    ///   empty array.
    /// - Throws: `storage.invalid` for a column the table does not have, or one that must be given.
    public init(_ table: Table, _ values: [String: Value]) throws {
        for name in values.keys.sorted() where table.column(named: name) == nil {
            throw Record.unknownColumn(name, table)
        }
        self.init(
            table,
            values: try table.columns.map { column in
                if let value = values[column.name] { return value }
                return try column.valueWhenMissing(in: table)
            })
    }

    /// A record that was never stored, from values in the order of the columns. They are checked when it is written. There must be one for each
    /// column: without it the record has no key, and asking for that or for the column is an error of the program, which ends it.
    public init(_ table: Table, values: [Value]) {
        self.init(table, values: values, metadata: RecordMetadata())
    }

    package init(_ table: Table, values: [Value], metadata: RecordMetadata) {
        self.table = table
        self.values = values
        self.metadata = metadata
    }

    /// The record of a row.
    public init(row: RowReader) throws {
        self.init(row.table, values: try row.values(), metadata: row.metadata)
    }

    /// The value of a column; nil when the table has no such column.
    public subscript(column: String) -> Value? {
        table.column(named: column).map { values[$0.position] }
    }

    /// Changes the value of a column.
    /// - Throws: `storage.invalid` when the table has no such column.
    public mutating func set(_ column: String, _ value: Value) throws {
        guard let position = table.column(named: column)?.position else { throw Record.unknownColumn(column, table) }
        values[position] = value
    }

    private static func unknownColumn(_ name: String, _ table: Table) -> StorageError {
        StorageError(
            .invalid, "table '\(table.name)' has no column '\(name)'",
            remedy: NearestName.hint(name, among: table.columns.map(\.name)))
    }

    /// The primary key.
    public var key: Key { table.key(of: values) }

    /// 1 after the insert, one more after each update; 0 for a record that was never stored.
    public var revision: Int { metadata.revision }
    /// When the record was inserted.
    public var createdAt: Timestamp { metadata.createdAt }
    /// When this revision was written.
    public var updatedAt: Timestamp { metadata.updatedAt }
}

extension Column {
    /// What a record that does not say gets.
    /// - Throws: `storage.invalid` when it must say.
    package func valueWhenMissing(in table: Table) throws -> Value {
        if let defaultValue { return defaultValue.make(for: valueType) }
        if isNullable { return .null }
        if case .array = valueType { return .array([]) }
        throw StorageError.invalid(table, self, "a value is missing", remedy: "give one, or declare a default")
    }
}
