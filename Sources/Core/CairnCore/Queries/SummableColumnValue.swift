public import CairnSchema

/// A column type that has sums: `Int`, `Double`, `DecimalNumber`, and each of them as a column that may be null.
public protocol SummableColumnValue: OrderedColumnValue {
    /// The number, when there is one.
    associatedtype Number: ColumnValue
    /// The average of a group: null only where all values of the column may be.
    associatedtype Mean: OrderedColumnValue
}

extension Int: SummableColumnValue {
    /// A sum of integers is an integer.
    public typealias Number = Int
    /// Their average is not.
    public typealias Mean = Double
}

extension Double: SummableColumnValue {
    /// A sum of doubles is a double.
    public typealias Number = Double
    /// And so is their average.
    public typealias Mean = Double
}

extension DecimalNumber: SummableColumnValue {
    /// A sum of decimals is a decimal.
    public typealias Number = DecimalNumber
    /// Their average may have no last digit.
    public typealias Mean = Double
}

extension Optional: SummableColumnValue where Wrapped: SummableColumnValue {
    /// A sum leaves nulls out.
    public typealias Number = Wrapped.Number
    /// Null where all values of a group are.
    public typealias Mean = Double?
}
