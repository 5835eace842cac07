import CairnCore
import CairnSchema
import Testing

@testable import CairnCommand

@Suite("cairn query")
struct QueryCommandTests {
    private func ask(_ query: String, _ options: String...) async throws -> Outcome {
        let folder = try TestFolder()
        return await cairn(["query", try await Zoo.make(in: folder), query] + options)
    }

    @Test("People get an aligned table with the names of the columns, numbers to the right, and a count")
    func table() async throws {
        let outcome = try await ask("zones where size > 0 order by size desc")
        #expect(outcome.code == .done)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "name" + String(repeating: " ", count: (lines.first?.count ?? 0) - 8) + "size")
        #expect(Set(lines.map(\.count)).count == 1)
        #expect(outcome.errors == (lines.count == 2 ? "1 record\n" : "\(lines.count - 1) records\n"))
    }

    @Test("Programs get an object in a line for each record")
    func json() async throws {
        let outcome = try await ask("animals where kind = \"bird\" order by id", "--json")
        let records = try outcome.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(!records.isEmpty)
        #expect(records.allSatisfy { $0["kind"] == "bird" && $0["_revision"] != nil })
        #expect(outcome.errors.isEmpty)
    }

    @Test("CSV has the names first, ends lines as RFC 4180 says, and tells the empty text from null")
    func csv() async throws {
        let outcome = try await ask("zones where size < 0", "--csv")
        #expect(outcome.output == "name,size\r\n")
        #expect(RecordCSV.field(.string("a,\"b\"\n")) == "\"a,\"\"b\"\"\n\"")
        #expect(RecordCSV.field(.string("")) == "\"\"")
        #expect(RecordCSV.field(.null) == "")
        #expect(RecordCSV.field(.array([.string("a")])) == "\"[\"\"a\"\"]\"")
        #expect(RecordCSV.field(.double(1.5)) == "1.5")
    }

    @Test("Sensitive columns are shown only on request, in every form", arguments: [[], ["--json"], ["--csv"]])
    func sensitive(form: [String]) async throws {
        let folder = try TestFolder()
        let store = try await Zoo.make(in: folder)
        let hidden = await cairn(["query", store, "keepers"] + form)
        #expect(hidden.output.contains(GetCommand.hidden))
        let shown = await cairn(["query", store, "keepers", "--show-sensitive"] + form)
        #expect(!shown.output.contains(GetCommand.hidden))
    }

    @Test("A query that begins with a brace is JSON, with parameters as in text")
    func jsonQuery() async throws {
        let written = try await ask("animals where kind = 'bird' order by id", "--csv")
        let json = #" { "from": "animals", "where": { "kind": { "parameter": "kind" } }, "order": ["id"] }"#
        let asked = try await ask(json, "--set", "kind=bird", "--csv")
        #expect(asked.code == .done)
        #expect(asked.output == written.output)
    }

    @Test("A mistake in a query in JSON has its place in it")
    func jsonMistake() async throws {
        let outcome = try await ask(#"{ "from": "animals", "wher": {} }"#)
        #expect(outcome.code == .failed)
        #expect(outcome.errors.contains("1:22: a query has no 'wher'"))
    }

    @Test("The address says what becomes of queries that no index serves")
    func unindexed() async throws {
        let folder = try TestFolder()
        let store = try await Zoo.make(in: folder)
        let query = "animals where tame = true"
        let refused = await cairn("query", store + "?unindexed=refuse", query, "--json")
        #expect(refused.code == .failed)
        #expect(refused.errors.contains("query.unindexed"))
        #expect(await cairn("query", store, query).code == .done)
    }

    @Test("What parameters are is set beside the query, and is a value whatever it holds")
    func parameters() async throws {
        let query = "animals where kind = $kind order by id"
        let set = try await ask(query, "--set", "kind=bird", "--csv")
        let written = try await ask("animals where kind = 'bird' order by id", "--csv")
        #expect(set.code == .done)
        #expect(set.output == written.output)
        let name = try await ask("animals where name = $n", "--set", "n=x' or 1 = 1 or name = 'x", "--csv")
        #expect(name.output.split(separator: "\r\n").count == 1)
        // An accent that comes first does not melt into the sign before it.
        #expect(try await ask("animals where name = $n", "--set", "n=\u{301}x=y", "--csv").code == .done)
        for (options, message) in [
            ([], "query:1:22: parameter '$kind' has no value; give it one: --set kind=…"),
            (["--set", "kind=brid"], "parameter '$kind' is never 'brid'; did you mean 'bird'?"),
            (["--set", "kind=bird", "--set", "kin=x"], "there is a value for 'kin'"),
            (["--set", "kind"], "'--set kind' is no pair; write --set country=FR"),
            (["--set", "kind=bird", "--set", "kind=x"], "'--set' gives 'kind' twice"),
        ] {
            let folder = try TestFolder()
            let outcome = await cairn(["query", try await Zoo.make(in: folder), query] + options)
            #expect(outcome.code == .failed)
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
        }
    }

    @Test("A mistake is told with its place and the nearest name, and nothing is shown")
    func mistakes() async throws {
        let outcome = try await ask("animals where knid = 'bird'")
        #expect(outcome.code == .failed)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("query:1:15: table 'animals' has no column 'knid'; did you mean 'kind'?"))
        #expect(try await ask("animals", "--json", "--csv").code == .failed)
        let function = try await ask("animals select kind, summ(weight) group by kind")
        #expect(function.code == .failed)
        #expect(function.errors.contains("query:1:22: there is no function 'summ'; did you mean 'sum'?"))
    }

    @Test("Explain takes the same query, and options that narrow it")
    func explain() async throws {
        let folder = try TestFolder()
        let outcome = await cairn(
            "explain", try await Zoo.make(in: folder), "animals where kind = 'bird' order by weight desc limit 9",
            "--where", "weight > 1",
            "--limit", "3")
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(3) == [
                "sqlite: animals by index by_kind", "  bounds  kind = \"bird\" and weight > 1.0", "  limit   3",
            ])
    }

