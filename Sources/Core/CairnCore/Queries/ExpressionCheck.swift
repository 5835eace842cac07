import CairnSchema

/// Checks expressions that did not come from generated code: columns exist, kinds go together, nothing is too large.
struct ExpressionCheck {
    private let table: Table

    init(_ table: Table) {
        self.table = table
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
        try explained { () throws(ExpressionKind.Mistake) in try ExpressionKind.check(kinds.0, comparison, kinds.1) }
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
        try explained { () throws(ExpressionKind.Mistake) in try ExpressionKind.check(path, of: column) }
    }

    private func kind(_ expression: RowExpression) throws -> ExpressionKind {
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
            return try explained { () throws(ExpressionKind.Mistake) in try ExpressionKind.count(of: column) }
        case .path(let position, let path):
            try check(path, of: try column(position))
            return .json
        case .arithmetic(let left, let operation, let right):
            let kinds = (try kind(left), try kind(right))
            return try explained { () throws(ExpressionKind.Mistake) in
                try ExpressionKind.combined(kinds.0, operation, kinds.1)
            }
        }
    }

    /// Puts the mistakes of the rules in the words of this check.
    private func explained<Result>(
        _ body: () throws(ExpressionKind.Mistake) -> Result
    ) throws -> Result {
        do throws(ExpressionKind.Mistake) {
            return try body()
        } catch {
            throw wrong(error.message, remedy: error.remedy)
        }
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
