import CairnCore
import CairnMigrator
import CairnSchema
import Testing

@Suite("Findings that a schema file allows")
struct AllowanceTests {
    private func schema(_ columns: String, table: String = "", top: String = "", more: String = "") -> String {
        "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\", \(columns) }, \"key\": \"id\"\(table) }\(more) }\(top) }"
    }

    private func findings(_ old: String, _ new: String) throws -> [Finding] {
        MigrationPlan(from: try Schema(parsing: old), to: try Schema(parsing: new)).allFindings
    }

    @Test("A finding is allowed with the reason of the innermost place that names its code")
    func places() throws {
        let bounded = #""a": { "type": "int", "max": 5"#
        let old = schema(#""a": "int""#)
        func reasons(_ column: String, _ table: String, _ top: String) throws -> [String?] {
            try findings(old, schema("\(bounded)\(column) }", table: table, top: top)).map { $0.allowance?.reason }
        }
        let (column, table, top) = (
            #", "allow": { "MF105": "c" }"#, #", "allow": { "MF105": "t" }"#, #", "allow": { "MF105": "s" }"#
        )
        #expect(try reasons(column, table, top) == ["c"])
        #expect(try reasons("", table, top) == ["t"])
        #expect(try reasons("", "", top) == ["s"])
        #expect(try reasons("", #", "allow": { "MF101": "another" }"#, "") == [nil])
    }

    @Test(
        "A column that is gone is allowed in its table, a table that is gone at the top, an index that a column implies in it"
    )
    func gone() throws {
        let old = schema(#""a": "int", "b": "bool""#, more: #", "u": { "columns": { "id": "int" }, "key": "id" }"#)
        let new = schema(
            #""a": { "type": "int", "unique": true, "allow": { "MF101": "c" } }"#,
            table: #", "allow": { "DS103": "t" }"#,
            top: #", "allow": { "DS102": "s" }"#)
        let found = try findings(old, new)
        #expect(found.map(\.code) == ["MF101", "DS103", "DS102"])
        #expect(found.map { $0.allowance?.reason } == ["c", "t", "s"])
    }

    @Test("What is allowed counts no more, and still has to be asked for")
    func counts() throws {
        let old = try Schema(parsing: schema(#""a": "int""#))
        let new = try Schema(parsing: schema(#""c": "bool?""#, table: #", "allow": { "DS103": "unused since May" }"#))
        let plan = MigrationPlan(from: old, to: new)
        #expect(plan.allFindings.map(\.code) == ["DS103"] && !plan.hasFindings(.note))
        #expect(plan.verdict == .destructive)
        #expect(throws: StorageError.self) { try Migration(from: old, to: new) }
    }

    @Test("It is no part of the id, of what a store holds, or of generated code")
    func identity() throws {
        let plain = try Schema(parsing: schema(#""a": "int""#))
        let allowing = try Schema(
            parsing: schema(
                #""a": { "type": "int", "allow": { "MF105": "x" } }"#, table: #", "allow": { "DS103": "x" }"#,
                top: #", "allow": { "DS102": "x" }"#))
        #expect(plain.id == allowing.id && plain.canonicalText == allowing.canonicalText)
        #expect(plain.declarationText == allowing.declarationText)
    }

    struct Mistake: CustomTestStringConvertible, Sendable {
        let column: String
        let table: String
        let code: String
        let says: String

        var testDescription: String { says }
    }

    @Test(
        "What cannot be meant is refused where it stands",
        arguments: [
            Mistake(column: "", table: #""DS104 ": "x""#, code: "schema.unknown_code", says: "did you mean 'DS104'?"),
            Mistake(column: "", table: #""mf105": "x""#, code: "schema.unknown_code", says: "did you mean 'MF105'?"),
            Mistake(column: "", table: #""hello": "x""#, code: "schema.unknown_code", says: "the codes are DS102"),
            Mistake(column: "", table: #""AM101": "x""#, code: "schema.unknown_code", says: "renamed_from"),
            Mistake(column: "", table: #""DS103": """#, code: "schema.allow", says: "say why"),
            Mistake(column: "", table: #""DS103": "  ""#, code: "schema.allow", says: "say why"),
            Mistake(column: "", table: #""DS103": true"#, code: "schema.type", says: "is a reason"),
            Mistake(column: "", table: #""DS102": "x""#, code: "schema.allow", says: "at the top of the file"),
            Mistake(column: #""DS103": "x""#, table: "", code: "schema.allow", says: "in the table"),
        ])
    func refused(_ mistake: Mistake) throws {
        let text = schema(
            "\"a\": { \"type\": \"int\", \"allow\": { \(mistake.column) } }", table: ", \"allow\": { \(mistake.table) }"
        )
        let diagnostics = SchemaReader.read(Array(text.utf8), name: "s").diagnostics
        #expect(diagnostics.map(\.code) == [mistake.code])
        let diagnostic = try #require(diagnostics.first)
        #expect(diagnostic.description.contains(mistake.says), "\(diagnostic)")
        #expect(diagnostic.location.column > 1)
    }

    @Test("A cost over the budget is said, in requests and in dollars, and can be allowed")
    func budget() throws {
        let old = try Schema(parsing: schema(#""a": "int""#))
        func found(_ budget: MigrationBudget, top: String = "") throws -> [Finding] {
            let new = try Schema(parsing: schema(#""a": "int", "b": "int?""#, top: top))
            let cost = MigrationCost(recordsRead: 34_006, recordsWritten: 0, requests: 34_039, dollars: 0.01361)
            return MigrationPlan(from: old, to: new, cost: cost, budget: budget).findings
        }
        #expect(try found(MigrationBudget()).isEmpty)
        let many = try #require(try found(MigrationBudget(requests: 1000)).first)
        #expect(many.code == "OP101" && many.level == .warning)
        #expect(many.message == "it takes about 34039 requests, and the budget has 1000")
        let dear = try #require(try found(MigrationBudget(dollars: 0.01)).first)
        #expect(dear.message == "it takes about $0.0137, and the budget has $0.01")
        let allowed = try found(MigrationBudget(requests: 1), top: #", "allow": { "OP101": "once" }"#)
        #expect(allowed.map { $0.allowance?.reason } == ["once"])
    }

    @Test("A schema that was put together is asked for its Swift names, as files are when they are read")
    func names() throws {
        let old = try Schema(parsing: schema(#""a": "int""#))
        // What a store carries is not checked for names when it is read.
        let new = try Schema(
            stored: schema(
                #""a": "int", "revision": "int?", "created_at": "date?""#,
                more: #", "ts": { "columns": { "id": "int" }, "key": "id" }"#), file: "s")
        let plan = MigrationPlan(from: old, to: new)
        let found = plan.steps.filter { !$0.findings.isEmpty }
        #expect(found.map { $0.operation.name ?? $0.operation.table } == ["ts", "revision", "created_at"])
        #expect(plan.allFindings.map(\.code) == ["NM101", "NM101", "NM101"])
        #expect(plan.allFindings.first?.message.contains("makes the Swift type 'T'") == true)
        #expect(MigrationPlan(from: new, to: new).allFindings.isEmpty)
    }
}
