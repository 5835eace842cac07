import CairnCore
import CairnSchema
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("cairn migrate start, backfill, complete and abort")
struct MigrateWindowCommandTests {
    private let folder: TestFolder
    private let old: String
    private let new: String

    init() throws {
        let folder = try TestFolder()
        self.folder = folder
        old = try folder.schema("old.jsonc", #""a": "string", "n": "string""#)
        new = try folder.schema(
            "new.jsonc", #""b": { "type": "string", "renamed_from": "a" }, "n": "int", "c": "bool?""#)
    }

    private static let schemes = ["sqlite", "file"]

    /// A store of the old schema with a record.
    private func store(_ scheme: String) async throws -> String {
        let address = scheme == "file" ? "file:\(folder("store/"))" : "sqlite:\(folder("store.db"))"
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("old.jsonc")))
        let table = try store.records("t")
        try await table.insert(Record(table.table, ["id": .int(1), "a": .string("x"), "n": .string("7")]))
        try await store.close()
        return address
    }

    private func open(_ address: String, _ file: String) async throws -> Store {
        try await Store.open(address, schema: Schema(parsing: folder.read(file)))
    }

    @Test(
        "A change goes from the old schema over both to the new one, and each command says where it stands",
        arguments: schemes)
    func completed(_ scheme: String) async throws {
        let address = try await store(scheme)
        let rehearsed = await cairn("migrate", "start", address, "--to", new, "--dry-run")
        #expect(rehearsed.code == .done && rehearsed.output.contains("taken back"), "\(rehearsed.errors)")
        #expect(await cairn("migrate", "status", address, "--to", new).code == .found)
        let started = await cairn("migrate", "start", address, "--to", new)
        #expect(started.code == .done && started.output.contains("use the store at once"), "\(started.errors)")
        // Programs of the old schema go on.
        #expect(started.output.contains("rename column") && !started.output.contains("[BC102]"), "\(started.output)")
        let again = await cairn("migrate", "start", address, "--to", new)
        #expect(again.code == .done && again.output.hasPrefix("Nothing to do"), "\(again.errors)")
        for file in [old, new] {
            let status = await cairn("migrate", "status", address, "--to", file)
            #expect(status.code == .done && status.output.contains("'cairn migrate complete'"), "\(status.output)")
            let drift = await cairn("migrate", "drift", address, "--to", file)
            #expect(drift.code == .done && drift.output.contains("use it at once"), "\(drift.output)")
        }
        let one = try await open(address, "old.jsonc")
        let other = try await open(address, "new.jsonc")
        #expect(try await other.records("t").get(Key(.int(1)))["n"] == .int(7))
        let table = try other.records("t")
        try await table.insert(Record(table.table, ["id": .int(2), "b": .string("y"), "n": .int(8)]))
        #expect(try await one.records("t").get(Key(.int(2)))["n"] == .string("8"))
        try await one.close()
        try await other.close()
        let filled = await cairn("migrate", "backfill", address, "--json")
        #expect(filled.code == .done, "\(filled.errors)")
        let json = try JSONValue(parsing: filled.output)
        #expect(json["records_rewritten"] == (scheme == "file" ? 1 : 0))
        let refused = await cairn("migrate", "complete", address)
        #expect(refused.code == .found && refused.output.contains("'--allow-destructive'"), "\(refused.errors)")
        let wrong = await cairn("migrate", "complete", address, "--to", old, "--allow-destructive")
        #expect(wrong.code == .failed && wrong.errors.contains("leave '--to' out"), "\(wrong.errors)")
        let done = await cairn("migrate", "complete", address, "--to", new, "--allow-destructive")
        #expect(done.code == .done, "\(done.errors)")
        let after = await cairn("migrate", "complete", address, "--to", new, "--allow-destructive")
        #expect(after.code == .done && after.output.hasPrefix("Nothing to do"), "\(after.errors)")
        let last = try await open(address, "new.jsonc")
        #expect(try await last.records("t").all().map { $0["n"] } == [.int(7), .int(8)])
        try await last.close()
    }

    @Test("A change that is aborted leaves the old schema", arguments: schemes)
    func aborted(_ scheme: String) async throws {
        let address = try await store(scheme)
        #expect(await cairn("migrate", "start", address, "--to", new).code == .done)
        let done = await cairn("migrate", "abort", address, "--allow-destructive")
        #expect(done.code == .done, "\(done.errors)")
        let last = try await open(address, "old.jsonc")
        #expect(try await last.records("t").get(Key(.int(1)))["n"] == .string("7"))
        try await last.close()
    }

    @Test("A store that programs of one schema use has nothing to fill and nothing to end")
    func nothing() async throws {
        let address = try await store("sqlite")
        for command in ["backfill", "complete", "abort"] {
            let outcome = await cairn("migrate", command, address)
            #expect(outcome.code == .failed && outcome.errors.contains("programs of one schema"), "\(outcome.errors)")
        }
    }

    @Test("While programs of two schemas use a store 'apply' and 'plan' refuse to change it, and say what ends that")
    func other() async throws {
        let address = try await store("sqlite")
        #expect(await cairn("migrate", "start", address, "--to", new).code == .done)
        for command in [["apply", address], ["plan", "--from", address]] {
            let outcome = await cairn(["migrate"] + command + ["--to", new, "--allow-destructive"])
            #expect(outcome.code == .failed && outcome.errors.contains("'cairn migrate complete'"), "\(outcome)")
        }
    }

    @Test("A record that stands in the way of 'start' ends it with 1, and the store is as it was")
    func inTheWay() async throws {
        let address = try await store("sqlite")
        let tight = try folder.schema("tight.jsonc", #""a": "string", "n": { "type": "string", "max_length": 0 }"#)
        let refused = await cairn("migrate", "start", address, "--to", tight)
        #expect(refused.code == .found && refused.errors.contains("at most 0"), "\(refused.output)\(refused.errors)")
        try await open(address, "old.jsonc").close()
    }

    @Test("An edit of a record file is not accepted while programs of two schemas use the store, and can be undone")
    func edited() async throws {
        let address = try await store("file")
        #expect(await cairn("migrate", "start", address, "--to", new).code == .done)
        let file = "store/tables/t/objects/1.json"
        let before = try folder.read(file)
        try #require(before.contains("\"x\""))
        try folder.write(file, before.replacing("\"x\"", with: "\"z\""))
        let refused = await cairn("doctor", address, "--accept-edits")
        #expect(refused.code == .found && refused.output.contains("two schemas use"), "\(refused.output)")
        let undone = await cairn("doctor", address, "--undo-edits")
        #expect(undone.code == .done, "\(undone.output)\(undone.errors)")
        let last = try await open(address, "old.jsonc")
        #expect(try await last.records("t").get(Key(.int(1)))["a"] == .string("x"))
        try await last.close()
    }
}
