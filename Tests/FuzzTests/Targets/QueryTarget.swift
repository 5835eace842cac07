import Cairn
import CairnCore
import CairnSchema

@testable import CairnCommand
@testable import Simulation

/// Queries in text and in JSON, which come from people, from programs and from the network.
///
/// What is accepted looks at declared columns only, and has the same answer on every driver; what is refused is refused with a
/// place in the text. A schema file takes the same texts as named queries, so that none of them fails when it is asked.
struct QueryTarget: FuzzTarget {
    private let stores: [Store]
    private let schema: Schema
    private let table: Table

    let words: [String]

    init() async throws {
        schema = try Everything.schema
        table = schema.tables[0]
        words =
            table.columns.flatMap { ["\($0.name) ", "\"\($0.name)\": "] } + [
                "\(table.name) where ", "{\"from\": \"\(table.name)\", \"where\": {", "}}", " order by ", " desc",
                " limit 3",
                " and ", " or ", "not ", "is null", "is not null", " between ", " in (1, 2)", "(", ")", "count(",
                " contains ",
                " begins with ", " ends with ", " like ", " matches ", " ignoring case", " exists", "[\"a\"]", "[0]",
                "'a%'",
                "\"^a\"", "true", "null", "-1", "1e309", "9223372036854775808", "0.5", "`", "''", " + ", " * ", " / ",
                "\"and\": [",
                "\"or\": [", "\"not\": {", "\"in\": [1]", "\"=\": ", "\"2026-11-20\"", "--", ";", "/*", "rowid",
                "_revision", "$a", " in $b", " select ", "count()", "count(distinct ", "sum(", "average(", "min(",
                "max(",
                " group by ", " having ", "\"select\": [\"", "\"group_by\": [\"", "\"having\": {\"count()\": 1}",
                " first 3 by ", "\"first\": 2", "\"first_by\": [\"",
            ]
        var random = SeededRandom(seed: 3)
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
            let store = try await Store.open(url, schema: schema)
            _ = try await store.session.write(writes)
            stores.append(store)
        }
        self.stores = stores
    }

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        let column = random.pick(table.columns, else: table.columns[0])
        let json = ValueJSON.value(EdgeValues.make(column.valueType, &random)).description
        let operation = random.pick(["=", "!=", "<", ">=", "like", "matches", "contains", "begins with"], else: "=")
        if random.chance(30) {
            return Array(
                "{\"from\": \"\(table.name)\", \"where\": {\"\(column.name)\": {\"\(operation)\": \(json)}}, \"limit\": 9}"
                    .utf8)
        }
        let other = random.pick(table.columns, else: column).name
        if random.chance(20) {
            let function = random.pick(["count", "sum", "average", "min", "max", "count(distinct "], else: "sum")
            let call = "\(function)\(function.hasSuffix(" ") ? "" : "(")\(other))"
            return Array(
                "\(table.name) select \(column.name), \(call) group by \(column.name) having count() \(operation) \(json) order by \(call)"
                    .utf8)
        }
        let right = random.pick([json, json, other, "\(other) * 2", "count(\(other))"], else: json)
        return Array("\(table.name) where \(column.name) \(operation) \(right) order by \(other) limit 9".utf8)
    }

    func check(_ input: [UInt8]) async throws {
        let text = String(decoding: input, as: UTF8.self)
        for isJSON in [false, true] {
            let parsed = try Expected.result {
                try isJSON
                    ? DynamicQuery(parsingJSON: text, schema: schema) : DynamicQuery(parsing: text, schema: schema)
            }
            // Not for each: the whole schema is read.
            if !isJSON, text.utf8.count.isMultiple(of: 4) {
                try hold(namedIsRead(text) == (parsed != nil) || isOtherNamed(text), "named and not: \(text)")
            }
            guard let query = parsed else { continue }
            try hold(
                (query.rows.condition?.columns ?? []).allSatisfy { query.table.columns.indices.contains($0) },
                "a column that is none: \(query)")
            guard query.table === table else { continue }
            let rows = [try await rows(query, stores[0]), try await rows(query, stores[1])]
            try hold(rows[0] == rows[1], "\(text): \(rows)")
        }
    }

    /// Whether a schema file may give the text a name.
    private func namedIsRead(_ text: String) throws -> Bool {
        let queries = ", \"queries\": {\"q\": \(JSONValue.string(text))}}"
        let outcome = SchemaReader.read(Array((schema.declarationText.dropLast() + queries).utf8), name: "s")
        try hold(outcome.diagnostics.allSatisfy { $0.code.hasPrefix("schema.") && $0.location.line > 0 }, "\(outcome)")
        return outcome.schema != nil
    }

    /// Whether a text means something else with a name: parameters need no values there, and zones must be some.
    private func isOtherNamed(_ text: String) -> Bool { text.contains("$") || text.lowercased().contains("zone") }

    /// What a query gives; of whole records, their keys.
    private func rows(_ query: DynamicQuery, _ store: Store) async throws -> [[Value]]? {
        try await Expected.result {
            guard case .records(let records) = query.content else {
                return try await store.session.rows(of: query).map(\.values)
            }
            return try await store.session.select(query.table.key, of: records)
        }
    }
}
