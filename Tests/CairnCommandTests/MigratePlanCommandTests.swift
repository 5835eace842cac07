import CairnCore
import CairnSchema
import Foundation
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("What cairn migrate plan shows and asks")
struct MigratePlanCommandTests {
    private let folder: TestFolder
    private let address: String
    private let old: String
    private let wider: String
    private let unclear: String

    init() async throws {
        let folder = try TestFolder()
        self.folder = folder
        old = try folder.schema("old.jsonc", #""a": "string", "b": "int?""#)
        wider = try folder.schema(
            "wider.jsonc", #""a": "string", "b": "int?", "c": "bool?""#, #", "indexes": { "i": ["a"] }"#)
        unclear = try folder.schema("unclear.jsonc", #""a": "string", "x": "int?""#)
        address = "sqlite:\(folder("store.db"))"
        try await fill(address)
    }

    private func fill(_ address: String) async throws {
        let store = try await Store.open(address, schema: Schema(parsing: folder.read("old.jsonc")))
        let table = try store.records("t")
        _ = try await table.insert(Record(table.table, ["id": .int(1), "a": .string("long"), "b": .int(2)]))
        try await store.close()
    }

    // MARK: What is shown

    @Test("Each operation is shown with what the driver does for it, what is looked at first and how it is taken back")
    func notes() async throws {
        let plan = await cairn("migrate", "plan", "--from", address, "--to", wider)
        #expect(
            plan.output.contains(
                "  added in place, no record is written; back: drop column 'c' of 't', with what was written to it since\n"
            ), "\(plan.output)")
        #expect(
            plan.output.contains("  built in place, from 1 record; back: drop index 'i' of 't'\n"), "\(plan.output)")
        #expect(
            plan.output.contains(
                "\n1 record is read and none is written, less than a second, in one transaction: others read meanwhile, and nobody writes.\n"
            ), "\(plan.output)")
        let unique = try folder.schema("unique.jsonc", #""a": { "type": "string", "unique": true }, "b": "int""#)
        let checked = await cairn("migrate", "plan", "--from", address, "--to", unique)
        #expect(
            checked.output.contains(
                "  the table is made anew, with 1 record; only if no record has null in 'b' of 't'; back: let 'b' of 't' be null\n"
            ), "\(checked.output)")
        let applied = await cairn("migrate", "apply", address, "--to", wider)
        #expect(applied.code == .done && !applied.output.contains("back:"), "\(applied.output)")
    }

    @Test("Programs get the notes of each operation, and the cost with its time")
    func json() async throws {
        let output = await cairn("migrate", "plan", "--from", address, "--to", wider, "--json").output
        let json = try JSONValue(parsing: output)
        let added = json["operations"]?[0]
        #expect(added?["work"] == "added in place, no record is written" && added?["check_before"] == .null)
        #expect(added?["reverse"] == "drop column 'c' of 't', with what was written to it since")
        #expect(json["cost"]?["records_read"] == 1 && json["cost"]?["records_written"] == 0)
        guard case .double? = json["cost"]?["seconds"] else {
            Issue.record("no seconds in \(output)")
            return
        }
    }

