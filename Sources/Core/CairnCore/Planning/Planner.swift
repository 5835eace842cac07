import CairnSchema

/// Chooses how to answer a query for drivers without a query engine.
///
/// Every index, the primary key among them, is a candidate. Of the conditions that must all hold, equalities and lists of values on
/// the first columns of an index and one range (or prefix) on the next become bounds; the others stay as a filter. If the entries
/// come in the order asked for, forwards or backwards, nothing is sorted and the limit stops the scan. If they do but for the key
/// that makes the order total, as when an index is read backwards, the scan sorts entries that are equal by their keys, and stops at
/// the limit, too. An index with a condition of its own is a candidate where those of the query imply it; what of them it implies
/// in turn is not checked again. Where one of several conditions must hold and an index serves each of them, each is a query by
/// itself, and what several of them find counts once.
///
/// The cost of a candidate is what it reads and sorts:
///
///     rows   = what the driver knows of the entries in the bounds, else the size of the table × the share of each bound
///              (equal 1 %, one-sided range 30 %, two-sided 10 %, prefix 5 %), and of the index's own condition; 1 when a unique index is matched whole, as
///              many as there are values when they are listed; limit (× 10 with a filter) when the order is served
///     cost   = rows × (entry when covered, a record of the primary index, a record by another index)
///              + rows × log2(rows) × comparison to sort
///
/// with the ``ScanCosts`` of the driver. If it checks entries, what is left of the condition and looks only at columns that the
/// entries have (those of the primary index have the key) is checked on them, and only the share of the records is read that it
/// leaves, by the same guesses; an order that is served but for ties counts as served, and as sorted. Of an `or` it is the sum of
/// its parts.
///
/// The cheapest wins; of equals the one that comes first, the primary key before all. The result never depends on the choice,
/// only the time does.
package struct Planner: Sendable {
    let query: Query
    let conjuncts: [Conjunct]
    let columns: Set<Int>?
    let needsOrder: Bool
    let sizes: [RelatedRows: Int]
    let costs: ScanCosts

    /// Tables up to this size are planned by guesses: to find out more costs as much as reading too much of them.
    static let guessedCount = 16

    /// - Parameters:
    ///   - columns: The columns that are read of the rows, beside those of condition and order, if not those the query says:
    ///     none to count.
    ///   - needsOrder: Whether it matters which rows come first.
    ///   - sizes: About how many values there are in the rows that will be read first, whose values then stand in their place.
    package init(
        _ query: Query, columns: Set<Int>? = nil, needsOrder: Bool = true, sizes: [RelatedRows: Int] = [:],
        costs: ScanCosts = .memory
    ) {
        self.query = query
        conjuncts = Conjunct.split(query.condition, sizes)
        self.columns = columns ?? query.columns
        self.needsOrder = needsOrder
        self.sizes = sizes
        self.costs = costs
    }

    /// The plan for a table of about `count` records.
    /// - Parameter entries: About how many entries there are in the ranges of a scan; nil when nobody knows.
    package func plan(count: Int, entries: (IndexScan) -> Int? = { _ in nil }) -> AccessPlan {
        let best = single(count: count, entries)
        guard best.scan != nil, let union = union(count: count, entries), union.cost < best.cost else { return best }
        return union
    }

    /// The best plan that reads one index.
    func single(count: Int, _ entries: (IndexScan) -> Int?) -> AccessPlan {
        if conjuncts.contains(where: \.isNever) || query.limit == 0 { return .nothing(query) }
        var best = candidate(nil, count: count, entries)
        for index in query.table.indexes where conjuncts.imply(index.condition) {
            let other = candidate(index, count: count, entries)
            if other.cost < best.cost { best = other }
        }
        return best
    }

    func candidate(_ index: Index?, count: Int, _ entries: (IndexScan) -> Int?) -> AccessPlan {
        let table = query.table
        let layout = index.map { KeyLayout($0, of: table) } ?? KeyLayout(keyOf: table)
        var match = IndexMatch(layout)
        match.take(conjuncts)
        let own = Conjunct.split(index?.condition.map(Condition.init))
        let implied = conjuncts.indices.filter { own.implies(conjuncts[$0].condition) }
        let served = conjuncts.indices.filter { match.used.contains($0) || implied.contains($0) }
        let left = conjuncts.indices.compactMap { place -> Conjunct? in
            if implied.contains(place) { return nil }
            return served.contains(place) ? conjuncts[place].rest : conjuncts[place]
        }
        let isSingle = match.isSingle(index)
        let direction = match.direction(serving: query.totalOrder)
        let isSorted = isSingle || direction != nil || !needsOrder
        let tied = isSorted ? nil : match.direction(servingButForTies: query.order)
        let available = Set(layout.parts.map(\.column) + (index?.included ?? []))
        let isCovered = isCovered(by: available, filter: left.map(\.condition), isSorted: isSorted)
        let onEntries =
            isCovered || !costs.checksEntries
            ? [] : left.filter { !$0.condition.hasRelations && available.isSuperset(of: $0.condition.columns) }
        let filter =
            onEntries.isEmpty
            ? left : left.filter { $0.condition.hasRelations || !available.isSuperset(of: $0.condition.columns) }
        var scan = IndexScan(table, index: index, ranges: match.ranges)
        scan.isReversed = (direction ?? tied) == .backwards

        let part = own.reduce(match.share) { $0 * $1.share }
        var rows = max(1, Double(count) * part)
        if isSingle {
            rows = 1
        } else if part < 1, match.hasRangesOfAll, count > Planner.guessedCount, let known = entries(scan) {
            rows = min(Double(count), Double(max(1, known)))
        }
        if let listed = match.rowsOfList(index) { rows = min(rows, Double(min(max(1, count), listed))) }
        let share = onEntries.reduce(1) { $0 * $1.share }
        var checked = rows
        rows = onEntries.isEmpty ? rows : max(1, rows * share)
        if isSorted || tied != nil, let limit = query.limit {
            let wanted = Double(limit) * (filter.isEmpty ? 1 : 10)
            checked = min(checked, wanted / share)
            rows = min(rows, wanted)
        }
        var cost = rows * (isCovered ? costs.entry : index == nil ? costs.primaryRecord : costs.record)
        if !onEntries.isEmpty { cost += checked * costs.entry }
        if !isSorted { cost += rows * (rows + 1).logarithm2 * costs.comparison }

        scan.needsRecords = !isCovered
        scan.filter = Condition.all(onEntries.map(\.condition))
        if tied != nil { scan.ties = Ties(parts: match.partCount(of: query.order)) }
        if let after = query.after, match.isAt(after, of: query.totalOrder) {
            if direction != nil {
                scan.after = match.entry(at: after, of: query.totalOrder)
            } else if tied != nil {
                scan.after = match.entry(at: after, of: query.order)
                scan.includesAfter = true
                scan.ties?.after = query.key(at: after)
            }
        }
        let beginsBehind = query.after == nil || scan.after != nil
        if isSorted || tied != nil, filter.isEmpty, beginsBehind {
            scan.limit = query.limit
            scan.ties?.most = query.mostRows
        }
        return AccessPlan(
            query: query, scan: scan, bounds: served.map { conjuncts[$0].bound },
            filter: Condition.all(filter.map(\.condition)), isSorted: isSorted,
            sortsTies: tied != nil, checksPosition: !beginsBehind,
            isKeyLookup: index == nil && isSingle,
            isCovered: index != nil && isCovered, rows: rows, cost: cost)
    }

    /// Whether the entries have every column that is needed.
    private func isCovered(by available: Set<Int>, filter: [Condition], isSorted: Bool) -> Bool {
        guard let columns else { return Set(query.table.columns.indices).isSubset(of: available) }
        let order = isSorted && query.after == nil ? [] : query.totalOrder.map(\.column)
        return columns.union(filter.flatMap(\.columns)).union(order).isSubset(of: available)
    }
}

