public import CairnSchema

/// A value computed from the columns of one row, as a value: `population`, `area * 10`, the count of a list.
///
/// Integers are computed exactly, in 128 bits; with a double among them, as doubles; decimals exactly, in 38 digits. What has
/// no result is null: a part that is null, a division by zero, a result beyond 128 bits, 38 digits or the finite doubles. It is
/// not an error, because which rows are computed at all depends on the driver and its plan, and answers must not.
public indirect enum RowExpression: Sendable, Hashable {
    /// The value of a column.
    case column(Int)
    /// A value that is not null.
    case value(Value)
    /// How long the value of a column is: Unicode scalars of a string, bytes of `bytes`, elements of a list; as `min_length`.
    case count(column: Int)
    /// What a path leads to in the JSON of a column; null for nothing, lists and objects.
    case path(column: Int, [JSONStep])
    /// Two numbers together.
    case arithmetic(RowExpression, Arithmetic, RowExpression)

    /// How two numbers are put together.
    public typealias Arithmetic = QueryArithmetic
}

extension RowExpression {
    /// The columns it looks at, each as often as it does.
    package var columns: [Int] {
        switch self {
        case .column(let column), .count(let column), .path(let column, _): [column]
        case .value: []
        case .arithmetic(let left, _, let right): left.columns + right.columns
        }
    }
}

extension JSONValue {
    /// What a path leads to; nil for nothing.
    package func value(at path: [JSONStep]) -> JSONValue? {
        var value = self
        for step in path {
            let next =
                switch step {
                case .member(let name): value[name]
                case .element(let index): value[index]
                }
            guard let next else { return nil }
            value = next
        }
        return value
    }
}
