import CairnSchema

// An order by columns of other records, for drivers without a query engine.
//
// No index has those columns, so the rows of the query are read in no order, and sorted. In portions: for each, the records are read
// that its references name and that are not known yet; or all records of such a table are read first, where that is less. What is
// known is forgotten beyond ``Executor/listedValues`` records of a table, so memory holds that, a portion, and the rows that may be
// among the first. The result never depends on the way: both read the same moment.

/// What a query is sorted by, where other records have some of it.
package struct RelatedOrder: Sendable {
    /// The query as it was asked.
    let query: Query
    /// Where the values of its total order are.
    private(set) var sources: [Source] = []
    /// How rows are sorted, by these values.
    let layout: KeyLayout
    /// The records the rows lead to, those that lead on before those they lead to.
    private(set) var stops: [Stop] = []
    /// How they are read, one for each stop.
    var lookups: [Lookup] = []

    enum Source {
        /// In a column of the row.
        case own(Int)
        /// At a place among what is read of a stop.
        case related(stop: Int, place: Int)
    }

    /// Records that references name.
    struct Stop {
        let table: Table
        /// The references that lead there.
        let path: [FollowedReference]
        /// The stop that has the last of them; nil: the row itself.
        let origin: Int?
        /// Where it is: a column of the row, or a place among what is read of the origin.
        let reference: Int
        /// The columns that are read, the key first.
        var columns: [Int]

        /// All of its records.
        var query: Query {
            var query = Query(table)
            query.columns = Set(columns)
            return query
        }

        /// What the records are, in plans.
        var rows: RelatedRows {
            let lead = OrderTerm(column: columns[0], behind: path)
            return RelatedRows(RelatedTable(table), column: columns[0], order: [lead])
        }
    }

    init(_ query: Query) throws {
        self.query = query
        let terms = query.totalOrder
        layout = try KeyLayout(relatedOrder: terms, of: query.table)
        for term in terms {
            if term.path.isEmpty {
                sources.append(.own(term.column))
            } else {
                let stop = try stop(at: term.path)
                sources.append(.related(stop: stop, place: place(of: term.column, in: stop)))
            }
        }
    }

    /// The columns of the row itself that are needed.
    var columns: Set<Int> {
        let own = sources.compactMap { source in
            if case .own(let column) = source { column } else { nil }
        }
        return Set(own + stops.filter { $0.origin == nil }.map(\.reference))
    }

    private mutating func stop(at path: [FollowedReference]) throws -> Int {
        if let known = stops.firstIndex(where: { $0.path == path }) { return known }
        guard let last = path.last else { throw StorageError(.query, "an order leads along no reference") }
        let origin = path.count > 1 ? try stop(at: path.dropLast()) : nil
        let reference = origin.map { place(of: last.column, in: $0) } ?? last.column
        let table = try last.table.bound()
        stops.append(Stop(table: table, path: path, origin: origin, reference: reference, columns: [table.key[0]]))
        return stops.count - 1
    }

    private mutating func place(of column: Int, in stop: Int) -> Int {
        if let place = stops[stop].columns.firstIndex(of: column) { return place }
        stops[stop].columns.append(column)
        return stops[stop].columns.count - 1
    }
}

extension KeyLayout {
    /// Rows sorted by columns of their own and of other records: behind a reference every column may be null.
    fileprivate init(relatedOrder terms: [OrderTerm], of table: Table) throws {
        self.init(
            try terms.map { term in
                let column = try term.table(from: table).columns[term.column]
                return Part(
                    column: term.column, type: column.valueType,
                    isNullable: column.isNullable || !term.path.isEmpty, isDescending: term.isDescending)
            })
    }
}

extension Executor {
    /// The plan of a query whose order leads to other records: of its rows in no order, and how those records are read.
    func relatedPlan(
        _ query: Query, columns: Set<Int>?, sizes: [RelatedRows: Int]
    ) async throws -> AccessPlan {
        var order = try RelatedOrder(query)
        var rows = query
        rows.order = []
        // Which rows are the first is known when all are read. Of none nothing is.
        if query.limit != 0 { rows.limit = nil }
        let columns = (columns ?? query.columns)?.union(order.columns)
        var plan = try await plan(rows, columns: columns, needsOrder: false, sizes: sizes)
        guard plan.scan != nil || !plan.parts.isEmpty else { return plan }
        var counts: [Int] = []
        for stop in order.stops {
            let records = try await scanner.estimatedCount(of: stop.table)
            counts.append(min(stop.origin.map { counts[$0] } ?? plan.estimatedRows, records))
            order.lookups.append(try await lookup(stop, keys: counts[counts.count - 1], of: records))
        }
        plan.cost += plan.rows * (plan.rows + 1).logarithm2 * scanner.costs.comparison
        plan.relatedOrder = order
        return plan
    }

    /// How the records of a stop are read, of which about so many are asked for.
    private func lookup(_ stop: RelatedOrder.Stop, keys: Int, of records: Int) async throws -> Lookup {
        let whole = try await plan(stop.query, needsOrder: false)
        let portion = min(max(1, keys), Executor.largestPortion)
        let rows = stop.rows
        var query = stop.query
        // Stands for the keys of a portion, which are not known yet.
        query.restrict(to: .isInRows(column: rows.column, rows))
        let each = try await plan(query, columns: stop.query.columns, needsOrder: false, sizes: [rows: portion])
        let portions = (Double(max(1, keys)) / Double(Executor.largestPortion)).rounded(.up)
        let isFirst = records <= Executor.listedValues && whole.cost <= each.cost * portions
        return Lookup(rows: rows, plan: isFirst ? whole : each, isFirst: isFirst, size: portion)
    }
}

