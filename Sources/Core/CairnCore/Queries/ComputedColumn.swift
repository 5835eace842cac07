public import CairnSchema

/// A column type one computes with: integers, doubles and decimals, null or not.
public protocol NumericColumnValue: OrderedColumnValue {}

extension Int: NumericColumnValue {}
extension Double: NumericColumnValue {}
extension DecimalNumber: NumericColumnValue {}
extension Optional: NumericColumnValue where Wrapped: NumericColumnValue {}

/// What stands in arithmetic of a condition: a number, a column of numbers, or something computed of them.
public protocol NumericOperand {
    /// The operand as part of an expression.
    var rowExpression: RowExpression { get }
}

extension Int: NumericOperand {
    /// The number itself.
    public var rowExpression: RowExpression { .value(.int(self)) }
}

extension Double: NumericOperand {
    /// The number itself.
    public var rowExpression: RowExpression { .value(.double(self)) }
}

extension DecimalNumber: NumericOperand {
    /// The number itself.
    public var rowExpression: RowExpression { .value(.decimal(self)) }
}

extension TypedColumn: NumericOperand where Value: NumericColumnValue {
    /// The value of the column.
    public var rowExpression: RowExpression { .column(position) }
}

/// A number computed from the columns of one row: `$0.population / $0.area`, `$0.name.count`.
///
/// Integers are computed exactly; with a double among them, as doubles. What has no result (a null, a division by zero, more
/// than 128 bits) is null, and compared with anything neither true nor false. No index serves it.
public struct ComputedColumn: Sendable, NumericOperand {
    /// What is computed.
    public let rowExpression: RowExpression

    init(_ expression: RowExpression) {
        rowExpression = expression
    }

    init(_ left: some NumericOperand, _ operation: RowExpression.Arithmetic, _ right: some NumericOperand) {
        rowExpression = .arithmetic(left.rowExpression, operation, right.rowExpression)
    }

    /// The sum.
    public static func + (left: Self, right: some NumericOperand) -> ComputedColumn { Self(left, .add, right) }
    /// The difference.
    public static func - (left: Self, right: some NumericOperand) -> ComputedColumn { Self(left, .subtract, right) }
    /// The product.
    public static func * (left: Self, right: some NumericOperand) -> ComputedColumn { Self(left, .multiply, right) }
    /// The quotient; of integers, without its fraction.
    public static func / (left: Self, right: some NumericOperand) -> ComputedColumn { Self(left, .divide, right) }

    /// The numbers are equal.
    public static func == (left: Self, right: some NumericOperand) -> Condition { left.compare(.equal, right) }
    /// The numbers are not equal.
    public static func != (left: Self, right: some NumericOperand) -> Condition { left.compare(.notEqual, right) }
    /// The number is less.
    public static func < (left: Self, right: some NumericOperand) -> Condition { left.compare(.less, right) }
    /// The number is less or equal.
    public static func <= (left: Self, right: some NumericOperand) -> Condition { left.compare(.lessOrEqual, right) }
    /// The number is greater.
    public static func > (left: Self, right: some NumericOperand) -> Condition { left.compare(.greater, right) }
    /// The number is greater or equal.
    public static func >= (left: Self, right: some NumericOperand) -> Condition { left.compare(.greaterOrEqual, right) }

    private func compare(_ comparison: Condition.Comparison, _ right: some NumericOperand) -> Condition {
        .computed(rowExpression, comparison, right.rowExpression)
    }
}

extension TypedColumn where Value: NumericColumnValue {
    /// The sum with a number or another column.
    public static func + (left: Self, right: some NumericOperand) -> ComputedColumn {
        ComputedColumn(left, .add, right)
    }
    /// The difference.
    public static func - (left: Self, right: some NumericOperand) -> ComputedColumn {
        ComputedColumn(left, .subtract, right)
    }
    /// The product.
    public static func * (left: Self, right: some NumericOperand) -> ComputedColumn {
        ComputedColumn(left, .multiply, right)
    }
    /// The quotient; of integers, without its fraction.
    public static func / (left: Self, right: some NumericOperand) -> ComputedColumn {
        ComputedColumn(left, .divide, right)
    }

    /// The column equals what is computed.
    public static func == (left: Self, right: ComputedColumn) -> Condition { left.compare(.equal, right) }
    /// The column differs from what is computed.
    public static func != (left: Self, right: ComputedColumn) -> Condition { left.compare(.notEqual, right) }
    /// The column is less than what is computed.
    public static func < (left: Self, right: ComputedColumn) -> Condition { left.compare(.less, right) }
    /// The column is less than what is computed, or equal.
    public static func <= (left: Self, right: ComputedColumn) -> Condition { left.compare(.lessOrEqual, right) }
    /// The column is greater than what is computed.
    public static func > (left: Self, right: ComputedColumn) -> Condition { left.compare(.greater, right) }
    /// The column is greater than what is computed, or equal.
    public static func >= (left: Self, right: ComputedColumn) -> Condition { left.compare(.greaterOrEqual, right) }

    private func compare(_ comparison: Condition.Comparison, _ right: ComputedColumn) -> Condition {
        .computed(.column(position), comparison, right.rowExpression)
    }
}
