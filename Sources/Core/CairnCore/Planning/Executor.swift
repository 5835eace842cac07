import CairnSchema

/// Answers queries for drivers without a query engine, by the planner's choice and the driver's ordered scans.
package struct Executor: Sendable {
    let scanner: any IndexScanner
    let driver: String

    package init(_ scanner: any IndexScanner, driver: String) {
        self.scanner = scanner
        self.driver = driver
    }

    package func explain(_ query: Query) async throws -> QueryPlan {
        try await explained(query).description(driver: driver)
    }

    package func rows(_ query: Query) async throws -> any RowCursor {
        let plan = try await plan(try await prepared(query))
        return try await rows(QueryMeasure.current?.counting(plan) ?? plan)
    }

    /// The rows of a plan.
    func rows(_ plan: AccessPlan) async throws -> any RowCursor {
        if let order = plan.relatedOrder {
            var rows = plan
            rows.relatedOrder = nil
            return RelatedSortingCursor(try await self.rows(rows), order, self)
        }
        guard let (base, plan) = try await base(of: plan) else { return EmptyCursor() }
        // Rows that are equal in the order are sorted by the scan, as entries.
        return plan.isSorted || plan.sortsTies ? FilteringCursor(base, plan) : SortingCursor(base, plan)
    }

    /// The entries of a plan, without those that other rows leave out; and what is left of the plan.
    private func base(of plan: AccessPlan) async throws -> (any RowCursor, AccessPlan)? {
        if !plan.parts.isEmpty { return (UnionCursor(plan, self), plan) }
        guard let scan = plan.scan else { return nil }
        var entries = try await scanner.scan(scan)
        if let counter = plan.counter { entries = CountingCursor(entries, counter) }
        guard let filter = plan.filter, filter.hasRelations else { return (entries, plan) }
        var plan = plan
        plan.filter = nil
        return (LookupCursor(entries, filter, of: plan.query.table, self), plan)
    }

    package func count(_ query: Query) async throws -> Int {
        var query = query
        // Neither order nor where a page begins counts.
        query.order = []
        query.after = nil
        query = try await prepared(query, columns: [], needsOrder: false)
        guard let (base, plan) = try await base(of: try await plan(query, columns: [], needsOrder: false)) else {
            return 0
        }
        let cursor = FilteringCursor(base, plan)
        defer { cursor.close() }
        var count = 0
        while try await cursor.next(
            .max,
            { _ in
                count += 1
                return true
            })
        {}
        return count
    }

    /// The plan of a query that is ``prepared(_:columns:needsOrder:)``.
    func plan(_ query: Query, columns: Set<Int>? = nil, needsOrder: Bool = true) async throws -> AccessPlan {
        try await plan(query, columns: columns, needsOrder: needsOrder, sizes: [:])
    }

    /// - Parameter sizes: About how many values there are in the rows that will be read first.
    func plan(
        _ query: Query, columns: Set<Int>? = nil, needsOrder: Bool, sizes: [RelatedRows: Int]
    ) async throws -> AccessPlan {
        if needsOrder, query.hasRelatedOrder { return try await relatedPlan(query, columns: columns, sizes: sizes) }
        let count = try await scanner.estimatedCount(of: query.table)
        let planner = Planner(query, columns: columns, needsOrder: needsOrder, sizes: sizes, costs: scanner.costs)
        if let reader = scanner as? any StatisticsReader,
            let guesses = planner.guesses(count: count, entries: scanner.estimatedEntries)
        {
            try await reader.readStatistics(of: guesses.scans, atMost: guesses.requests)
        }
        return planner.plan(count: count, entries: scanner.estimatedEntries)
    }
}

/// The rows of a query that has none.
package final class EmptyCursor: RowCursor {
    package init() {}
    package func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool { false }
    package func close() {}
}

