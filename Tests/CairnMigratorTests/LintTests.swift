import CairnCore
import CairnMigrator
import CairnSchema
import Foundation
import Testing

@Suite("Lint of migrations")
struct LintTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let old: String
        let new: String
        let codes: [String]
        let verdict: MigrationPlan.Verdict

        init(_ old: String, _ new: String, _ codes: [String], _ verdict: MigrationPlan.Verdict) {
            self.old = old
            self.new = new
            self.codes = codes
            self.verdict = verdict
        }

        var testDescription: String { "\(codes) \(new)" }
    }

    private static func db(_ columns: String, _ indexes: String = "") -> String {
        database(table(columns, indexes: indexes), table("z bool", name: "o"))
    }

    static let rows = [
        Row(db("a int"), db("a int"), [], .nothing),
        Row(db("a int"), db("a int; b int?"), [], .additive),
        Row(db("a int"), database(table("a int")), ["DS102"], .destructive),
        Row(db("a int; b int"), db("a int"), ["DS103"], .destructive),
        Row(db("a double"), db("a json"), ["DS104"], .refused),
        Row(db("a double"), db("a int"), ["DS104"], .possible),
        Row(db("a int"), db("a string"), [], .possible),
        Row(
            db("a string"), db("a string; c {\"type\": \"int\", \"convert\": {\"from\": \"a\"}}"), ["MF105"],
            .possible),
        Row(
            db("a string"), db("a string; c {\"type\": \"string?\", \"convert\": {\"join\": [\"a\"]}}"), [],
            .possible),
        Row(
            db("a string"),
            db(
                "a string; c {\"enum\": [\"x\", \"y\"], \"convert\": {\"from\": \"a\", \"values\": {\"1\": \"x\"}, \"otherwise\": \"y\"}}"
            ), [], .possible),
        Row(
            db("a string"),
            db(
                "a string; c {\"enum\": [\"x\", \"y\"], \"convert\": {\"from\": \"a\", \"values\": {\"1\": \"x\"}}}"
            ), ["MF105"], .possible),
        Row(db("a {\"enum\": [\"x\", \"y\"]}"), db("a {\"enum\": [\"x\"]}"), ["DS104"], .possible),
        Row(db("a int"), db("a {\"type\": \"int\", \"unique\": true}"), ["MF101"], .possible),
        Row(
            db("a int", "\"i\": [\"a\"]"), db("a int", "\"i\": { \"on\": [\"a\"], \"unique\": true }"), ["MF102"],
            .possible),
        Row(db("a int"), db("a int; b int"), ["MF103"], .possible),
        Row(db("a int?"), db("a int"), ["MF104"], .possible),
        Row(db("a int"), db("a {\"type\": \"int\", \"max\": 5}"), ["MF105"], .possible),
        Row(db("a int"), db("a double"), ["MF105"], .possible),
        Row(
            db("a int"), database(table("a int", name: "u", renamedFrom: "t"), table("z bool", name: "o")), ["BC101"],
            .possible),
        Row(db("a int"), db("b {\"type\": \"int\", \"renamed_from\": \"a\"}"), ["BC102"], .possible),
        Row(db("a int"), db("a {\"type\": \"int\", \"default\": 5}"), ["BC103"], .additive),
        Row(db("a {\"references\": \"o\"}"), db("a int"), ["CD101"], .possible),
        Row(db("a int"), db("a {\"references\": \"o\"}"), ["CD102", "OP102"], .possible),
        Row(db("a int"), db("a int", "\"i\": [\"a\"]"), ["OP102"], .additive),
        Row(
            db("a int; b int", "\"i\": [\"a\", \"b\"]"), db("a int; b int", "\"i\": [\"a\", \"b\"], \"j\": [\"a\"]"),
            ["OP102", "IX102"], .additive),
        Row(
            database("\"t\": { \"columns\": { \"k\": \"int\", \"a\": \"int\" }, \"key\": \"k\" }"),
            database("\"t\": { \"columns\": { \"k\": \"int\", \"a\": \"int\" }, \"key\": \"a\" }"), ["KY101"], .refused),
        Row(db("a int"), db("a int").replacing("\"d\"", with: "\"e\""), ["UN101"], .refused),
        Row(db("a int"), db("b int?"), ["DS103"], .ambiguous),
    ]

    @Test("Each change has its codes, and errors and warnings say what to do", arguments: rows)
    func codes(_ row: Row) throws {
        let plan = MigrationPlan(from: try Schema(parsing: row.old), to: try Schema(parsing: row.new))
        let findings = plan.steps.flatMap(\.findings)
        #expect(findings.map(\.code) == row.codes)
        #expect(plan.verdict == row.verdict)
        for finding in findings where finding.level == .error { #expect(finding.recipe != nil, "\(finding)") }
    }

    @Test("Where programs of two schemas use a store a rename stops none of them, nor where that ends")
    func windows() throws {
        let (old, new) = (Self.db("a int"), Self.db("b {\"type\": \"int\", \"renamed_from\": \"a\"}"))
        let start = try Migration.start(from: Schema(parsing: old), to: Schema(parsing: new))
        #expect(MigrationPlan(from: start.from, to: start.to).allFindings.isEmpty)
        let abort = try Migration.abort(start.to, allowsDestructive: true)
        #expect(MigrationPlan(from: abort.from, to: abort.to).allFindings.isEmpty)
    }

    @Test("A named query whose index goes is told with the step that takes it, and others are not")
    func queries() throws {
        let queries = #""queries": { "by_a": "t where a = $a", "by_id": "t where id = $id", "by_z": "o where z = $z" }"#
        func schema(_ indexes: String) throws -> Schema {
            let text = Self.db("a int", indexes).dropLast().trimmingCharacters(in: .whitespaces)
            return try Schema(parsing: "\(text), \(queries) }")
        }
        let plan = MigrationPlan(from: try schema(#""i": ["a"]"#), to: try schema(""))
        let findings = plan.steps.flatMap(\.findings)
        #expect(findings.map(\.code) == ["IX101"])
        #expect(findings.first?.message.contains("'by_a'") == true && findings.first?.level == .warning)
        #expect(findings.first?.recipe?.contains(#""by_a": ["a"]"#) == true)
        let added = MigrationPlan(from: try schema(""), to: try schema(#""i": ["a"]"#))
        #expect(added.allFindings.map(\.code) == ["OP102"])
        let narrower = MigrationPlan(
            from: try schema(#""i": ["a"]"#), to: try schema(#""i": { "on": ["a"], "where": "a > 5" }"#))
        #expect(narrower.allFindings.map(\.code).contains("IX101"))
    }
}
