import CairnCore
import SQLiteStorage
import Testing

@Suite("What SQLite knows of the values in a file")
struct StatisticsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("After maintenance the index that leaves fewest rows is taken, by connections that are opened later")
    func analysed() async throws {
        let path = folder.path("skewed.db")
        // Of two indexes SQLite knows nothing of, it takes the one that was made last: of these the one that tells little.
        let schema = """
            { "database": "d", "tables": { "rows": { "columns": { "id": "int", "zone": "string", "kind": "string" },
            "key": "id", "indexes": { "by_zone": ["zone"], "by_kind": ["kind"] } } } }
            """
        let store = try await Store.open(path: path, schema)
        let table = store.schema.tables[0]
        _ = try await store.session.write(
            (0..<2000).map { number in
                .insert(table, [.int(number), .string("z\(number % 500)"), .string(number % 2 == 0 ? "a" : "b")])
            })
        let text = "rows where kind = \"a\" and zone = \"z4\""
        let guessed = try await store.session.explain(Query(parsing: text, schema: store.schema))
        #expect(guessed.access == .index("by_kind"))
        #expect(guessed.estimatedRows == nil)
        try await store.maintain()
        try await store.close()
        let again = try await Store.open(path: path, schema)
        let query = try Query(parsing: text, schema: again.schema)
        let plan = try await again.session.explain(query)
        #expect(plan.access == .index("by_zone"))
        #expect(plan.estimatedRows == 4)
        #expect(try await again.session.count(query) == 4)
        try await again.close()
    }
    /// A query, how its rows are found, how many are expected, and how many it gives where these are all that are read.
    struct Expectation: Sendable, CustomTestStringConvertible {
        let text: String
        let access: QueryPlan.Access
        let rows: Int
        var found: Int?

        var testDescription: String { text }
    }

    /// No two that could be mixed up expect the same.
    private static let expectations = [
        Expectation(text: "rows where zone = 'z4'", access: .index("by_zone"), rows: 4, found: 4),
        Expectation(text: "rows where zone in ('z1', 'z2', 'z3')", access: .index("by_zone"), rows: 12, found: 12),
        Expectation(text: "rows where kind = 'a'", access: .index("by_kind"), rows: 450, found: 450),
        Expectation(text: "rows where kind = 'a' and size = 4", access: .index("by_both"), rows: 10, found: 10),
        Expectation(text: "rows where id = 7", access: .key, rows: 1, found: 1),
        Expectation(text: "rows", access: .table, rows: 900, found: 900),
        Expectation(text: "rows limit 30", access: .table, rows: 30, found: 30),
        // Every kind is gone through: two of them, and ten rows for each with a size.
        Expectation(text: "rows where size = 4", access: .index("by_both"), rows: 20),
        // A tenth between two ends, three tenths behind one.
        Expectation(text: "rows where zone > 'z4' and zone < 'z5'", access: .index("by_zone"), rows: 90),
        Expectation(text: "rows where id > 4", access: .index("primary"), rows: 270),
        // A filter leaves out some of those that are read.
        Expectation(text: "rows where zone = 'z4' and note is null limit 1", access: .index("by_zone"), rows: 4),
    ]

    @Test("What a plan expects to read follows from the values there are", arguments: expectations)
    func estimates(_ wanted: Expectation) async throws {
        let store = try await filled(900)
        let query = try Query(parsing: wanted.text, schema: store.schema)
        let plan = try await store.session.explain(query, run: true)
        #expect(plan.access == wanted.access)
        #expect(plan.estimatedRows == wanted.rows)
        if let found = wanted.found { #expect(plan.run?.rows == found) }
        try await store.close()
    }

    @Test("What is expected changes with the next maintenance, and not before")
    func later() async throws {
        let store = try await filled(900)
        let zone = try Query(parsing: "rows where zone = 'z4'", schema: store.schema)
        let all = try Query(parsing: "rows", schema: store.schema)
        let table = store.schema.tables[0]
        // As many rows again for each zone there was, of new ones none.
        _ = try await store.session.write((900..<1800).map { Self.row($0, table) })
        #expect(try await store.session.explain(zone).estimatedRows == 4)
        #expect(try await store.session.explain(all).estimatedRows == 900)
        #expect(try await store.session.count(zone) == 8)
        _ = try await store.session.delete(Query(parsing: "rows where id >= 450", schema: store.schema))
        try await store.maintain()
        try await store.close()
        let again = try await Store.open(path: folder.path("known.db"), Self.schema)
        #expect(try await again.session.explain(Query(parsing: "rows", schema: again.schema)).estimatedRows == 450)
        let later = try Query(parsing: "rows where zone = 'z4'", schema: again.schema)
        #expect(try await again.session.explain(later).estimatedRows == 2)
        try await again.close()
    }

    // MARK: Rows

    private static let schema = """
        { "database": "d", "tables": { "rows": {
        "columns": { "id": "int", "zone": "string", "kind": "string", "size": "int", "note": "string?" }, "key": "id",
        "indexes": { "by_zone": ["zone"], "by_kind": ["kind"], "by_both": ["kind", "size"] } } } }
        """

    /// Of 900 rows 4 have a zone, 450 a kind, 10 a kind and a size.
    private static func row(_ number: Int, _ table: Table) -> WriteOperation {
        .insert(
            table,
            [
                .int(number), .string("z\(number % 225)"), .string(number % 2 == 0 ? "a" : "b"), .int(number % 90),
                .null,
            ])
    }

    /// A store of so many rows, opened after its maintenance. Of up to a thousand each counts.
    private func filled(_ count: Int) async throws -> Store {
        let path = folder.path("known.db")
        let store = try await Store.open(path: path, Self.schema)
        let table = store.schema.tables[0]
        _ = try await store.session.write((0..<count).map { Self.row($0, table) })
        try await store.maintain()
        try await store.close()
        return try await Store.open(path: path, Self.schema)
    }
}