/// Leaves out the rows that do not match and stops at the limit; the rows come in the right order already.
final class FilteringCursor: RowCursor {
    private let base: any RowCursor
    private let filter: RowFilter?
    private let position: PositionCheck?
    private var remaining: Int

    init(_ base: any RowCursor, _ plan: AccessPlan) {
        self.base = base
        filter = plan.filter.map(RowFilter.init)
        position = plan.checksPosition ? PositionCheck(plan.query) : nil
        remaining = plan.query.limit ?? .max
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        var wanted = min(count, remaining)
        while wanted > 0 {
            // In portions, so that a long search for few rows can be cancelled.
            let hasMore = try await base.next(4096) { row in
                guard try filter?.matches(row) ?? (filter == nil), try position?.isAfter(row) ?? true else {
                    return true
                }
                wanted -= 1
                remaining -= 1
                if try !body(row) { wanted = 0 }
                return wanted > 0
            }
            guard hasMore else { return false }
            try Deadline.check()
        }
        return remaining > 0
    }

    func close() { base.close() }
}

/// Reads all rows that match, sorts them, and hands out the first ones.
///
/// With a limit, or a budget of rows, it keeps no more than twice as many rows as that allows.
final class SortingCursor: RowCursor {
    private let base: any RowCursor
    private let query: Query
    private let filter: RowFilter?
    private let position: PositionCheck?
    private let layout: KeyLayout
    private let limit: Int
    private let row: RecordRow
    /// The rows found, sorted once `isSorted`; `place` is the next to hand out.
    private var found: [(sortKey: [UInt8], record: Record)] = []
    private var isSorted = false
    private var place = 0

    init(_ base: any RowCursor, _ plan: AccessPlan) {
        query = plan.query
        self.base = base
        filter = plan.filter.map(RowFilter.init)
        position = plan.checksPosition ? PositionCheck(query) : nil
        layout = KeyLayout(order: query.totalOrder, of: query.table)
        limit = query.mostRows
        row = RecordRow(table: query.table)
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        if !isSorted { try await readAll() }
        let end = place + min(count, found.count - place)
        while place < end {
            row.current = found[place].record.values
            row.currentMetadata = found[place].record.metadata
            place += 1
            try query.checkBudget(rows: place)
            if try !body(row) { break }
        }
        return place < found.count
    }

    func close() { base.close() }

    private func readAll() async throws {
        while try await base.next(4096, take) { try Deadline.check() }
        trim()
        isSorted = true
        base.close()
    }

    private func take(_ row: RowReader) throws -> Bool {
        guard try filter?.matches(row) ?? (filter == nil), try position?.isAfter(row) ?? true else { return true }
        let record = try Record(row: row)
        found.append((layout.encode(record: record.values), record))
        if limit < .max / 2, found.count >= max(64, 2 * limit) { trim() }
        return true
    }

    private func trim() {
        found.sort { KeyBytes.isLess($0.sortKey, $1.sortKey) }
        if found.count > limit { found.removeLast(found.count - limit) }
    }
}

/// Whether a row comes after a position in the order of a query.
struct PositionCheck {
    private let layout: KeyLayout
    private let bytes: [UInt8]

    init?(_ query: Query) {
        guard let after = query.after else { return nil }
        layout = KeyLayout(order: query.totalOrder, of: query.table)
        var bytes: [UInt8] = []
        for (index, value) in after.values.enumerated() { layout.append(value, part: index, to: &bytes) }
        self.bytes = bytes
    }

    func isAfter(_ row: RowReader) throws -> Bool {
        isAfter(layout.encode(record: try row.values()))
    }

    /// - Parameter row: The row as it is sorted.
    func isAfter(_ row: [UInt8]) -> Bool { KeyBytes.isLess(bytes, row) }
}

extension KeyBytes {
    /// Whether one encoded key sorts before another.
    package static func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBufferPointer { left in right.withUnsafeBufferPointer { Bytes.compare(left, $0) < 0 } }
    }
}
