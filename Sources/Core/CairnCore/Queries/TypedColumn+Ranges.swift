extension TypedColumn where Value: OrderedColumnValue & Comparable {
    /// The column is in a closed range: `$0.population.in(1...9)`.
    public func `in`(_ range: ClosedRange<Value>) -> Condition {
        .and([compare(.greaterOrEqual, range.lowerBound), compare(.lessOrEqual, range.upperBound)])
    }

    /// The column is in a half-open range: `$0.population.in(0..<10)`.
    public func `in`(_ range: Range<Value>) -> Condition {
        .and([compare(.greaterOrEqual, range.lowerBound), compare(.less, range.upperBound)])
    }

    /// The column is in a range without an end: `$0.population.in(100...)`.
    public func `in`(_ range: PartialRangeFrom<Value>) -> Condition { compare(.greaterOrEqual, range.lowerBound) }
    /// The column is in a range without a beginning: `$0.population.in(...100)`.
    public func `in`(_ range: PartialRangeThrough<Value>) -> Condition { compare(.lessOrEqual, range.upperBound) }
    /// The column is in a range without a beginning: `$0.population.in(..<100)`.
    public func `in`(_ range: PartialRangeUpTo<Value>) -> Condition { compare(.less, range.upperBound) }
}

// The same for columns that may be null.
extension TypedColumn {
    /// The column is in a closed range: `$0.population.in(1...9)`.
    public func `in`<Bound: OrderedColumnValue & Comparable>(
        _ range: ClosedRange<Bound>
    ) -> Condition where Value == Bound? {
        .and([compare(.greaterOrEqual, range.lowerBound), compare(.lessOrEqual, range.upperBound)])
    }

    /// The column is in a half-open range: `$0.population.in(0..<10)`.
    public func `in`<Bound: OrderedColumnValue & Comparable>(
        _ range: Range<Bound>
    ) -> Condition where Value == Bound? {
        .and([compare(.greaterOrEqual, range.lowerBound), compare(.less, range.upperBound)])
    }

    /// The column is in a range without an end: `$0.population.in(100...)`.
    public func `in`<Bound: OrderedColumnValue & Comparable>(
        _ range: PartialRangeFrom<Bound>
    ) -> Condition where Value == Bound? {
        compare(.greaterOrEqual, range.lowerBound)
    }
    /// The column is in a range without a beginning: `$0.population.in(...100)`.
    public func `in`<Bound: OrderedColumnValue & Comparable>(
        _ range: PartialRangeThrough<Bound>
    ) -> Condition where Value == Bound? {
        compare(.lessOrEqual, range.upperBound)
    }
    /// The column is in a range without a beginning: `$0.population.in(..<100)`.
    public func `in`<Bound: OrderedColumnValue & Comparable>(
        _ range: PartialRangeUpTo<Bound>
    ) -> Condition where Value == Bound? {
        compare(.less, range.upperBound)
    }
}
