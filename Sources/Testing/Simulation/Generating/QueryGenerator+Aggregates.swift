import CairnCore

extension QueryGenerator {
    /// Random aggregates of a random query: mostly such as can be computed.
    func aggregates(_ random: inout SeededRandom) -> AggregateSpec {
        var spec = AggregateSpec(rows: query(&random))
        // A limit on the rows is rare: most rows are to be seen.
        if random.chance(80) { spec.rows.limit = nil }
        if random.chance(40) { spec.rows.condition = nil }
        let table = schema.tables[spec.rows.table]
        spec.groups = groups(table, &random)
        spec.aggregates = (0..<random.weighted([4, 50, 30, 16])).map { _ in aggregate(table, &random) }
        if random.chance(30) { spec.having = having(spec, table, &random) }
        if random.chance(40) {
            spec.order = (0..<(1 + random.below(2))).map { _ in
                OrderTerm(column: place(spec, &random), isDescending: random.chance(50))
            }
        }
        if random.chance(25) { spec.limit = random.chance(4) ? -1 : random.below(5) }
        return spec
    }

    private func groups(_ table: Table, _ random: inout SeededRandom) -> [Int] {
        // Keys have few ties; the first columns of indexes and others more.
        let columns = random.chance(97) ? table.columns.filter { $0.valueType.isOrdered } : table.columns
        let count = random.weighted([35, 45, 18, 2])
        if random.chance(1), let column = random.pick(columns) { return [column.position, column.position] }
        return random.shuffled(columns).prefix(count).map(\.position)
    }

    private func aggregate(_ table: Table, _ random: inout SeededRandom) -> Aggregate {
        let numbers = table.columns.filter { [.int, .double, .decimal].contains($0.valueType) }
        let kind = random.weighted([12, 8, 10, 28, 12, 15, 15])
        var columns = table.columns
        if !random.chance(1) {
            if kind == 3 || kind == 4 { columns = numbers }
            if kind == 2 || kind > 4 { columns = columns.filter { $0.valueType.isOrdered } }
        }
        guard let column = random.pick(columns)?.position else { return .rows }
        return switch kind {
        case 0: .rows
        case 1: .count(column: column)
        case 2: .distinctCount(column: column)
        case 3: .sum(column: column)
        case 4: .average(column: column)
        case 5: .minimum(column: column)
        default: .maximum(column: column)
        }
    }

    /// A place among the results; hardly ever one that is none.
    private func place(_ spec: AggregateSpec, _ random: inout SeededRandom) -> Int {
        random.below(max(1, spec.groups.count + spec.aggregates.count) + (random.chance(1) ? 1 : 0))
    }

    private func having(_ spec: AggregateSpec, _ table: Table, _ random: inout SeededRandom) -> Condition {
        let parts = (0..<(1 + random.below(2))).map { _ in havingLeaf(spec, table, &random) }
        if parts.count == 1 { return random.chance(20) ? .not(parts[0]) : parts[0] }
        return random.chance(50) ? .and(parts) : .or(parts)
    }

    private func havingLeaf(_ spec: AggregateSpec, _ table: Table, _ random: inout SeededRandom) -> Condition {
        let place = place(spec, &random)
        if random.chance(20) { return .isNull(column: place) }
        let comparisons: [Condition.Comparison] = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
        return .compare(
            column: place, random.pick(comparisons, else: .equal), compared(spec, place, table, &random))
    }

    /// A value of the type that the results have at a place.
    private func compared(
        _ spec: AggregateSpec, _ place: Int, _ table: Table, _ random: inout SeededRandom
    ) -> Value {
        if spec.groups.indices.contains(place) {
            return pools.compared(table.columns[spec.groups[place]], of: table, &random)
        }
        let number = place - spec.groups.count
        guard spec.aggregates.indices.contains(number) else { return .int(0) }
        switch spec.aggregates[number] {
        case .rows, .count, .distinctCount: return .int(random.below(6))
        case .average: return .double(Double(random.below(2000) - 1000) / 8)
        case .sum(let column), .minimum(let column), .maximum(let column):
            return pools.compared(table.columns[column], of: table, &random)
        }
    }
}
