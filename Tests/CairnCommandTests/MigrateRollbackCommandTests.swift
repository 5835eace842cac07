import CairnCore
import CairnSchema
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("cairn migrate history and rollback")
struct MigrateRollbackCommandTests {
    private let folder: TestFolder
    private let narrower: String
    private let added: String

    init() async throws {
        let folder = try TestFolder()
        self.folder = folder
        _ = try folder.schema("old.jsonc", #""a": "string", "b": "int""#)
        narrower = try folder.schema("narrower.jsonc", #""a": "string""#)
        added = try folder.schema("added.jsonc", #""a": "string", "c": "int?""#)
    }

    /// A store that lost a column and got another one.
    private func migrate() async throws {
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("old.jsonc")))
        let table = try store.records("t")
        _ = try await table.insert(Record(table.table, ["id": .int(1), "a": .string("x"), "b": .int(2)]))
        try await store.close()
        for schema in [narrower, added] {
            let outcome = await cairn("migrate", "apply", address, "--to", schema, "--allow-destructive")
            #expect(outcome.code == .done, "\(outcome.errors)")
        }
    }

    private var address: String { "sqlite:\(folder("store.db"))" }

    @Test("A history has numbers, steps and what is kept, and a rollback takes a store to what it was before one")
    func rollback() async throws {
        try await migrate()
        let history = await cairn("migrate", "history", address)
        #expect(history.code == .done, "\(history.errors)")
        #expect(history.output.contains("   drop column 'b' of 't'\n   kept of what it dropped: t\n2  2"))
        let refused = await cairn("migrate", "rollback", address, "--before", "1")
        #expect(refused.code == .found && refused.output.contains("'--allow-destructive'"))
        let command = ["migrate", "rollback", address, "--before", "1", "--allow-destructive"]
        let rehearsed = await cairn(command + ["--dry-run"])
        #expect(
            rehearsed.code == .done && rehearsed.output.hasSuffix("Nothing was changed.\n"), "\(rehearsed.errors)")
        #expect(await cairn("migrate", "status", address, "--to", added).code == .done)
        let done = await cairn(command)
        #expect(done.code == .done, "\(done.errors)")
        #expect(
            done.output.contains(
                "table 't': 1 records have b again\nDone: the store is as it was before migration 1."))
        #expect(!done.output.contains("MF103") && !refused.output.contains("MF103"), "its values come back")
        let record = try JSONValue(parsing: await cairn("get", address, "t", "1", "--json").output)
        #expect(record["b"] == 2 && record["c"] == nil)
        let again = await cairn(command)
        #expect(again.code == .done && again.output.hasPrefix("Nothing to do"))
    }

    @Test("Texts that became numbers come back in another notation, which plan and rollback say")
    func notation() async throws {
        _ = try folder.schema("text.jsonc", #""a": "string""#)
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("text.jsonc")))
        let table = try store.records("t")
        _ = try await table.insert(Record(table.table, ["id": .int(1), "a": .string("0.50")]))
        try await store.close()
        let number = try folder.schema("number.jsonc", #""a": "decimal""#)
        let plan = await cairn("migrate", "plan", "--from", address, "--to", number)
        #expect(plan.code == .done && plan.output.contains("notation is not kept"), "\(plan.output)")
        #expect(await cairn("migrate", "apply", address, "--to", number).code == .done)
        let done = await cairn("migrate", "rollback", address, "--before", "1")
        #expect(done.code == .done && done.output.contains("the texts of 'a' of 't'"), "\(done.output)\(done.errors)")
        #expect(done.output.hasSuffix("before migration 1, but for that notation.\n"), "\(done.output)")
        let record = try JSONValue(parsing: await cairn("get", address, "t", "1", "--json").output)
        #expect(record["a"] == "0.5")
    }

    @Test("Both have JSON for programs")
    func json() async throws {
        try await migrate()
        let history = try JSONValue(parsing: await cairn("migrate", "history", address, "--json").output)
        #expect(history["migrations"]?[0]?["number"] == 1 && history["migrations"]?[0]?["kept"] == ["t"])
        #expect(history["migrations"]?[1]?["steps"] == [#"add column 'c' to 't': {"nullable":true,"type":"int"}"#])
        let done = try JSONValue(
            parsing: await cairn(
                "migrate", "rollback", address, "--before", "1", "--allow-destructive", "--json"
            ).output)
        #expect(done["outcome"] == "applied" && done["restored"]?[0]?["records"] == 1)
        #expect(done["migrations"]?[0]?["number"] == 2 && done["migrations"]?[1]?["under_way"] == false)
    }

    @Test("A number that is none, or of no migration, is refused")
    func refused() async throws {
        try await migrate()
        for (number, text) in [("9", "no migration 9"), ("0", "a number from 1"), ("x", "found 'x'")] {
            let outcome = await cairn("migrate", "rollback", address, "--before", number)
            #expect(outcome.code == .failed && outcome.errors.contains(text), "\(outcome.errors)")
        }
        #expect(await cairn("migrate", "rollback", address).errors.contains("--before"))
    }
}
