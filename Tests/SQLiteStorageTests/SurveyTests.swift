import CairnCore
import Foundation
import SQLiteStorage
import Testing

@Suite("Surveys of SQLite files")
struct SurveyTests {
    private static let schema = """
        { "database": "d", "tables": {
          "rows": { "columns": { "id": "int", "value": "int", "text": "string?" }, "key": "id",
            "indexes": { "by_value": ["value desc"], "some": { "on": ["text"], "where": "value > 3" } } },
          "links": { "columns": { "name": "string", "at": "timestamp", "row": { "references": "rows" } }, "key": ["name", "at"] } } }
        """

    private let folder: TemporaryFolder
    private let path: String

    init() async throws {
        folder = try TemporaryFolder()
        path = folder.path("store.db")
        let store = try await Store.open(path: path, Self.schema)
        _ = try await store.session.write([
            .insert(store.schema.tables[0], [.int(1), .int(5), .string("x")]),
            .insert(store.schema.tables[1], [.string("a"), .timestamp(.epoch), .int(1)]),
        ])
        try await store.close()
    }

    private func survey() async throws -> SchemaSurvey {
        try await SQLiteStorage.surveySchema(SQLiteOptions(.file(path)))
    }

    /// Changes the file as somebody does who has SQLite alone.
    private func edit(_ sql: String) throws {
        try RawDatabase(path).execute("PRAGMA foreign_keys = OFF; \(sql)")
    }

    /// What somebody did to a file, and what is said of it.
    struct Edit: Sendable, CustomTestStringConvertible {
        let sql: String
        let `class`: DriftFinding.Class
        /// The objects that are named, each with a part of what is said.
        let findings: [(object: String, part: String)]

        var testDescription: String { sql }

        init(_ sql: String, _ class: DriftFinding.Class = .changedByHand, _ findings: (String, String)...) {
            self.sql = sql
            self.class = `class`
            self.findings = findings
        }
    }

    /// Makes a table of links by other words.
    private static func links(
        _ columns: String = "name TEXT NOT NULL, at INTEGER NOT NULL, row INTEGER NOT NULL",
        key: String = "name, at",
        rest: String = ", FOREIGN KEY (row) REFERENCES rows (id) DEFERRABLE INITIALLY DEFERRED",
        options: String = "STRICT, WITHOUT ROWID"
    ) -> String {
        """
        DROP TABLE links; CREATE TABLE links (\(columns), _revision INTEGER NOT NULL, _created_at INTEGER NOT NULL,
        _updated_at INTEGER NOT NULL, PRIMARY KEY (\(key))\(rest)) \(options);
        CREATE INDEX "links.reference_row" ON links (row);
        """
    }

    static let edits: [Edit] = [
        Edit("DROP TABLE _cairn_store", .markerMissing, ("table '_cairn_store'", "no such table")),
        Edit("DELETE FROM _cairn_store", .markerMissing, ("table '_cairn_store'", "no row")),
        Edit(
            "UPDATE _cairn_store SET value = replace(value, 'string', 'int') WHERE name = 'schema'", .markerCorrupt,
            ("table '_cairn_store'", "does not have the id")),
        Edit(
            "UPDATE _cairn_store SET value = '{' WHERE name = 'schema'", .markerCorrupt,
            ("table '_cairn_store'", "cannot be read")),
        Edit("DELETE FROM _cairn_store WHERE name = 'schema'", .markerCorrupt, ("table '_cairn_store'", "missing")),
        Edit("DELETE FROM _cairn_store WHERE name = 'store_id'", .markerCorrupt, ("table '_cairn_store'", "store_id")),
        Edit(
            "ALTER TABLE _cairn_store RENAME COLUMN value TO text", .markerCorrupt, ("table '_cairn_store'", "columns")),
        Edit("DROP TABLE _cairn_deleted", .changedByHand, ("table '_cairn_deleted'", "no such table")),
        Edit(
            "CREATE TABLE _cairn_migrations (x)", .changedByHand,
            ("table '_cairn_migrations'", "cannot be read")),
        Edit("DROP TABLE links", .changedByHand, ("table 'links'", "no such table")),
        Edit(
            "ALTER TABLE links RENAME TO others", .changedByHand, ("table 'links'", "no such table"),
            ("table 'others'", "makes no such table")),
        Edit("CREATE TABLE stranger (x); CREATE INDEX i ON stranger (x)", .changedByHand, ("table 'stranger'", "")),
        Edit(
            "ALTER TABLE rows ADD COLUMN hand TEXT", .changedByHand, ("column 'hand' of 'rows'", "makes no such column")
        ),
        Edit(
            "DROP INDEX \"rows.some\"; ALTER TABLE rows DROP COLUMN text", .changedByHand,
            ("column 'text' of 'rows'", "no such column"), ("index 'rows.some' of 'rows'", "no such index")),
        Edit(
            links("name TEXT NOT NULL, at REAL NOT NULL, row INTEGER"), .changedByHand,
            ("column 'at' of 'links'", "its type is 'REAL'"), ("column 'row' of 'links'", "allows null")),
        Edit(
            links("name TEXT NOT NULL, at INTEGER NOT NULL, row INTEGER NOT NULL AS (at)"), .changedByHand,
            ("column 'row' of 'links'", "computes")),
        Edit(
            links(key: "at, name"), .changedByHand, ("column 'at' of 'links'", "part 1"),
            ("column 'name' of 'links'", "part 2")),
        Edit(
            links(rest: ""), .changedByHand, ("table 'links'", "the foreign key from 'row' to 'rows' (id) is missing")),
        Edit(
            links(rest: ", FOREIGN KEY (row) REFERENCES rows (id) ON DELETE CASCADE"), .changedByHand,
            ("table 'links'", "is missing"), ("table 'links'", "ON DELETE CASCADE")),
        Edit(links(rest: ", FOREIGN KEY (row) REFERENCES rows (id)"), .changedByHand, ("table 'links'", "DEFERRED")),
        Edit(
            links(
                "name TEXT NOT NULL COLLATE NOCASE, at INTEGER NOT NULL, row INTEGER NOT NULL UNIQUE CHECK (row > 0)"),
            .changedByHand, ("table 'links'", "UNIQUE constraint on row"), ("table 'links'", "CHECK"),
            ("table 'links'", "COLLATE")),
        Edit(
            links(options: ""), .changedByHand,
            ("table 'links'", "STRICT"), ("table 'links'", "WITHOUT ROWID")),
        Edit("DROP INDEX \"rows.by_value\"", .changedByHand, ("index 'rows.by_value' of 'rows'", "no such index")),
        Edit(
            "DROP INDEX \"rows.by_value\"; CREATE UNIQUE INDEX \"rows.by_value\" ON rows (value)", .changedByHand,
            (
                "index 'rows.by_value' of 'rows'",
                "it is unique on 'rows' (value), and the schema makes on 'rows' (value DESC)"
            )),
        Edit(
            "DROP INDEX \"rows.some\"; CREATE INDEX \"rows.some\" ON rows (text) WHERE value > 4", .changedByHand,
            ("index 'rows.some' of 'rows'", "value > 4")),
        Edit("CREATE INDEX mine ON rows (text)", .changedByHand, ("index 'mine' of 'rows'", "makes no such index")),
        Edit(
            "CREATE TRIGGER late AFTER INSERT ON rows BEGIN DELETE FROM links; END", .changedByHand,
            ("trigger 'late' on 'rows'", "changes what programs write")),
        Edit("CREATE VIEW seen AS SELECT id FROM rows", .changedByHand, ("view 'seen'", "")),
        Edit(
            "DROP INDEX \"rows.by_value\"; CREATE TABLE stranger (x); CREATE VIEW seen AS SELECT 1", .changedByHand,
            ("table 'stranger'", ""), ("index 'rows.by_value' of 'rows'", ""), ("view 'seen'", "")),
    ]

