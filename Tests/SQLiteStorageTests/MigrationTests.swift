import CairnCore
import CairnSchema
import Foundation
import SQLiteStorage
import Testing

@Suite("Migrations of a SQLite file")
struct MigrationTests {
    private let folder: TemporaryFolder
    private let path: String
    private let old = """
        { "database": "worker", "tables": { "rows": { "columns": { "id": "int", "value": "int" }, "key": "id",
        "indexes": { "by_value": ["value"] } } } }
        """
    private let wider = """
        { "database": "worker", "tables": { "rows": { "columns": { "id": "int", "value": "int", "more": "string?" }, "key": "id",
        "indexes": { "by_value": ["value"] } } } }
        """
    private let renamed = """
        { "database": "worker", "tables": { "rows": { "columns": { "id": "int", "amount": { "type": "double", "renamed_from": "value" } },
        "key": "id", "indexes": { "by_value": ["amount"] } } } }
        """
    private let without = """
        { "database": "worker", "tables": { "rows": { "columns": { "id": "int" }, "key": "id" } } }
        """

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("store.db")
    }

    private func make(_ count: Int = 3) async throws {
        let store = try await Store.open(path: path, old)
        for id in 1...count { try await store.put(id, id * 10) }
        try await store.close()
    }

    private func migrate(to schema: String, clock: @escaping @Sendable () -> Timestamp = { .now }) async throws {
        let storage = try await SQLiteStorage.open(
            SQLiteOptions(.file(path), synchronous: .normal, timeout: .seconds(10)), clock: clock)
        let held = try #require(try await storage.schema())
        try await storage.apply(
            .migrate(Migration(from: held, to: Schema(parsing: schema), allowsDestructive: true)))
        try await storage.close()
    }

    // MARK: Others who have the file open

    @Test("A program of the old schema can neither read nor write after a migration", arguments: [0, 1, 2])
    func fence(_ which: Int) async throws {
        try await make()
        let store = try await Store.open(path: path, old)
        let rows = try store.records("rows")
        #expect(try await rows.get(Key(.int(1)))["value"] == .int(10))
        try await migrate(to: [wider, renamed, without][which])
        try await expectError(.schemaMismatch) { _ = try await rows.get(Key(.int(1))) }
        try await expectError(.schemaMismatch) { _ = try await rows.all() }
        try await expectError(.schemaMismatch) { _ = try await rows.count() }
        try await expectError(.schemaMismatch) { try await store.put(4) }
        try await expectError(.schemaMismatch) {
            try await store.transaction { tx in
                _ = try await tx.write([.insert(store.schema.tables[0], [.int(4), .int(4)])])
            }
        }
        try await expectError(.schemaMismatch) {
            try await store.snapshot { _ = try await $0.count(Query(store.schema.tables[0])) }
        }
        // It does not get used to it.
        try await expectError(.schemaMismatch) { _ = try await rows.get(Key(.int(1))) }
        try await store.close()
        #expect(try RawDatabase(path).column("SELECT count(*) FROM rows") == ["3"])
    }

    @Test("A change that SQLite does not see stops a program of the old schema, too")
    func fenceWithoutForm() async throws {
        try await make()
        let store = try await Store.open(path: path, old)
        #expect(try await store.count == 3)
        try await migrate(
            to: old.replacing("\"value\": \"int\"", with: "\"value\": { \"type\": \"int\", \"max\": 50 }"))
        try await expectError(.schemaMismatch) { try await store.put(4, 60) }
        try await expectError(.schemaMismatch) { _ = try await store.count }
        try await store.close()
    }

    @Test("A snapshot from before a migration goes on with the old schema")
    func snapshot() async throws {
        try await make()
        let store = try await Store.open(path: path, old)
        let table = store.schema.tables[0]
        try await store.snapshot { snapshot in
            #expect(try await snapshot.count(Query(table)) == 3)
            try await migrate(to: renamed)
            let found = try await snapshot.get(table, Key(.int(2))) { row in
                let value = try row.value(1)
                #expect(value == .int(20))
            }
            #expect(found)
        }
        try await expectError(.schemaMismatch) { _ = try await store.count }
        try await store.close()
    }

    @Test("Statistics that SQLite gathers do not stop anybody")
    func statistics() async throws {
        try await make()
        let store = try await Store.open(path: path, old)
        #expect(try await store.count == 3)
        try RawDatabase(path).execute("ANALYZE")
        #expect(try await store.count == 3)
        try await store.put(4)
        try await store.close()
    }

    @Test("Of many appliers at once one does the work")
    func appliers() async throws {
        try await make()
        let target = try Schema(parsing: renamed)
        let held = try Schema(parsing: old)
        let path = path
        let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path), timeout: .seconds(60)))
                    var didIt = true
                    do {
                        try await storage.apply(.migrate(Migration(from: held, to: target)))
                    } catch let error as StorageError where error.code == .schemaMismatch {
                        didIt = false
                    }
                    try await storage.close()
                    return didIt
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 }.count == 1)
        #expect(try RawDatabase(path).column("SELECT count(*) FROM _cairn_migrations") == ["1"])
    }

    // MARK: What else is in the file

    @Test("Revisions, times and the revisions of deleted keys stay with their records")
    func metadata() async throws {
        try await make()
        let store = try await Store.open(path: path, old)
        let rows = try store.records("rows")
        var record = try await rows.get(Key(.int(1)))
        try record.set("value", .int(11))
        let before = try await rows.update(record)
        try await rows.delete(Key(.int(2)))
        try await store.close()
        let target = renamed.replacing("\"rows\": {", with: "\"lines\": { \"renamed_from\": \"rows\",")
        try await migrate(to: target)
        let after = try await Store.open(path: path, target)
        let lines = try after.records("lines")
        let found = try await lines.get(Key(.int(1)))
        #expect(found.revision == 2 && found.createdAt == before.createdAt && found.updatedAt == before.updatedAt)
        #expect(found["amount"] == .double(11))
        let again = try await lines.insert(Record(lines.table, ["id": .int(2), "amount": .double(1)]))
        #expect(again.revision == 3)
        try await after.close()
    }

    @Test("Views, triggers and indexes that others made are still there")
    func others() async throws {
        try await make()
        try RawDatabase(path).execute(
            """
            CREATE VIEW large AS SELECT id FROM rows WHERE id > 1;
            CREATE INDEX mine ON rows (id, value);
            CREATE TABLE seen (id INTEGER);
            CREATE TRIGGER watch AFTER INSERT ON rows BEGIN INSERT INTO seen VALUES (new.id); END;
            """)
        try await migrate(to: old.replacing("\"value\": \"int\"", with: "\"value\": \"int?\""))
        let database = try RawDatabase(path)
        #expect(try database.column("SELECT id FROM large") == ["2", "3"])
        #expect(
            try database.column("SELECT name FROM sqlite_schema WHERE name IN ('mine', 'watch') ORDER BY name") == [
                "mine", "watch",
            ])
        #expect(try database.column("SELECT count(*) FROM seen") == ["0"])
    }

    @Test("A table with columns that somebody added by hand is not migrated, and they are named")
    func unknownColumns() async throws {
        try await make()
        try RawDatabase(path).execute(
            """
            ALTER TABLE rows ADD COLUMN hand TEXT; ALTER TABLE rows ADD COLUMN other INTEGER;
            UPDATE rows SET hand = 'kept';
            """)
        let before = try RawDatabase(path).column("SELECT sql FROM sqlite_schema ORDER BY name")
        for target in [wider, renamed, without, old.replacing("\"int\" }, \"key\"", with: "\"int?\" }, \"key\"")] {
            let error = try await expectError(.migrationUnsupported) { try await migrate(to: target) }
            #expect(error.details.table == "rows" && error.details.column == "hand")
            #expect(error.message.contains("'hand', 'other'"), "\(error)")
            #expect(error.remedy?.contains("ALTER TABLE \"rows\" DROP COLUMN \"hand\"") == true, "\(error)")
        }
        #expect(try RawDatabase(path).column("SELECT sql FROM sqlite_schema ORDER BY name") == before)
        #expect(try RawDatabase(path).column("SELECT hand FROM rows") == ["kept", "kept", "kept"])
        // A table that is dropped is kept whole.
        let gone = """
            { "database": "worker", "tables": { "others": { "columns": { "id": "int" }, "key": "id", "renamed_from": "others" } } }
            """
        try await migrate(to: gone)
        #expect(try RawDatabase(path).column("SELECT hand FROM _cairn_kept_1_rows") == ["kept", "kept", "kept"])
    }

    @Test("A column that SQLite computes is left alone, unless its table is made anew")
    func computedColumns() async throws {
        try await make()
        try RawDatabase(path).execute("ALTER TABLE rows ADD COLUMN twice INTEGER AS (value * 2)")
        try await migrate(to: wider)
        #expect(try RawDatabase(path).column("SELECT twice FROM rows ORDER BY id") == ["20", "40", "60"])
        let error = try await expectError(.migrationUnsupported) { try await migrate(to: renamed) }
        #expect(error.details.column == "twice")
        #expect(error.remedy?.contains("computes") == true && error.remedy?.contains("baseline") == false, "\(error)")
    }

    @Test("A column that somebody renamed is not advised to be dropped")
    func renamedByHand() async throws {
        try await make()
        try RawDatabase(path).execute("ALTER TABLE rows RENAME COLUMN value TO worth")
        let error = try await expectError(.migrationUnsupported) { try await migrate(to: wider) }
        #expect(error.details.column == "worth" && error.remedy?.contains("'value'") == true, "\(error)")
        #expect(error.remedy?.contains("drift") == true && error.remedy?.contains("DROP") == false, "\(error)")
    }

    @Test("A table made anew loses nothing of the tables that refer to it", arguments: [true, false])
    func cascades(_ isRenamed: Bool) async throws {
        func text(_ parents: String, _ column: String) -> String {
            """
            { "database": "d", "tables": { "\(parents)": { "columns": { "id": "int", \(column) }, "key": "id"\(parents == "p" ? "" : ", \"renamed_from\": \"p\"") },
            "c": { "columns": { "id": "int", "up": { "references": "\(parents)" } }, "key": "id" } } }
            """
        }
        let first = text("p", "\"a\": \"int\"")
        let store = try await Store.open(path: path, first)
        let (p, c) = (store.schema.tables[0], store.schema.tables[1])
        _ = try await store.session.write([.insert(p, [.int(1), .int(1)]), .insert(c, [.int(1), .int(1)])])
        try await store.close()
        let second = text(isRenamed ? "q" : "p", "\"a\": \"int?\"")
        try await migrate(to: second)
        try expectIntact(path, "after the migration")
        let after = try await Store.open(path: path, second)
        #expect(try await after.records("c").count() == 1)
        // The references are checked as before.
        try await expectError(.reference) { try await after.records(isRenamed ? "q" : "p").delete(Key(.int(1))) }
        try await after.close()
    }

    @Test("The file is what a new store of the schema would be")
    func fresh() async throws {
        try await make()
        try await migrate(to: renamed)
        let other = folder.path("fresh.db")
        try await Store.open(path: other, renamed).close()
        let sql =
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '\\_cairn\\_%' ESCAPE '\\' ORDER BY sql"
        #expect(try RawDatabase(path).column(sql) == RawDatabase(other).column(sql))
    }

    // MARK: What is dropped

    @Test("What is dropped is kept in the file for 30 days, and then goes")
    func kept() async throws {
        try await make()
        try await migrate(to: without)
        #expect(
            try RawDatabase(path).column("SELECT id || ':' || value FROM _cairn_kept_1_rows ORDER BY id") == [
                "1:10", "2:20", "3:30",
            ])
        let day: Int64 = 24 * 60 * 60 * 1_000_000
        for (days, isThere) in [(29, true), (31, false)] {
            let time = try #require(Timestamp(microseconds: Timestamp.now.microseconds + Int64(days) * day))
            let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)), clock: { time })
            let store = try await Store.open(storage, schema: Schema(parsing: without))
            try await store.maintain()
            try await store.close()
            let names = try RawDatabase(path).column("SELECT name FROM sqlite_schema WHERE name LIKE '%kept%'")
            #expect(names == (isThere ? ["_cairn_kept_1_rows"] : []))
        }
        #expect(try RawDatabase(path).column("SELECT count(*) FROM _cairn_migrations") == ["1"])
    }

    @Test("A file whose migrations were written down without names goes on, and tells those it knows")
    func namesAreAdded() async throws {
        try await make()
        try await migrate(to: without)
        try RawDatabase(path).execute("ALTER TABLE _cairn_migrations DROP COLUMN names")
        func history() async throws -> [PastMigration] {
            let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
            let history = try await storage.migrations()
            try await storage.close()
            return history
        }
        #expect(try await history().first?.steps.contains("drop column 'value' of 'rows'") == true)
        try await migrate(to: without.replacing("\"id\": \"int\" }", with: "\"id\": \"int\", \"more\": \"string?\" }"))
        #expect(try await history().map(\.number) == [1, 2])
    }

    @Test("Where nobody wrote down what was renamed, it is asked for when the migration is taken back")
    func namesAreUnknown() async throws {
        let old = #"{ "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "int" }, "key": "id" } } }"#
        try await Store.open(path: path, old).close()
        try await migrate(to: old.replacing("\"a\": \"int\"", with: #""b": { "type": "int", "renamed_from": "a" }"#))
        func questions() async throws -> Int {
            let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
            let diff = try #require(try await storage.migrations().first?.diff)
            try await storage.close()
            return diff.reversed.ambiguities.count
        }
        #expect(try await questions() == 0)
        try RawDatabase(path).execute("UPDATE _cairn_migrations SET names = '{}'")
        #expect(try await questions() == 1)
    }

    @Test("What is kept is told whole, whatever its key is called")
    func keptKeys() async throws {
        let wide = """
            { "database": "d", "tables": { "t": { "columns": { "rowid": "int", "z": "int", "oid": "int", "a": "int" }, "key": "rowid" } } }
            """
        let store = try await Store.open(path: path, wide)
        let table = store.schema.tables[0]
        let keys = [-5, 0, 7]
        _ = try await store.session.write(keys.map { .insert(table, [.int($0), .int(1), .int(2), .int(3)]) })
        try await store.close()
        // By the schema of the file, which has its columns in another order than the program.
        try await migrate(
            to:
                "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"rowid\": \"int\" }, \"key\": \"rowid\" } } }"
        )
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        let past = try #require(try await storage.migrations().first)
        var kept: [Key: [String: Value]] = [:]
        try await storage.dropped(by: past, of: past.from.tables[0]) { records in
            for record in records {
                let names = past.dropped[0].columns.map { past.from.tables[0].columns[$0].name }
                kept[record.key] = Dictionary(uniqueKeysWithValues: zip(names, record.values))
            }
        }
        try await storage.close()
        #expect(Set(kept.keys) == Set(keys.map { Key(.int($0)) }))
        #expect(kept.values.allSatisfy { $0 == ["z": .int(1), "oid": .int(2), "a": .int(3)] })
        // A history with a hole in it is none.
        try RawDatabase(path).execute("UPDATE _cairn_migrations SET to_id = 'sha256:0'")
        let again = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        try await expectError(.damaged) { _ = try await again.migrations() }
        try await again.close()
    }

    @Test("A rehearsal finds what stands in the way and changes nothing")
    func rehearsal() async throws {
        try await make()
        let before = try RawDatabase(path).column("SELECT sql FROM sqlite_schema ORDER BY name")
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        let held = try #require(try await storage.schema())
        try await storage.apply(.migrate(Migration(from: held, to: Schema(parsing: renamed), isRehearsal: true)))
        let narrow = old.replacing("\"value\": \"int\"", with: "\"value\": { \"type\": \"int\", \"max\": 25 }")
        let error = try await expectError(.invalid) {
            try await storage.apply(.migrate(Migration(from: held, to: Schema(parsing: narrow), isRehearsal: true)))
        }
        #expect(error.details.id == "3")
        try await storage.close()
        #expect(try RawDatabase(path).column("SELECT sql FROM sqlite_schema ORDER BY name") == before)
        let store = try await Store.open(path: path, old)
        #expect(try await store.count == 3)
        try await store.close()
    }
}
