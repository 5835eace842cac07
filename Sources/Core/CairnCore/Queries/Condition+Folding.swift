import CairnSchema

extension Condition {
    /// The same condition without the parts that are always or never true: what a truth value that a program passes has switched
    /// off is not in the way of an index then. Nil when nothing is left to ask.
    package var folded: Condition? {
        let folded = withoutConstants
        return folded == .constant(true) ? nil : folded
    }

    private var withoutConstants: Condition {
        switch self {
        case .and(let parts): return Condition.combined(parts, unless: false, Condition.and)
        case .or(let parts): return Condition.combined(parts, unless: true, Condition.or)
        case .not(let part):
            let part = part.withoutConstants
            if case .constant(let bool?) = part { return .constant(!bool) }
            return .not(part)
        case .reference(let column, let table, let part):
            return .reference(column: column, table, part.withoutConstants)
        case .isInRows(let column, var rows):
            rows.condition = rows.condition?.folded
            return .isInRows(column: column, rows)
        case .constant, .compare, .isNull, .isIn, .text, .computed, .hasElement, .hasPath, .isPathNull,
            .pathText:
            return self
        }
    }

    /// The parts that matter, together: one that has the outcome `decisive` decides for all, whatever the others are, and one
    /// that has the other decides nothing. Neither of them is a comparison with null.
    private static func combined(
        _ parts: [Condition], unless decisive: Bool, _ combine: ([Condition]) -> Condition
    ) -> Condition {
        var left: [Condition] = []
        for part in parts.map(\.withoutConstants) {
            guard case .constant(let bool?) = part else {
                left.append(part)
                continue
            }
            if bool == decisive { return part }
        }
        if left.isEmpty { return .constant(!decisive) }
        return left.count == 1 && parts.count > 1 ? left[0] : combine(left)
    }
}
