import CairnSchema

/// Checks expressions that did not come from generated code: columns exist, kinds go together, nothing is too large.
struct ExpressionCheck {
    private let table: Table

    init(_ table: Table) {
        self.table = table
    }

    /// What an expression gives; JSON is known only when it is read.
    private enum Kind: Equatable {
        case value(ValueType)
        case json

        var isNumber: Bool { self == .value(.int) || self == .value(.double) || self == .value(.decimal) }
    }

    /// Checks a comparison of two expressions.
    /// - Throws: `query.invalid`.
    func check(_ left: RowExpression, _ comparison: Condition.Comparison, _ right: RowExpression) throws {
        for side in [left, right] where !side.isSmall {
            throw StorageError(
                .query,
                "a comparison of table '\(table.name)' computes with more than \(Limits.expressionParts) parts on one side",
                remedy: "keep the result in a column")
        }
        let kinds = (try kind(left), try kind(right))
        let isEquality = comparison == .equal || comparison == .notEqual
        switch kinds {
        case (.value(.decimal), .value(.double)), (.value(.double), .value(.decimal)):
            throw wrong("decimals are compared with decimals and integers: a double is seldom the number that is meant")
        case (let left, let right) where left.isNumber && right.isNumber: return
        case (.json, let other), (let other, .json):
            let scalars: [Kind] = [.json, .value(.string), .value(.int), .value(.double), .value(.bool)]
            guard scalars.contains(other) else {
                throw wrong("what stands in JSON is compared with text, numbers and truth values")
            }
        case (.value(let left), .value(let right)):
            guard left == right else { throw wrong("a \(left) is not compared with a \(right)") }
            guard left.isOrdered || isEquality else { throw wrong("values of type \(left) have no order") }
        }
    }

    /// Checks what a list is searched for.
    /// - Throws: `query.invalid`.
    func check(element: Value, of column: Column) throws {
        guard case .array(let type) = column.valueType else {
            throw wrong("column '\(column.name)' is searched for an element and is no list")
        }
        guard type.holds(element) else {
            throw wrong("column '\(column.name)' is searched for an element that is not a \(type)")
        }
        try checkFinite(element)
    }

    /// Checks a path into the JSON of a column.
    /// - Throws: `query.invalid`.
    func check(_ path: [JSONStep], of column: Column) throws {
        guard column.valueType == .json else {
            throw wrong("a path leads into column '\(column.name)', which is not of type json")
        }
        guard path.count <= Limits.expressionParts else {
            throw wrong("a path into column '\(column.name)' has more than \(Limits.expressionParts) steps")
        }
        for step in path {
            switch step {
            case .member(let name) where name.utf8.count > Limits.operandBytes:
                throw wrong("a path into column '\(column.name)' has a name of more than \(Limits.operandBytes) bytes")
            case .element(let index) where index < 0:
                throw wrong("a path into column '\(column.name)' leads to element \(index); the first is 0")
            default: break
            }
        }
    }

    private func kind(_ expression: RowExpression) throws -> Kind {
        switch expression {
        case .column(let position): return .value(try column(position).valueType)
        case .value(let value):
            try checkFinite(value)
            guard let type = ExpressionCheck.type(of: value) else {
                throw wrong("a null, a list or a JSON document cannot be computed with")
            }
            return .value(type)
        case .count(let position):
            let column = try column(position)
            guard column.valueType.hasLength else {
                throw wrong("column '\(column.name)' has no count: it is a \(column.valueType)")
            }
            return .value(.int)
        case .path(let position, let path):
            try check(path, of: try column(position))
            return .json
        case .arithmetic(let left, let operation, let right):
            return try kind(of: try kind(left), operation, try kind(right))
        }
    }

    private func kind(of left: Kind, _ operation: RowExpression.Arithmetic, _ right: Kind) throws -> Kind {
        guard left.isNumber, right.isNumber else { throw wrong("'\(operation.rawValue)' is for columns of numbers") }
        let kinds = [left, right]
        guard kinds.contains(.value(.decimal)) else {
            return kinds.contains(.value(.double)) ? .value(.double) : .value(.int)
        }
        guard !kinds.contains(.value(.double)) else {
            throw wrong("decimals are computed with decimals and integers: a double would make them inexact")
        }
        guard operation != .divide else {
            throw wrong("decimals are not divided: few quotients have an end", remedy: "multiply the other side")
        }
        return .value(.decimal)
    }

    private static func type(of value: Value) -> ValueType? {
        switch value {
        case .bool: .bool
        case .int: .int
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .uuid: .uuid
        case .timestamp: .timestamp
        case .date: .date
        case .decimal: .decimal
        case .null, .json, .array: nil
        }
    }

    private func column(_ position: Int) throws -> Column {
        guard table.columns.indices.contains(position) else {
            throw StorageError(.query, "table '\(table.name)' has no column at position \(position)")
        }
        return table.columns[position]
    }

    private func checkFinite(_ value: Value) throws {
        if case .double(let double) = value, !double.isFinite {
            throw wrong("\(double) is compared with, which no column holds")
        }
    }

    private func wrong(_ message: String, remedy: String? = nil) -> StorageError {
        StorageError(.query, "in a query of table '\(table.name)', \(message)", remedy: remedy)
    }
}

extension RowExpression {
    /// Whether it has no more parts than is allowed. Stops counting where it has.
    var isSmall: Bool {
        var room = Limits.expressionParts
        return fits(in: &room)
    }

    private func fits(in room: inout Int) -> Bool {
        room -= 1
        guard room >= 0 else { return false }
        guard case .arithmetic(let left, _, let right) = self else { return true }
        return left.fits(in: &room) && right.fits(in: &room)
    }
}
