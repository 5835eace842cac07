import CairnCore

/// Makes random queries of a table.
struct QueryGenerator {
    let schema: Schema
    let pools: ValuePools

    func query(_ random: inout SeededRandom) -> QuerySpec {
        let table = random.pick(schema.tables, else: schema.tables[0])
        return query(of: table, &random)
    }

    func query(of table: Table, _ random: inout SeededRandom) -> QuerySpec {
        var query = QuerySpec(table: table.position)
        if random.chance(80) { query.condition = condition(table, depth: 0, &random) }
        // What an index of some records needs to be told, or it is never used.
        if random.chance(40), let condition = random.pick(table.indexes.compactMap(\.condition)) {
            let own = Condition(condition)
            query.condition = query.condition.map { .and(random.chance(50) ? [own, $0] : [$0, own]) } ?? own
        }
        query.order = order(table, &random)
        query.limit = limit(&random)
        return query
    }

    private func limit(_ random: inout SeededRandom) -> Int? {
        switch random.weighted([55, 5, 35, 3, 1]) {
        case 0: nil
        case 1: 0
        case 2: 1 + random.below(8)
        case 3: .max
        default: -1
        }
    }

    // MARK: Order

    func order(_ table: Table, _ random: inout SeededRandom) -> [OrderTerm] {
        switch random.weighted([35, 30, 34, 1]) {
        case 0: return []
        case 1:
            // The order of an index, forwards or backwards, or nearly.
            guard let index = random.pick(table.indexes) else { return [] }
            let isReversed = random.chance(50)
            var terms = index.parts.map { OrderTerm(column: $0.column, isDescending: $0.isDescending != isReversed) }
            if random.chance(20) { terms.removeLast() }
            if random.chance(40) {
                terms += table.key.map { OrderTerm(column: $0, isDescending: isReversed) }
            }
            return terms
        case 2:
            let columns = table.columns.filter { $0.valueType.isOrdered }
            return (0..<(1 + random.below(3))).compactMap { _ in
                if random.chance(20), let term = relatedTerm(table, &random) { return term }
                return random.pick(columns).map { OrderTerm(column: $0.position, isDescending: random.chance(50)) }
            }
        default:
            let column = random.below(table.columns.count + 1)
            return [
                random.chance(50)
                    ? OrderTerm(column: column) : OrderTerm(column: 0, behind: [wrongReference(column, &random)])
            ]
        }
    }

    // MARK: Conditions

    func condition(_ table: Table, depth: Int, _ random: inout SeededRandom) -> Condition {
        let deeper = depth < 3 ? 1 : 0
        switch random.weighted([60, 18 * deeper, 14 * deeper, 8 * deeper, 1, 16 * deeper]) {
        case 0: return leaf(table, &random)
        case 5: return relation(table, depth: depth + 1, &random) ?? leaf(table, &random)
        case 1: return .and(parts(table, depth, &random))
        case 2: return .or(parts(table, depth, &random))
        case 3: return .not(condition(table, depth: depth + 1, &random))
        default: return .constant(random.pick([true, false, nil], else: nil))
        }
    }

    private func parts(_ table: Table, _ depth: Int, _ random: inout SeededRandom) -> [Condition] {
        (0..<random.weighted([1, 3, 40, 20, 5])).map { _ in condition(table, depth: depth + 1, &random) }
    }

    private static let comparisons: [Condition.Comparison] = [
        .equal, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
    ]

    private func leaf(_ table: Table, _ random: inout SeededRandom) -> Condition {
        // Columns of keys and indexes more often: there are the bounds.
        let indexed = table.key + table.indexes.flatMap { $0.parts.map(\.column) }
        let position =
            random.chance(60) ? random.pick(indexed, else: 0) : random.below(table.columns.count)
        let column = table.columns[position]
        if column.valueType == .string, random.chance(40) { return text(column, table, &random) }
        let expressions = ExpressionGenerator(table: table, pools: pools)
        if let condition = expressions.condition(of: column, &random) { return condition }
        switch random.weighted([65, 15, 20]) {
        case 0:
            var comparison = random.pick(QueryGenerator.comparisons, else: .equal)
            if !column.valueType.isOrdered, !random.chance(3) { comparison = random.chance(50) ? .equal : .notEqual }
            return .compare(column: position, comparison, pools.compared(column, of: table, &random))
        case 1:
            return .isNull(column: position)
        default:
            let count = random.weighted([1, 3, 4, 3, 1])
            return .isIn(
                column: position, (0..<count).map { _ in pools.compared(column, of: table, &random) })
        }
    }

    private static let matches: [Condition.TextMatch] = [
        .equals, .hasPrefix, .hasSuffix, .contains, .like, .like, .matches, .matches,
    ]

    private func text(_ column: Column, _ table: Table, _ random: inout SeededRandom) -> Condition {
        let whole = pools.text(column, of: table, &random)
        let (match, operand, ignoringCase) = QueryGenerator.search(for: whole, &random)
        return .text(column: column.position, match, operand, ignoringCase: ignoringCase)
    }

    /// How a text, or one like it, is searched for.
    static func search(
        for whole: String, _ random: inout SeededRandom
    ) -> (match: Condition.TextMatch, operand: String, ignoringCase: Bool) {
        let match = random.pick(QueryGenerator.matches, else: .like)
        let ignoringCase = random.chance(50)
        var whole = whole
        if random.chance(ignoringCase ? 70 : 20) { whole = EdgeValues.inOtherCase(whole, &random) }
        let operand =
            switch match {
            case .equals: whole
            case .like: EdgeValues.pattern(whole, &random)
            case .matches: EdgeValues.regularExpression(whole, &random)
            default: EdgeValues.part(whole, &random)
            }
        return (match, operand, ignoringCase)
    }
}
