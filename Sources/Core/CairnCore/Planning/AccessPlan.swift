import CairnSchema

/// How a query will be answered.
package struct AccessPlan: Sendable {
    package let query: Query
    /// The entries to read; nil when no row can match, or where ``parts`` say it.
    package let scan: IndexScan?
    /// The plans whose rows together are the result, each row once; empty where one scan gives them.
    package var parts: [AccessPlan] = []
    /// The conditions the scan serves.
    package let bounds: [Condition]
    /// The conditions left, but for those that entries are checked by: ``IndexScan/filter``.
    package var filter: Condition?
    /// Whether the entries come in the order asked for.
    package let isSorted: Bool
    /// Whether the index has the order asked for but for entries that are equal in it, which the scan sorts: see ``IndexScan/ties``.
    package let sortsTies: Bool
    /// Whether rows before the position asked for must be left out one by one; else the scan begins behind it.
    package let checksPosition: Bool
    /// Whether the whole key is given.
    package let isKeyLookup: Bool
    /// Whether the index alone has all that is needed.
    package let isCovered: Bool
    /// About how many rows the scan gives.
    package let rows: Double
    package var cost: Double

    /// What counts the entries that are read; nil when nobody wants to know.
    var counter: ReadCounter?
    /// The plan with counters for it and its parts: one of its own for each, or one for all.
    func counting(_ counter: ReadCounter? = nil) -> AccessPlan {
        var plan = self
        plan.counter = scan == nil ? nil : counter ?? ReadCounter()
        plan.parts = parts.map { $0.counting(counter) }
        return plan
    }

    /// What the rows are sorted by, where other records have some of it; then the query is that for all rows, in no order.
    var relatedOrder: RelatedOrder?

    /// How values are looked up in other rows, of a plan that is to be shown; those of the order too.
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
        if let relatedOrder { return relatedOrder.query.totalOrder }
        if isSorted { return [] }
        guard sortsTies else { return query.totalOrder }
        return query.totalOrder.filter { term in !query.order.contains { $0.column == term.column } }
    }

    /// The plan as `explain` shows it.
    /// - Parameter name: What is shown of a condition.
    package func description(driver: String, naming name: (Condition) -> Condition = { $0 }) -> QueryPlan {
        let table = query.table
        let text = ConditionText(table)
        func describe(_ condition: Condition) -> String { text.describe(name(condition)) }
        let access: QueryPlan.Access =
            if let scan {
                // Entries that are asked first are those of the key.
                isKeyLookup
                    ? .key
                    : scan.index.map { .index($0.name) }
                        ?? (bounds.isEmpty && scan.filter == nil ? .table : .index("primary"))
            } else {
                parts.isEmpty ? .nothing : .union
            }
        var plan = QueryPlan(
            driver: driver, table: table.name, access: access, bounds: bounds.map(describe),
            filter: filter.map(describe), sort: sort.map(text.describe), sortsTies: sortsTies,
            limit: relatedOrder.map(\.query.limit) ?? query.limit, isCovered: isCovered)
        plan.entryFilter = scan?.filter.map(describe)
        if scan != nil { plan.estimatedRows = estimatedRows }
        plan.parts = parts.map { $0.description(driver: driver, naming: name) }
        plan.related = lookups.map { lookup in
            QueryPlan.Related(lookup.plan.description(driver: driver), isFirst: lookup.isFirst, lookup.rows)
        }
        return plan
    }
}
