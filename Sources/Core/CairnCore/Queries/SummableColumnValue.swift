public import CairnSchema

/// A column type that has sums: `Int`, `Double`, `DecimalNumber`, and each of them as a column that may be null.
public protocol SummableColumnValue: OrderedColumnValue {
    /// The number, when there is one.
    associatedtype Number: ColumnValue
    /// The average of a group: null only where all values of the column may be.
    associatedtype Mean: OrderedColumnValue
}

extension Int: SummableColumnValue {
    public typealias Number = Int
    public typealias Mean = Double
}

extension Double: SummableColumnValue {
    public typealias Number = Double
    public typealias Mean = Double
}

extension DecimalNumber: SummableColumnValue {
    public typealias Number = DecimalNumber
    public typealias Mean = Double
}

extension Optional: SummableColumnValue where Wrapped: SummableColumnValue {
    public typealias Number = Wrapped.Number
    public typealias Mean = Double?
}
