import CairnCore
import CairnSchema
import SQLiteStorage
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("cairn migrate")
struct MigrateCommandTests {
    private let folder: TestFolder
    private let address: String
    private let old: String
    private let wider: String
    private let narrower: String
    private let unclear: String

    init() async throws {
        let folder = try TestFolder()
        self.folder = folder
        old = try folder.schema("old.jsonc", #""a": "string", "b": "int?""#)
        wider = try folder.schema("wider.jsonc", #""a": "string", "b": "int?", "c": "bool?""#)
        narrower = try folder.schema("narrower.jsonc", #""a": { "type": "string", "max_length": 3 }"#)
        unclear = try folder.schema("unclear.jsonc", #""a": "string", "x": "int?""#)
        address = "sqlite:\(folder("store.db"))"
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("old.jsonc")))
        let table = try store.records("t")
        _ = try await table.insert(Record(table.table, ["id": .int(1), "a": .string("long"), "b": .int(2)]))
        try await store.close()
    }

    @Test("A plan between two files needs no store, and says each step in order with what it does")
    func plan() async throws {
        let outcome = await cairn("migrate", "plan", "--from", old, "--to", wider)
        #expect(outcome.code == .done, "\(outcome.errors)")
        #expect(
            outcome.output
                == "add column 'c' to 't': {\"nullable\":true,\"type\":\"bool\"} (additive)\n  back: drop column 'c' of 't', with what was written to it since\nIt only adds: nothing is lost, and no record can stand in its way.\n"
        )
        let none = await cairn("migrate", "plan", "--from", old, "--to", old)
        #expect(none.code == .done && none.output.hasPrefix("Nothing to do"))
    }

    @Test("A plan that would drop data exits with 1 unless that is allowed, and with JSON for programs")
    func destructive() async throws {
        let outcome = await cairn("migrate", "plan", "--from", address, "--to", narrower)
        #expect(outcome.code == .found)
        #expect(outcome.output.contains("[DS103]") && outcome.output.contains("'--allow-destructive'"))
        let warned = await cairn("migrate", "plan", "--from", address, "--to", narrower, "--allow-destructive")
        #expect(
            warned.output.contains(
                "  warning: what 't' has in 'b' goes, as '--allow-destructive' says; it is kept for 30 days [DS103]\n"))
        #expect(
            await cairn(
                "migrate", "plan", "--from", address, "--to", narrower, "--allow-destructive", "--fail-on", "error"
            ).code == .found)
        let allowed = await cairn(
            "migrate", "plan", "--from", address, "--to", narrower, "--allow-destructive", "--json")
        #expect(allowed.code == .done)
        let json = try JSONValue(parsing: allowed.output)
        #expect(json["verdict"] == "destructive" && json["possible"] == true && json["outcome"] == "planned")
        #expect(json["operations"]?[0]?["kind"] == "tighten_rules")
        #expect(json["operations"]?[1]?["findings"]?[0]?["code"] == "DS103")
    }

    @Test("What could be a rename is asked, with what to write for either")
    func ambiguous() async throws {
        for command in [["plan", "--from", address], ["apply", address]] {
            let outcome = await cairn(["migrate"] + command + ["--to", unclear, "--allow-destructive"])
            #expect(outcome.code == .found)
            #expect(outcome.output.contains("[AM101]") && outcome.output.contains("\"renamed_from\": \"b\""))
        }
        #expect(await cairn("migrate", "status", address, "--to", old).code == .done)
    }

    @Test("'--fail-on' makes findings of its level an exit code of 1")
    func failOn() async throws {
        let indexed = try folder.write(
            "indexed.jsonc",
            #"{ "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "string", "b": "int?" }, "key": "id", "indexes": { "i": ["a"] } } } }"#
        )
        #expect(await cairn("migrate", "plan", "--from", old, "--to", indexed).code == .done)
        #expect(await cairn("migrate", "plan", "--from", old, "--to", indexed, "--fail-on", "warning").code == .done)
        #expect(await cairn("migrate", "plan", "--from", old, "--to", indexed, "--fail-on", "note").code == .found)
    }

    @Test("A store is changed, and its status says so")
    func apply() async throws {
        let before = await cairn("migrate", "status", address, "--to", wider)
        #expect(before.code == .found && before.output.contains("cairn migrate plan --from"))
        let rehearsal = await cairn("migrate", "apply", address, "--to", wider, "--dry-run")
        #expect(rehearsal.code == .done && rehearsal.output.contains("taken back"))
        #expect(await cairn("migrate", "status", address, "--to", wider).code == .found)
        let applied = await cairn("migrate", "apply", address, "--to", wider)
        #expect(applied.code == .done && applied.output.contains("Done: the schema is"), "\(applied.errors)")
        let after = try JSONValue(parsing: await cairn("migrate", "status", address, "--to", wider, "--json").output)
        #expect(after["verdict"] == "nothing" && after["holds"] == after["wanted"])
        #expect(await cairn("migrate", "apply", address, "--to", wider).code == .done)
        #expect(await cairn("get", address, "t", "1").output.contains("long"))
    }

    @Test("That records may stand in the way is said before a change and not after it")
    func shown() async throws {
        let unique = try folder.schema("unique.jsonc", #""a": { "type": "string", "unique": true }, "b": "int?""#)
        #expect(await cairn("migrate", "plan", "--from", address, "--to", unique).output.contains("error: "))
        for options in [["--dry-run", "--json"], ["--dry-run"], []] {
            let outcome = await cairn(["migrate", "apply", address, "--to", unique] + options)
            #expect(outcome.code == .done && !outcome.output.contains("MF101"), "\(outcome.output)")
        }
    }

    @Test("A record that stands in the way is named with an exit code of 1, and nothing is changed")
    func stopped() async throws {
        for options in [[], ["--dry-run"]] {
            let outcome = await cairn(
                ["migrate", "apply", address, "--to", narrower, "--allow-destructive"] + options)
            #expect(outcome.code == .found)
            #expect(outcome.errors.contains("record 1 of table 't' stands in the way"))
        }
        #expect(await cairn("migrate", "status", address, "--to", old).code == .done)
    }

    @Test("What to do about a new required column is the schema's, as records cannot be given it before")
    func required() async throws {
        let required = try folder.schema("required.jsonc", #""a": "string", "b": "int?", "c": "int""#)
        let outcome = await cairn("migrate", "apply", address, "--to", required)
        #expect(outcome.code == .found)
        #expect(
            outcome.errors.contains("a value is missing; give it a default, or say with \"convert\""),
            "\(outcome.errors)")
        #expect(await cairn("migrate", "status", address, "--to", old).code == .done)
    }

    @Test("With '--eager' the files of a folder get the new form, also where the change was made before")
    func eager() async throws {
        let address = "file:\(folder("eager"))"
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("old.jsonc")))
        let table = try store.records("t")
        _ = try await table.insert(Record(table.table, ["id": .int(1), "a": .string("long"), "b": .int(2)]))
        try await store.close()
        let file = "eager/tables/t/objects/1.json"
        #expect(await cairn("migrate", "apply", address, "--to", wider).code == .done)
        #expect(try folder.read(file).contains("\"revision\": 1,"))
        let eager = await cairn("migrate", "apply", address, "--to", wider, "--eager")
        #expect(
            eager.code == .done && eager.output.contains("1 records were written in the new form, of 1 "), "\(eager)")
        #expect(try folder.read(file).contains("\"revision\": 2,"))
        let again = try JSONValue(
            parsing: await cairn("migrate", "apply", address, "--to", wider, "--eager", "--json").output)
        #expect(again["verdict"] == "nothing" && again["records_rewritten"] == 0)
        #expect(await cairn("migrate", "apply", address, "--to", old, "--eager", "--dry-run").code == .failed)
    }

    @Test("A store that does not say which records have an earlier form is refused for '--eager'")
    func notEager() async throws {
        let other = try await Stores.storage(forReading: StoreURL(address))
        let error = #expect(throws: CommandError.self) { try MigrateApplyCommand.rewritable(other) }
        #expect(error?.code == .usage && error?.remedy?.contains("--eager") == true)
        try await other.close()
    }

    @Test("A folder is planned with its requests, and changed")
    func objects() async throws {
        let address = "file:\(folder("objects"))"
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("old.jsonc")))
        let table = try store.records("t")
        _ = try await table.insert(Record(table.table, ["id": .int(1), "a": .string("long"), "b": .int(2)]))
        try await store.close()
        let plan = await cairn("migrate", "plan", "--from", address, "--to", wider)
        #expect(plan.code == .done)
        #expect(plan.output.contains("No record is read and no record file is written: about "), "\(plan.output)")
        let json = try JSONValue(
            parsing: await cairn("migrate", "plan", "--from", address, "--to", wider, "--json").output)
        #expect(json["cost"]?["records_read"] == 0)
        #expect(await cairn("migrate", "apply", address, "--to", wider, "--dry-run").code == .done)
        #expect(await cairn("migrate", "status", address, "--to", old).code == .done)
        let outcome = await cairn("migrate", "apply", address, "--to", wider)
        #expect(outcome.code == .done, "\(outcome.errors)")
        #expect(await cairn("migrate", "status", address, "--to", wider).code == .done)
        #expect(await cairn("get", address, "t", "1").output.contains("long"))
    }
}
