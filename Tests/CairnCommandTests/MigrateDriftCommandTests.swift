import CairnCore
import CairnSchema
import Foundation
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("cairn migrate drift")
struct MigrateDriftCommandTests {
    private let folder: TestFolder
    private let old: String
    private let wider: String
    private let unclear: String

    init() async throws {
        let folder = try TestFolder()
        self.folder = folder
        old = try folder.schema("old.jsonc", #""a": "string", "b": "int?""#, #", "indexes": { "by_b": ["b"] }"#)
        wider = try folder.schema("wider schema.jsonc", #""a": "string", "b": "int?", "c": "bool?""#)
        unclear = try folder.schema("unclear.jsonc", #""a": "string", "x": "int?""#)
        for address in [sqlite, file] {
            let store = try await Store.open(address, schema: Schema(parsing: folder.read("old.jsonc")))
            let table = try store.records("t")
            _ = try await table.insert(Record(table.table, ["id": .int(1), "a": .string("x"), "b": .int(2)]))
            try await store.close()
        }
    }

    private var sqlite: String { "sqlite:\(folder("store.db"))" }
    private var file: String { "file:\(folder("store"))" }

    @Test("A store that is as it should be is done with 0, with a schema file and without")
    func none() async throws {
        for address in [sqlite, file] {
            let outcome = await cairn("migrate", "drift", address)
            #expect(outcome.code == .done, "\(outcome.errors)")
            #expect(outcome.output.hasPrefix("The store is as its schema "))
            #expect(outcome.output.hasSuffix("Records were not looked at: cairn doctor \(address) does that.\n"))
            let wanted = await cairn("migrate", "drift", address, "--to", old, "--json")
            #expect(wanted.code == .done)
            let json = try JSONValue(parsing: wanted.output)
            #expect(json["drift"] == false && json["findings"] == [] && json["holds"] == json["wanted"])
        }
    }

    @Test("What was changed by hand is named with class, object and remedy, and exits with 1")
    func changed() async throws {
        try PlainDatabase.run("DROP INDEX \"t.by_b\"; CREATE TABLE hand (x)", on: folder("store.db"))
        let outcome = await cairn("migrate", "drift", sqlite)
        #expect(outcome.code == .found)
        #expect(
            outcome.output.hasPrefix(
                """
                changed by hand: table 'hand'
                  the schema makes no such table
                  drop it if nobody needs it, or keep it in another file: DROP TABLE "hand"
                changed by hand: index 't.by_b' of 't'
                  there is no such index
                  make it again: CREATE INDEX "t.by_b" ON "t" ("b")

                2 found. The store has the schema 
                """), "\(outcome.output)")
        try FileManager.default.removeItem(atPath: folder("store/_schema.json"))
        let json = try JSONValue(parsing: await cairn("migrate", "drift", file, "--json").output)
        #expect(json["drift"] == true && json["wanted"] == .null && json["driver"] == "object")
        #expect(json["findings"]?[0]?["class"] == "changed_by_hand")
        #expect(json["findings"]?[0]?["object"] == "_schema.json")
    }

    @Test("A store whose marker is gone is told so with 1, and holds nothing for programs")
    func marker() async throws {
        try PlainDatabase.run("DELETE FROM _cairn_store", on: folder("store.db"))
        try FileManager.default.removeItem(atPath: folder("store/_store.json"))
        for address in [sqlite, file] {
            let outcome = await cairn("migrate", "drift", address, "--to", old)
            #expect(outcome.code == .found)
            #expect(outcome.output.hasPrefix("marker missing: "), "\(outcome.output)")
            #expect(outcome.output.hasSuffix("1 found: the store does not say which schema it follows.\n"))
            let json = try JSONValue(parsing: await cairn("migrate", "drift", address, "--json").output)
            #expect(json["holds"] == .null && json["findings"]?[0]?["class"] == "marker_missing")
        }
    }

    @Test("Another schema than that of the file is behind with the command that is ready to run, or has no path")
    func path() async throws {
        for address in [sqlite, file] {
            let behind = await cairn("migrate", "drift", address, "--to", wider)
            #expect(behind.code == .found && behind.output.hasPrefix("behind: schema\n"), "\(behind.errors)")
            #expect(
                behind.output.contains("'cairn migrate apply \(address) --to \(ShellText.quoted(wider))'"),
                "\(behind.output)")
            #expect(await cairn("migrate", "apply", address, "--to", wider).code == .done)
            #expect(await cairn("migrate", "drift", address, "--to", wider).code == .done)
            let none = await cairn("migrate", "drift", address, "--to", unclear)
            #expect(none.code == .found && none.output.hasPrefix("no path: table 't'\n"), "\(none.output)")
        }
    }

    @Test("What cannot be looked at exits with 2 and names it")
    func failures() async throws {
        try folder.write("foreign.txt", "no database at all, but long enough to be read as one")
        for (line, part) in [
            ([], "STORE is missing"), (["sqlite:\(folder("none.db"))"], "there is no file"),
            (["file:\(folder("nowhere"))"], "there is no folder"), (["memory:"], "holds nothing"),
            (["sqlite::memory:"], "holds nothing"), (["atlas.db"], "is not the address of a store"),
            (["sqlite:\(folder("foreign.txt"))"], "is not a SQLite database"),
            ([sqlite, "--to", folder("none.jsonc")], "none.jsonc"), ([sqlite, "--from", old], "no option '--from'"),
        ] {
            let outcome = await cairn(["migrate", "drift"] + line)
            #expect(outcome.code == .failed && outcome.errors.contains(part), "\(line): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        #expect(!folder.names.contains("none.db"))
    }
}
