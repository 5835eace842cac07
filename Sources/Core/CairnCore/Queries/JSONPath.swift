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

    private func compare(_ comparison: Condition.Comparison, _ value: some JSONScalar) -> Condition {
        .computed(.path(column: column, steps), comparison, .value(value.columnValue))
    }
}
