/// How a driver answers a query: for `explain`, observers and tests.
public struct QueryPlan: Sendable, Hashable, CustomStringConvertible {
    /// How the rows are found.
    public enum Access: Sendable, Hashable {
        /// By their keys.
        case key
        /// Through an index.
        case index(String)
        /// By reading the whole table.
        case table
        /// By several plans, each row once: see ``QueryPlan/parts``.
        case union
        /// Not at all: the condition can never be true.
        case nothing
        /// Not at all: how many there are is kept.
        case count
    }

    /// The driver that answers.
    public var driver: String
    /// The table.
    public var table: String
    /// How the rows are found.
    public var access: Access
    /// The part of the condition the access serves, in words; empty when it serves none.
    public var bounds: [String]
    /// The part of the condition that is checked row by row; nil when nothing is left.
    public var filter: String?
    /// The part of the condition that entries of the index are checked by, before the records of those that are left are read; nil for
    /// none, and for drivers to which a record is little more than an entry.
    public var entryFilter: String?
    /// The order the rows must be brought into; empty when the access gives it.
    public var sort: [String]
    /// Whether only rows that come together, equal in the order asked for, must be brought into that order.
    public var sortsTies: Bool
    /// How many rows at most.
    public var limit: Int?
    /// The columns the rows are grouped by.
    public var groups: [String] = []
    /// What is computed from the rows, or of each group, as queries in text write it; empty when the rows themselves are the answer.
    public var aggregates: [String] = []
    /// Which groups, in words; nil for all.
    public var having: String?
    /// The order of the groups; empty when it is that of the columns they are grouped by.
    public var groupOrder: [String] = []
    /// How many groups at most.
    public var groupLimit: Int?
    /// Whether the index alone answers, without reading records.
    public var isCovered: Bool
    /// Requests to an object store; 0 for memory and SQLite.
    public var requests: Int
    /// What the requests cost, in US dollars.
    public var dollars: Double
    /// What the driver's own engine says, one line each: the SQL and SQLite's plan.
    public var details: [String]

    /// The plans whose rows together are the result, where one of several conditions must hold and each has its index.
    public var parts: [QueryPlan] = []
    /// About how many rows are read; nil where nobody knows, as in a SQLite file that was never maintained.
    public var estimatedRows: Int?
    /// How many rows were read, of a query that has run; nil of one that has not, and of parts whose engine counts only the whole.
    public var readRows: Int?
    /// What the query took, if it has run.
    public var run: Run?
    /// How other rows are read that the condition or the order asks about; where a driver's own engine reads them, as far as that tells.
    public var related: [Related] = []
    /// How the records are read that `including` adds, each relation once for all records of the query; what it adds to these is in their
    /// plans. What all of it takes is in ``run``.
    public var included: [QueryPlan] = []

    /// How rows are read that a condition asks about.
    public struct Related: Sendable, Hashable {
        /// How they are read. What it costs is part of the cost of the whole.
        public var plan: QueryPlan
        /// Whether they are all read first; else, for each portion of rows, those that it asks about.
        public var isFirst: Bool
        /// Which rows they are.
        package let rows: RelatedRows?

        /// A plan of other rows.
        public init(_ plan: QueryPlan, isFirst: Bool) {
            self.init(plan, isFirst: isFirst, nil)
        }

        package init(_ plan: QueryPlan, isFirst: Bool, _ rows: RelatedRows?) {
            self.plan = plan
            self.isFirst = isFirst
            self.rows = rows
        }
    }

    /// What a query took that has run.
    public struct Run: Sendable, Hashable {
        /// How many rows, or groups, the result has.
        public var rows: Int
        /// Requests to an object store; 0 for memory and SQLite.
        public var requests: Int
        /// The time until all of them were read.
        public var duration: Duration

        /// What a query took.
        public init(rows: Int, requests: Int, duration: Duration) {
            self.rows = rows
            self.requests = requests
            self.duration = duration
        }
    }

    /// A plan.
    public init(
        driver: String, table: String, access: Access, bounds: [String] = [], filter: String? = nil,
        sort: [String] = [], sortsTies: Bool = false,
        limit: Int? = nil, isCovered: Bool = false, requests: Int = 0, dollars: Double = 0, details: [String] = []
    ) {
        self.driver = driver
        self.table = table
        self.access = access
        self.bounds = bounds
        self.filter = filter
        self.sort = sort
        self.sortsTies = sortsTies
        self.limit = limit
        self.isCovered = isCovered
        self.requests = requests
        self.dollars = dollars
        self.details = details
    }

