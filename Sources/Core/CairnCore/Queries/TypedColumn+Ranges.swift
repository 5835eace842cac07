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

// Plain values where ids are expected. Without these the compiler would say that `Int` is not `City.ID`, and not what to do.
extension TypedColumn where Value: ColumnIdentifier {
    /// Not for plain values: make ids of them.
    @available(*, unavailable, message: "these are values, not ids; make ids of them: .in(values.map(City.ID.init))")
    public func `in`(_ values: some Sequence<Value.Value>) -> Condition { .constant(nil) }
}

extension TypedColumn {
    /// Not for plain values: make ids of them.
    @available(*, unavailable, message: "these are values, not ids; make ids of them: .in(values.map(City.ID.init))")
    public func `in`<ID: ColumnIdentifier>(_ values: some Sequence<ID.Value>) -> Condition where Value == ID? {
        .constant(nil)
    }
}
