import CairnSchema
import Testing

@testable import CairnCommand

@Suite("cairn check")
struct CheckCommandTests {
    private let folder: TestFolder

    private static let good =
        #"{ "database": "shop", "tables": { "items": { "columns": { "id": "int" }, "key": "id" } } }"#
    private static let warned = good.replacing("items", with: "tasks")
    private static let bad = """
        {
          "database": "shop",
          "tables": { "items": { "columns": { "id": "itn" }, "key": "id", "indexes": { "by_id": ["id"] } } },
          "tabels": 1
        }
        """

    init() throws {
        folder = try TestFolder()
    }

    @Test("A file without errors is named with what it holds")
    func good() async throws {
        let path = try folder.write("shop.jsonc", Self.good)
        let outcome = await cairn("check", path)
        #expect(outcome.code == .done)
        #expect(outcome.errors.isEmpty)
        let id = try Schema(parsing: Self.good).id.short
        #expect(outcome.output == "\(path): database 'shop', 1 table, no errors, schema \(id)\n")
    }

    @Test("Every error is a line with file, line, column, message, remedy and code")
    func bad() async throws {
        let path = try folder.write("shop.jsonc", Self.bad)
        let outcome = await cairn("check", path)
        #expect(outcome.code == .found)
        #expect(
            outcome.output == """
                \(path):3:45: error: column 'id' of table 'items' has the unknown type 'itn'; did you mean 'int'? [schema.unknown_type]
                \(path):4:3: error: a schema file has no member 'tabels'; did you mean 'tables'? [schema.unknown_member]

                """)
    }

    @Test("Warnings are printed and allowed")
    func warnings() async throws {
        let path = try folder.write("shop.jsonc", Self.warned)
        let outcome = await cairn("check", path)
        #expect(outcome.code == .done)
        #expect(outcome.output.contains(": warning: table 'tasks' makes the Swift type 'Task'"))
    }

    @Test("With --strict warnings end it with 1, and a file without any still with 0")
    func strict() async throws {
        let warned = try folder.write("warned.jsonc", Self.warned)
        #expect(await cairn("check", warned, "--strict").code == .found)
        let good = try folder.write("good.jsonc", Self.good)
        #expect(await cairn("check", good, "--strict").code == .done)
    }

    @Test("A named query that no index serves is a warning, with the index to declare")
    func queries() async throws {
        let text = """
            {
              "database": "shop",
              "tables": { "items": { "columns": { "id": "int", "name": "string" }, "key": "id" } },
              "queries": { "by_name": "items where name = $name", "by_id": "items where id = $id" }
            }
            """
        let path = try folder.write("shop.jsonc", text)
        let outcome = await cairn("check", path)
        #expect(outcome.code == .done)
        #expect(
            outcome.output.hasPrefix(
                """
                \(path):4:27: warning: no index of table 'items' serves query 'by_name': the whole table would be read; declare "by_name": ["name"] among the "indexes" of table 'items', or say "unindexed": true of the query [IX101]
                \(path): database 'shop', 1 table, no errors
                """))
        let json = try JSONValue(parsing: await cairn("check", path, "--json").output)
        #expect(json[0]?["code"] == "IX101")
        #expect(json[1] == nil)
        let wrong = try folder.write("wrong.jsonc", text.replacing("= $id", with: "= $id or nam = 'x'"))
        #expect(
            await cairn("check", wrong).output.contains("4:89: error: query 'by_id': table 'items' has no column 'nam'")
        )
    }

    @Test("For programs there is one array of all diagnostics, empty when there are none")
    func json() async throws {
        let good = try folder.write("good.jsonc", Self.good)
        let bad = try folder.write("bad.jsonc", Self.bad)
        #expect(await cairn("check", good, "--json").output == "[]\n")
        let outcome = await cairn("check", good, bad, "--json")
        #expect(outcome.code == .found)
        let found = try JSONValue(parsing: outcome.output)
        #expect(
            found[0] == [
                "file": .string(bad), "line": 3, "column": 45, "severity": "error", "code": "schema.unknown_type",
                "message": "column 'id' of table 'items' has the unknown type 'itn'", "remedy": "did you mean 'int'?",
            ])
        #expect(found[1]?["line"] == 4)
        #expect(found[2] == nil)
    }

    @Test(
        "A file that cannot be read is an error of its own kind, and the others are checked all the same",
        arguments: [("missing.jsonc", "cannot be read: No such file or directory"), ("", "is a folder, not a file")])
    func unreadable(name: String, reason: String) async throws {
        let bad = try folder.write("bad.jsonc", Self.bad)
        let outcome = await cairn("check", folder(name), bad)
        #expect(outcome.code == .failed)
        #expect(outcome.errors.hasPrefix("cairn: \(folder(name)) \(reason)"))
        #expect(outcome.output.contains("[schema.unknown_type]"))
        let error = try JSONValue(parsing: await cairn("check", folder(name), "--json").errors)
        #expect(error["code"] == "command.file")
    }

    @Test("A pipe is read as a file is, and a device without end is given up")
    func pipes() throws {
        try folder.write("bad.jsonc", Self.bad)
        for line in ["check <(cat bad.jsonc)", "check /dev/stdin < bad.jsonc", "check /dev/stdin < <(cat bad.jsonc)"] {
            let outcome = try bash("\"$CAIRN\" \(line)", in: folder.path)
            #expect(outcome.code == 1, "\(line)")
            #expect(outcome.output.contains("[schema.unknown_type]"), "\(line)")
        }
        let endless = try bash("\"$CAIRN\" check /dev/zero")
        #expect(endless.errors == "cairn: /dev/zero cannot be read: it does not end within 64 MiB\n")
    }

    @Test("What a file says cannot paint the terminal")
    func escapes() async throws {
        let path = try folder.write("shop.jsonc", Self.good.replacing("int", with: #"\u001b[31m"#))
        let outcome = await cairn(["check", path], coloured: [.output])
        #expect(outcome.output.contains("\u{1B}[1;31merror:\u{1B}[0m column 'id'"))
        #expect(outcome.output.contains(#"the unknown type '\u{1B}[31m'"#))
    }
}
