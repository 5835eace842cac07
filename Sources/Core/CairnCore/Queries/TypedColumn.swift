import CairnSchema

/// A column of a generated entity, to build conditions and orders with: `$0.population > 1_000_000`.
///
/// Each operator is one overload for all columns, so a long condition does not slow the compiler.
public struct TypedColumn<Value: ColumnValue>: Sendable {
    /// The position of the column in its table.
    public let position: Int

    /// For generated code: the column at a position.
    @inlinable
    public init(_ position: Int) {
        self.position = position
    }

    /// The column equals a value; for nil, the column is null.
    public static func == (column: Self, value: Value) -> Condition {
        let value = value.columnValue
        return value.isNull ? .isNull(column: column.position) : .compare(column: column.position, .equal, value)
    }

    /// The column is not null and not equal to a value; for nil, the column is not null.
    public static func != (column: Self, value: Value) -> Condition {
        let value = value.columnValue
        return value.isNull
            ? .not(.isNull(column: column.position)) : .compare(column: column.position, .notEqual, value)
    }

    /// Changes the column, in the update of a query.
    public func set(_ value: Value) -> Assignment {
        Assignment(column: position, value: value.columnValue)
    }

    func compare(_ comparison: Condition.Comparison, _ value: Value) -> Condition {
        let value = value.columnValue
        // A comparison with nil is neither true nor false, as a comparison with null is in SQL.
        return value.isNull ? .constant(nil) : .compare(column: position, comparison, value)
    }
}

extension TypedColumn where Value: OrderedColumnValue {
    /// The column sorts before a value.
    public static func < (column: Self, value: Value) -> Condition { column.compare(.less, value) }
    /// The column sorts before a value or equals it.
    public static func <= (column: Self, value: Value) -> Condition { column.compare(.lessOrEqual, value) }
    /// The column sorts after a value.
    public static func > (column: Self, value: Value) -> Condition { column.compare(.greater, value) }
    /// The column sorts after a value or equals it.
    public static func >= (column: Self, value: Value) -> Condition { column.compare(.greaterOrEqual, value) }

    /// The column equals one of the values. Of none: no row. A nil among the values matches nothing.
    public func `in`(_ values: some Sequence<Value>) -> Condition {
        .isIn(column: position, values.map(\.columnValue).filter { !$0.isNull })
    }

    /// The column is between two values, both included.
    public func between(_ lower: Value, and upper: Value) -> Condition {
        .and([compare(.greaterOrEqual, lower), compare(.lessOrEqual, upper)])
    }

    /// Ordered by the column, smallest first, null before all.
    public var ascending: OrderTerm { OrderTerm(column: position) }
    /// Ordered by the column, largest first, null after all.
    public var descending: OrderTerm { OrderTerm(column: position, isDescending: true) }
}

extension TypedColumn where Value: TextColumnValue {
    /// The text begins with `prefix`, byte for byte. An index on the column serves it.
    public func hasPrefix(_ prefix: String) -> Condition { text(.hasPrefix, prefix) }
    /// The text ends with `suffix`, byte for byte.
    public func hasSuffix(_ suffix: String) -> Condition { text(.hasSuffix, suffix) }
    /// `part` stands somewhere in the text, byte for byte.
    public func contains(_ part: String) -> Condition { text(.contains, part) }
    /// The text matches a pattern: `%` any characters, `_` one, `\` before one of the three makes it plain.
    public func like(_ pattern: String) -> Condition { text(.like, pattern) }
    /// A regular expression is found in the text; `^` and `$` tie it to the ends: `$0.code.matches("^[A-Z]{2}\\d+$")`.
    ///
    /// One engine on every driver, in time linear in the text: classes (`[a-z]`, `[^…]`, `\d`, `\w`, `\s` of ASCII), any character
    /// but a line feed (`.`), `^`, `$`, `\b`, repetition (`*`, `+`, `?`, `{2,5}`), alternatives and groups; characters are
    /// Unicode scalars (`\u{E9}`). No captures, back-references or look-around. A pattern that cannot be read is
    /// `query.invalid`, with the place of the mistake.
    public func matches(_ pattern: String) -> Condition { text(.matches, pattern) }
    /// The same column, compared without regard to case: `$0.name.ignoringCase == "paris"`.
    public var ignoringCase: CaseInsensitiveColumn { CaseInsensitiveColumn(position: position) }

