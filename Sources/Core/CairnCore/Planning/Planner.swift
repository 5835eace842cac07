import CairnSchema

/// Chooses how to answer a query for drivers without a query engine.
///
/// Every index, the primary key among them, is a candidate. Of the conditions that must all hold, equalities on the first
/// columns of an index and one range (or prefix, or list of values) on the next become bounds; the others stay as a
/// filter. If the entries come in the order asked for, forwards or backwards, nothing is sorted and the limit stops the
/// scan. If they do but for the key that makes the order total, as when an index is read backwards, only equal ones are sorted
/// among themselves.
///
/// The cost of a candidate is what it reads and sorts, in rows:
///
///     rows   = size of the table × the share of each bound (equal 1 %, one-sided range 30 %, two-sided 10 %, prefix 5 %)
///              1 when a unique index is matched whole, as many as there are values when they are listed; limit (× 10 with a filter) when the order is served
///     cost   = rows × (3 to follow an index to the record, 1 when primary, ½ when covered) + rows × log2(rows) / 2 to sort
///
/// where an order that is served but for ties counts as served, and as sorted.
///
/// The cheapest wins; of equals the one that comes first, the primary key before all. Shares are guesses: there are no
/// statistics yet. The result never depends on the choice, only the time does.
package struct Planner: Sendable {
    private let query: Query
    private let conjuncts: [Conjunct]
    private let columns: Set<Int>?
    private let needsOrder: Bool

    /// - Parameters:
    ///   - columns: The columns that are read of the rows, beside those of condition and order, if not those the query says:
    ///     none to count.
    ///   - needsOrder: Whether it matters which rows come first.
    ///   - sizes: About how many values there are in the rows that will be read first, whose values then stand in their place.
    package init(
        _ query: Query, columns: Set<Int>? = nil, needsOrder: Bool = true, sizes: [RelatedRows: Int] = [:]
    ) {
        self.query = query
        conjuncts = Conjunct.split(query.condition, sizes)
        self.columns = columns ?? query.columns
        self.needsOrder = needsOrder
    }

    /// The plan for a table of about `count` records.
    package func plan(count: Int) -> AccessPlan {
        if conjuncts.contains(where: \.isNever) || query.limit == 0 { return .nothing(query) }
        var best = candidate(nil, count: count)
        for index in query.table.indexes {
            let other = candidate(index, count: count)
            if other.cost < best.cost { best = other }
        }
        return best
    }

    private func candidate(_ index: Index?, count: Int) -> AccessPlan {
        let table = query.table
        let layout = index.map { KeyLayout($0, of: table) } ?? KeyLayout(keyOf: table)
        var match = IndexMatch(layout)
        match.take(conjuncts)
        let filter = conjuncts.indices.filter { !match.used.contains($0) }.map { conjuncts[$0].condition }
        let isSingle = match.isSingle(index)
        let direction = match.direction(serving: query.totalOrder)
        let isSorted = isSingle || direction != nil || !needsOrder
        // A page that begins behind a position is cut out of the total order.
        let tied = isSorted || query.after != nil ? nil : match.direction(servingButForTies: query.order)
        let isCovered = isCovered(by: index, layout: layout, filter: filter, isSorted: isSorted)

        var rows = max(1, Double(count) * match.share)
        if isSingle { rows = 1 }
        if let listed = match.rowsOfList(index) { rows = min(Double(max(1, count)), Double(listed)) }
        if isSorted || tied != nil, let limit = query.limit {
            rows = min(rows, Double(limit) * (filter.isEmpty ? 1 : 10))
        }
        let perRow = isCovered ? 0.5 : index == nil ? 1 : 3
        var cost = rows * perRow
        if !isSorted { cost += rows * (rows + 1).logarithm2 / 2 }

        var scan = IndexScan(table, index: index, ranges: match.ranges)
        scan.isReversed = (direction ?? tied) == .backwards
        scan.needsRecords = !isCovered
        if isSorted, filter.isEmpty, query.after == nil || direction != nil { scan.limit = query.limit }
        if direction != nil, let after = query.after { scan.after = match.entry(at: after, of: query.totalOrder) }
        return AccessPlan(
            query: query, scan: scan, bounds: match.used.sorted().map { conjuncts[$0].condition },
            filter: filter.isEmpty ? nil : (filter.count == 1 ? filter[0] : .and(filter)), isSorted: isSorted,
            sortsTies: tied != nil, checksPosition: query.after != nil && direction == nil,
            isKeyLookup: index == nil && isSingle,
            isCovered: index != nil && isCovered, rows: rows, cost: cost)
    }

    /// Whether the entries have every column that is needed.
    private func isCovered(by index: Index?, layout: KeyLayout, filter: [Condition], isSorted: Bool) -> Bool {
        let available = Set(layout.parts.map(\.column) + (index?.included ?? []))
        guard let columns else { return Set(query.table.columns.indices).isSubset(of: available) }
        let order = isSorted && query.after == nil ? [] : query.totalOrder.map(\.column)
        return columns.union(filter.flatMap(\.columns)).union(order).isSubset(of: available)
    }
}