extension Query {
    /// The key of the row at a position.
    fileprivate func key(at position: Position) -> Key? {
        let order = totalOrder
        let values = table.key.compactMap { column in
            order.firstIndex { $0.column == column && $0.path.isEmpty }.map { position.values[$0] }
        }
        guard let first = values.first, values.count == table.key.count else { return nil }
        return Key(first, Array(values.dropFirst()))
    }
}

extension Double {
    /// The base-2 logarithm, by the exponent alone: enough to compare costs, and without a maths library.
    var logarithm2: Double { self <= 1 ? 0 : Double(exponent) + significand - 1 }
}

extension Condition {
    /// That all of some conditions hold; nil for none.
    static func all(_ conditions: [Condition]) -> Condition? {
        conditions.count > 1 ? .and(conditions) : conditions.first
    }

    /// The columns it looks at.
    package var columns: [Int] {
        switch self {
        case .constant: []
        case .compare(let column, _, _), .isNull(let column), .isIn(let column, _), .text(let column, _, _, _),
            .hasElement(let column, _), .hasPath(let column, _), .isPathNull(let column, _),
            .pathText(let column, _, _, _, _):
            [column]
        case .reference(let column, _, _), .isInRows(let column, _): [column]
        case .computed(let left, _, let right): left.columns + right.columns
        case .and(let parts), .or(let parts): parts.flatMap(\.columns)
        case .not(let part): part.columns
        }
    }
}
