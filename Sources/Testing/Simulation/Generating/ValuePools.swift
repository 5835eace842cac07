import CairnCore

/// The values a program works with: a few for each column, so that keys meet again, unique values collide, references hit
/// and orders have ties.
struct ValuePools {
    private let schema: Schema
    /// For each table, how many values a key has to choose from.
    private(set) var keySizes: [Int] = []
    private var pools: [[[Value]]] = []

    init(_ schema: Schema, _ random: inout SeededRandom) {
        self.schema = schema
        for table in schema.tables {
            var keySize = table.key.count == 1 ? 10 + random.below(14) : 3 + random.below(4)
            // Now and then enough records that results are sorted, trimmed and handed out in portions.
            if random.chance(3) { keySize *= 15 }
            keySizes.append(keySize)
            pools.append(
                table.columns.map { column in
                    let size = table.isKey(column.position) ? keySize : 2 + random.below(8)
                    return (0..<size).map { _ in ValuePools.value(of: column, &random) }
                })
        }
        // A reference draws from the keys of its table; references of references need a second round.
        for _ in 0..<schema.tables.count {
            for reference in schema.tables.flatMap(\.references) {
                pools[reference.table][reference.column] =
                    pools[reference.target][schema.tables[reference.target].key[0]]
            }
        }
    }

    /// A value that satisfies the rules of its column, if one is found quickly.
    private static func value(of column: Column, _ random: inout SeededRandom) -> Value {
        if case .enumeration(let values) = column.type { return .string(random.pick(values, else: "")) }
        var value = EdgeValues.make(column.valueType, &random)
        for _ in 0..<8 where ColumnCheck.brokenRule(value, column.rules) != nil {
            value = EdgeValues.make(column.valueType, &random)
        }
        return value
    }

    /// A value to write: mostly of the pool, sometimes null, rarely one that breaks a rule or is of another type.
    func stored(_ column: Column, of table: Table, _ random: inout SeededRandom) -> Value {
        if column.isNullable, random.chance(25) { return .null }
        if random.chance(97) { return random.pick(pools[table.position][column.position], else: .null) }
        return random.chance(60) ? EdgeValues.make(column.valueType, &random) : foreign(column, &random)
    }

    /// A value to compare with: of the column's type, hardly ever of another.
    func compared(_ column: Column, of table: Table, _ random: inout SeededRandom) -> Value {
        if random.chance(80) { return random.pick(pools[table.position][column.position], else: .null) }
        return random.chance(98) ? EdgeValues.make(column.valueType, &random) : foreign(column, &random)
    }

    /// A text to match with.
    func text(_ column: Column, of table: Table, _ random: inout SeededRandom) -> String {
        guard case .string(let text)? = random.pick(pools[table.position][column.position]), random.chance(85) else {
            return EdgeValues.text(&random)
        }
        return text
    }

    private func foreign(_ column: Column, _ random: inout SeededRandom) -> Value {
        switch random.below(4) {
        case 0: .null
        case 1: .double(random.pick([.nan, .infinity, -.infinity], else: .nan))
        case 2: .int(1)
        default: .string("a")
        }
    }
}
