import CairnSchema

/// Conditions and orders in words, for plans. Values of sensitive columns are not shown.
package struct ConditionText {
    private let table: Table
    private let hidesValues: Bool

    /// - Parameter hidesValues: Whether no value is shown, only columns and operators.
    package init(_ table: Table, hidesValues: Bool = false) {
        self.table = table
        self.hidesValues = hidesValues
    }

    package func describe(_ condition: Condition) -> String {
        switch condition {
        case .constant(let value): value.map { "\($0)" } ?? "null"
        case .compare(let column, let comparison, let value):
            "\(name(column)) \(comparison.rawValue) \(text(value, column))"
        case .isNull(let column): "\(name(column)) is null"
        case .isIn(let column, let values):
            hidesValues
                ? "\(name(column)) in •••"
                : "\(name(column)) in [\(values.prefix(10).map { text($0, column) }.joined(separator: ", "))\(values.count > 10 ? ", …" : "")]"
        case .text(let column, let match, let operand, let ignoringCase):
            "\(name(column)) \(word(match)) \(text(.string(operand), column))\(ignoringCase ? " ignoring case" : "")"
        case .computed(let left, let comparison, let right):
            "\(text(left, hiding: right)) \(comparison.rawValue) \(text(right, hiding: left))"
        case .hasElement(let column, let element):
            "\(name(column)) contains \(text(element, column))"
        case .hasPath(let column, let path): "\(name(column))\(JSONStep.text(path)) exists"
        case .isPathNull(let column, let path): "\(name(column))\(JSONStep.text(path)) is null"
        case .pathText(let column, let path, let match, let operand, let ignoringCase):
            "\(name(column))\(JSONStep.text(path)) \(word(match)) \(text(.string(operand), column))\(ignoringCase ? " ignoring case" : "")"
        case .reference(let column, let table, let part): "\(name(column)) is (\(text(table, part)))"
        case .isInRows(let column, let rows): "\(name(column)) in (\(text(rows)))"
        case .and(let parts): join(parts, "and")
        case .or(let parts): join(parts, "or")
        case .not(.isNull(let column)): "\(name(column)) is not null"
        case .not(.isPathNull(let column, let path)): "\(name(column))\(JSONStep.text(path)) is not null"
        case .not(let part): "not (\(describe(part)))"
        }
    }

    package func describe(_ term: OrderTerm) -> String {
        var names: [String] = []
        var table: Table? = table
        for step in term.path {
            names.append(table?.columns[step.column].name ?? "column \(step.column)")
            table = step.table.table
        }
        names.append(table?.columns[term.column].name ?? "column \(term.column)")
        return names.joined(separator: ".") + (term.isDescending ? " desc" : "")
    }

    private func text(_ related: RelatedTable, _ condition: Condition?) -> String {
        guard let table = related.table else { return "table \(related.position)" }
        return table.name
            + (condition.map { " where \(ConditionText(table, hidesValues: hidesValues).describe($0))" } ?? "")
    }

    private func text(_ rows: RelatedRows) -> String {
        guard let table = rows.table.table else { return text(rows.table, nil) }
        var parts = ["select \(table.columns[rows.column].name) from \(text(rows.table, rows.condition))"]
        if rows.limit != nil, !rows.order.isEmpty {
            parts.append("order by \(rows.order.map(ConditionText(table).describe).joined(separator: ", "))")
        }
        if let limit = rows.limit { parts.append("limit \(limit)") }
        return parts.joined(separator: " ")
    }

    private func join(_ parts: [Condition], _ word: String) -> String {
        let texts = parts.map { part in
            switch part {
            case .and, .or: "(\(describe(part)))"
            default: describe(part)
            }
        }
        return texts.joined(separator: " \(word) ")
    }

    private func name(_ column: Int) -> String { table.columns[column].name }

    private func text(_ value: Value, _ column: Int) -> String {
        hidesValues || table.columns[column].isSensitive ? "•••" : ValueJSON.value(value).description
    }

    /// An expression; its values are not shown when it, or what it is compared with, is of a sensitive column.
    private func text(_ expression: RowExpression, hiding other: RowExpression) -> String {
        let isHidden = hidesValues || (expression.columns + other.columns).contains { table.columns[$0].isSensitive }
        return text(expression, isHidden: isHidden)
    }

    private func text(_ expression: RowExpression, isHidden: Bool) -> String {
        switch expression {
        case .column(let column): return name(column)
        case .value(let value): return isHidden ? "•••" : ValueJSON.value(value).description
        case .count(let column): return "count of \(name(column))"
        case .path(let column, let path): return name(column) + JSONStep.text(path)
        case .arithmetic(let left, let operation, let right):
            func part(_ part: RowExpression) -> String {
                let text = text(part, isHidden: isHidden)
                if case .arithmetic = part { return "(\(text))" }
                return text
            }
            return "\(part(left)) \(operation.rawValue) \(part(right))"
        }
    }

    private func word(_ match: Condition.TextMatch) -> String {
        switch match {
        case .equals: "="
        case .hasPrefix: "begins with"
        case .hasSuffix: "ends with"
        case .contains: "contains"
        case .like: "like"
        case .matches: "matches"
        }
    }
}
