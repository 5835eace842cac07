import CairnSchema
import Testing

@testable import CairnCommand

@Suite("cairn explain")
struct ExplainCommandTests {
    @Test("The plan names the index, what it serves, what is checked row by row, and the limit")
    func plan() async throws {
        let folder = try TestFolder()
        let outcome = await cairn(
            "explain", try await Zoo.make(in: folder), "animals", "--where", "kind = bird", "--where", "weight > 1",
            "--where", "name contains x", "--order", "weight:desc", "--limit", "3")
        #expect(outcome.code == .done)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines[0] == "sqlite: animals by index by_kind")
        #expect(lines[1] == "  bounds  kind = \"bird\" and weight > 1.0")
        #expect(lines[2] == "  filter  name contains \"x\"")
        #expect(lines[3] == "  limit   3")
        #expect(lines.contains { $0.hasPrefix("  sql     SELECT ") })
    }

    @Test(
        "Conditions that need the same end of an index are not said to be served",
        arguments: [
            (["id = 7"], "key", ["id = 7"], nil), (["id > 1", "id < 5"], "index", ["id > 1", "id < 5"], nil),
            (["id > 1", "id > 3", "id < 5"], "index", ["id < 5"], "id > 1 and id > 3"),
            (["tame = true"], "table", [], "tame = true"),
            (["kind in bird,fish"], "index", [#"kind in ["bird", "fish"]"#], nil),
        ] as [([String], String, [String], String?)])
    func bounds(conditions: [String], access: String, bounds: [String], filter: String?) async throws {
        let folder = try TestFolder()
        let arguments = conditions.flatMap { ["--where", $0] }
        let outcome = await cairn(["explain", try await Zoo.make(in: folder), "animals", "--json"] + arguments)
        let plan = try JSONValue(parsing: outcome.output)
        #expect(plan["access"] == .string(access))
        #expect(plan["bounds"] == .array(bounds.map(JSONValue.string)))
        #expect(plan["filter"] == filter.map(JSONValue.string) ?? .null)
    }

    @Test("A query in JSON has the plan of the same in text, also without any white space")
    func jsonQuery() async throws {
        let folder = try TestFolder()
        let store = try await Zoo.make(in: folder)
        let text = await cairn("explain", store, "animals where kind = 'bird'")
        let json = await cairn("explain", store, #"{"from":"animals","where":{"kind":"bird"}}"#)
        #expect(json.code == .done)
        #expect(json.output == text.output)
    }

    @Test("For programs the plan is one object")
    func json() async throws {
        let folder = try TestFolder()
        let outcome = await cairn(
            "explain", try await Zoo.make(in: folder), "animals", "--where", "kind = bird", "--order", "name",
            "--order",
            "id:asc", "--json")
        let plan = try JSONValue(parsing: outcome.output)
        #expect(plan["driver"] == "sqlite")
        #expect(plan["table"] == "animals")
        #expect(plan["index"] == "by_kind")
        #expect(plan["sort"] == ["name", "id"])
        #expect(plan["limit"] == .null)
        #expect(plan["requests"] == 0)
    }

    @Test("A query that is run says what it took; how other rows are read is in the plan, for people and for programs")
    func run() async throws {
        let folder = try TestFolder()
        let zoo = try await Zoo.make(in: folder)
        let query = "animals where kind = 'bird' or id = 7"
        let outcome = await cairn("explain", zoo, query, "--run")
        #expect(outcome.code == .done)
        #expect(outcome.output.contains("\n  run     "))
        let plan = try JSONValue(parsing: await cairn("explain", zoo, query, "--run", "--json").output)
        #expect(plan["run"]?["rows"] != nil && plan["run"]?["requests"] == 0)
        // Each part by an index of its own.
        #expect(plan["parts"]?[0]?["index"] == "by_kind" && plan["parts"]?[1]?["access"] == "key")
        #expect(plan["read"] == plan["run"]?["rows"] && plan["related"] == [])
        #expect(try JSONValue(parsing: await cairn("explain", zoo, query, "--json").output)["run"] == nil)
    }

    @Test("How SQLite reads other tables is in the plan, and one that is read whole in its first line")
    func related() async throws {
        let folder = try TestFolder()
        let zoo = try await Zoo.make(in: folder)
        let query = "animals where keeper.name = 'Ada'"
        let outcome = await cairn("explain", zoo, query)
        #expect(outcome.output.hasPrefix("sqlite: animals by index reference_keeper, reading all of keepers\n"))
        #expect(outcome.output.contains("\n  related first, sqlite: keepers by reading the whole table\n"))
        let related = try JSONValue(parsing: await cairn("explain", zoo, query, "--json").output)["related"]?[0]
        #expect(related?["first"] == true && related?["table"] == "keepers" && related?["access"] == "table")
        #expect(related?["filter"] == "name = \"Ada\"")
    }

    @Test("Values of sensitive columns are not in the plan")
    func sensitive() async throws {
        let folder = try TestFolder()
        let outcome = await cairn("explain", try await Zoo.make(in: folder), "keepers", "--where", "pin = 987654")
        #expect(outcome.output.contains("filter  pin = •••"))
        #expect(!outcome.output.contains("987654"))
    }

    @Test(
        "What cannot be planned says why",
        arguments: [
            (["anmals"], "storage.invalid: the database 'zoo' has no table 'anmals'; did you mean 'animals'?"),
            (
                ["animals", "--where", "wieght > 1"],
                "query.invalid: table 'animals' has no column 'wieght'; did you mean 'weight'?"
            ),
            (
                ["animals", "--order", "nam"],
                "query.invalid: table 'animals' has no column 'nam'; did you mean 'name'?"
            ),
            (
                ["animals", "--order", "name:down"],
                "'--order name:down' has the direction 'down'; write name:desc for the largest first, or name for the smallest"
            ),
            (
                ["animals", "--order", "tags"],
                "query.invalid: table 'animals' cannot be ordered by 'tags': [string] has no order"
            ),
            (["animals", "--limit", "-1"], "'--limit' needs a number from 0, found '-1'"),
            (["animals", "--limit", "ten"], "'--limit' needs a number from 0, found 'ten'"),
            (
                ["animals", "--where"],
                "'--where' needs a 'COLUMN OP VALUE'; write '--where 'COLUMN OP VALUE'', or '--where='COLUMN OP VALUE'' if it begins with '--'"
            ),
        ])
    func wrong(arguments: [String], error: String) async throws {
        let folder = try TestFolder()
        let outcome = await cairn(["explain", try await Zoo.make(in: folder)] + arguments)
        #expect(outcome.code == .failed)
        #expect(outcome.errors == "cairn: \(error)\n")
    }
}
