import CairnCore
import CairnSchema
import Foundation
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("cairn migrate baseline")
struct MigrateBaselineCommandTests {
    private let folder: TestFolder
    private let schema: String
    private let wider: String

    init() async throws {
        let folder = try TestFolder()
        self.folder = folder
        schema = try folder.schema("schema.jsonc", #""a": "string", "b": "int?""#)
        wider = try folder.schema("wider.jsonc", #""a": "string", "b": "int?", "c": "bool?""#)
        let store = try await Store.open(sqlite, schema: Schema(parsing: folder.read("schema.jsonc")))
        let table = try store.records("t")
        _ = try await table.insert(Record(table.table, ["id": .int(1), "a": .string("x"), "b": .int(2)]))
        try await store.close()
    }

    private var sqlite: String { "sqlite:\(folder("store.db"))" }

    private func forget() throws {
        try PlainDatabase.run(
            "DROP TABLE _cairn_store; DROP TABLE _cairn_commits; DROP TABLE _cairn_receipts; DROP TABLE _cairn_deleted",
            on: folder("store.db"))
    }

    @Test("A file that has lost what it is is a store again, and drift has nothing to say")
    func marked() async throws {
        try forget()
        let drift = await cairn("migrate", "drift", sqlite)
        #expect(drift.code == .found && drift.output.hasPrefix("marker missing: "), "\(drift.output)")
        #expect(drift.output.contains("cairn migrate baseline \(sqlite) --to"), "\(drift.output)")
        let trial = await cairn("migrate", "baseline", sqlite, "--to", schema, "--dry-run")
        #expect(
            trial.code == .done && trial.output.contains("1 records were checked. Nothing was written."), "\(trial)")
        #expect(await cairn("migrate", "drift", sqlite).code == .found)
        let outcome = await cairn("migrate", "baseline", sqlite, "--to", schema)
        #expect(outcome.code == .done && outcome.output.hasPrefix("Done: the schema is "), "\(outcome)")
        #expect(await cairn("migrate", "drift", sqlite, "--to", schema).code == .done)
        let json = try JSONValue(parsing: await cairn("migrate", "baseline", sqlite, "--to", schema, "--json").output)
        #expect(json["outcome"] == "unchanged" && json["records"] == 1 && json["findings"] == [])
        #expect(json["held"] == json["schema"])
    }

    @Test("What differs is told with object and remedy, and exits with 1")
    func differs() async throws {
        try forget()
        let outcome = await cairn("migrate", "baseline", sqlite, "--to", wider)
        #expect(outcome.code == .found)
        #expect(
            outcome.output.hasPrefix("differs: column 'c' of 't'\n  there is no such column\n"), "\(outcome.output)")
        #expect(outcome.output.hasSuffix("Nothing was written.\n"), "\(outcome.output)")
        let json = try JSONValue(parsing: await cairn("migrate", "baseline", sqlite, "--to", wider, "--json").output)
        #expect(json["outcome"] == "differs" && json["held"] == .null)
        #expect(json["findings"]?[0]?["object"] == "column 'c' of 't'")
    }

    @Test("A file of another program is for 'cairn adopt', which is said with its address")
    func foreign() async throws {
        try PlainDatabase.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", on: folder("other.db"))
        let address = "sqlite:\(folder("other.db"))"
        let outcome = await cairn("migrate", "baseline", address, "--to", schema)
        #expect(outcome.code == .found && outcome.output.contains("'cairn adopt \(address)' copies"), "\(outcome)")
    }

    @Test("What cannot be looked at exits with 2 and names it")
    func failures() async throws {
        for (line, part) in [
            ([sqlite], "--to"), (["sqlite:\(folder("none.db"))", "--to", schema], "there is no file"),
            (["file:\(folder("store"))", "--to", schema], "cairn rebuild"),
            (["memory:", "--to", schema], "no SQLite file"),
            ([sqlite, "--to", folder("none.jsonc")], "none.jsonc"),
        ] {
            let outcome = await cairn(["migrate", "baseline"] + line)
            #expect(outcome.code == .failed && outcome.errors.contains(part), "\(line): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }
}