    @Test("Nobody is paid for the files of a folder")
    func folders() async throws {
        let address = "file:\(folder("objects"))"
        try await fill(address)
        let plan = await cairn("migrate", "plan", "--from", address, "--to", wider)
        #expect(
            plan.output.contains("  made whenever a record is read; no record file is written; back: "),
            "\(plan.output)")
        #expect(
            plan.output.contains(" reads and writes of files, less than a second. ") && !plan.output.contains("$"),
            "\(plan.output)")
    }

    @Test("A column that somebody added by hand is told by the plan, too, and no plan is written")
    func unknownColumn() async throws {
        try PlainDatabase.run("ALTER TABLE t ADD COLUMN byhand TEXT", on: folder("store.db"))
        let plan = await cairn(
            "migrate", "plan", "--from", address, "--to", wider, "--out", folder("wider.plan"))
        #expect(plan.code == .found && plan.output.contains("'byhand'"), "\(plan.output)")
        #expect(plan.output.hasSuffix("[migration.unsupported]\nIt is not done.\n"), "\(plan.output)")
        #expect(plan.errors.contains("wider.plan is not written: table 't'"), "\(plan.errors)")
        let json = try JSONValue(
            parsing: await cairn("migrate", "plan", "--from", address, "--to", wider, "--json").output)
        #expect(json["possible"] == false && json["refusal"]?["code"] == "migration.unsupported")
    }

    @Test("What is not clear of several columns is one error")
    func groups() async throws {
        let many = try folder.schema("many.jsonc", #""a": "string", "b": "string", "c": "string""#)
        let few = try folder.schema("few.jsonc", #""x": "string", "y": "string""#)
        let plan = await cairn("migrate", "plan", "--from", many, "--to", few)
        #expect(plan.code == .found && plan.output.components(separatedBy: "[AM101]").count == 2, "\(plan.output)")
        #expect(
            plan.output.contains(
                "columns 'a', 'b', 'c' of 't' are gone and columns 'x', 'y' of 't' are new: was one renamed to another"),
            "\(plan.output)")
    }

    // MARK: What is asked

    @Test("A person says that it is a rename: the plan goes on, and tells what to write")
    func renamed() async throws {
        let plan = await cairn(
            ["migrate", "plan", "--from", address, "--to", unclear, "--out", folder("x.plan")], answers: ["y"])
        #expect(plan.code == .done && plan.output.contains("rename column 'b' of 't' to 'x'"), "\(plan)")
        #expect(
            plan.errors.contains("Was column 'b' of 't' renamed to 'x'?")
                && plan.errors.contains(
                    "write into \(unclear), in the declaration of 'x' of 't': \"renamed_from\": \"b\"\n"),
            "\(plan.errors)")
        let applied = await cairn("migrate", "apply", address, "--plan", folder("x.plan"))
        #expect(applied.code == .done, "\(applied.errors)")
        #expect(await cairn("get", address, "t", "1").output.contains("2"))
    }

    @Test("A person says that it is none: what goes still wants to be allowed")
    func another() async throws {
        let command = ["migrate", "apply", address, "--to", unclear]
        let refused = await cairn(command, answers: ["n"])
        #expect(refused.code == .found && refused.output.contains("'--allow-destructive'"), "\(refused)")
        let done = await cairn(command + ["--allow-destructive"], answers: ["n"])
        #expect(done.code == .done && done.errors.contains("of 't': \"renamed_from\": \"x\"\n"), "\(done)")
        #expect(await cairn("migrate", "status", address, "--to", unclear).code == .done)
    }

    @Test("Where there are several, each is asked about until it is clear")
    func several() async throws {
        let many = try folder.schema("many.jsonc", #""a": "string", "b": "string""#)
        let few = try folder.schema("few.jsonc", #""x": "string", "y": "string""#)
        let plan = await cairn(
            ["migrate", "plan", "--from", many, "--to", few, "--allow-destructive"], answers: ["n", "y", "n"])
        #expect(plan.code == .done, "\(plan)")
        #expect(plan.output.contains("rename column 'b' of 't' to 'x'") && plan.output.contains("drop column 'a'"))
    }

    @Test("What is neither yes nor no decides nothing, and programs are not asked")
    func undecided() async throws {
        for answers in [[""], ["perhaps"], []] {
            let outcome = await cairn(["migrate", "apply", address, "--to", unclear], answers: answers)
            #expect(outcome.code == .found && outcome.output.contains("[AM101]"), "\(outcome)")
        }
        let json = await cairn(["migrate", "plan", "--from", address, "--to", unclear, "--json"], answers: ["y"])
        #expect(json.code == .found && json.errors.isEmpty, "\(json)")
    }
}
