import CairnSchema

/// Whether conditions of a query say enough for an index that has only some records: one is of use only where all rows that match
/// are in it. What is not seen to follow does not, and the index is left alone.
extension [Conjunct] {
    /// Whether all rows that satisfy them are in an index with a condition.
    func imply(_ condition: IndexCondition?) -> Bool {
        condition.map { implies(Condition($0)) } ?? true
    }

    /// Whether a condition is true of all rows that satisfy them.
    func implies(_ wanted: Condition) -> Bool {
        switch wanted {
        case .and(let parts): parts.allSatisfy(implies)
        case .or(let parts): parts.contains(where: implies) || contains { $0.implies(wanted) }
        case .not(.compare(let column, let comparison, let value)):
            contains { $0.implies(.compare(column: column, comparison.opposite, value)) }
        default: contains { $0.implies(wanted) }
        }
    }
}

extension Conjunct {
    /// Whether a condition is true of all rows that satisfy it.
    fileprivate func implies(_ wanted: Condition) -> Bool {
        if condition == wanted { return true }
        if case .or(let parts) = condition { return parts.allSatisfy { Conjunct.split($0).implies(wanted) } }
        return switch wanted {
        case .not(.isNull(let column)): leavesOutNull(of: column)
        case .compare(let column, let comparison, let value): self.column(column) && isWithin(comparison, value)
        case .isIn(let column, let values): self.column(column) && isOne(of: Set(values))
        default: false
        }
    }

    private func column(_ wanted: Int) -> Bool {
        if case .compare(let column, _, _) = condition { return column == wanted }
        return column == wanted
    }

    private func leavesOutNull(of wanted: Int) -> Bool {
        switch condition {
        case .compare(let column, _, _), .text(let column, _, _, _), .hasElement(let column, _),
            .isInRows(let column, _):
            column == wanted
        case .isIn(let column, let values): column == wanted && !values.isEmpty
        default: false
        }
    }

    /// The values it leaves; nil where it does not list them.
    private var values: [Value]? {
        switch (form, condition) {
        case (.equal(let value), _): [value]
        case (.isIn(let values), _): values
        case (_, .compare(_, .notEqual, .bool(let bool))): [.bool(!bool)]
        default: nil
        }
    }

    private func isOne(of wanted: Set<Value>) -> Bool {
        values.map { !$0.isEmpty && wanted.isSuperset(of: $0) } ?? false
    }

    /// Whether each value it leaves compares so.
    private func isWithin(_ comparison: Condition.Comparison, _ value: Value) -> Bool {
        func holds(_ found: Value, _ comparison: Condition.Comparison) -> Bool {
            Value.compare(found, value).map(comparison.holds) ?? false
        }
        if let values { return !values.isEmpty && values.allSatisfy { holds($0, comparison) } }
        return switch (form, comparison) {
        case (.lower(let bound), .greater), (.lower(let bound), .notEqual):
            holds(bound.value, bound.isIncluded ? .greater : .greaterOrEqual)
        case (.lower(let bound), .greaterOrEqual): holds(bound.value, .greaterOrEqual)
        case (.upper(let bound), .less), (.upper(let bound), .notEqual):
            holds(bound.value, bound.isIncluded ? .less : .lessOrEqual)
        case (.upper(let bound), .lessOrEqual): holds(bound.value, .lessOrEqual)
        default: false
        }
    }
}

extension Query {
    /// Whether all its rows are in an index with a condition.
    package func implies(_ condition: IndexCondition) -> Bool { Conjunct.split(self.condition).imply(condition) }
}

extension Condition {
    /// The condition of an index.
    package init(_ condition: IndexCondition) {
        self =
            switch condition {
            case .compare(let column, let comparison, let value): .compare(column: column, comparison, value)
            case .isNull(let column): .isNull(column: column)
            case .isIn(let column, let values): .isIn(column: column, values)
            case .and(let parts): .and(parts.map(Condition.init))
            case .or(let parts): .or(parts.map(Condition.init))
            case .not(let part): .not(Condition(part))
            }
    }
}
