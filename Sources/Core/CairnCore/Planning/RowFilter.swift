import CairnSchema

/// A condition prepared to be checked row by row: the one meaning of conditions for drivers without a query engine.
///
/// `matches` gives true, false, or nil for neither, by the three-valued logic of SQL.
package indirect enum RowFilter: Sendable {
    case constant(Bool?)
    case compare(Int, Condition.Comparison, Value)
    case isNull(Int)
    case isIn(Int, Set<Value>)
    case text(Int, TextMatcher)
    case computed(RowExpression, Condition.Comparison, RowExpression)
    case hasElement(Int, Value)
    case path(Int, [JSONStep], isNull: Bool)
    case pathText(Int, [JSONStep], TextMatcher)
    /// What takes other rows to tell. They must have been read: see `Condition.listing`.
    case related
    case and([RowFilter])
    case or([RowFilter])
    case not(RowFilter)

    package init(_ condition: Condition) {
        self =
            switch condition {
            case .constant(let value): .constant(value)
            case .compare(let column, let comparison, let value): .compare(column, comparison, value)
            case .isNull(let column): .isNull(column)
            case .isIn(let column, let values): .isIn(column, Set(values))
            case .text(let column, let match, let operand, let ignoringCase):
                .text(column, TextMatcher(match, operand, ignoringCase: ignoringCase))
            case .computed(let left, let comparison, let right): .computed(left, comparison, right)
            case .hasElement(let column, let element): .hasElement(column, element)
            case .hasPath(let column, let path): .path(column, path, isNull: false)
            case .isPathNull(let column, let path): .path(column, path, isNull: true)
            case .pathText(let column, let path, let match, let operand, let ignoringCase):
                .pathText(column, path, TextMatcher(match, operand, ignoringCase: ignoringCase))
            case .reference, .isInRows: .related
            case .and(let parts): .and(parts.map(RowFilter.init))
            case .or(let parts): .or(parts.map(RowFilter.init))
            case .not(let part): .not(RowFilter(part))
            }
    }

    package func matches(_ row: RowReader) throws -> Bool? {
        switch self {
        case .constant(let value): return value
        case .compare(let column, let comparison, let operand):
            let value = try row.value(column)
            if value.isNull { return nil }
            return try compare(value, comparison, operand, column, row)
        case .isNull(let column): return try row.isNull(column)
        case .isIn(let column, let values):
            if values.isEmpty { return false }
            let value = try row.value(column)
            return value.isNull ? nil : values.contains(value)
        case .text(let column, let matcher):
            if try row.isNull(column) { return nil }
            return matcher.matches(try row.string(column))
        case .computed(let left, let comparison, let right):
            guard let order = try left.evaluate(row).order(try right.evaluate(row)) else { return nil }
            return comparison.holds(order)
        case .hasElement(let column, let element):
            return try row.isNull(column) ? nil : row.elements(column).contains(element)
        case .path(let column, let path, let isNull):
            let found = try row.isNull(column) ? nil : row.json(column).value(at: path)
            return isNull ? found == nil || found == .null : found != nil
        case .pathText(let column, let path, let matcher):
            guard try !row.isNull(column), case .string(let text) = try row.json(column).value(at: path) else {
                return nil
            }
            return matcher.matches(text)
        case .related:
            throw StorageError(
                .query, "a condition on other rows than those of table '\(row.table.name)' is checked alone")
        case .and(let parts):
            var result: Bool? = true
            for part in parts {
                switch try part.matches(row) {
                case false: return false
                case nil: result = nil
                default: break
                }
            }
            return result
        case .or(let parts):
            var result: Bool? = false
            for part in parts {
                switch try part.matches(row) {
                case true: return true
                case nil: result = nil
                default: break
                }
            }
            return result
        case .not(let part): return try part.matches(row).map { !$0 }
        }
    }

    private func compare(
        _ value: Value, _ comparison: Condition.Comparison, _ operand: Value, _ column: Int, _ row: RowReader
    ) throws -> Bool {
        switch comparison {
        case .equal: return value == operand
        case .notEqual: return value != operand
        default: break
        }
        guard let order = Value.compare(value, operand) else { throw row.mismatch(column) }
        return comparison.holds(order)
    }
}
