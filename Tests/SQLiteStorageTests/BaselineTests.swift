import CairnCore
import CairnSchema
import Foundation
import SQLiteStorage
import Testing

@Suite("Marking a SQLite file as a store of a schema")
struct BaselineTests {
    private static let schema = schema()

    /// - Parameter more: More columns of `rows`.
    private static func schema(_ more: String = "") -> String {
        """
        { "database": "d", "tables": {
          "rows": { "columns": { "id": "int", "value": "int", "text": "string?", "kind": { "enum": ["a", "b"] },
            "amount": "decimal?", "document": "json?"\(more) }, "key": "id",
            "indexes": { "by_value": ["value desc"], "one_text": { "on": ["text"], "unique": true } } },
          "links": { "columns": { "name": "string", "at": "timestamp", "row": { "references": "rows" } }, "key": ["name", "at"] } } }
        """
    }

    private let folder: TemporaryFolder
    private let path: String

    init() async throws {
        folder = try TemporaryFolder()
        path = folder.path("store.db")
        let store = try await Store.open(path: path, Self.schema)
        let amount = try #require(DecimalNumber("1.5"))
        _ = try await store.session.write([
            .insert(
                store.schema.tables[0],
                [.int(1), .int(5), .string("x"), .string("a"), .decimal(amount), .json(["n": 1])]),
            .insert(store.schema.tables[1], [.string("a"), .timestamp(.epoch), .int(1)]),
        ])
        try await store.close()
    }

    /// Changes the file as somebody does who has SQLite alone.
    private func edit(_ sql: String) throws {
        try RawDatabase(path).execute("PRAGMA foreign_keys = OFF; \(sql)")
    }

    /// Takes all of Cairn's own tables away.
    private func forget() throws {
        try edit(
            "DROP TABLE _cairn_store; DROP TABLE _cairn_commits; DROP TABLE _cairn_receipts; DROP TABLE _cairn_deleted;"
        )
    }

    private func baseline(_ schema: String = schema, isRehearsal: Bool = false) async throws -> BaselineReport {
        try await SQLiteStorage.baseline(
            SQLiteOptions(.file(path)), Schema(parsing: schema), isRehearsal: isRehearsal)
    }

    /// The statements that made what is in the file.
    private func statements() throws -> [String] {
        try RawDatabase(path).column("SELECT sql FROM sqlite_schema ORDER BY name")
    }

    private func history() async throws -> [PastMigration] {
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        let history = try await storage.migrations()
        try await storage.close()
        return history
    }

    // MARK: Files that fit

    @Test("A file that has lost all of Cairn's own tables is named as that, and is a store again")
    func forgotten() async throws {
        try forget()
        let error = try await expectError(.notAStore) { _ = try await SQLiteStorage.open(SQLiteOptions(.file(path))) }
        #expect(error.message.contains("as Cairn makes them") && error.remedy?.contains("baseline") == true, "\(error)")
        let survey = try await SQLiteStorage.surveySchema(SQLiteOptions(.file(path)))
        #expect(survey.findings.map(\.class) == [.markerMissing], "\(survey.findings)")
        let before = try statements()
        let rehearsal = try await baseline(isRehearsal: true)
        #expect(rehearsal.outcome == .fits && rehearsal.records == 2, "\(rehearsal.findings)")
        #expect(try statements() == before)
        let report = try await baseline()
        #expect(report.outcome == .marked && report.held == nil, "\(report.findings)")
        #expect(try await SQLiteStorage.surveySchema(SQLiteOptions(.file(path))).findings.isEmpty)
        let store = try await Store.open(path: path, Self.schema)
        #expect(try await store.records("rows").get(Key(.int(1)))["text"] == .string("x"))
        #expect(try await store.records("links").count() == 1)
        try await store.close()
        #expect(try await baseline().outcome == .unchanged)
    }

    @Test("Tables that somebody made by hand as Cairn makes them are a store")
    func madeByHand() async throws {
        let statements = try RawDatabase(path).column(
            "SELECT sql FROM sqlite_schema WHERE name NOT LIKE '\\_cairn%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY type DESC"
        )
        let other = folder.path("hand.db")
        try RawDatabase(other).execute(
            statements.joined(separator: ";")
                + "; INSERT INTO rows (id, value, kind, _revision, _created_at, _updated_at) VALUES (7, 1, 'b', 1, 0, 0)"
        )
        let report = try await SQLiteStorage.baseline(SQLiteOptions(.file(other)), Schema(parsing: Self.schema))
        #expect(report.outcome == .marked && report.records == 1, "\(report.findings)")
        let store = try await Store.open(path: other, Self.schema)
        #expect(try await store.records("rows").get(Key(.int(7)))["kind"] == .string("b"))
        try await store.close()
    }

    @Test("A column that somebody added is taken in by the schema that declares it, and migrations go on from there")
    func addedColumn() async throws {
        try edit("ALTER TABLE rows ADD COLUMN note TEXT; UPDATE rows SET note = 'kept'")
        let old = try await Store.open(path: path, Self.schema)
        let wider = Self.schema(#", "note": "string?""#)
        let report = try await baseline(wider)
        #expect(report.outcome == .marked, "\(report.findings)")
        #expect(try report.held == Schema(parsing: Self.schema))
        // Programs of the old schema notice.
        try await expectError(.schemaMismatch) { _ = try await old.records("rows").count() }
        try await old.close()
        #expect(
            try await history().map(\.steps) == [
                ["add column 'note' to 'rows': {\"nullable\":true,\"type\":\"string\"}"]
            ])
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        let next = try Schema(parsing: wider.replacing("\"value\": \"int\"", with: "\"value\": \"int?\""))
        try await storage.apply(.migrate(Migration(from: Schema(parsing: wider), to: next)))
        try await storage.close()
        #expect(try RawDatabase(path).column("SELECT note FROM rows") == ["kept"])
    }

