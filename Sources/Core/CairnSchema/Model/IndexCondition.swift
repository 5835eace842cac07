/// Which records an index has: the `where` of its declaration.
///
/// It compares columns of the record with values and nothing else, so that it is decided by the record alone, the same on every driver
/// and at any time, and an SQL database can keep the index by itself.
package indirect enum IndexCondition: Sendable, Hashable {
    case compare(column: Int, QueryComparison, Value)
    case isNull(column: Int)
    case isIn(column: Int, [Value])
    case and([IndexCondition])
    case or([IndexCondition])
    case not(IndexCondition)

    /// Whether the record with these values is in the index: false where the condition is neither true nor false.
    /// - Parameter values: One for each column of the table.
    package func isTrue(of values: [Value]) -> Bool { evaluate(values) == true }

    /// By the three-valued logic of conditions: nil is neither.
    private func evaluate(_ values: [Value]) -> Bool? {
        switch self {
        case .compare(let column, let comparison, let operand):
            if values[column].isNull { return nil }
            return Value.compare(values[column], operand).map(comparison.holds)
        case .isNull(let column): return values[column].isNull
        case .isIn(let column, let operands):
            if operands.isEmpty { return false }
            return values[column].isNull ? nil : operands.contains(values[column])
        case .and(let parts): return parts.reduce(true) { IndexCondition.all($0, $1.evaluate(values)) }
        case .or(let parts):
            return parts.reduce(true) { IndexCondition.all($0, $1.evaluate(values).map { !$0 }) }.map { !$0 }
        case .not(let part): return part.evaluate(values).map { !$0 }
        }
    }

    private static func all(_ left: Bool?, _ right: Bool?) -> Bool? {
        if left == false || right == false { return false }
        return left == nil || right == nil ? nil : true
    }

    /// The same without an `and` in an `and`, an `or` in an `or`, or a `not` of a `not`.
    var flattened: IndexCondition {
        switch self {
        case .and(let parts):
            .and(
                parts.flatMap { part in
                    let flat = part.flattened
                    if case .and(let inner) = flat { return inner }
                    return [flat]
                })
        case .or(let parts):
            .or(
                parts.flatMap { part in
                    let flat = part.flattened
                    if case .or(let inner) = flat { return inner }
                    return [flat]
                })
        case .not(.not(let part)): part.flattened
        case .not(let part): .not(part.flattened)
        case .compare, .isNull, .isIn: self
        }
    }

    /// How much there is to it.
    var size: (comparisons: Int, values: Int, depth: Int) {
        switch self {
        case .compare, .isNull: (1, 1, 0)
        case .isIn(_, let values): (1, values.count, 0)
        case .not(let part): (part.size.comparisons, part.size.values, part.size.depth + 1)
        case .and(let parts), .or(let parts):
            parts.map(\.size).reduce((0, 0, 1)) { sum, size in
                (sum.0 + size.comparisons, sum.1 + size.values, max(sum.2, size.depth + 1))
            }
        }
    }

    /// The columns it looks at.
    package var columns: Set<Int> {
        switch self {
        case .compare(let column, _, _), .isNull(let column), .isIn(let column, _): [column]
        case .and(let parts), .or(let parts): parts.reduce(into: []) { $0.formUnion($1.columns) }
        case .not(let part): part.columns
        }
    }

    /// The condition as a schema file says it, always in the same words, however it was written there.
    /// - Parameter columns: The columns of the table.
    package func text(_ columns: [Column]) -> String { text { columns[$0].name } }

    /// The same of columns that are called so.
    func text(naming: (Int) -> String) -> String {
        func name(_ column: Int) -> String {
            let name = naming(column)
            return QueryParser.words.contains(name.lowercased()) ? "`\(name)`" : name
        }
        func joined(_ parts: [IndexCondition], by word: String) -> String {
            parts.map { part in
                switch part {
                case .and, .or: "(\(part.text(naming: naming)))"
                default: part.text(naming: naming)
                }
            }.joined(separator: " \(word) ")
        }
        return switch self {
        case .compare(let column, let comparison, let value):
            "\(name(column)) \(comparison.rawValue) \(ValueJSON.value(value))"
        case .isNull(let column): "\(name(column)) is null"
        case .isIn(let column, let values):
            "\(name(column)) in (\(values.map { "\(ValueJSON.value($0))" }.joined(separator: ", ")))"
        case .and(let parts): joined(parts, by: "and")
        case .or(let parts): joined(parts, by: "or")
        case .not(let part): "not (\(part.text(naming: naming)))"
        }
    }

    /// The same for a table whose columns stand elsewhere; nil when one of them is gone.
    /// - Parameter position: Where a column stands now.
    package func moved(_ position: (Int) -> Int?) -> IndexCondition? {
        func all(_ parts: [IndexCondition]) -> [IndexCondition]? {
            let moved = parts.compactMap { $0.moved(position) }
            return moved.count == parts.count ? moved : nil
        }
        return switch self {
        case .compare(let column, let comparison, let value):
            position(column).map { .compare(column: $0, comparison, value) }
        case .isNull(let column): position(column).map { .isNull(column: $0) }
        case .isIn(let column, let values): position(column).map { .isIn(column: $0, values) }
        case .and(let parts): all(parts).map(IndexCondition.and)
        case .or(let parts): all(parts).map(IndexCondition.or)
        case .not(let part): part.moved(position).map(IndexCondition.not)
        }
    }
}

extension QueryComparison {
    /// Whether it is true of two values in an order: negative when the left one sorts first.
    package func holds(_ order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}
