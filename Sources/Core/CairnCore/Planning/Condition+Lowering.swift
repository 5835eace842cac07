import CairnSchema

// What a condition says about the record a reference names, said as a look-up of keys: one form for all drivers to answer.
//
// The columns of that record count as columns of the row, null where the reference is. So a condition on it is a function of the
// row, and `not` of it is `not` inside it: with `not` moved inwards until it stands below each reference, nothing above them is
// negated, and there it is enough to know for which rows they are true. Those are the rows whose reference is a key of a record
// that satisfies the condition, and those without a reference when nulls satisfy it.

extension Query {
    /// A query for the same rows whose condition has no ``Condition/reference(column:_:_:)`` of its own. The rows it looks values
    /// up in may have conditions with them.
    package func lowered() throws -> Query {
        guard let condition, condition.hasRelations else { return self }
        var query = self
        query.condition = try condition.lowered(in: table, isNegated: false)
        return query
    }
}

extension Condition {

    /// Whether it looks at a record that a reference names, parts counted, but not the rows it looks values up in.
    private var hasReference: Bool {
        switch self {
        case .reference: true
        case .and(let parts), .or(let parts): parts.contains(where: \.hasReference)
        case .not(let part): part.hasReference
        default: false
        }
    }

    fileprivate func lowered(in table: Table, isNegated: Bool) throws -> Condition {
        guard hasReference else { return isNegated ? .not(self) : self }
        switch self {
        case .not(let part): return try part.lowered(in: table, isNegated: !isNegated)
        case .and(let parts):
            let parts = try Condition.merged(parts, by: &&).map { try $0.lowered(in: table, isNegated: isNegated) }
            return isNegated ? .or(parts) : .and(parts)
        case .or(let parts):
            let parts = try Condition.merged(parts, by: ||).map { try $0.lowered(in: table, isNegated: isNegated) }
            return isNegated ? .and(parts) : .or(parts)
        case .reference(let column, let target, let part):
            let part = isNegated ? !part : part
            let other = try target.bound()
            let lookup = Condition.isInRows(
                column: column, RelatedRows(target, column: other.key[0], where: part))
            guard table.columns[column].isNullable, try part.outcomeOfNulls(in: other) == true else { return lookup }
            return lookup || .isNull(column: column)
        default: return isNegated ? .not(self) : self
        }
    }

    /// The same parts, those on the record of one reference put together: it is looked up once.
    private static func merged(
        _ parts: [Condition], by combine: (Condition, Condition) -> Condition
    ) -> [Condition] {
        var merged: [Condition] = []
        var places: [Int: Int] = [:]
        for part in parts {
            guard case .reference(let column, let target, let condition) = part.negationInside else {
                merged.append(part)
                continue
            }
            if let place = places[column], case .reference(_, _, let first) = merged[place] {
                merged[place] = .reference(column: column, target, combine(first, condition))
            } else {
                places[column] = merged.count
                merged.append(.reference(column: column, target, condition))
            }
        }
        return merged
    }

    /// `not` of a condition on a referenced record, with `not` inside.
    private var negationInside: Condition {
        switch self {
        case .not(.reference(let column, let target, let part)): .reference(column: column, target, !part)
        default: self
        }
    }

    /// What it is of a row that has nulls only.
    private func outcomeOfNulls(in table: Table) throws -> Bool? {
        switch self {
        case .reference(_, let target, let part): return try part.outcomeOfNulls(in: try target.bound())
        case .isInRows: return nil
        case .not(let part): return try part.outcomeOfNulls(in: table).map { !$0 }
        case .and(let parts):
            let outcomes = try parts.map { try $0.outcomeOfNulls(in: table) }
            return outcomes.contains(false) ? false : outcomes.contains(nil) ? nil : true
        case .or(let parts):
            let outcomes = try parts.map { try $0.outcomeOfNulls(in: table) }
            return outcomes.contains(true) ? true : outcomes.contains(nil) ? nil : false
        default:
            let nulls = [Value](repeating: .null, count: table.columns.count)
            return try RowFilter(self).matches(RecordRow(table: table, values: nulls))
        }
    }
}

// MARK: Look-ups

extension Condition {
    /// The columns whose values it looks up, and in which rows.
    package var lookups: [(column: Int, rows: RelatedRows)] {
        switch self {
        case .isInRows(let column, let rows): [(column, rows)]
        case .and(let parts), .or(let parts): parts.flatMap(\.lookups)
        case .not(let part): part.lookups
        default: []
        }
    }

    /// The same condition with values in the place of rows; rows without values stay.
    /// - Parameter isNegated: Whether it stands below a `not`.
    func listing(_ values: [RelatedRows: [Value]], in table: Table, isNegated: Bool = false) -> Condition {
        switch self {
        case .isInRows(let column, let rows):
            guard let found = values[rows] else { return self }
            // A list of none is never, and this is neither for null; the difference shows below a `not`.
            guard found.isEmpty, isNegated, table.columns[column].isNullable else {
                return .isIn(column: column, found)
            }
            return .computed(.column(column), .notEqual, .column(column))
        case .and(let parts): return .and(parts.map { $0.listing(values, in: table, isNegated: isNegated) })
        case .or(let parts): return .or(parts.map { $0.listing(values, in: table, isNegated: isNegated) })
        case .not(let part): return .not(part.listing(values, in: table, isNegated: true))
        default: return self
        }
    }

    /// The same condition with rows in the place of the values that ``listing(_:in:isNegated:)`` wrote for them: as it was asked.
    func naming(_ lists: [RelatedRows: [Value]]) -> Condition {
        func rows(_ values: [Value]) -> RelatedRows? { lists.first { $0.value == values }?.key }
        if lists.isEmpty { return self }
        switch self {
        case .isIn(let column, let values): return rows(values).map { .isInRows(column: column, $0) } ?? self
        case .computed(.column(let left), .notEqual, .column(let right)) where left == right:
            return rows([]).map { .isInRows(column: left, $0) } ?? self
        case .and(let parts): return .and(parts.map { $0.naming(lists) })
        case .or(let parts): return .or(parts.map { $0.naming(lists) })
        case .not(let part): return .not(part.naming(lists))
        default: return self
        }
    }
}
