import CairnCore

extension QueryGenerator {
    /// A condition on other rows: on the record a reference names, on records that refer to this one, or on any column of the
    /// same type; nil where there is none.
    func relation(_ table: Table, depth: Int, _ random: inout SeededRandom) -> Condition? {
        switch random.weighted([45, 30, 24, 1]) {
        case 0:
            guard let reference = random.pick(table.references) else { return nil }
            let target = schema.tables[reference.target]
            return .reference(
                column: reference.column, RelatedTable(target.position), condition(target, depth: depth, &random))
        case 1:
            guard let referrer = random.pick(table.referrers) else { return nil }
            return .isInRows(
                column: table.key[0],
                rows(of: schema.tables[referrer.table], column: referrer.column, depth: depth, &random))
        case 2:
            guard let column = random.pick(table.columns.filter { $0.valueType.isOrdered }) else { return nil }
            let others = schema.tables.flatMap { other in
                other.columns.filter { $0.valueType == column.valueType }.map { (other, $0.position) }
            }
            guard let (other, place) = random.pick(others) else { return nil }
            return .isInRows(
                column: column.position, rows(of: other, column: place, depth: depth, &random))
        default:
            // What is refused: a column that is no reference to the table, a table or a column that is not there.
            let column = random.below(table.columns.count)
            return random.chance(50)
                ? .reference(column: column, RelatedTable(random.below(schema.tables.count + 1)), .constant(true))
                : .isInRows(
                    column: column,
                    RelatedRows(
                        RelatedTable(random.below(schema.tables.count + 1)),
                        column: random.below(table.columns.count + 1)))
        }
    }

    /// A column of a record that a row refers to, directly or by way of others; nil where there is none.
    func relatedTerm(_ table: Table, _ random: inout SeededRandom) -> OrderTerm? {
        var table = table
        var path: [FollowedReference] = []
        repeat {
            guard let reference = random.pick(table.references) else { break }
            path.append(FollowedReference(column: reference.column, RelatedTable(reference.target)))
            table = schema.tables[reference.target]
        } while random.chance(35) && path.count < 4
        guard !path.isEmpty, let column = random.pick(table.columns.filter { $0.valueType.isOrdered }) else {
            return nil
        }
        return OrderTerm(column: column.position, isDescending: random.chance(50), behind: path)
    }

    /// What is refused nearly always: a column that is no reference to the table, or a table that is not there.
    func wrongReference(_ column: Int, _ random: inout SeededRandom) -> FollowedReference {
        FollowedReference(column: column, RelatedTable(random.below(schema.tables.count + 1)))
    }

    private func rows(of table: Table, column: Int, depth: Int, _ random: inout SeededRandom) -> RelatedRows {
        var rows = RelatedRows(RelatedTable(table.position), column: column)
        if random.chance(75) { rows.condition = condition(table, depth: depth, &random) }
        if random.chance(20) {
            rows.order = order(table, &random)
            rows.limit = random.below(6)
        }
        return rows
    }
}
