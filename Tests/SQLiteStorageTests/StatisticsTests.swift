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
        try await store.maintain()
        try await store.close()
        let again = try await Store.open(path: path, schema)
        let query = try Query(parsing: "rows where kind = \"a\" and zone = \"z4\"", schema: again.schema)
        #expect(try await again.session.explain(query).access == .index("by_zone"))
        #expect(try await again.session.count(query) == 4)
        try await again.close()
    }
}
