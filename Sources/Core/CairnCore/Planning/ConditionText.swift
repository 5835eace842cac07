import CairnSchema

/// Conditions and orders in words, for plans. Values of sensitive columns are not shown.
package struct ConditionText {
    private let table: Table

    package init(_ table: Table) {
        self.table = table
    }

    package func describe(_ condition: Condition) -> String {
        switch condition {
        case .constant(let value): value.map { "\($0)" } ?? "null"
        case .compare(let column, let comparison, let value):
            "\(name(column)) \(comparison.rawValue) \(text(value, column))"
        case .isNull(let column): "\(name(column)) is null"
        case .isIn(let column, let values):
            "\(name(column)) in [\(values.prefix(10).map { text($0, column) }.joined(separator: ", "))\(values.count > 10 ? ", …" : "")]"
        case .text(let column, let match, let operand, let ignoringCase):
            "\(name(column)) \(word(match)) \(text(.string(operand), column))\(ignoringCase ? " ignoring case" : "")"
        case .and(let parts): join(parts, "and")
        case .or(let parts): join(parts, "or")
        case .not(.isNull(let column)): "\(name(column)) is not null"
        case .not(let part): "not (\(describe(part)))"
        }
    }

    package func describe(_ term: OrderTerm) -> String {
        name(term.column) + (term.isDescending ? " desc" : "")
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
        table.columns[column].isSensitive ? "•••" : ValueJSON.value(value).description
    }

    private func word(_ match: Condition.TextMatch) -> String {
        switch match {
        case .equals: "="
        case .hasPrefix: "begins with"
        case .hasSuffix: "ends with"
        case .contains: "contains"
        case .like: "like"
        }
    }
}
