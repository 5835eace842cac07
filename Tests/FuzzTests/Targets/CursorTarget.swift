import Cairn
import CairnCore
import CairnSchema

@testable import Simulation

/// Cursors of pages and tokens of commits, as a client sends them back.
///
/// An input is the number of a query, a space and the cursor. A cursor that a query accepts is the only text of its position,
/// the same page comes from every driver, and every other query refuses it with `query.cursor`.
struct CursorTarget: FuzzTarget {
    private let queries: [Query]
    private let stores: [Store]
    private let schema: Schema

    let words = ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "AQ", "__", "--", "memory:", "sqlite:", ":1:0", ":-1:"]

    init() async throws {
        let schema = try Schema(
            parsing: """
                { "database": "cursors", "tables": { "rows": {
                  "columns": { "number": "int", "name": "string?", "amount": "decimal?", "seen": "timestamp", "ratio": "double",
                    "raw": "bytes", "tag": "uuid?", "day": "date", "kind": { "enum": ["red", "green"] }, "on": "bool" },
                  "key": ["number", "on"], "indexes": { "by_name": ["name desc", "seen"], "by_amount": ["amount"] } } } }
                """)
        self.schema = schema
        let table = schema.tables[0]
        let orders: [[(String, Bool)]] = [
            [], [("name", true)], [("amount", false), ("seen", true)], [("ratio", false), ("raw", true)],
            [("tag", true), ("day", false), ("kind", true)], [("on", true), ("number", false)],
        ]
        queries = orders.map { order in
            Query(
                table,
                order: order.map { OrderTerm(column: table.column(named: $0.0)?.position ?? 0, isDescending: $0.1) })
        }
        var random = SeededRandom(seed: 1)
        let samples = SampleMaker(table)
        var writes: [WriteOperation] = []
        for id in 0..<40 {
            var values = samples.values(&random)
            values[0] = .int(id)
            writes.append(.insert(table, values))
        }
        var stores: [Store] = []
        for url in ["memory:", "sqlite::memory:"] {
            let store = try await Store.open(url, schema: schema)
            _ = try await store.session.write(writes)
            stores.append(store)
        }
        self.stores = stores
    }

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        let number = random.below(queries.count)
        let values = SampleMaker(schema.tables[0]).values(&random)
        guard let cursor = cursor(queries[number], values) else { return nil }
        return Array("\(number) \(cursor.rawValue)".utf8)
    }

    /// The cursor behind a record.
    private func cursor(_ query: Query, _ values: [Value]) -> PageCursor? {
        try? PageCursor(query, schema: schema.id, row: RecordRow(table: query.table, values: values))
    }

    func check(_ input: [UInt8]) async throws {
        let parts = String(decoding: input, as: UTF8.self).split(separator: " ", maxSplits: 1).map(String.init)
        let number = Int(parts.first ?? "") ?? 0
        let cursor = PageCursor(rawValue: parts.last ?? "")
        var takers: [Int] = []
        for place in queries.indices {
            if try await check(cursor, queries[place], isRun: number == place) { takers.append(place) }
        }
        try hold(takers.count < 2, "several queries take it: \(takers)")
        let token = OutcomeToken(rawValue: cursor.rawValue)
        for store in stores { _ = try await Expected.result { try await store.outcome(of: token) } }
    }

    /// - Returns: Whether the query accepts the cursor.
    private func check(_ cursor: PageCursor, _ query: Query, isRun: Bool) async throws -> Bool {
        let position: Query.Position
        do {
            position = try cursor.position(in: query, schema: schema.id)
        } catch {
            try Expected.check(error)
            try hold((error as? StorageError)?.code == .cursor, "a cursor is refused with \(error)")
            return false
        }
        var values = [Value](repeating: .null, count: query.table.columns.count)
        for (term, value) in zip(query.totalOrder, position.values) { values[term.column] = value }
        try hold(self.cursor(query, values) == cursor, "a second cursor of the position \(position.values)")
        guard isRun else { return true }
        var pages: [Page<Record>] = []
        for store in stores {
            let records = try store.records("rows")
            let query = Query(records.table, order: query.order)
            pages.append(try await records.page(query, size: 3, after: cursor))
        }
        try hold(
            pages[0].items.map(\.values) == pages[1].items.map(\.values) && pages[0].next == pages[1].next,
            "another page on another driver")
        return true
    }
}
