/// What an expression gives, and what may be done with it: the rules that queries in text and queries made of values share.
package enum ExpressionKind: Equatable {
    case value(ValueType)
    /// What stands there is known only when it is read.
    case json

    package var isNumber: Bool { self == .value(.int) || self == .value(.double) || self == .value(.decimal) }

    /// Why something cannot be computed or compared.
    package struct Mistake: Error {
        package let message: String
        package let remedy: String?

        init(_ message: String, remedy: String? = nil) {
            self.message = message
            self.remedy = remedy
        }
    }

    /// What two numbers together give.
    package static func combined(
        _ left: ExpressionKind, _ operation: QueryArithmetic, _ right: ExpressionKind
    ) throws(Mistake) -> ExpressionKind {
        guard left.isNumber, right.isNumber else { throw Mistake("'\(operation.rawValue)' is for columns of numbers") }
        let kinds = [left, right]
        guard kinds.contains(.value(.decimal)) else {
            return kinds.contains(.value(.double)) ? .value(.double) : .value(.int)
        }
        guard !kinds.contains(.value(.double)) else {
            throw Mistake("decimals are computed with decimals and integers: a double would make them inexact")
        }
        guard operation != .divide else {
            throw Mistake("decimals are not divided: few quotients have an end", remedy: "multiply the other side")
        }
        return .value(.decimal)
    }

    /// Checks that two compare.
    package static func check(
        _ left: ExpressionKind, _ comparison: QueryComparison, _ right: ExpressionKind
    ) throws(Mistake) {
        let isEquality = comparison == .equal || comparison == .notEqual
        switch (left, right) {
        case (.value(.decimal), .value(.double)), (.value(.double), .value(.decimal)):
            throw Mistake(
                "decimals are compared with decimals and integers: a double is seldom the number that is meant")
        case (let left, let right) where left.isNumber && right.isNumber: return
        case (.json, let other), (let other, .json):
            let scalars: [ExpressionKind] = [.json, .value(.string), .value(.int), .value(.double), .value(.bool)]
            guard scalars.contains(other) else {
                throw Mistake("what stands in JSON is compared with text, numbers and truth values")
            }
        case (.value(let left), .value(let right)):
            guard left == right else { throw Mistake("a \(left) is not compared with a \(right)") }
            guard left.isOrdered || isEquality else { throw Mistake("values of type \(left) have no order") }
        }
    }

    /// The count of what a column holds.
    package static func count(of column: Column) throws(Mistake) -> ExpressionKind {
        guard column.valueType.hasLength else {
            throw Mistake("column '\(column.name)' has no count: it is a \(column.valueType)")
        }
        return .value(.int)
    }

    /// Checks a path into the JSON of a column.
    package static func check(_ path: [JSONStep], of column: Column) throws(Mistake) {
        guard column.valueType == .json else {
            throw Mistake("a path leads into column '\(column.name)', which is not of type json")
        }
        guard path.count <= QueryLimits.expressionParts else {
            throw Mistake("a path into column '\(column.name)' has more than \(QueryLimits.expressionParts) steps")
        }
        for step in path {
            switch step {
            case .member(let name) where name.utf8.count > QueryLimits.operandBytes:
                throw Mistake(
                    "a path into column '\(column.name)' has a name of more than \(QueryLimits.operandBytes) bytes")
            case .element(let index) where index < 0:
                throw Mistake("a path into column '\(column.name)' leads to element \(index); the first is 0")
            default: break
            }
        }
    }
}
