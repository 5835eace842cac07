import CairnSchema

// Conditions that look values up in other rows, for drivers without a query engine.
//
// There are two ways. Either those rows are read first, once: their values become a list, which an index may serve like any list.
// Or the rows of the query are read first, in portions, and for each portion those of the other rows that it asks for are read:
// of a reference, the records it names. What has fewer rows to read is done; a list that grows beyond ``Executor/listedValues``
// is given up for the other way, which needs no more memory than a portion. Rows with a limit are always read first, for which
// they are depends on all of them.
//
// The result never depends on the way: both read the same moment, and a transaction notes both like any other reading.

/// How values are looked up in other rows.
package struct Lookup: Sendable {
    /// The rows.
    package let rows: RelatedRows
    /// How they are read, all of them or those for one portion.
    package let plan: AccessPlan
    /// Whether all of them are read first.
    package let isFirst: Bool
    /// About how many values there are.
    let size: Int
}

extension Executor {
    /// How many values of other rows are held in memory at once.
    static var listedValues: Int { 100_000 }

    /// For how many rows of a query others are looked up at once: the first time, and at most.
    static var firstPortion: Int { 64 }
    static var largestPortion: Int { 1024 }

    // MARK: Choosing

    /// How each look-up of a query's condition is made.
    func lookups(_ query: Query, columns: Set<Int>? = nil, needsOrder: Bool = true) async throws -> [Lookup] {
        guard let condition = query.condition, condition.hasRelations else { return [] }
        func plan(_ sizes: [RelatedRows: Int]) async throws -> AccessPlan {
            try await self.plan(query, columns: columns, needsOrder: needsOrder, sizes: sizes)
        }
        let own = try await plan([:])
        var lookups: [Lookup] = []
        var seen: Set<RelatedRows> = []
        for (_, rows) in condition.lookups where seen.insert(rows).inserted {
            let needsOrder = rows.limit != nil
            // Once for both ways: twice at each of many levels would be a thousand times at the last.
            let inner = try await self.lookups(rows.query().lowered(), needsOrder: needsOrder)
            let first = try await expected(rows.query().lowered(), inner, needsOrder: needsOrder)
            let size = min(max(1, first.estimatedRows), Executor.listedValues)
            let served = try await plan([rows: size])
            let each = rows.limit == nil ? try await portionPlan(rows, inner, own.estimatedRows) : nil
            if let each, own.wholeCost + each.cost < first.wholeCost + served.cost {
                lookups.append(Lookup(rows: rows, plan: each.plan, isFirst: false, size: size))
            } else {
                lookups.append(Lookup(rows: rows, plan: first, isFirst: true, size: size))
            }
        }
        return lookups
    }

    /// How the rows that values are looked up in would be read for a portion of `count` rows, and what that costs for all
    /// portions.
    private func portionPlan(
        _ rows: RelatedRows, _ inner: [Lookup], _ count: Int
    ) async throws -> (plan: AccessPlan, cost: Double) {
        var query = try rows.query().lowered()
        // Stands for the list of a portion; which values are in it is not known yet.
        query.restrict(to: .isInRows(column: rows.column, rows))
        let portion = min(max(1, count), Executor.largestPortion)
        var plan = try await plan(query, needsOrder: false, sizes: [rows: portion])
        plan.lookups = inner
        let portions = (Double(max(1, count)) / Double(Executor.largestPortion)).rounded(.up)
        return (plan, plan.wholeCost * portions)
    }

    /// The plan of a query as it is expected to be run, without reading rows: about as many values as are expected stand for those of
    /// rows that are read first.
    package func explained(_ query: Query, columns: Set<Int>? = nil, needsOrder: Bool = true) async throws -> AccessPlan
    {
        let query = try query.lowered()
        let lookups = try await lookups(query, columns: columns, needsOrder: needsOrder)
        return try await expected(query, lookups, columns: columns, needsOrder: needsOrder)
    }

    private func expected(
        _ query: Query, _ lookups: [Lookup], columns: Set<Int>? = nil, needsOrder: Bool
    ) async throws -> AccessPlan {
        let sizes = Dictionary(lookups.filter(\.isFirst).map { ($0.rows, $0.size) }) { first, _ in first }
        var plan = try await plan(query, columns: columns, needsOrder: needsOrder, sizes: sizes)
        plan.lookups = lookups + (plan.relatedOrder?.lookups ?? [])
        return plan
    }

    // MARK: Running

    /// The query in the form that is run: its look-ups are of keys, and where it is better to read other rows first, they have
    /// been, and the values stand in their place.
    func prepared(_ query: Query, columns: Set<Int>? = nil, needsOrder: Bool = true) async throws -> Query {
        var query = try query.lowered()
        var lists: [RelatedRows: [Value]] = [:]
        for lookup in try await lookups(query, columns: columns, needsOrder: needsOrder) {
            let values = try await lookup.isFirst ? self.values(of: lookup.rows).map { Array($0) } : nil
            lists[lookup.rows] = values
            guard let measure = QueryMeasure.current else { continue }
            measure.note(lookup.rows, isFirst: values != nil)
            if let values { measure.note(values, of: lookup.rows) }
        }
        query.condition = query.condition?.listing(lists, in: query.table)
        return query
    }

