import CairnSchema

/// What can be said of a group of rows, in the closures of a grouped query: `$0.count`, `$0.population.sum`, and, of the columns
/// it is grouped by, `$0.country`.
@dynamicMemberLookup
public struct GroupColumns<Columns> {
    let columns: Columns
    let list: AggregateList

    /// How many rows the group has. Of a table with a column of that name, the column is `$0[\.count]`.
    public var count: GroupExpression<Int> { list.expression(.rows) }

    /// A column of the table.
    public subscript<Value>(dynamicMember path: KeyPath<Columns, TypedColumn<Value>>) -> GroupExpression<Value> {
        self[path]
    }

    /// A column of the table.
    public subscript<Value>(_ path: KeyPath<Columns, TypedColumn<Value>>) -> GroupExpression<Value> {
        GroupExpression(list: list, source: .column(columns[keyPath: path].position))
    }
}

/// A column the rows are grouped by, or something computed from the rows of a group: to compare, to order by, to select.
public struct GroupExpression<Value: ColumnValue> {
    let list: AggregateList
    let source: Source

    enum Source {
        /// A column of the table, by its position.
        case column(Int)
        /// An aggregate, by its place in the results.
        case result(Int)
    }

    /// The place among the results.
    var place: Int {
        switch source {
        case .column(let position): list.place(ofColumn: position)
        case .result(let place): place
        }
    }

    private func aggregate<Result>(_ make: (Int) -> Aggregate) -> GroupExpression<Result> {
        list.expression(of: source, make)
    }
}

extension GroupExpression where Value: SummableColumnValue {
    /// The sum of the values that are not null; null when all are.
    public var sum: GroupExpression<Value> { aggregate { .sum(column: $0) } }
    /// The average of the values that are not null; null when all are.
    public var average: GroupExpression<Value.Mean> { aggregate { .average(column: $0) } }
}

extension GroupExpression where Value: OrderedColumnValue {
    /// The value that sorts first, nulls apart; null when all are.
    public var min: GroupExpression<Value> { aggregate { .minimum(column: $0) } }
    /// The value that sorts last, nulls apart; null when all are.
    public var max: GroupExpression<Value> { aggregate { .maximum(column: $0) } }
    /// How many different values there are, nulls apart.
    public var distinctCount: GroupExpression<Int> { aggregate { .distinctCount(column: $0) } }

    /// Ordered by it, smallest first, null before all.
    public var ascending: OrderTerm { OrderTerm(column: place) }
    /// Ordered by it, largest first, null after all.
    public var descending: OrderTerm { OrderTerm(column: place, isDescending: true) }

    /// It equals a value; for nil, it is null.
    public static func == (left: Self, value: Value) -> Condition { TypedColumn(left.place) == value }
    /// It is not null and not equal to a value; for nil, it is not null.
    public static func != (left: Self, value: Value) -> Condition { TypedColumn(left.place) != value }
    /// It sorts before a value.
    public static func < (left: Self, value: Value) -> Condition { TypedColumn(left.place) < value }
    /// It sorts before a value or equals it.
    public static func <= (left: Self, value: Value) -> Condition { TypedColumn(left.place) <= value }
    /// It sorts after a value.
    public static func > (left: Self, value: Value) -> Condition { TypedColumn(left.place) > value }
    /// It sorts after a value or equals it.
    public static func >= (left: Self, value: Value) -> Condition { TypedColumn(left.place) >= value }
}

extension GroupExpression {
    /// How many values there are, nulls apart.
    public var valueCount: GroupExpression<Int> { aggregate { .count(column: $0) } }
}

/// Collects the aggregates that the closures of a grouped query name, each once.
final class AggregateList {
    private let table: Table
    private(set) var query: AggregateQuery
    /// What was asked for that makes no sense; thrown when the query runs.
    private(set) var problem: StorageError?

    init(_ query: AggregateQuery, _ problem: StorageError?) {
        table = query.table
        self.query = query
        self.problem = problem
    }

    /// The place of an aggregate in the results.
    func place(of aggregate: Aggregate) -> Int {
        let known = query.aggregates.firstIndex(of: aggregate)
        if known == nil { query.aggregates.append(aggregate) }
        return query.groups.count + (known ?? query.aggregates.count - 1)
    }

    /// The place of a column that the rows are grouped by.
    func place(ofColumn position: Int) -> Int {
        if let place = query.groups.firstIndex(of: position) { return place }
        refuse(
            "column '\(table.columns[position].name)' of table '\(table.name)' has many values in a group",
            remedy: "group by it too, or take its sum, average, min or max")
        return 0
    }

    func expression<Result>(_ aggregate: Aggregate) -> GroupExpression<Result> {
        GroupExpression(list: self, source: .result(place(of: aggregate)))
    }

    func expression<Value, Result>(
        of source: GroupExpression<Value>.Source, _ make: (Int) -> Aggregate
    ) -> GroupExpression<Result> {
        guard case .column(let position) = source else {
            refuse("an aggregate is of a column, not of another aggregate", remedy: nil)
            return GroupExpression(list: self, source: .result(0))
        }
        return expression(make(position))
    }

    private func refuse(_ message: String, remedy: String?) {
        problem = problem ?? StorageError(.query, message, remedy: remedy)
    }
}
