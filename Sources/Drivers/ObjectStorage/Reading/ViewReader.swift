import CairnCore
import CairnSchema

/// Reads one view: a snapshot, the latest state, or what a transaction has made of it.
struct ViewReader: StatisticsReader {
    let view: View
    let records: RecordReader
    let indexes: IndexReader
    /// Hears of everything that is read; nil when nobody validates it.
    let track: (@Sendable (Tracked) throws -> Void)?

    /// Something that is about to be read.
    enum Tracked {
        case keys(Table, [Key])
        case scan(IndexScan, ScanProgress)
        case table(Table)
    }

    init(
        _ view: View, _ records: RecordReader, _ indexes: IndexReader,
        track: (@Sendable (Tracked) throws -> Void)? = nil
    ) {
        self.view = view
        self.records = records
        self.indexes = indexes
        self.track = track
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try track?(.keys(table, [key]))
        guard let image = try await records.image(table, key, in: view), let values = image.values else { return false }
        try body(RecordRow(table: table, values: values, metadata: image.metadata))
        return true
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try track?(.keys(table, keys))
        let images = try await records.images(table, keys, in: view)
        let row = RecordRow(table: table)
        for (index, image) in images.enumerated() {
            guard let image, let values = image.values else { continue }
            row.current = values
            row.currentMetadata = image.metadata
            try body(index, row)
        }
    }

    func rows(_ query: Query) async throws -> any RowCursor {
        try await Executor(self, driver: ObjectStorage.driver).rows(query)
    }

    func count(_ query: Query) async throws -> Int {
        // The manifest knows how many records a table has.
        if query.condition == nil {
            try track?(.table(query.table))
            return min(view.tables[query.table.position].count, query.limit ?? .max)
        }
        return try await Executor(self, driver: ObjectStorage.driver).count(query)
    }

    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        if isKept(query) {
            let count = try await count(query.rows)
            let states = query.aggregates.map { _ in AggregateState.count(count) }
            return try Aggregation.results(of: [Aggregation.Group(values: [], states: states)], query)
        }
        return try await Executor(self, driver: ObjectStorage.driver).aggregate(query)
    }

    /// Whether it only asks how many records a table has, which the manifest knows.
    private func isKept(_ query: AggregateQuery) -> Bool {
        query.groups.isEmpty && query.rows.condition == nil && query.aggregates.allSatisfy { $0 == .rows }
    }

    func explain(_ query: AggregateQuery) async throws -> QueryPlan {
        if isKept(query) {
            let cost = ReadingCost(view, indexes).estimateOfTip()
            var plan = QueryPlan(
                driver: ObjectStorage.driver, table: query.table.name, access: .count, limit: query.rows.limit,
                requests: cost.requests, dollars: cost.dollars, details: cost.details)
            plan.estimatedRows = 0
            return plan.computing(query)
        }
        let (plan, count, rows) = try await Executor(self, driver: ObjectStorage.driver).explained(query)
        var description = describe(plan, count: count)
        if description.estimatedRows != nil { description.estimatedRows = rows }
        return description.computing(query)
    }

    func explain(_ query: Query) async throws -> QueryPlan {
        describe(try await Executor(self, driver: ObjectStorage.driver).explained(query), count: 1)
    }

    /// A plan with its price.
    /// - Parameters:
    ///   - count: How many plans of its kind are run one after the other.
    ///   - provesTip: Whether it is the first to read: the tip is proved once.
    private func describe(_ plan: AccessPlan, count: Int, provesTip: Bool = true) -> QueryPlan {
        var description = plan.description(driver: ObjectStorage.driver)
        if let scan = plan.scan {
            let cost = ReadingCost(view, indexes).estimate(scan, plan, provesTip: provesTip)
            description.requests = cost.requests * count
            description.dollars = cost.dollars * Double(count)
            description.details = cost.details
        }
        description.parts = plan.parts.enumerated().map { place, part in
            describe(part, count: count, provesTip: provesTip && place == 0)
        }
        for part in description.parts {
            description.requests += part.requests
            description.dollars += part.dollars
        }
        description.related = plan.lookups.map { lookup in
            QueryPlan.Related(describe(lookup.plan, count: 1), isFirst: lookup.isFirst, lookup.rows)
        }
        for other in description.related {
            description.requests += other.plan.requests
            description.dollars += other.plan.dollars
        }
        return description
    }

    func scan(_ scan: IndexScan) async throws -> any RowCursor {
        let progress = ScanProgress()
        try track?(.scan(scan, progress))
        return ObjectCursor(scan, self, progress)
    }

    func estimatedCount(of table: Table) async throws -> Int { view.tables[table.position].count }

    func estimatedEntries(of scan: IndexScan) -> Int? {
        guard scan.ranges.count <= IndexScan.mostEstimatedRanges else { return nil }
        var sum = 0
        for range in scan.byteRanges(view.tables[scan.table.position].layout(of: scan.index)) {
            let bounds = IndexBounds(lower: range.lower, upper: range.upper)
            guard let entries = indexes.estimatedEntries(view, scan.table, scan.index, bounds) else { return nil }
            sum += entries
        }
        return sum
    }

    func readStatistics(of scans: [IndexScan], atMost requests: Int) async throws {
        // A budget is for what the query needs. Where nothing is kept, nothing would be known afterwards.
        guard indexes.keepsBlocks, !RequestBudget.isLimited else { return }
        var runs: [IndexRun] = []
        for scan in scans {
            let ranges = scan.byteRanges(view.tables[scan.table.position].layout(of: scan.index))
            let bounds = ranges.map { IndexBounds(lower: $0.lower, upper: $0.upper) }
            runs += view.manifest.runs(scan.table, scan.index).filter { run in
                bounds.contains { $0.meets(run) } && indexes.cachedSection(run) == nil
            }
        }
        guard runs.count <= requests else { return }
        try await indexes.open(runs)
    }

    /// A record is a request, 32 of which are made at a time, and an entry one of about a thousand that a request brings.
    var costs: ScanCosts {
        ScanCosts(entry: 20, primaryRecord: 600, record: 600, comparison: 1, checksEntries: true)
    }
}
