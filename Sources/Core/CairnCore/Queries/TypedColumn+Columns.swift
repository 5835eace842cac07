// Two columns of a row: of one type, or of one that is null at times, or both numbers. When one of them is null, neither
// true nor false.
//
// All are disfavored: were they equal to the comparisons with values, the compiler could not tell which of them a wrong operand was
// meant for, and would say of `$0.name == nil` and `$0.status == .unknown` only that no `==` fits.

extension TypedColumn {
    /// Both columns have the same value.
    @_disfavoredOverload
    public static func == (left: Self, right: Self) -> Condition { compare(left, .equal, right) }
    /// The columns have different values.
    @_disfavoredOverload
    public static func != (left: Self, right: Self) -> Condition { compare(left, .notEqual, right) }
    /// Both columns have the same value.
    @_disfavoredOverload
    public static func == (left: Self, right: TypedColumn<Value?>) -> Condition { compare(left, .equal, right) }
    /// The columns have different values.
    @_disfavoredOverload
    public static func != (left: Self, right: TypedColumn<Value?>) -> Condition { compare(left, .notEqual, right) }
    /// Both columns have the same value.
    @_disfavoredOverload
    public static func == (left: TypedColumn<Value?>, right: Self) -> Condition { compare(left, .equal, right) }
    /// The columns have different values.
    @_disfavoredOverload
    public static func != (left: TypedColumn<Value?>, right: Self) -> Condition { compare(left, .notEqual, right) }

    static func compare<Left, Right>(
        _ left: TypedColumn<Left>, _ comparison: Condition.Comparison, _ right: TypedColumn<Right>
    ) -> Condition {
        .computed(.column(left.position), comparison, .column(right.position))
    }
}

extension TypedColumn where Value: OrderedColumnValue {
    /// The left column sorts before the right one.
    @_disfavoredOverload
    public static func < (left: Self, right: Self) -> Condition { compare(left, .less, right) }
    /// The left column sorts before the right one, or equals it.
    @_disfavoredOverload
    public static func <= (left: Self, right: Self) -> Condition { compare(left, .lessOrEqual, right) }
    /// The left column sorts after the right one.
    @_disfavoredOverload
    public static func > (left: Self, right: Self) -> Condition { compare(left, .greater, right) }
    /// The left column sorts after the right one, or equals it.
    @_disfavoredOverload
    public static func >= (left: Self, right: Self) -> Condition { compare(left, .greaterOrEqual, right) }

    /// The left column sorts before the right one.
    @_disfavoredOverload
    public static func < (left: Self, right: TypedColumn<Value?>) -> Condition { compare(left, .less, right) }
    /// The left column sorts before the right one, or equals it.
    @_disfavoredOverload
    public static func <= (left: Self, right: TypedColumn<Value?>) -> Condition { compare(left, .lessOrEqual, right) }
    /// The left column sorts after the right one.
    @_disfavoredOverload
    public static func > (left: Self, right: TypedColumn<Value?>) -> Condition { compare(left, .greater, right) }
    /// The left column sorts after the right one, or equals it.
    @_disfavoredOverload
    public static func >= (left: Self, right: TypedColumn<Value?>) -> Condition {
        compare(left, .greaterOrEqual, right)
    }

    /// The left column sorts before the right one.
    @_disfavoredOverload
    public static func < (left: TypedColumn<Value?>, right: Self) -> Condition { compare(left, .less, right) }
    /// The left column sorts before the right one, or equals it.
    @_disfavoredOverload
    public static func <= (left: TypedColumn<Value?>, right: Self) -> Condition { compare(left, .lessOrEqual, right) }
    /// The left column sorts after the right one.
    @_disfavoredOverload
    public static func > (left: TypedColumn<Value?>, right: Self) -> Condition { compare(left, .greater, right) }
    /// The left column sorts after the right one, or equals it.
    @_disfavoredOverload
    public static func >= (left: TypedColumn<Value?>, right: Self) -> Condition {
        compare(left, .greaterOrEqual, right)
    }
}
