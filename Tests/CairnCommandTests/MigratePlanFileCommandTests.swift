import CairnCore
import CairnSchema
import SQLiteStorage
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("cairn migrate with plans in files")
struct MigratePlanFileCommandTests {
    private let folder: TestFolder
    private let address: String
    private let old: String
    private let wider: String
    private let indexed: String
    private let narrower: String

    init() async throws {
        let folder = try TestFolder()
        self.folder = folder
        old = try folder.schema("old.jsonc", #""a": "string", "b": "int?""#)
        wider = try folder.schema("wider.jsonc", #""a": "string", "b": "int?", "c": { "type": "int", "default": 7 }"#)
        indexed = try folder.schema("indexed.jsonc", #""a": "string", "b": "int?""#, #", "indexes": { "i": ["a"] }"#)
        narrower = try folder.schema("narrower.jsonc", #""a": "string""#, #", "allow": { "DS103": "nobody reads it" }"#)
        address = "sqlite:\(folder("store.db"))"
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("old.jsonc")))
        let table = try store.records("t")
        _ = try await table.insert(Record(table.table, ["id": .int(1), "a": .string("x"), "b": .int(2)]))
        try await store.close()
    }

    private func written(_ to: String, _ name: String) async -> String {
        let path = folder(name)
        let outcome = await cairn("migrate", "plan", "--from", old, "--to", to, "--out", path)
        #expect(outcome.code == .done || outcome.output.contains("--allow-destructive"), "\(outcome.errors)")
        return path
    }

    @Test("What a plan says is done to a store that holds what it begins with, once")
    func apply() async throws {
        let plan = await written(wider, "wider.plan")
        let rehearsal = await cairn("migrate", "apply", address, "--plan", plan, "--dry-run")
        #expect(rehearsal.code == .done && rehearsal.output.contains("taken back"), "\(rehearsal.errors)")
        let applied = await cairn("migrate", "apply", address, "--plan", plan)
        #expect(applied.code == .done && applied.output.contains("Done: the schema is"), "\(applied.errors)")
        #expect(await cairn("get", address, "t", "1").output.contains("7"))
        let again = await cairn("migrate", "apply", address, "--plan", plan)
        #expect(again.code == .done && again.output.hasPrefix("Nothing to do"))
        let other = await cairn("migrate", "apply", address, "--plan", written(indexed, "indexed.plan"))
        #expect(other.code == .failed && other.errors.contains("the plan goes from"))
    }

    @Test("A changed plan, both ways to say what to do, and none are refused")
    func refused() async throws {
        let plan = await written(wider, "wider.plan")
        _ = try folder.write(
            "changed.plan", folder.read("wider.plan").replacing("\"default\": 7", with: "\"default\": 8"))
        let changed = await cairn("migrate", "apply", address, "--plan", folder("changed.plan"))
        #expect(changed.code == .failed && changed.errors.contains("changed.plan was changed"))
        for arguments in [["--plan", plan, "--to", wider], []] {
            let outcome = await cairn(["migrate", "apply", address] + arguments)
            #expect(outcome.code == .failed && outcome.errors.contains("one of '--to' and '--plan' is needed"))
        }
        let unclear = try folder.write(
            "unclear.jsonc",
            #"{ "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "string", "x": "int?" }, "key": "id" } } }"#
        )
        let none = await cairn("migrate", "plan", "--from", old, "--to", unclear, "--out", folder("none.plan"))
        #expect(none.code == .found && Files.kind(of: folder("none.plan")) == .nothing)
        #expect(
            none.errors.hasSuffix("none.plan is not written: it is not said what was renamed [AM101].\n"),
            "\(none.errors)")
        let kept = await cairn("migrate", "plan", "--from", old, "--to", unclear, "--out", plan)
        #expect(kept.errors.hasSuffix("[AM101]; what stands there is older.\n"), "\(kept.errors)")
    }

    @Test("Data goes only when that is allowed where it goes, whatever the schema file allows")
    func allowed() async throws {
        let plan = await cairn("migrate", "plan", "--from", address, "--to", narrower, "--fail-on", "note")
        #expect(plan.output.contains("allowed: what 't' has in 'b' goes [DS103]: nobody reads it"))
        let path = await written(narrower, "narrower.plan")
        #expect(await cairn("migrate", "apply", address, "--plan", path).code == .found)
        let counted = await cairn(
            "migrate", "plan", "--from", address, "--to", narrower, "--fail-on", "note", "--allow-destructive", "--json"
        )
        #expect(counted.code == .done)
        let json = try JSONValue(parsing: counted.output)
        #expect(json["operations"]?[0]?["findings"]?[0]?["allowed"] == "nobody reads it")
        #expect(await cairn("migrate", "apply", address, "--plan", path, "--allow-destructive").code == .done)
    }

    @Test("Two plans are merged into one that is applied, or what is in the way is named")
    func merge() async throws {
        let (first, second) = (await written(wider, "a.plan"), await written(indexed, "b.plan"))
        let merged = await cairn("migrate", "merge", first, second, "--out", folder("both.plan"))
        #expect(merged.code == .done && merged.output.contains("Written to"), "\(merged.errors)")
        #expect(await cairn("migrate", "apply", address, "--plan", folder("both.plan")).code == .done)
        let done = await cairn("migrate", "apply", address, "--plan", first)
        #expect(done.code == .failed && done.errors.contains("the plan goes from"))
        let third = await written(narrower, "c.plan")
        let fourth = try folder.write(
            "bounded.jsonc",
            #"{ "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "string", "b": "int" }, "key": "id" } } }"#
        )
        let refused = await cairn("migrate", "merge", third, written(fourth, "d.plan"), "--json")
        #expect(refused.code == .found)
        let json = try JSONValue(parsing: refused.output)
        #expect(json["commute"] == false)
        #expect(json["conflicts"]?[0]?["first"] == "drop column 'b' of 't'")
        #expect(json["conflicts"]?[0]?["second"] == "forbid null in column 'b' of 't'")
    }

    @Test("Where one of two plans was applied, what is left of both is made and applied")
    func rest() async throws {
        let (first, second) = (await written(wider, "a.plan"), await written(indexed, "b.plan"))
        #expect(await cairn("migrate", "apply", address, "--plan", first).code == .done)
        let refused = await cairn("migrate", "apply", address, "--plan", second)
        #expect(refused.code == .failed && refused.errors.contains("--applied"))
        let rest = await cairn("migrate", "merge", first, second, "--applied", "--out", folder("rest.plan"))
        #expect(rest.code == .done && rest.output.hasPrefix("add index 'i' to 't'"), "\(rest.errors)")
        let applied = await cairn("migrate", "apply", address, "--plan", folder("rest.plan"))
        #expect(applied.code == .done, "\(applied.errors)")
    }

    @Test("Plans that follow one another become one that is applied, or it is said why not")
    func squash() async throws {
        let first = await written(wider, "a.plan")
        let later = try folder.schema(
            "later.jsonc", #""a": "string", "b": "int?", "d": { "type": "int", "default": 7, "renamed_from": "c" }"#)
        let second = await cairn("migrate", "plan", "--from", wider, "--to", later, "--out", folder("b.plan"))
        #expect(second.code == .done, "\(second.errors)")
        let all = await cairn("migrate", "squash", first, folder("b.plan"), "--out", folder("all.plan"))
        #expect(all.code == .done && all.output.hasPrefix("add column 'd' to 't'"), "\(all.output)\(all.errors)")
        #expect(await cairn("migrate", "apply", address, "--plan", folder("all.plan")).code == .done)
        let turned = await cairn("migrate", "squash", folder("b.plan"), first, "--json")
        #expect(turned.code == .found)
        let json = try JSONValue(parsing: turned.output)
        #expect(json["possible"] == false && json["from"] == .null && json["operations"] == 0)
        #expect(await cairn("migrate", "squash", first).code == .failed)
    }

    @Test("A change is verified without a store, from files or a plan, with a seed that makes the same records")
    func verify() async throws {
        let outcome = await cairn("migrate", "verify", "--from", old, "--to", wider, "--seed", "5", "--rows", "9")
        #expect(outcome.code == .done, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.hasPrefix("records made with seed 5: t 9\nup: schema "))
        #expect(outcome.output.hasSuffix("Verified: 1 operations.\n"))
        let path = await written(wider, "wider.plan")
        let json = try JSONValue(parsing: await cairn("migrate", "verify", "--plan", path, "--json").output)
        #expect(json["verified"] == true && json["steps"]?[2]?["name"] == "up_again")
        #expect(await cairn("migrate", "verify", "--from", old).code == .failed)
        #expect(await cairn("migrate", "verify", "--from", old, "--to", wider, "--rows", "0").code == .failed)
    }

    @Test("SARIF is printed for plans and for schema files")
    func sarif() async throws {
        let plan = await cairn("migrate", "plan", "--from", old, "--to", narrower, "--sarif")
        #expect(plan.code == .found)
        let result = try JSONValue(parsing: plan.output)["runs"]?[0]?["results"]?[0]
        #expect(result?["ruleId"] == "DS103" && result?["suppressions"]?[0]?["kind"] == "inSource")
        let broken = try folder.write("broken.jsonc", "{ \"database\": \"d\" }")
        let check = await cairn("check", old, broken, "--sarif")
        #expect(check.code == .found)
        let results = try JSONValue(parsing: check.output)["runs"]?[0]?["results"]
        #expect(results?[0]?["ruleId"] == "schema.missing" && results?[1] == nil)
    }
}
