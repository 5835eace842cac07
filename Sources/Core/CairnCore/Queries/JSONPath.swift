public import CairnSchema

/// A column type that holds JSON, null or not.
public protocol JSONColumnValue: ColumnValue {}

extension JSONValue: JSONColumnValue {}
extension Optional: JSONColumnValue where Wrapped == JSONValue {}

extension TypedColumn where Value: JSONColumnValue {
    /// What a member of the JSON holds: `$0.settings["theme"] == "dark"`.
    public subscript(name: String) -> JSONPath { JSONPath(column: position, steps: [.member(name)]) }
    /// What an element of the JSON holds, from 0.
    public subscript(index: Int) -> JSONPath { JSONPath(column: position, steps: [.element(index)]) }
}

/// A Swift type that a value in JSON is compared with.
public protocol JSONScalar: ColumnValue {}

extension String: JSONScalar {}
extension Int: JSONScalar {}
extension Double: JSONScalar {}
extension Bool: JSONScalar {}

/// A path into the JSON of a column, compared by type: `$0.settings["servers"][0]["port"] > 1024`.
///
/// Text is compared with text, by its bytes; numbers with numbers, by value, with a fraction or without; truth values with
/// truth values. Where the path leads to nothing, to null, or to something of another type, a comparison is neither true nor
/// false: `!=` finds what is there and different. The same on every driver. No index serves it.
public struct JSONPath: Sendable {
    let column: Int
    let steps: [JSONStep]

    /// The path with one more step, to a member.
    public subscript(name: String) -> JSONPath { JSONPath(column: column, steps: steps + [.member(name)]) }
    /// The path with one more step, to an element, from 0.
    public subscript(index: Int) -> JSONPath { JSONPath(column: column, steps: steps + [.element(index)]) }

    /// The path leads to something, be it null. False when the column is null.
    public var exists: Condition { .hasPath(column: column, steps) }

    /// The path leads to this value.
    public static func == (path: Self, value: some JSONScalar) -> Condition { path.compare(.equal, value) }
    /// The path leads to another value of the same type.
    public static func != (path: Self, value: some JSONScalar) -> Condition { path.compare(.notEqual, value) }
    /// The path leads to nothing, or to null.
    public static func == (path: Self, value: Never?) -> Condition { .isPathNull(column: path.column, path.steps) }
    /// The path leads to something that is not null.
    public static func != (path: Self, value: Never?) -> Condition {
        .not(.isPathNull(column: path.column, path.steps))
    }
    /// The path leads to a value of the same type that sorts before.
    public static func < (path: Self, value: some JSONScalar) -> Condition { path.compare(.less, value) }
    /// The path leads to a value of the same type that sorts before or is equal.
    public static func <= (path: Self, value: some JSONScalar) -> Condition { path.compare(.lessOrEqual, value) }
    /// The path leads to a value of the same type that sorts after.
    public static func > (path: Self, value: some JSONScalar) -> Condition { path.compare(.greater, value) }
    /// The path leads to a value of the same type that sorts after or is equal.
    public static func >= (path: Self, value: some JSONScalar) -> Condition { path.compare(.greaterOrEqual, value) }

    /// The path leads to one of the values. Of none: no row.
    public func `in`(_ values: some Sequence<some JSONScalar>) -> Condition {
        let parts = values.map { compare(.equal, $0) }
        return parts.isEmpty ? .constant(false) : .or(parts)
    }

    // MARK: Text

    /// The path leads to a text that begins with `prefix`, byte for byte.
    public func hasPrefix(_ prefix: String) -> Condition { text(.hasPrefix, prefix) }
    /// The path leads to a text that ends with `suffix`, byte for byte.
    public func hasSuffix(_ suffix: String) -> Condition { text(.hasSuffix, suffix) }
    /// The path leads to a text in which `part` stands somewhere, byte for byte. For elements of a list, ask for each by its place.
    public func contains(_ part: String) -> Condition { text(.contains, part) }
    /// The path leads to a text that matches a pattern, as in `like` of a column.
    public func like(_ pattern: String) -> Condition { text(.like, pattern) }
    /// A regular expression is found in the text that the path leads to, as in `matches` of a column.
    public func matches(_ pattern: String) -> Condition { text(.matches, pattern) }
    /// The same path, its text compared without regard to case: `$0.settings["theme"].ignoringCase == "dark"`.
    public var ignoringCase: CaseInsensitiveJSONPath { CaseInsensitiveJSONPath(path: self) }

    private func text(_ match: Condition.TextMatch, _ operand: String) -> Condition {
        .pathText(column: column, steps, match, operand, ignoringCase: false)
    }

    private func compare(_ comparison: Condition.Comparison, _ value: some JSONScalar) -> Condition {
        .computed(.path(column: column, steps), comparison, .value(value.columnValue))
    }
}

/// A path into the JSON of a column whose text is compared without regard to case, as in ``CaseInsensitiveColumn``. Where it leads to
/// anything but a text, nothing is true or false.
public struct CaseInsensitiveJSONPath: Sendable {
    let path: JSONPath

    /// The texts are equal.
    public static func == (path: Self, value: String) -> Condition { path.text(.equals, value) }
    /// The texts are not equal.
    public static func != (path: Self, value: String) -> Condition { .not(path.text(.equals, value)) }
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
    /// The text is one of the values. Of none: no row.
    public func `in`(_ values: some Sequence<String>) -> Condition {
        let parts = values.map { text(.equals, $0) }
        return parts.isEmpty ? .constant(false) : .or(parts)
    }

    private func text(_ match: Condition.TextMatch, _ operand: String) -> Condition {
        .pathText(column: path.column, path.steps, match, operand, ignoringCase: true)
    }
}