    /// The values of all rows; nil when there are too many to hold.
    private func values(of rows: RelatedRows) async throws -> Set<Value>? {
        let room = rows.limit == nil ? Executor.listedValues : .max
        let values = try await values(rows.query(), rows, atMost: room)
        return values.count <= room ? values : nil
    }

    /// Which of some values there are in rows.
    fileprivate func values(of rows: RelatedRows, among keys: Set<Value>) async throws -> [Value] {
        guard !keys.isEmpty else { return [] }
        var query = try rows.query()
        let list = Array(keys)
        query.restrict(to: .isIn(column: rows.column, list))
        QueryMeasure.current?.note(list, of: rows)
        return Array(try await values(query, rows, atMost: keys.count))
    }

    /// The values of a column; one more than `room` when there are more.
    private func values(_ query: Query, _ rows: RelatedRows, atMost room: Int) async throws -> Set<Value> {
        let needsOrder = rows.limit != nil
        let query = try await prepared(query, needsOrder: needsOrder)
        var plan = try await plan(query, needsOrder: needsOrder)
        if let measure = QueryMeasure.current { plan = measure.counting(plan, of: rows) }
        let cursor = try await self.rows(plan)
        defer { cursor.close() }
        var values: Set<Value> = []
        func take(_ row: RowReader) throws -> Bool {
            let value = try row.value(rows.column)
            if !value.isNull { values.insert(value) }
            return values.count <= room
        }
        while try await cursor.next(1024, take), values.count <= room { try Deadline.check() }
        return values
    }
}

/// Leaves out rows that do not match, looking values up in other rows for a portion of rows at a time.
final class LookupCursor: RowCursor {
    private let base: any RowCursor
    private let executor: Executor
    private let table: Table
    /// What the row alone tells.
    private let own: RowFilter?
    /// What takes other rows to tell.
    private let related: Condition
    private let lookups: [(column: Int, rows: RelatedRows)]
    private let row: RecordRow
    private var portion = Executor.firstPortion
    /// Rows that were read and not looked up yet: what failed meanwhile can be asked for again.
    private var unchecked: [Record] = []
    private var isOver = false
    /// Rows that match; `place` is the next to hand out.
    private var matching: [Record] = []
    private var place = 0

    init(_ base: any RowCursor, _ condition: Condition, of table: Table, _ executor: Executor) {
        self.base = base
        self.executor = executor
        self.table = table
        var parts = [condition]
        if case .and(let all) = condition { parts = all }
        let own = parts.filter { !$0.hasRelations }
        self.own = own.isEmpty ? nil : RowFilter(.and(own))
        related = .and(parts.filter(\.hasRelations))
        lookups = related.lookups
        row = RecordRow(table: table)
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        var wanted = count
        while wanted > 0 {
            if place == matching.count {
                guard try await fill() else { return false }
                continue
            }
            row.current = matching[place].values
            row.currentMetadata = matching[place].metadata
            place += 1
            wanted -= 1
            if try !body(row) { break }
        }
        return place < matching.count || !unchecked.isEmpty || !isOver
    }

    func close() {
        base.close()
        (unchecked, matching, place, isOver) = ([], [], 0, true)
    }

    /// Reads the next portion and looks up what it asks for.
    /// - Returns: Whether there was one.
    private func fill() async throws -> Bool {
        while unchecked.count < portion, !isOver {
            isOver = try await !base.next(portion) { row in
                if try own?.matches(row) ?? (own == nil) { unchecked.append(try Record(row: row)) }
                return true
            }
            try Deadline.check()
        }
        if unchecked.isEmpty { return false }
        let filter = RowFilter(try await checked())
        var matching: [Record] = []
        for record in unchecked {
            row.current = record.values
            row.currentMetadata = record.metadata
            if try filter.matches(row) == true { matching.append(record) }
        }
        (self.matching, place, unchecked) = (matching, 0, [])
        portion = min(portion * 2, Executor.largestPortion)
        return true
    }

    /// The condition with the values that are there, of those this portion asks for.
    private func checked() async throws -> Condition {
        var keys: [RelatedRows: Set<Value>] = [:]
        for (column, rows) in lookups {
            keys[rows, default: []].formUnion(unchecked.lazy.map { $0.values[column] }.filter { !$0.isNull })
        }
        var lists: [RelatedRows: [Value]] = [:]
        for (_, rows) in lookups where lists[rows] == nil {
            lists[rows] = try await executor.values(of: rows, among: keys[rows] ?? [])
        }
        return related.listing(lists, in: table)
    }
}
