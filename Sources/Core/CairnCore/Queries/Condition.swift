public import CairnSchema

/// A condition on the rows of one table, as a value: no I/O, the same for every driver.
///
/// Columns are positions in the table. Conditions have three outcomes, as in SQL: a comparison with a null column is neither
/// true nor false, and only rows for which the whole condition is true match.
public indirect enum Condition: Sendable, Hashable {
    /// Always, never, or neither (nil), as a comparison with null is.
    case constant(Bool?)
    /// A column compared with a value that is not null.
    case compare(column: Int, Comparison, Value)
    /// The column is null.
    case isNull(column: Int)
    /// The column is one of several values that are not null. Of none: never, even for null.
    case isIn(column: Int, [Value])
    /// The text of the column matches.
    case text(column: Int, TextMatch, String, ignoringCase: Bool)
    /// Two values computed from the row compare so. When one of them is null, or their kinds do not compare: neither.
    case computed(RowExpression, Comparison, RowExpression)
    /// The list in the column has an element equal to a value.
    case hasElement(column: Int, Value)
    /// A path leads to something in the JSON of the column, be it null; false when the column is null.
    case hasPath(column: Int, [JSONStep])
    /// A path leads to nothing in the JSON of the column, or to null.
    case isPathNull(column: Int, [JSONStep])
    /// A path leads to a text in the JSON of the column, and the text matches. Where it leads to nothing, to null or to anything else:
    /// neither.
    case pathText(column: Int, [JSONStep], TextMatch, String, ignoringCase: Bool)
    /// The record that the column, a reference to the table, names satisfies a condition. Its columns count as columns of the
    /// row; where the column is null they are all null. Neither, where a transaction has not yet written that record.
    case reference(column: Int, RelatedTable, Condition)
    /// The column has one of the values that a column has in some rows. Neither, where it is null.
    case isInRows(column: Int, RelatedRows)
    /// All are true.
    case and([Condition])
    /// At least one is true.
    case or([Condition])
    /// The condition is false.
    case not(Condition)

    /// How a column is compared.
    public typealias Comparison = QueryComparison

    /// How text is matched.
    public typealias TextMatch = QueryTextMatch

    /// Both are true.
    public static func && (left: Condition, right: Condition) -> Condition {
        switch (left, right) {
        case (.and(let left), .and(let right)): .and(left + right)
        case (.and(let left), let right): .and(left + [right])
        case (let left, .and(let right)): .and([left] + right)
        case (let left, let right): .and([left, right])
        }
    }

    /// At least one is true.
    public static func || (left: Condition, right: Condition) -> Condition {
        switch (left, right) {
        case (.or(let left), .or(let right)): .or(left + right)
        case (.or(let left), let right): .or(left + [right])
        case (let left, .or(let right)): .or([left] + right)
        case (let left, let right): .or([left, right])
        }
    }

    /// The condition is false.
    public static prefix func ! (condition: Condition) -> Condition { .not(condition) }
}

extension Condition {
    /// How many values it compares with itself, parts of it not counted. What needs no value counts as one, because it takes
    /// as much room.
    var valueCount: Int {
        switch self {
        case .compare, .text, .constant, .isNull, .computed, .hasElement, .hasPath, .isPathNull, .pathText, .reference,
            .isInRows:
            1
        case .isIn(_, let values): max(1, values.count)
        case .and, .or, .not: 0
        }
    }

    /// How many parts are inside one another, itself counted.
    package var depth: Int {
        switch self {
        case .and(let parts), .or(let parts): 1 + (parts.lazy.map(\.depth).max() ?? 0)
        case .not(let part): 1 + part.depth
        case .reference(_, _, let part): QueryLimits.relationDepth + part.depth
        case .isInRows(_, let rows): QueryLimits.relationDepth + (rows.condition?.depth ?? 0)
        case .constant, .compare, .isNull, .isIn, .text, .computed, .hasElement, .hasPath, .isPathNull, .pathText: 1
        }
    }
}

/// A change of one column to a value, for the update of a query.
public struct Assignment: Sendable, Hashable {
    /// The position of the column in its table.
    public let column: Int
    /// The new value.
    public let value: Value

    /// A column and its new value.
    public init(column: Int, value: Value) {
        self.column = column
        self.value = value
    }
}