/// The records that rows lead to, as far as they were read.
final class RelatedRecords {
    private let order: RelatedOrder
    private let executor: Executor
    /// For each stop the records that are known, by their keys; of a key without a record there are no values.
    private var known: [[Value: [Value]]]
    /// The stops all of whose records are known.
    private var isWhole: [Bool?]

    init(_ order: RelatedOrder, _ executor: Executor) {
        self.order = order
        self.executor = executor
        known = order.stops.map { _ in [:] }
        isWhole = order.stops.map { _ in nil }
    }

    /// What some rows are sorted by, the order of bytes being that of the rows.
    func sortKeys(of records: [Record]) async throws -> [[UInt8]] {
        var found: [[[Value]?]] = []
        for (place, stop) in order.stops.enumerated() {
            let keys = records.indices.map { row in
                guard let origin = stop.origin else { return records[row].values[stop.reference] }
                return found[origin][row]?[stop.reference] ?? .null
            }
            try await read(stop, at: place, Set(keys.lazy.filter { !$0.isNull }))
            found.append(keys.map { known[place][$0].flatMap { $0.isEmpty ? nil : $0 } })
        }
        return records.indices.map { row in
            var bytes: [UInt8] = []
            for (part, source) in order.sources.enumerated() {
                let value =
                    switch source {
                    case .own(let column): records[row].values[column]
                    case .related(let stop, let place): found[stop][row]?[place] ?? .null
                    }
                order.layout.append(value, part: part, to: &bytes)
            }
            return bytes
        }
    }

    /// Reads the records of a stop that are not known yet.
    private func read(_ stop: RelatedOrder.Stop, at place: Int, _ keys: Set<Value>) async throws {
        if isWhole[place] == nil, order.lookups[place].isFirst, !keys.isEmpty {
            // There may be more than was expected: then it is done the other way.
            isWhole[place] = try await read(stop.query, stop, into: place, atMost: Executor.listedValues)
            if isWhole[place] != true { known[place] = [:] }
        }
        if isWhole[place] == true { return }
        var missing = keys.filter { known[place][$0] == nil }
        guard !missing.isEmpty else { return }
        if known[place].count + missing.count > Executor.listedValues {
            known[place] = [:]
            missing = keys
        }
        var query = stop.query
        let list = Array(missing)
        query.restrict(to: .isIn(column: stop.columns[0], list))
        QueryMeasure.current?.note(list, of: stop.rows)
        _ = try await read(query, stop, into: place, atMost: .max)
        for key in missing where known[place][key] == nil { known[place][key] = [] }
    }

    /// - Returns: Whether there were no more records than `room`.
    private func read(
        _ query: Query, _ stop: RelatedOrder.Stop, into place: Int, atMost room: Int
    ) async throws -> Bool {
        var plan = try await executor.plan(query, needsOrder: false)
        if let measure = QueryMeasure.current { plan = measure.counting(plan, of: stop.rows) }
        let cursor = try await executor.rows(plan)
        defer { cursor.close() }
        func take(_ row: RowReader) throws -> Bool {
            let values = try stop.columns.map(row.value)
            known[place][values[0]] = values
            return known[place].count <= room
        }
        while try await cursor.next(1024, take), known[place].count <= room { try Deadline.check() }
        return known[place].count <= room
    }
}

/// Reads all rows that match, sorts them by columns of their own and of other records, and hands out the first ones.
///
/// With a limit, or a budget of rows, it keeps no more than twice as many rows as that allows, and a portion.
final class RelatedSortingCursor: RowCursor {
    private let base: any RowCursor
    private let query: Query
    private let related: RelatedRecords
    private let limit: Int
    private let row: RecordRow
    /// Rows that were read and lack what they are sorted by: what failed meanwhile can be asked for again.
    private var portion: [Record] = []
    private var isOver = false
    private var found: [(sortKey: [UInt8], record: Record)] = []
    private var isSorted = false
    /// The next to hand out.
    private var place = 0

    init(_ base: any RowCursor, _ order: RelatedOrder, _ executor: Executor) {
        self.base = base
        related = RelatedRecords(order, executor)
        query = order.query
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

    func close() {
        base.close()
        (portion, found, place, isOver) = ([], [], 0, true)
    }

    private func readAll() async throws {
        while !isOver || !portion.isEmpty {
            while portion.count < Executor.largestPortion, !isOver {
                isOver = try await !base.next(Executor.largestPortion - portion.count) { row in
                    portion.append(try Record(row: row))
                    return true
                }
                try Deadline.check()
            }
            let keys = try await related.sortKeys(of: portion)
            found += zip(keys, portion).map { ($0, $1) }
            portion = []
            if limit < .max / 2, found.count >= max(64, 2 * limit) { trim() }
        }
        trim()
        isSorted = true
        base.close()
    }

    private func trim() {
        found.sort { KeyBytes.isLess($0.sortKey, $1.sortKey) }
        if found.count > limit { found.removeLast(found.count - limit) }
    }
}