    @Test("What somebody renamed by hand must be said, and is in the history then")
    func renamedColumn() async throws {
        try edit("ALTER TABLE rows RENAME COLUMN value TO number")
        let renamed = Self.schema.replacing("\"value\": \"int\"", with: "\"number\": \"int\"").replacing(
            "value desc", with: "number desc")
        let error = try await expectError(.migrationAmbiguous) { _ = try await baseline(renamed) }
        #expect(error.details.column == "number")
        let said = renamed.replacing(
            "\"number\": \"int\"", with: #""number": { "type": "int", "renamed_from": "value" }"#)
        let report = try await baseline(said)
        #expect(report.outcome == .marked, "\(report.findings)")
        #expect(try await history().flatMap(\.steps) == ["rename column 'value' of 'rows' to 'number'"])
    }

    // MARK: Files that do not

    @Test(
        "What differs is named, and nothing is written",
        arguments: [
            ("DROP INDEX \"rows.by_value\"", "index 'rows.by_value' of 'rows'", "no such index"),
            ("DROP TABLE links", "table 'links'", "no such table"),
            ("ALTER TABLE rows DROP COLUMN document", "column 'document' of 'rows'", "no such column"),
            ("ALTER TABLE rows ADD COLUMN hand TEXT", "column 'hand' of 'rows'", "makes no such column"),
            ("CREATE TABLE others (x)", "table 'others'", "makes no such table"),
            ("UPDATE rows SET kind = 'c'", "record 1 of 'rows'", "kind"),
            ("UPDATE rows SET document = '{'", "record 1 of 'rows'", "document"),
            ("UPDATE rows SET document = '{ \"n\": 1 }'", "record 1 of 'rows'", "column 'document'"),
            ("UPDATE rows SET amount = x''", "record 1 of 'rows'", "amount"),
            ("UPDATE rows SET _revision = 0", "record 1 of 'rows'", "revision"),
            ("UPDATE rows SET _created_at = 9223372036854775807", "record 1 of 'rows'", "_created_at"),
            ("UPDATE rows SET _updated_at = -9223372036854775807", "record 1 of 'rows'", "_updated_at"),
            ("UPDATE links SET row = 99", "table 'links'", "1 of its references to 'rows'"),
        ])
    func differs(_ sql: String, _ object: String, _ part: String) async throws {
        try forget()
        try edit(sql)
        let before = try statements()
        let report = try await baseline()
        #expect(report.outcome == .differs && report.findings.count == 1, "\(report.findings)")
        let finding = try #require(report.findings.first)
        #expect(finding.object == object && finding.message.contains(part) && !finding.remedy.isEmpty, "\(finding)")
        #expect(try statements() == before)
        try await expectError(.notAStore) { _ = try await SQLiteStorage.open(SQLiteOptions(.file(path))) }
    }

    @Test("A file whose texts are not UTF-8 is not marked")
    func encoding() async throws {
        let statements = try RawDatabase(path).column(
            "SELECT sql FROM sqlite_schema WHERE name NOT LIKE '\\_cairn%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY type DESC"
        )
        let other = folder.path("wide.db")
        try RawDatabase(other).execute("PRAGMA encoding = 'UTF-16le'; " + statements.joined(separator: ";"))
        let report = try await SQLiteStorage.baseline(SQLiteOptions(.file(other)), Schema(parsing: Self.schema))
        #expect(report.outcome == .differs && report.findings.map(\.object) == ["the file"], "\(report.findings)")
        #expect(report.findings.first?.message.contains("UTF-16le") == true)
    }

    @Test("A file whose history ends with another schema is not marked with this one")
    func otherHistory() async throws {
        let wider = Self.schema(#", "note": "string?""#)
        let storage = try await SQLiteStorage.open(SQLiteOptions(.file(path)))
        try await storage.apply(.migrate(Migration(from: Schema(parsing: Self.schema), to: Schema(parsing: wider))))
        try await storage.close()
        try edit("DELETE FROM _cairn_store")
        let bounded = wider.replacing("\"value\": \"int\"", with: #""value": { "type": "int", "max": 100 }"#)
        let report = try await baseline(bounded)
        #expect(report.findings.map(\.object) == ["table '_cairn_migrations'"], "\(report.findings)")
        #expect(try RawDatabase(path).column("SELECT count(*) FROM _cairn_store") == ["0"])
        #expect(try await baseline(wider).outcome == .marked)
        #expect(try await history().count == 1)
    }

    @Test("What is no file, has no tables, is of a newer Cairn or is opened for reading is refused")
    func refused() async throws {
        let schema = try Schema(parsing: Self.schema)
        let empty = folder.path("empty.db")
        try RawDatabase(empty).execute("PRAGMA user_version = 1")
        for (path, part) in [(empty, "no tables yet"), (folder.path("none.db"), "there is no file")] {
            let error = try await expectError(.notAStore) {
                _ = try await SQLiteStorage.baseline(SQLiteOptions(.file(path)), schema)
            }
            #expect(error.message.contains(part), "\(error)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("none.db")))
        try await expectError(.readOnly) {
            _ = try await SQLiteStorage.baseline(SQLiteOptions(.file(path), mode: .readOnly), schema)
        }
        try edit("UPDATE _cairn_store SET value = '99' WHERE name = 'format'")
        try await expectError(.upgradeRequired) { _ = try await baseline() }
    }
}
