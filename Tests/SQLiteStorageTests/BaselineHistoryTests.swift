import CairnCore
import CairnSchema
import SQLiteStorage
import Testing

@Suite("The history of a SQLite file that somebody changed by hand")
struct BaselineHistoryTests {
    private let folder: TemporaryFolder
    private let path: String

    /// A schema with two tables.
    /// - Parameter columns: Those of `rows` beside its key.
    private static func schema(_ columns: String = #", "a": "int", "b": "int""#, _ more: String = "") -> String {
        """
        { "database": "d", "tables": { "rows": { "columns": { "id": "int"\(columns) }, "key": "id"\(more) },
          "others": { "columns": { "id": "int", "x": "int?" }, "key": "id" } } }
        """
    }

    init() async throws {
        folder = try TemporaryFolder()
        path = folder.path("store.db")
        let store = try await Store.open(path: path, Self.schema())
        _ = try await store.session.write(
            [.insert(store.schema.tables[0], [.int(1), .int(10), .int(20)])]
                + [2, 3].map { .insert(store.schema.tables[0], [.int($0), .int(0), .int(0)]) })
        try await store.close()
    }

    /// Changes the file as somebody does who has SQLite alone.
    private func edit(_ sql: String) throws { try RawDatabase(path).execute("PRAGMA foreign_keys = OFF; \(sql)") }

    private func baseline(_ schema: String) async throws -> BaselineReport {
        try await SQLiteStorage.baseline(SQLiteOptions(.file(path)), Schema(parsing: schema))
    }

    private func with<Result>(_ body: (SQLiteStorage) async throws -> Result) async throws -> Result {
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        let result = try await body(storage)
        try await storage.close()
        return result
    }

    private func migrate(to schema: String) async throws {
        try await with { storage in
            let held = try #require(try await storage.schema())
            try await storage.apply(
                .migrate(Migration(from: held, to: Schema(parsing: schema), allowsDestructive: true)))
        }
    }

    private func history() async throws -> [PastMigration] { try await with { try await $0.migrations() } }

    @Test("What was dropped by hand is said to be lost, and what a migration dropped is not")
    func lost() async throws {
        try edit("ALTER TABLE rows DROP COLUMN b")
        let narrow = Self.schema(#", "a": "int""#)
        #expect(try await baseline(narrow).outcome == .marked)
        try await migrate(to: Self.schema(""))
        let history = try await history()
        #expect(history.map(\.kept) == [[], ["rows"]] && history.map(\.lost) == [["rows"], []])
        try edit("DROP TABLE _cairn_kept_2_rows")
        #expect(try await self.history().map(\.lost) == [["rows"], ["rows"]])
    }

    @Test(
        "A file that has lost the list of its migrations goes on behind what they kept, and takes nothing of it for its own"
    )
    func numbers() async throws {
        try await migrate(to: Self.schema(#", "a": "int""#))
        try edit("DROP TABLE _cairn_migrations; CREATE TABLE _cairn_kept_x_rows (a)")
        try await migrate(to: Self.schema(""))
        let history = try await history()
        #expect(history.map(\.number) == [2] && history.map(\.kept) == [["rows"]])
        #expect(try RawDatabase(path).column("SELECT a FROM _cairn_kept_2_rows ORDER BY id") == ["10", "0", "0"])
        #expect(try RawDatabase(path).column("SELECT b FROM _cairn_kept_1_rows ORDER BY id") == ["20", "0", "0"])
    }

    @Test("What another migration of the same number kept is not put back")
    func foreign() async throws {
        try await migrate(to: Self.schema(#", "a": "int""#))
        // As files are in which the numbers began anew.
        try edit("UPDATE _cairn_migrations SET kept = '[]'")
        let past = try #require(try await history().first)
        #expect(past.kept == [] && past.lost == ["rows"])
        try await with { storage in
            try await storage.dropped(by: past, of: past.from.tables[0]) { Issue.record("\($0)") }
        }
    }

    @Test(
        "Revisions of deleted records go with a table that was renamed by hand, and are gone with one that was dropped")
    func deleted() async throws {
        let store = try await Store.open(path: path, Self.schema())
        let tables = store.schema.tables
        let others = try #require(store.schema.table(named: "others"))
        _ = try await store.session.write([.insert(others, [.int(7), .null])])
        _ = try await store.session.write([
            .delete(others, Key(.int(7)), expecting: nil), .delete(tables[0], Key(.int(1)), expecting: nil),
        ])
        try await store.close()
        try edit("DROP TABLE others; ALTER TABLE rows RENAME TO things")
        let renamed = """
            { "database": "d", "tables": { "things": { "columns": { "id": "int", "a": "int", "b": "int" }, "key": "id",
              "renamed_from": "rows" } } }
            """
        #expect(try await baseline(renamed).outcome == .marked)
        #expect(try RawDatabase(path).column("SELECT \"table\" FROM _cairn_deleted") == ["things"])
        let after = try await Store.open(path: path, renamed)
        let records = try after.records("things")
        _ = try await after.session.write([.insert(records.table, [.int(1), .int(0), .int(0)])])
        #expect(try await records.get(Key(.int(1))).revision > 1)
        try await after.close()
    }

    @Test("A column that was added by hand with a default is taken in, and what it has stays")
    func defaults() async throws {
        try edit(
            "ALTER TABLE rows ADD COLUMN note TEXT NOT NULL DEFAULT 'none'; UPDATE rows SET note = 'x' WHERE id = 2")
        let wider = Self.schema(#", "a": "int", "b": "int", "note": "string""#)
        #expect(try await baseline(wider).outcome == .marked)
        #expect(try await SQLiteStorage.surveySchema(SQLiteOptions(.file(path))).findings.isEmpty)
        let store = try await Store.open(path: path, wider)
        let rows = try store.records("rows")
        _ = try await store.session.write([.insert(rows.table, [.int(4), .int(0), .int(0), .string("own")])])
        #expect(try await rows.all().compactMap { $0["note"] } == ["none", "x", "none", "own"].map(Value.string))
        try await store.close()
        try await migrate(to: Self.schema(#", "a": "int", "note": "string""#))
        #expect(
            try RawDatabase(path).column("SELECT note FROM rows ORDER BY id") == ["none", "x", "none", "own"])
    }
}