    /// The plan as lines, the access first; what it costs only where there is a price.
    public var description: String {
        var lines = ["\(driver): \(table) by \(accessText)\(wholeTablesText)"]
        if !bounds.isEmpty { lines.append("  bounds  \(bounds.joined(separator: " and "))") }
        if let entryFilter { lines.append("  entries \(entryFilter)") }
        if let filter { lines.append("  filter  \(filter)") }
        if !sort.isEmpty {
            lines.append("  sort    \(sort.joined(separator: ", "))\(sortsTies ? ", of equal ones" : "")")
        }
        if let limit { lines.append("  limit   \(limit)") }
        if !groups.isEmpty { lines.append("  group   \(groups.joined(separator: ", "))") }
        if !aggregates.isEmpty { lines.append("  compute \(aggregates.joined(separator: ", "))") }
        if let having { lines.append("  having  \(having)") }
        if !groupOrder.isEmpty { lines.append("  order   \(groupOrder.joined(separator: ", "))") }
        if let groupLimit { lines.append("  limit   \(groupLimit)") }
        if isCovered { lines.append("  covered by the index: no record is read") }
        switch (readRows, estimatedRows) {
        case (let read?, let expected?): lines.append("  rows    \(read) read, about \(expected) expected")
        case (let read?, nil): lines.append("  rows    \(read) read")
        case (nil, let expected?): lines.append("  rows    about \(expected) read")
        case (nil, nil): break
        }
        for part in parts { lines += part.lines(after: "  part    ") }
        for other in related {
            lines += other.plan.lines(after: "  related \(other.isFirst ? "first" : "for each portion of rows"), ")
        }
        for plan in included { lines += plan.lines(after: "  include ") }
        // Memory and SQLite ask nobody for money.
        if requests != 0 || dollars != 0 {
            lines.append("  cost    \(requests) requests, $\(dollars == 0 ? "0" : dollars.description)")
        }
        if let run {
            let requests = run.requests == 0 ? "" : ", \(run.requests) requests"
            lines.append("  run     \(run.rows) rows\(requests), \(run.duration.milliseconds)")
        }
        return (lines + details.map { "  \($0)" }).joined(separator: "\n")
    }

    /// The lines of a plan within another.
    private func lines(after beginning: String) -> [String] {
        let lines = description.split(separator: "\n", omittingEmptySubsequences: false)
        return ["\(beginning)\(lines.first ?? "")"] + lines.dropFirst().map { "  \($0)" }
    }

    /// The plan of reading rows, as that of computing aggregates from them.
    package func computing(_ query: AggregateQuery) -> QueryPlan {
        var plan = self
        plan.groups = query.groups.map { query.table.columns[$0].name }
        plan.aggregates = query.aggregates.map { $0.text(in: query.table) }
        let results = query.results
        let text = ConditionText(results.table)
        plan.having = results.condition.map(text.describe)
        plan.groupOrder = results.order.map(text.describe)
        plan.groupLimit = results.limit
        return plan
    }

    /// The tables that are read whole for what the condition or the order asks about: no index of the rows themselves makes up for that.
    private var wholeTablesText: String {
        var names: [String] = []
        for name in related.flatMap(\.plan.wholeTables) where !names.contains(name) { names.append(name) }
        return names.isEmpty ? "" : ", reading all of \(names.joined(separator: ", "))"
    }

    private var wholeTables: [String] {
        let isFound = access == .key || access == .nothing || access == .count || access == .union || !bounds.isEmpty
        // The first ones in the order of an index are not all.
        let isWhole = !isFound && (limit == nil || !sort.isEmpty)
        return (isWhole ? [table] : []) + related.flatMap(\.plan.wholeTables)
    }

    private var accessText: String {
        switch access {
        case .key: "key"
        case .index(let name): "index \(name)"
        case .table: "reading the whole table"
        case .union: "\(parts.count) parts, each row once"
        case .nothing: "nothing: the condition is never true"
        case .count: "the count that is kept"
        }
    }
}

extension Duration {
    /// The duration as people read it, to a tenth of a millisecond.
    fileprivate var milliseconds: String {
        let tenths = Int((inSeconds * 10_000).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}
