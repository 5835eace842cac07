import CairnCore

/// Makes the program of a seed.
///
/// It keeps a model of what the store holds, so that most writes name records that exist and revisions they have.
package struct ProgramGenerator {
    private var random: SeededRandom
    private let plan: SchemaPlan
    private let schema: Schema
    private let pools: ValuePools
    private let queries: QueryGenerator
    private let check: BatchCheck
    private var state: ModelState
    private var isInTransaction = false
    /// How many snapshots are open where the next step stands.
    private var snapshotCount = 0
    /// Batches with their idempotency keys, to send again.
    private var keyed: [(writes: [Write], key: String)] = []

    /// The program of a seed: the same today and tomorrow, here and anywhere.
    /// - Throws: ``SchemaError`` when the generator makes a schema that is none: a fault of its own.
    package static func program(seed: UInt64, steps: Int) throws -> Program {
        var random = SeededRandom(seed: seed)
        let plan = SchemaGenerator.make(&random)
        var generator = try ProgramGenerator(random, plan)
        return Program(schema: plan, steps: generator.steps(steps))
    }

    private init(_ random: SeededRandom, _ plan: SchemaPlan) throws {
        self.random = random
        self.plan = plan
        schema = try plan.schema()
        pools = ValuePools(schema, &self.random)
        queries = QueryGenerator(schema: schema, pools: pools)
        check = BatchCheck(schema)
        state = ModelState(schema)
    }

    // MARK: Steps

    private mutating func steps(_ count: Int) -> [Step] {
        var steps = load()
        while steps.count < count { steps.append(step(depth: 0)) }
        return steps
    }

    /// First records, one batch for each table, so that the first queries have something to find.
    private mutating func load() -> [Step] {
        schema.tables.map { table in
            var writes: [Write] = []
            for _ in 0..<(3 + random.below(25 + pools.keySizes[table.position])) {
                let write = insert(table)
                if perform([write]) { writes.append(write) }
            }
            return .write(writes, idempotencyKey: nil)
        }
    }

    private mutating func inner(depth: Int) -> [Step] {
        (0..<(1 + random.below(4))).map { _ in step(depth: depth + 1) }
    }

    private mutating func step(depth: Int) -> Step {
        let nests = depth < 3 ? 1 : 0
        let weights = [
            26, 5, 38, 4, 4 * nests, 3, 2,
            isInTransaction ? 0 : 8 * nests, isInTransaction ? 8 * nests : 0, 4 * nests,
            1, 1, 1, depth == 0 ? 1 : 0, isInTransaction ? 0 : 2, isInTransaction ? 0 : 4,
        ]
        switch random.weighted(weights) {
        case 0: return .write(writes(single: true), idempotencyKey: nil)
        case 1: return batch()
        case 2: return .read(read(), from: from())
        case 3: return pages(depth)
        case 4: return .cursor(queries.query(&random), first: random.below(6), from: from(), inner(depth: depth))
        case 5: return update()
        case 6: return delete()
        case 7: return transaction(depth)
        case 8: return savepoint(depth)
        case 9: return snapshot(depth)
        case 10: return .wait(seconds: random.pick([1, 3600, 86_399, 86_401, 700_000], else: 1))
        case 11: return .maintain
        case 12: return .outcome
        case 13: return .reopen
        case 14: return .position
        default: return changes()
        }
    }

    private mutating func from() -> Int? {
        snapshotCount > 0 && random.chance(60) ? random.below(snapshotCount) : nil
    }

    private mutating func changes() -> Step {
        let table = random.chance(50) ? nil : self.table().position
        return .changes(since: random.below(8), table: table, most: random.chance(60) ? .max : 1 + random.below(4))
    }

    private mutating func transaction(_ depth: Int) -> Step {
        let before = state
        isInTransaction = true
        let steps = inner(depth: depth)
        isInTransaction = false
        let fails = random.chance(20)
        if fails { state = before }
        return .transaction(steps, fails: fails)
    }

    private mutating func savepoint(_ depth: Int) -> Step {
        let before = state
        let steps = inner(depth: depth)
        let fails = random.chance(40)
        if fails { state = before }
        return .savepoint(steps, fails: fails)
    }

    private mutating func snapshot(_ depth: Int) -> Step {
        snapshotCount += 1
        defer { snapshotCount -= 1 }
        return .snapshot(inner(depth: depth))
    }

    private mutating func pages(_ depth: Int) -> Step {
        let between = depth < 3 && random.chance(50) ? inner(depth: depth) : []
        return .pages(queries.query(&random), size: random.chance(2) ? 0 : 1 + random.below(5), from: from(), between)
    }

    // MARK: Reading

    private mutating func read() -> Read {
        switch random.weighted([15, 8, 55, 15, 7, 18, 12, 22]) {
        case 0:
            let table = table()
            return .get(table: table.position, key(table))
        case 1:
            let table = table()
            var keys = (0..<random.below(6)).map { _ in key(table) }
            if random.chance(30), let first = keys.first { keys.append(first) }
            return .find(table: table.position, keys)
        case 2: return .rows(queries.query(&random))
        case 3: return .count(queries.query(&random))
        case 4: return .explain(queries.query(&random))
        case 5: return .aggregate(queries.aggregates(&random))
        case 6: return select()
        default: return including()
        }
    }

    /// The records of a query with others, in pages sometimes. Of a table that has others, if there is one, and of many of its records:
    /// most conditions leave few, and these none with relations two deep.
    private mutating func including() -> Read {
        guard let table = random.pick(schema.tables.filter(\.hasRelations)) else { return select() }
        var query = queries.query(of: table, &random)
        if random.chance(60) { query.condition = nil }
        let inclusions = queries.inclusions(of: table, depth: 1, &random)
        let size = random.chance(30) ? (random.chance(2) ? 0 : 1 + random.below(5)) : nil
        return .including(query, inclusions, pageSize: size)
    }

    /// Some columns of a query: often those of an index, which then answers alone.
    private mutating func select() -> Read {
        let query = queries.query(&random)
        let table = schema.tables[query.table]
        var columns = random.shuffled(Array(table.columns.indices)).prefix(random.below(4)).map { $0 }
        if random.chance(50), let index = random.pick(table.indexes) {
            let kept = index.parts.map(\.column) + index.included + table.key
            columns = random.shuffled(kept).prefix(1 + random.below(3)).map { $0 }
        }
        if random.chance(1) { columns.append(table.columns.count) }
        return .select(query, columns)
    }

    private mutating func table() -> Table { random.pick(schema.tables, else: schema.tables[0]) }

    /// A key: mostly of a record that exists.
    private mutating func key(_ table: Table) -> [Value] {
        if random.chance(70), let row = row(table) { return table.key.map { row.values[$0] } }
        return table.key.map { pools.stored(table.columns[$0], of: table, &random) }
    }

    /// A record that exists.
    private mutating func row(_ table: Table) -> ModelState.Row? {
        // In the order of the key: that of a dictionary differs from run to run.
        random.pick(state.rows(Query(table)))
    }

    // MARK: Writing

    /// Does what the next step will do, to know what the store holds then.
    /// - Returns: Whether it succeeds.
    @discardableResult
    private mutating func perform(_ writes: [Write]) -> Bool {
        do {
            var operations = try writes.map { try $0.operation(in: schema) }
            _ = try check.check(&operations)
            var copy = state
            let applied = try copy.apply(operations, at: .epoch).operations
            if !isInTransaction { try copy.checkReferences(applied) }
            state = copy
            return true
        } catch {
            return false
        }
    }

    private mutating func writes(single: Bool) -> [Write] {
        let writes = (0..<(single ? 1 : random.below(7))).map { _ in write() }
        perform(writes)
        return writes
    }

    private mutating func batch() -> Step {
        guard random.chance(40) else { return .write(writes(single: false), idempotencyKey: nil) }
        if random.chance(40), let (writes, key) = random.pick(keyed) {
            let sent = random.chance(75) ? writes : self.writes(single: false)
            return .write(sent, idempotencyKey: key)
        }
        let writes = writes(single: false)
        let key = random.chance(4) ? "" : "key-\(keyed.count)"
        keyed.append((writes, key))
        return .write(writes, idempotencyKey: key)
    }

    private mutating func write() -> Write {
        let table = table()
        switch random.weighted([30, 32, 15, 18]) {
        case 0: return insert(table)
        case 1:
            let values = changed(table)
            let key = table.key.map { values[$0] ?? .null }
            return .update(table: table.position, values, expecting: revision(table, key))
        case 2: return .upsert(table: table.position, random.chance(50) ? changed(table) : values(table))
        default:
            let key = key(table)
            return .delete(table: table.position, key, expecting: revision(table, key))
        }
    }

    private mutating func insert(_ table: Table) -> Write { .insert(table: table.position, values(table)) }

    private mutating func values(_ table: Table) -> [Value?] {
        table.columns.map { column in
            switch column.defaultValue {
            // Each store would make a value of its own.
            case .now, .uuid: value(column, table)
            case .literal: random.chance(30) ? nil : value(column, table)
            case nil: random.chance(1) ? nil : value(column, table)
            }
        }
    }

    private mutating func value(_ column: Column, _ table: Table) -> Value {
        if let reference = table.references.first(where: { $0.column == column.position }), random.chance(65),
            let target = row(schema.tables[reference.target])
        {
            return target.values[schema.tables[reference.target].key[0]]
        }
        return pools.stored(column, of: table, &random)
    }

    /// The values of a record that exists, some of them changed.
    private mutating func changed(_ table: Table) -> [Value?] {
        guard let row = row(table) else { return values(table) }
        var values: [Value?] = row.values
        for column in table.columns where !table.isKey(column.position) && random.chance(40) {
            values[column.position] = value(column, table)
        }
        return values
    }

    private mutating func revision(_ table: Table, _ key: [Value]) -> Int? {
        switch random.below(10) {
        case 0...3: return nil
        case 4...7: return state.tables[table.position][Key(values: key)]?.metadata.revision ?? 1
        default: return random.below(4)
        }
    }

    // MARK: Writing by query

    private mutating func update() -> Step {
        let query = queries.query(&random)
        let table = schema.tables[query.table]
        var assignments: [Assignment] = []
        for column in random.shuffled(table.columns).prefix(1 + random.below(2)) {
            if table.isKey(column.position), !random.chance(5) { continue }
            assignments.append(Assignment(column: column.position, value: pools.stored(column, of: table, &random)))
        }
        let writes = state.rows(query.query(in: schema).ifAnswerable).map { row in
            var values: [Value?] = row.values
            for assignment in assignments { values[assignment.column] = assignment.value }
            return Write.update(table: table.position, values, expecting: nil)
        }
        perform(writes)
        return .update(query, assignments)
    }

    private mutating func delete() -> Step {
        let query = queries.query(&random)
        let table = schema.tables[query.table]
        let writes = state.rows(query.query(in: schema).ifAnswerable).map { row in
            Write.delete(table: table.position, table.key.map { row.values[$0] }, expecting: nil)
        }
        perform(writes)
        return .delete(query)
    }
}

extension Table {
    /// Whether it refers to a table, or one to it.
    fileprivate var hasRelations: Bool { !references.isEmpty || !referrers.isEmpty }
}

extension Query {
    /// The query; one for nothing if it is refused.
    fileprivate var ifAnswerable: Query {
        do {
            try validate()
            return self
        } catch {
            return Query(table, limit: 0)
        }
    }
}