    @Test(
        "What is selected has its text above it, in every form",
        arguments: [
            (
                "animals select kind, count(), sum(weight), max(born) group by kind order by count() desc, kind",
                "table",
                """
                kind  count()  sum(weight)  max(born)
                bird        1          1.5  2026-11-20
                fish        1         null  null

                """, "2 rows\n"
            ),
            (
                "animals select kind, count(), sum(weight), max(born) group by kind order by count() desc, kind",
                "--json",
                """
                {"kind":"bird","count()":1,"sum(weight)":1.5,"max(born)":"2026-11-20"}
                {"kind":"fish","count()":1,"sum(weight)":null,"max(born)":null}

                """, ""
            ),
            (
                "animals select kind, count(), sum(weight), max(born) group by kind order by count() desc, kind",
                "--csv",
                "kind,count(),sum(weight),max(born)\r\nbird,1,1.5,2026-11-20\r\nfish,1,,\r\n", ""
            ),
            (
                "animals select COUNT(), average( weight ), count(distinct kind)", "table",
                "count()  average(weight)  count(distinct kind)\n      2              1.5                     2\n",
                "1 row\n"
            ),
            ("animals select kind group by kind having count() > 1", "table", "", "0 rows\n"),
            ("animals select kind group by kind having count() > 1", "--csv", "kind\r\n", ""),
            ("animals select weight order by kind", "--csv", "weight\r\n1.5\r\n\r\n", ""),
            (
                "zones select name, size where name > '' order by name limit 2", "--csv",
                "name,size\r\nEurope/Paris,1\r\na b,1\r\n", ""
            ),
            (
                "keepers select name, pin, max(salary) group by name, pin", "--csv",
                "name,pin,max(salary)\r\nAda,•••,•••\r\n", ""
            ),
        ])
    func selected(query: String, form: String, output: String, errors: String) async throws {
        let folder = try TestFolder()
        let store = try await Zoo.make(in: folder)
        let outcome = await cairn(["query", store, query] + (form == "table" ? [] : [form]))
        #expect(outcome.code == .done)
        #expect(outcome.output == output)
        #expect(outcome.errors == errors)
    }

    @Test("Explain shows groups, what is computed of them, their condition, their order and their limit")
    func explainGroups() async throws {
        let folder = try TestFolder()
        let zoo = try await Zoo.make(in: folder)
        let query =
            "animals select kind, count(), max(weight) where weight > $w group by kind having count() >= 1 order by max(weight) desc limit 4"
        let outcome = await cairn("explain", zoo, query, "--set", "w=1", "--limit", "3")
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(8) == [
                "sqlite: animals by index by_kind", "  filter  weight > 1.0", "  group   kind",
                "  compute count(), max(weight)", "  having  count() >= 1", "  order   max(weight) desc", "  limit   3",
                "  covered by the index: no record is read",
            ])
        let json = try JSONValue(parsing: await cairn("explain", zoo, query, "--set", "w=1", "--json").output)
        #expect(json["groups"] == ["kind"])
        #expect(json["aggregates"] == ["count()", "max(weight)"])
        #expect(json["having"] == "count() >= 1")
        #expect(json["group_order"] == ["max(weight) desc"])
        #expect(json["group_limit"] == 4)
        let refused = await cairn("explain", zoo, query, "--set", "w=1", "--order", "kind")
        #expect(refused.code == .failed)
        #expect(refused.errors.contains("write 'order by' in the query"))
        let columns = await cairn("explain", zoo, "animals select kind, weight where kind = 'bird'")
        #expect(columns.output.contains("  covered by the index: no record is read"))
    }

    @Test("A wide value is cut in the table, and a terminal obeys nothing that is in it")
    func wide() throws {
        let schema = try Schema(
            parsing:
                "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"string\" }, \"key\": \"id\" } } }"
        )
        var lines: [String] = []
        let console = Console(output: { lines.append($0) }, errors: { _ in })
        var output = RecordTable(schema.tables[0].columns.map(SelectedColumn.init), showsSensitive: false)
        for text in [String(repeating: "x", count: 500), "a\u{1B}[2J"] {
            output.add(try Record(schema.tables[0], ["id": .string(text)]), console)
        }
        output.end(console)
        #expect(lines == ["id\n", String(repeating: "x", count: RecordTable.widest - 1) + "…\n", "\"a\\u001b[2J\"\n"])
    }
}
