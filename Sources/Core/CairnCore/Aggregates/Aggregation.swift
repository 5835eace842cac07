import CairnSchema

/// Gathers rows into groups and computes their aggregates: the one meaning of aggregates, whoever reads the rows.
package final class Aggregation {
    /// A group and what was seen of it.
    package struct Group {
        let values: [Value]
        package internal(set) var states: [AggregateState]

        package init(values: [Value], states: [AggregateState]) {
            self.values = values
            self.states = states
        }
    }

    private let query: AggregateQuery
    private let layout: KeyLayout
    /// The groups by their values, encoded.
    private var places: [[UInt8]: Int] = [:]
    private var groups: [Group] = []
    private let empty: [AggregateState]
    /// How many different values are held.
    private var values = 0

    package init(_ query: AggregateQuery) {
        self.query = query
        layout = KeyLayout(order: query.groups.map { OrderTerm(column: $0) }, of: query.table)
        empty = query.aggregates.map { AggregateState($0, of: query.table) }
        if query.groups.isEmpty { groups = [Group(values: [], states: empty)] }
    }

    /// Takes a row in.
    /// - Throws: `query.budget` when it begins one group, or holds one value, too many.
    package func add(_ row: RowReader) throws {
        let place = try place(of: row)
        for (number, aggregate) in query.aggregates.enumerated() {
            guard try groups[place].states[number].add(aggregate, row) else { continue }
            values += 1
            try query.checkBudget(values: values)
        }
    }

    private func place(of row: RowReader) throws -> Int {
        if query.groups.isEmpty { return 0 }
        let values = try query.groups.map { try row.value($0) }
        var key: [UInt8] = []
        for (part, value) in values.enumerated() { layout.append(value, part: part, to: &key) }
        if let place = places[key] { return place }
        try query.checkBudget(groups: groups.count + 1)
        places[key] = groups.count
        groups.append(Group(values: values, states: empty))
        return groups.count - 1
    }

    /// The results, in their order.
    /// - Throws: `query.overflow`.
    package func results() throws -> [[Value]] { try Aggregation.results(of: groups, query) }

    /// The results of groups, each of which is there once: those the query wants, in its order.
    /// - Throws: `query.overflow`; when several sums do not fit, for the first of the query's aggregates.
    package static func results(of groups: [Group], _ query: AggregateQuery) throws -> [[Value]] {
        var results = groups.map(\.values)
        for (number, aggregate) in query.aggregates.enumerated() {
            for place in groups.indices {
                results[place].append(try groups[place].states[number].result(aggregate, of: query.table))
            }
        }
        return try chosen(results, query.results)
    }

    /// The results that satisfy a condition, sorted, as many as are wanted.
    private static func chosen(_ results: [[Value]], _ query: Query) throws -> [[Value]] {
        var results = results
        if let filter = query.condition.map(RowFilter.init) {
            let row = RecordRow(table: query.table)
            results = try results.filter { values in
                row.current = values
                return try filter.matches(row) == true
            }
        }
        let layout = KeyLayout(order: query.totalOrder, of: query.table)
        let sorted = results.map { (key: layout.encode(record: $0), values: $0) }
            .sorted { KeyBytes.isLess($0.key, $1.key) }
        return sorted.prefix(query.limit ?? .max).map(\.values)
    }
}
