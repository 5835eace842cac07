import CairnCore

extension QueryGenerator {
    /// What is read with the records of a table: what they refer to and what refers to them, some of it with relations of its own.
    func inclusions(of table: Table, depth: Int, _ random: inout SeededRandom) -> [InclusionSpec] {
        (0..<(depth == 1 ? 1 + random.below(2) : 1)).compactMap { _ in inclusion(of: table, depth: depth, &random) }
    }

    private func inclusion(of table: Table, depth: Int, _ random: inout SeededRandom) -> InclusionSpec? {
        if random.chance(2) { return wrongInclusion(of: table, &random) }
        let references = table.references.count, referrers = table.referrers.count
        guard references + referrers > 0 else { return nil }
        if random.below(references + referrers) < references, let reference = random.pick(table.references) {
            return InclusionSpec(
                kind: .one(column: reference.column), inner: inner(of: schema.tables[reference.target], depth, &random))
        }
        guard let referrer = random.pick(table.referrers) else { return nil }
        let other = schema.tables[referrer.table]
        var query = query(of: other, &random)
        if random.chance(50) { query.condition = nil }
        return InclusionSpec(kind: .many(query, by: referrer.column), inner: inner(of: other, depth, &random))
    }

    private func inner(of table: Table, _ depth: Int, _ random: inout SeededRandom) -> [InclusionSpec] {
        depth < 3 && random.chance(55) ? inclusions(of: table, depth: depth + 1, &random) : []
    }

    /// What is refused nearly always: a column that is no reference, or one to another table.
    private func wrongInclusion(of table: Table, _ random: inout SeededRandom) -> InclusionSpec {
        guard random.chance(50) else {
            return InclusionSpec(kind: .one(column: random.below(table.columns.count + 1)))
        }
        let other = random.pick(schema.tables, else: table)
        return InclusionSpec(
            kind: .many(QuerySpec(table: other.position), by: random.below(other.columns.count + 1)))
    }
}
