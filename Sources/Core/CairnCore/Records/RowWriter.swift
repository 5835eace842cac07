public import CairnSchema

/// Takes the values of a record, one column after the other, in the order of the schema.
public struct RowWriter {
    @usableFromInline var values: [Value] = []

    /// For a row of `count` columns.
    @inlinable
    init(count: Int) {
        values.reserveCapacity(count)
    }

    /// Writes the value of the next column.
    @inlinable
    public mutating func write(_ value: some ColumnValue) {
        values.append(value.columnValue)
    }
}