/// How a query will be answered.
package struct AccessPlan: Sendable {
    package let query: Query
    /// The entries to read; nil when no row can match.
    package let scan: IndexScan?
    /// The conditions the scan serves.
    package let bounds: [Condition]
    /// The conditions left.
    package var filter: Condition?
    /// Whether the entries come in the order asked for.
    package let isSorted: Bool
    /// Whether the entries come in the order asked for but for those that are equal in it.
    package let sortsTies: Bool
    /// Whether rows before the position asked for must be left out one by one; else the scan begins behind it.
    package let checksPosition: Bool
    /// Whether the whole key is given.
    package let isKeyLookup: Bool
    /// Whether the index alone has all that is needed.
    package let isCovered: Bool
    /// About how many entries are read.
    package let rows: Double
    package let cost: Double

    /// How values are looked up in other rows, of a plan that is to be shown.
    package var lookups: [Lookup] = []
    /// The cost with that of the look-ups.
    var wholeCost: Double { lookups.reduce(cost) { $0 + $1.plan.wholeCost } }

    /// About how many entries are read, as a whole number.
    package var estimatedRows: Int { rows < 1e15 ? Int(rows.rounded(.up)) : .max }

    init(
        query: Query, scan: IndexScan?, bounds: [Condition], filter: Condition?, isSorted: Bool,
        sortsTies: Bool = false, checksPosition: Bool, isKeyLookup: Bool, isCovered: Bool, rows: Double, cost: Double
    ) {
        self.query = query
        self.scan = scan
        self.bounds = bounds
        self.filter = filter
        self.isSorted = isSorted
        self.sortsTies = sortsTies
        self.checksPosition = checksPosition
        self.isKeyLookup = isKeyLookup
        self.isCovered = isCovered
        self.rows = rows
        self.cost = cost
    }

    static func nothing(_ query: Query) -> AccessPlan {
        AccessPlan(
            query: query, scan: nil, bounds: [], filter: nil, isSorted: true, checksPosition: false,
            isKeyLookup: false, isCovered: false, rows: 0, cost: 0)
    }

    /// What the rows must be sorted by.
    private var sort: [OrderTerm] {
        if isSorted { return [] }
        guard sortsTies else { return query.totalOrder }
        return query.totalOrder.filter { term in !query.order.contains { $0.column == term.column } }
    }

    /// The plan as `explain` shows it.
    package func description(driver: String) -> QueryPlan {
        let table = query.table
        let text = ConditionText(table)
        let access: QueryPlan.Access =
            if let scan {
                isKeyLookup ? .key : scan.index.map { .index($0.name) } ?? (bounds.isEmpty ? .table : .index("primary"))
            } else {
                .nothing
            }
        var plan = QueryPlan(
            driver: driver, table: table.name, access: access, bounds: bounds.map(text.describe),
            filter: filter.map(text.describe), sort: sort.map(text.describe), sortsTies: sortsTies, limit: query.limit,
            isCovered: isCovered)
        plan.related = lookups.map { QueryPlan.Related($0.plan.description(driver: driver), isFirst: $0.isFirst) }
        return plan
    }
}

extension Double {
    /// The base-2 logarithm, by the exponent alone: enough to compare costs, and without a maths library.
    fileprivate var logarithm2: Double { self <= 1 ? 0 : Double(exponent) + significand - 1 }
}

extension Condition {
    /// The columns it looks at.
    package var columns: [Int] {
        switch self {
        case .constant: []
        case .compare(let column, _, _), .isNull(let column), .isIn(let column, _), .text(let column, _, _, _),
            .hasElement(let column, _), .hasPath(let column, _), .isPathNull(let column, _):
            [column]
        case .reference(let column, _, _), .isInRows(let column, _): [column]
        case .computed(let left, _, let right): left.columns + right.columns
        case .and(let parts), .or(let parts): parts.flatMap(\.columns)
        case .not(let part): part.columns
        }
    }
}
