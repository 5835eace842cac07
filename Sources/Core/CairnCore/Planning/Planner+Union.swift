import CairnSchema

/// Conditions of which one must hold: `country = "FR" or population > 5000000`.
extension Planner {
    /// The cheapest plan that reads each part of an `or` by an index of its own; nil when there is none.
    ///
    /// Each part brings its rows in the order asked for and no more than are asked for: the first rows of all are among
    /// the first of each.
    func union(count: Int, _ entries: (IndexScan) -> Int?) -> AccessPlan? {
        var best: AccessPlan?
        for (place, alternatives) in conjuncts.alternatives(takingLists: needsOrder && query.limit != nil) {
            let others = conjuncts.indices.filter { $0 != place }.map { conjuncts[$0].condition }
            guard let union = union(of: alternatives, others, count: count, entries) else { continue }
            if union.cost < best?.cost ?? .infinity { best = union }
        }
        return best
    }

    private func union(
        of alternatives: [Condition], _ others: [Condition], count: Int, _ entries: (IndexScan) -> Int?
    ) -> AccessPlan? {
        // What the parts give is sorted together, also where each of them has one row.
        let columns = needsOrder ? self.columns?.union(query.totalOrder.map(\.column)) : self.columns
        var parts: [AccessPlan] = []
        for alternative in alternatives {
            var query = query
            query.condition = .and([alternative] + others)
            // What ends at the budget is the union, not a part of it.
            if query.budget?.rows != nil { query.limit = query.mostRows }
            query.budget?.rows = nil
            let plan = Planner(query, columns: columns, needsOrder: needsOrder, sizes: sizes, costs: costs)
                .single(count: count, entries)
            if plan.scan == nil { continue }
            // Without bounds it would read as much as one scan for all of them.
            if plan.bounds.isEmpty { return nil }
            parts.append(plan)
        }
        let rows = parts.reduce(0) { $0 + $1.rows }
        var cost = parts.reduce(0) { $0 + $1.cost } + rows * costs.comparison
        if needsOrder { cost += rows * (rows + 1).logarithm2 * costs.comparison }
        var plan = AccessPlan(
            query: query, scan: nil, bounds: [], filter: nil, isSorted: !needsOrder, checksPosition: false,
            isKeyLookup: false, isCovered: false, rows: rows, cost: cost)
        plan.parts = parts
        return plan
    }
}

extension [Conjunct] {
    /// How many parts of `or`s are looked at in a query: beyond that a plan would take longer than reading.
    private static var mostAlternatives: Int { 64 }

    /// The conditions one of which must hold, of those that are an `or`, the first of these if there are many.
    /// - Parameter takingLists: Whether a list of values counts as an `or` of equalities. One scan reads its ranges as well, but
    ///   only each range by itself has its rows in an order, where the first ones are enough.
    func alternatives(takingLists: Bool = false) -> [(place: Int, conditions: [Condition])] {
        var found: [(place: Int, conditions: [Condition])] = []
        var room = Self.mostAlternatives
        for (place, conjunct) in enumerated() {
            let conditions: [Condition]
            switch conjunct.condition {
            case .or(let parts) where parts.count <= room: conditions = Conjunct.alternatives(parts)
            case .isIn(let column, let values) where takingLists && values.count <= room:
                conditions = values.map { .compare(column: column, .equal, $0) }
            default: continue
            }
            guard conditions.count <= room else { continue }
            room -= conditions.count
            found.append((place, conditions))
        }
        return found
    }
}

extension Conjunct {
    fileprivate static func alternatives(_ parts: [Condition]) -> [Condition] {
        parts.flatMap { part in
            if case .or(let inner) = part { alternatives(inner) } else { [part] }
        }
    }
}

/// The rows of several plans one after the other, each row once.
///
/// It keeps the keys of the rows it gave, so that it knows them again.
final class UnionCursor: RowCursor {
    private let executor: Executor
    private let layout: KeyLayout
    /// The plans to come, the next one last.
    private var plans: [AccessPlan]
    private var current: (any RowCursor)?
    private var seen: Set<[UInt8]> = []

    init(_ plan: AccessPlan, _ executor: Executor) {
        self.executor = executor
        layout = KeyLayout(keyOf: plan.query.table)
        plans = plan.parts.reversed()
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        var wanted = count
        while wanted > 0, let plan = plans.last {
            if current == nil { current = try await executor.rows(plan) }
            let hasMore = try await current?.next(wanted) { row in
                guard seen.insert(layout.encode(record: try row.values())).inserted else { return true }
                wanted -= 1
                if try !body(row) { wanted = 0 }
                return wanted > 0
            }
            if hasMore != true {
                current?.close()
                current = nil
                plans.removeLast()
            }
            try Deadline.check()
        }
        return !plans.isEmpty
    }

    func close() {
        current?.close()
        current = nil
        (plans, seen) = ([], [])
    }
}