    @Test("What was changed by hand is named, all of it, with its class and what to do", arguments: edits)
    func edited(_ edit: Edit) async throws {
        try self.edit(edit.sql)
        let findings = try await survey().findings
        #expect(findings.map(\.object) == edit.findings.map(\.object), "\(findings)")
        for (finding, expected) in zip(findings, edit.findings) {
            #expect(finding.class == edit.class && !finding.remedy.isEmpty, "\(finding)")
            #expect(expected.part.isEmpty || finding.message.contains(expected.part), "\(finding)")
        }
    }

    @Test("A file that nobody changed is as its schema says, and is not written")
    func sound() async throws {
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let survey = try await survey()
        #expect(survey.findings.isEmpty, "\(survey.findings)")
        #expect(try survey.held == Schema(parsing: Self.schema))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test("Other words for the same index, what Cairn keeps of migrations and what SQLite keeps are no difference")
    func noDifference() async throws {
        try edit(
            """
            DROP INDEX "rows.by_value"; CREATE INDEX "rows.by_value" ON [rows] ( value  DESC ); ANALYZE;
            CREATE TABLE _cairn_kept_1_gone AS SELECT * FROM rows; CREATE INDEX mine ON _cairn_kept_1_gone (id);
            """)
        #expect(try await survey().findings.isEmpty)
    }

    @Test("The statements that are said to mend a file do it")
    func remedies() async throws {
        try edit(
            "ALTER TABLE rows RENAME COLUMN text TO words; DROP INDEX \"rows.by_value\"; CREATE INDEX mine ON rows (id)"
        )
        for finding in try await survey().findings {
            guard let range = finding.remedy.range(of: ": ") else { continue }
            try edit(String(finding.remedy[range.upperBound...]))
        }
        #expect(try await survey().findings.isEmpty)
    }

    @Test("A file that is none of Cairn's, and one without tables, cannot be looked at")
    func strangers() async throws {
        let stranger = folder.path("stranger.db")
        try RawDatabase(stranger).execute("CREATE TABLE t (x)")
        let empty = folder.path("empty.db")
        try RawDatabase(empty).execute("PRAGMA user_version = 1")
        for (path, part) in [
            (stranger, "did not make"), (empty, "no tables yet"), (folder.path("none.db"), "there is no file"),
        ] {
            let error = try await expectError(.notAStore) {
                _ = try await SQLiteStorage.surveySchema(SQLiteOptions(.file(path)))
            }
            #expect(error.message.contains(part), "\(error)")
            #expect(path != stranger || error.remedy?.contains("cairn adopt") == true, "\(error)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("none.db")))
    }

    @Test("A file of a newer Cairn cannot be looked at")
    func newer() async throws {
        try edit("UPDATE _cairn_store SET value = '99' WHERE name = 'format'")
        try await expectError(.upgradeRequired) { _ = try await survey() }
    }
}