    private func text(_ match: Condition.TextMatch, _ operand: String) -> Condition {
        .text(column: position, match, operand, ignoringCase: false)
    }
}

/// A text column compared without regard to case.
///
/// Both sides are brought to Unicode simple case folding, character by character, by the same code on every driver: "É"
/// equals "é", "ß" does not equal "ss". No locale takes part.
public struct CaseInsensitiveColumn: Sendable {
    let position: Int

    /// The text equals a value.
    public static func == (column: Self, value: String) -> Condition { column.text(.equals, value) }
    /// The text is not null and differs from a value.
    public static func != (column: Self, value: String) -> Condition { .not(column.text(.equals, value)) }
    /// The text begins with `prefix`.
    public func hasPrefix(_ prefix: String) -> Condition { text(.hasPrefix, prefix) }
    /// The text ends with `suffix`.
    public func hasSuffix(_ suffix: String) -> Condition { text(.hasSuffix, suffix) }
    /// `part` stands somewhere in the text.
    public func contains(_ part: String) -> Condition { text(.contains, part) }
    /// The text matches a pattern, as in `like` of a column.
    public func like(_ pattern: String) -> Condition { text(.like, pattern) }
    /// A regular expression is found in the text, as in `matches` of a column.
    public func matches(_ pattern: String) -> Condition { text(.matches, pattern) }
    /// The text equals one of the values.
    public func `in`(_ values: some Sequence<String>) -> Condition { .or(values.map { text(.equals, $0) }) }

    private func text(_ match: Condition.TextMatch, _ operand: String) -> Condition {
        .text(column: position, match, operand, ignoringCase: true)
    }
}

/// Lists the columns of an order: `.order { $0.country; $0.population.descending }`.
@resultBuilder
public enum OrderBuilder {
    /// A column, smallest first.
    public static func buildExpression<Value: OrderedColumnValue>(_ column: TypedColumn<Value>) -> [OrderTerm] {
        [column.ascending]
    }
    /// A column with its direction.
    public static func buildExpression(_ term: OrderTerm) -> [OrderTerm] { [term] }
    /// Columns of a record that is referred to.
    ///
    /// Disfavored, so that of a column without an order the compiler says that, and not that no expression fits.
    @_disfavoredOverload
    public static func buildExpression(_ terms: [OrderTerm]) -> [OrderTerm] { terms }
    /// A result of a group, smallest first.
    public static func buildExpression<Value: OrderedColumnValue>(_ result: GroupExpression<Value>) -> [OrderTerm] {
        [result.ascending]
    }
    /// All terms, one after the other.
    public static func buildBlock(_ terms: [OrderTerm]...) -> [OrderTerm] { Array(terms.joined()) }
    /// Terms that are there or not.
    public static func buildOptional(_ terms: [OrderTerm]?) -> [OrderTerm] { terms ?? [] }
    /// Either these terms.
    public static func buildEither(first terms: [OrderTerm]) -> [OrderTerm] { terms }
    /// Or those.
    public static func buildEither(second terms: [OrderTerm]) -> [OrderTerm] { terms }
}

/// Lists the changes of an update: `.update { $0.timezone.set(nil); $0.population.set(0) }`.
@resultBuilder
public enum AssignmentBuilder {
    /// One change.
    public static func buildExpression(_ assignment: Assignment) -> [Assignment] { [assignment] }
    /// All changes, one after the other.
    public static func buildBlock(_ assignments: [Assignment]...) -> [Assignment] { Array(assignments.joined()) }
    /// Changes that are made or not.
    public static func buildOptional(_ assignments: [Assignment]?) -> [Assignment] { assignments ?? [] }
    /// Either these changes.
    public static func buildEither(first assignments: [Assignment]) -> [Assignment] { assignments }
    /// Or those.
    public static func buildEither(second assignments: [Assignment]) -> [Assignment] { assignments }
}
