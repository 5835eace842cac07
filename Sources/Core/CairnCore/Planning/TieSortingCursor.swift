import CairnSchema

/// Sorts rows that are equal in the order asked for, among themselves; the base brings them one after the other.
///
/// The order of a query ends with the key, ascending, so that it is total. An index that is read backwards gives equal values with
/// their keys descending: all is in order but within each group of equal ones. With a limit, or a budget of rows, it keeps of a group
/// no more than twice as many rows as are still wanted, and reads no group behind the last one that is.
final class TieSortingCursor: RowCursor {
    private typealias Found = (tie: [UInt8], sortKey: [UInt8], record: Record)

    private let base: any RowCursor
    private let query: Query
    private let filter: RowFilter?
    private let position: PositionCheck?
    private let ties: KeyLayout
    private let layout: KeyLayout
    private let row: RecordRow
    /// Rows that may still be handed out.
    private var remaining: Int
    /// Rows that were handed out.
    private var rows = 0
    /// The group that is being read. What failed meanwhile can be asked for again.
    private var group: [Found] = []
    /// The first row of the group behind it.
    private var held: Found?
    private var isOver = false
    /// A group in order; `place` is the next to hand out.
    private var sorted: [Record] = []
    private var place = 0

    init(_ base: any RowCursor, _ plan: AccessPlan) {
        query = plan.query
        self.base = base
        filter = plan.filter.map(RowFilter.init)
        position = plan.checksPosition ? PositionCheck(query) : nil
        ties = KeyLayout(order: query.order, of: query.table)
        layout = KeyLayout(order: query.totalOrder, of: query.table)
        row = RecordRow(table: query.table)
        remaining = query.mostRows
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        var wanted = count
        while wanted > 0, remaining > 0 {
            if place == sorted.count, try await !readGroup() { return false }
            row.current = sorted[place].values
            row.currentMetadata = sorted[place].metadata
            place += 1
            wanted -= 1
            remaining -= 1
            rows += 1
            try query.checkBudget(rows: rows)
            if try !body(row) { break }
        }
        return remaining > 0 && (place < sorted.count || held != nil || !isOver)
    }

    func close() {
        base.close()
        (group, sorted, place, held) = ([], [], 0, nil)
    }

    /// Reads the next rows that are equal, and the one behind them.
    /// - Returns: Whether there are any.
    private func readGroup() async throws -> Bool {
        if group.isEmpty, let first = held { (group, held) = ([first], nil) }
        while held == nil, !isOver {
            isOver = try await !base.next(4096, take)
            try Deadline.check()
        }
        trim()
        (sorted, place, group) = (group.map(\.record), 0, [])
        return !sorted.isEmpty
    }

    /// - Returns: Whether the next row may be of the same group.
    private func take(_ row: RowReader) throws -> Bool {
        guard try filter?.matches(row) ?? (filter == nil) else { return true }
        let record = try Record(row: row)
        let found = (ties.encode(record: record.values), layout.encode(record: record.values), record)
        // The group of the position is read from its beginning: which of it come before is seen when it is sorted.
        if let position, !position.isAfter(found.1) { return true }
        if let first = group.first, first.tie != found.0 {
            held = found
            return false
        }
        group.append(found)
        if remaining < .max / 2, group.count >= max(64, 2 * remaining) { trim() }
        return true
    }

    private func trim() {
        group.sort { KeyBytes.isLess($0.sortKey, $1.sortKey) }
        if group.count > remaining { group.removeLast(group.count - remaining) }
    }
}
