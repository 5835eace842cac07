/// How a column is compared.
public enum QueryComparison: String, Sendable, Hashable {
    /// Equal.
    case equal = "="
    /// Not equal.
    case notEqual = "!="
    /// Sorts before.
    case less = "<"
    /// Sorts before or is equal.
    case lessOrEqual = "<="
    /// Sorts after.
    case greater = ">"
    /// Sorts after or is equal.
    case greaterOrEqual = ">="

    /// The comparison with its sides changed.
    package var mirrored: Self {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }
}

/// How text is matched.
public enum QueryTextMatch: String, Sendable, Hashable {
    /// The whole text is equal.
    case equals
    /// The text begins with the operand.
    case hasPrefix
    /// The text ends with the operand.
    case hasSuffix
    /// The operand stands somewhere in the text.
    case contains
    /// The text matches a pattern: `%` stands for any characters, `_` for one (a Unicode scalar), `\` before one of the
    /// three makes it plain.
    case like
    /// A regular expression is found in the text: see `matches` of text columns.
    case matches
}

/// How two numbers are put together.
public enum QueryArithmetic: String, Sendable, Hashable, CaseIterable {
    /// The sum.
    case add = "+"
    /// The difference.
    case subtract = "-"
    /// The product.
    case multiply = "*"
    /// The quotient; of integers, without its fraction. Not of decimals, whose quotient seldom has an end.
    case divide = "/"
}

/// A unit of spans of days.
public enum DayUnit: String, Sendable, Hashable, CaseIterable {
    /// Days of the calendar.
    case days
    /// Seven days.
    case weeks
    /// Months of the calendar.
    case months
    /// Years of the calendar.
    case years
}

/// One step of a path into JSON.
public enum JSONStep: Sendable, Hashable {
    /// To the member of an object.
    case member(String)
    /// To the element of a list, from 0.
    case element(Int)

    public static func == (left: JSONStep, right: JSONStep) -> Bool {
        switch (left, right) {
        case (.member(let left), .member(let right)): Utf8.equal(left, right)
        case (.element(let left), .element(let right)): left == right
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .member(let name): Utf8.hash(name, into: &hasher)
        case .element(let index): hasher.combine(index)
        }
    }

    /// A path as it is written behind a column: `["theme"][0]`.
    package static func text(_ path: [JSONStep]) -> String {
        path.map { step in
            switch step {
            case .member(let name): "[\(JSONValue.string(name))]"
            case .element(let index): "[\(index)]"
            }
        }.joined()
    }
}

/// The limits of queries, whatever they are made of.
package enum QueryLimits {
    /// Bytes of a query in text or in JSON.
    package static let bytes = 256 << 10
    /// Values that all parts of a condition compare with, together.
    package static let values = 16_000
    /// Parts of a condition inside one another; chains of `and` and of `or` are one part.
    package static let depth = 20
    /// What leads to another table counts as so many parts inside one another: SQLite's parser needs more room for it.
    package static let relationDepth = 2
    /// Bytes of a text that a text operator looks for.
    package static let operandBytes = 4096
    /// Columns, values and operators of one side of a comparison that computes, and steps of a path into JSON.
    package static let expressionParts = 64
    /// What is computed of groups: SQLite, which has up to three columns for each, takes 2,000.
    package static let aggregates = 256
    /// Parameters of a query.
    package static let parameters = 100
}
