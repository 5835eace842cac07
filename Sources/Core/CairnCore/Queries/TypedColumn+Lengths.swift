public import CairnSchema

/// A column type whose values have a length: text, bytes and lists, null or not.
public protocol CountedColumnValue: ColumnValue {
    /// The value without anything in it, as it is stored.
    static var emptyColumnValue: CairnSchema.Value { get }
}

extension String: CountedColumnValue {
    /// The empty text.
    public static var emptyColumnValue: CairnSchema.Value { .string("") }
}

extension Array: CountedColumnValue where Element: ArrayElement {
    /// The empty list, or no bytes.
    public static var emptyColumnValue: CairnSchema.Value { Element.arrayValue([]) }
}

extension Optional: CountedColumnValue where Wrapped: CountedColumnValue {
    /// The empty value, which is not null.
    public static var emptyColumnValue: CairnSchema.Value { Wrapped.emptyColumnValue }
}

extension TypedColumn where Value: CountedColumnValue {
    /// How long the value is: Unicode scalars of text, as `max_length` counts; bytes; elements of a list.
    /// `$0.languages.count > 2`. Null for null.
    public var count: ComputedColumn { ComputedColumn(.count(column: position)) }
    /// There is nothing in the value. A null has nothing and is not empty: it matches neither this nor its opposite.
    public var isEmpty: Condition { .compare(column: position, .equal, Value.emptyColumnValue) }
}

extension TypedColumn {
    /// The list has an element equal to a value: `$0.languages.contains("fr")`. Of a null: neither true nor false.
    public func contains<Element: ColumnValue & ArrayElement>(_ element: Element) -> Condition
    where Value == [Element] {
        .hasElement(column: position, element.columnValue)
    }

    /// The list has an element equal to a value. Of a null: neither true nor false.
    public func contains<Element: ColumnValue & ArrayElement>(_ element: Element) -> Condition
    where Value == [Element]? {
        .hasElement(column: position, element.columnValue)
    }
}
