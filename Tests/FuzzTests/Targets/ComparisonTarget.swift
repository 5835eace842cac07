import Cairn
import CairnCore
import CairnSchema

@testable import CairnCommand
@testable import Simulation

/// Conditions as people write them after `--where`.
///
/// A condition that is accepted has the same answer on every driver, or the same error.
struct ComparisonTarget: FuzzTarget {
    private let stores: [Store]
    private let table: Table

    let words: [String]

    init() async throws {
        table = try Everything.schema.tables[0]
        words =
            table.columns.map { "\($0.name) " } + [
                "= ", "!= ", "<= ", ">= ", "< ", "> ", "== ", "is null", "is not null", "begins with ", "ends with ",
                "contains ", "like ", "in ", "1,2,3", "\"a\"", " and number = 1", " or text = a", "&&", "||", "%", "_",
                "null", "2026-11-20", "true", "draft", "[\"a\"]", "0198f3c2-0000-7000-8000-00000000000a",
            ]
        var random = SeededRandom(seed: 2)
        let samples = SampleMaker(table)
        let parent = try table.requiredColumn("parent").position
        var writes: [WriteOperation] = []
        for _ in 0..<60 {
            var values = samples.values(&random)
            values[parent] = .null
            writes.append(.upsert(table, values))
        }
        var stores: [Store] = []
        for url in ["memory:", "sqlite::memory:"] {
            let store = try await Store.open(url, schema: Everything.schema)
            _ = try await store.session.write(writes)
            stores.append(store)
        }
        self.stores = stores
    }

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        let column = random.pick(table.columns, else: table.columns[0])
        let value = KeyText.plainText(EdgeValues.make(column.valueType, &random))
        let text = random.chance(30) ? JSONValue.string(value).description : value
        let operation = random.pick(
            ["=", "!=", "<", ">=", "in", "like", "begins with", "contains", "ends with"], else: "=")
        return Array("\(column.name) \(operation) \(text)".utf8)
    }

    func check(_ input: [UInt8]) async throws {
        let text = String(decoding: input, as: UTF8.self)
        guard let condition = try Expected.result({ try Comparison.condition(text, of: table) }) else { return }
        let query = Query(table, where: condition)
        let counts = [try await count(query, stores[0]), try await count(query, stores[1])]
        try hold(counts[0] == counts[1], "\(condition): \(counts)")
        let plan = try await Expected.result { try await stores[1].session.explain(query) }
        try hold((plan == nil) == (counts[0] == nil), "explained but not answered, or the other way round")
    }

    private func count(_ query: Query, _ store: Store) async throws -> Int? {
        try await Expected.result { try await store.session.count(query) }
    }
}

extension Table {
    /// A column that must be there.
    func requiredColumn(_ name: String) throws -> Column {
        guard let column = column(named: name) else { throw FuzzFailure("there is no column '\(name)'") }
        return column
    }
}
