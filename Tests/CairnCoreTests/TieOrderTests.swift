import CairnSchema
import Testing

@testable import CairnCore

/// Entries in the order of a query that an index has but for the key, against all of them sorted.
@Suite("Entries that are equal in an order")
struct TieOrderTests {
    /// A table with one index, so that it is the one that is read.
    private static func table(_ index: String) throws -> Table {
        try Schema(
            parsing: """
                { "database": "d", "tables": { "visits": { "columns": { "pet": "int", "number": "int", "day": "int?", "kind": "string?" },
                  "key": ["pet", "number"], "indexes": { "one": [\(index)] } } } }
                """
        ).tables[0]
    }

    private static let indexes = [
        #""day""#, #""day desc""#, #""kind", "day""#, #""kind desc", "day""#, #""number""#, #""day", "pet desc""#,
        #""day", "number""#,
    ]

    private let table: Table

    init() throws { table = try TieOrderTests.table(#""day""#) }

    private func column(_ name: String) throws -> Int { try #require(table.column(named: name)).position }

    /// Entries of an index that are read as a driver does, and how many it looks at.
    private struct Reader {
        var order: TieOrder<[Value]>
        let entries: [(key: [UInt8], values: [Value])]
        var looked = 0
        private var rest: [(key: [UInt8], values: [Value])]?

        init(_ scan: IndexScan, _ ties: Ties, _ layout: KeyLayout, _ rows: [[Value]]) {
            order = TieOrder(scan, ties, layout)
            entries = rows.map { (layout.encode(record: $0), $0) }.sorted { KeyBytes.isLess($0.key, $1.key) }
        }

        mutating func next() throws -> [Value]? {
            while true {
                if let found = order.next() { return found.entry }
                guard let range = order.range else { return nil }
                if rest == nil {
                    let inside = entries.filter { entry in
                        !KeyBytes.isLess(entry.key, range.lower)
                            && range.upper.map { KeyBytes.isLess(entry.key, $0) } ?? true
                    }
                    // The next one last.
                    rest = range.isReversed ? inside : inside.reversed()
                }
                if let entry = rest?.popLast() {
                    looked += 1
                    if try order.take(entry.key, entry.values) { rest = nil }
                } else {
                    order.endRange()
                    rest = nil
                }
            }
        }
    }

    /// The rows of a query, and how many entries were looked at; nil where no index has its order but for the key.
    private func read(_ query: Query, _ rows: [[Value]]) throws -> (rows: [[Value]], looked: Int)? {
        let plan = Planner(query).plan(count: rows.count)
        guard let scan = plan.scan, plan.sortsTies, let ties = scan.ties else { return nil }
        let table = query.table
        let layout = scan.index.map { KeyLayout($0, of: table) } ?? KeyLayout(keyOf: table)
        var reader = Reader(scan, ties, layout, rows)
        var found: [[Value]] = []
        let filter = plan.filter.map(RowFilter.init)
        let position = plan.checksPosition ? PositionCheck(query) : nil
        while found.count < query.limit ?? .max, let values = try reader.next() {
            let row = RecordRow(table: table, values: values)
            guard try filter?.matches(row) ?? (filter == nil), try position?.isAfter(row) ?? true else { continue }
            found.append(values)
        }
        return (found, reader.looked)
    }

    private func rows(_ random: inout SeededRandom, _ count: Int, values: Int) -> [[Value]] {
        var seen: Set<[Value]> = []
        return (0..<count).compactMap { _ in
            let key: [Value] = [.int(random.number(0..<40)), .int(random.number(0..<40))]
            guard seen.insert(key).inserted else { return nil }
            let day: Value = random.number(0..<4) == 0 ? .null : .int(random.number(0..<values))
            let kind: Value = random.number(0..<4) == 0 ? .null : .string("k\(random.number(0..<values))")
            return key + [day, kind]
        }
    }

    @Test(
        "They come in the order of the query, whatever the index, the direction, the bounds and the place to go on",
        arguments: 0..<6)
    func sorted(_ seed: Int) throws {
        var random = SeededRandom(UInt64(seed))
        let rows = rows(&random, random.number(1..<400), values: random.number(1..<6))
        let (day, kind, pet, number) = (
            try column("day"), try column("kind"), try column("pet"), try column("number")
        )
        let orders: [[(Int, Bool)]] = [
            [(day, true)], [(day, false)], [(kind, false)], [(kind, true)], [(kind, true), (day, true)],
            [(number, true)], [(pet, true)], [(day, true), (pet, true)],
        ]
        let conditions: [Condition?] = [
            nil, .compare(column: day, .greater, .int(0)), .isIn(column: day, [.int(0), .int(2)]),
            .compare(column: kind, .equal, .string("k1")), .isNull(column: day), .compare(column: pet, .less, .int(20)),
        ]
        var compared = 0
        for index in TieOrderTests.indexes {
            let table = try TieOrderTests.table(index)
            for (terms, condition) in orders.flatMap({ terms in conditions.map { (terms, $0) } }) {
                let order = terms.map { OrderTerm(column: $0.0, isDescending: $0.1) }
                var query = Query(table, where: condition, order: order)
                query.limit = random.number(0..<2) == 0 ? nil : random.number(1..<90)
                let layout = KeyLayout(order: query.totalOrder, of: table)
                if let row = rows.randomElement(using: &random), random.number(0..<2) == 0 {
                    query.after = Query.Position(values: query.totalOrder.map { row[$0.column] })
                }
                let filter = condition.map(RowFilter.init)
                let position = PositionCheck(query)
                let all = try rows.filter { values in
                    let row = RecordRow(table: table, values: values)
                    return try filter?.matches(row) ?? (filter == nil) && position?.isAfter(row) ?? true
                }
                .map { (values: $0, sortKey: layout.encode(record: $0)) }
                .sorted { KeyBytes.isLess($0.sortKey, $1.sortKey) }
                .map(\.values)
                let wanted = Array(all.prefix(query.limit ?? .max))
                guard let found = try read(query, rows) else { continue }
                compared += 1
                #expect(found.rows == wanted, "\(query) by \(index)")
            }
        }
        #expect(compared > 0)
    }

    @Test("Of very many that are equal few are looked at for few rows, and none of those before the page")
    func fewEntries() throws {
        let rows = (0..<5_000).map { [Value.int($0), .int(0), .int($0 < 4_900 ? 7 : 9), .null] }
        let day = try column("day")
        var query = Query(table, order: [OrderTerm(column: day, isDescending: true)], limit: 200)
        let first = try #require(try read(query, rows))
        #expect(first.rows.map { $0[0] } == (4_900..<5_000).map(Value.int) + (0..<100).map(Value.int))
        // Some backwards of each of the two groups, and then those that are asked for.
        #expect(first.looked <= 2 * 65 + 200)
        query.after = Query.Position(values: [.int(7), .int(3_000), .int(0)])
        query.limit = 20
        let page = try #require(try read(query, rows))
        #expect(page.rows.map { $0[0] } == (3_001...3_020).map(Value.int))
        #expect(page.looked == 20)
    }

    @Test("An entry that is none of the index is damage")
    func damaged() throws {
        let index = try #require(table.indexes.first { $0.name == "one" })
        let scan = IndexScan(table, index: index)
        var order = TieOrder<Int>(scan, Ties(parts: 1), KeyLayout(index, of: table))
        let error = #expect(throws: StorageError.self) { try order.take([7], 0) }
        #expect(error?.code == .damaged)
    }
}
