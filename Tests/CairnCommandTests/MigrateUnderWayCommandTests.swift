import CairnCore
import CairnSchema
import ObjectStorage
import ObjectStores
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("Commands on a store that a dead migration has closed, or that is taken back in part")
struct MigrateUnderWayCommandTests {
    private let folder: TestFolder
    private let old: String
    private let new: String

    init() throws {
        let folder = try TestFolder()
        self.folder = folder
        old = try folder.schema("old.jsonc", #""a": "string", "b": "int?""#)
        new = try folder.schema("new.jsonc", #""a": "string", "b": "int?", "c": "bool?""#)
    }

    private var address: String { "file:\(folder("store"))" }

    /// Leaves a store closed, as a process of a command does that dies before it has decided.
    private func leaveClosed(by command: String) async throws {
        let storage = try await ObjectStorage.open(FolderObjectStore(folder("store")))
        _ = try await Store.open(storage, schema: Schema(parsing: folder.read("old.jsonc")))
        try await storage.beginMaintenance(
            by: "a migration", reason: "the schema 1 becomes 2 ('cairn migrate \(command)')", until: .now)
        try await storage.close()
    }

    @Test("Each says which command goes on, and that opening the store as it was takes half an hour")
    func told() async throws {
        try await leaveClosed(by: "start")
        for command in [
            ["migrate", "drift", address], ["migrate", "status", address, "--to", old],
            ["migrate", "plan", "--from", address, "--to", new],
        ] {
            let outcome = await cairn(command)
            #expect(outcome.code == .found, "\(outcome.errors)")
            #expect(outcome.output.contains("being applied: "), "\(outcome.output)")
            #expect(outcome.output.contains("run 'cairn migrate start \(address)' again"), "\(outcome.output)")
            #expect(outcome.output.contains("half an hour"), "\(outcome.output)")
        }
        let history = await cairn("migrate", "history", address)
        #expect(history.code == .done && history.output.contains("being applied: "), "\(history.output)")
        for command in [
            ["migrate", "status", address, "--to", old, "--json"], ["migrate", "history", address, "--json"],
            ["migrate", "plan", "--from", address, "--to", new, "--json"],
        ] {
            let json = try JSONValue(parsing: await cairn(command).output)
            #expect(json["under_way"]?[0]?["class"] == "being_applied", "\(command)")
        }
    }

    @Test(
        "What would end elsewhere than the command that was killed is refused, and that one is named",
        arguments: [
            ("start", ["apply", "--to", "new"]), ("start", ["abort"]), ("start", ["complete"]),
            ("apply", ["start", "--to", "new"]), ("rollback --before 1", ["apply", "--to", "new"]),
        ])
    func refused(_ begun: String, _ command: [String]) async throws {
        try await leaveClosed(by: begun)
        let options = command.dropFirst().map { $0 == "new" ? new : $0 }
        let outcome = await cairn(["migrate", command[0], address] + options)
        #expect(outcome.code == .failed, "\(outcome.output)")
        #expect(outcome.errors.contains("'cairn migrate \(begun)' is under way"), "\(outcome.errors)")
        #expect(outcome.errors.contains("half an hour"), "\(outcome.errors)")
    }

    @Test("A writer that meets it is told what to run, and which programs go on")
    func writer() async throws {
        try await leaveClosed(by: "abort")
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("old.jsonc")))
        let table = try store.records("t")
        let error = await #expect(throws: StorageError.self) {
            try await table.insert(Record(table.table, ["id": .int(1), "a": .string("x")]))
        }
        #expect(error?.code == .maintenance)
        #expect(error?.remedy?.contains("with a program of the old schema") == true, "\(String(describing: error))")
        #expect(error?.remedy?.contains("'cairn migrate abort'") == true, "\(String(describing: error))")
        try await store.close()
    }

    @Test("A rollback that is not at its end is told by status, history and plan, which offer nothing else")
    func rollback() async throws {
        let address = "sqlite:\(folder("store.db"))"
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("new.jsonc")))
        try await store.close()
        #expect(await cairn("migrate", "apply", address, "--to", old, "--allow-destructive").code == .done)
        let bridge = try Schema(
            parsing: """
                { "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "string", "b": "int?", "c": "bool?" },
                  "key": "id" }, "cairn_rollback_1": { "columns": { "cairn_rollback_1": "int" }, "key": "cairn_rollback_1" } } }
                """)
        let storage = try await Stores.storage(at: address)
        let held = try #require(try await storage.schema())
        let migration = try Migration(from: held, to: bridge)
        try await storage.apply(.migrate(migration))
        try await storage.close()
        let status = await cairn("migrate", "status", address, "--to", new)
        #expect(status.code == .found && !status.output.contains("cairn migrate plan"), "\(status.output)")
        let plan = await cairn("migrate", "plan", "--from", address, "--to", new)
        #expect(plan.code == .found && plan.output.contains("that comes first"), "\(plan.output)")
        for output in [status.output, plan.output, await cairn("migrate", "history", address).output] {
            #expect(output.contains("partly applied: schema"), "\(output)")
            #expect(output.contains("'cairn migrate rollback \(address) --before 1'"), "\(output)")
        }
    }
}
