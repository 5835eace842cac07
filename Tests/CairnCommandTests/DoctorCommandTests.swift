import CairnSchema
import Foundation
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("cairn doctor")
struct DoctorCommandTests {
    /// A zoo in a folder, and the address of it.
    private static func zoo(in folder: TestFolder) async throws -> String {
        let address = "file:\(folder("zoo"))"
        try await Zoo.make(on: Stores.storage(at: address))
        return address
    }

    private static let file = "zoo/tables/animals/objects/7.json"

    private static func edit(_ folder: TestFolder, _ old: String, _ new: String) throws {
        let text = try folder.read(file)
        try #require(text.contains(old))
        try folder.write(file, text.replacingOccurrences(of: old, with: new))
    }

    @Test("A store that nobody touched is sound, and looking leaves it as it was")
    func sound() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        let outcome = await cairn("doctor", address)
        #expect(outcome.code == .done, "\(outcome.errors)")
        #expect(outcome.output.contains("9 files at commit "))
        #expect(outcome.output.contains("Every record file is what was committed"))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == before)
        let json = try JSONValue(parsing: await cairn("doctor", address, "--json").output)
        #expect(json["sound"] == true && json["driver"] == "object" && json["findings"] == [])
        #expect(json["capabilities"]?["writable"] == false && json["server"] == .null)
    }

    @Test("An edit is named, with what can be done about it")
    func edit() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        try Self.edit(folder, "\"weight\": 1.5", "\"weight\": 9.5")
        let outcome = await cairn("doctor", address)
        #expect(outcome.code == .found)
        #expect(outcome.output.hasPrefix("edited by hand: tables/animals/objects/7.json\n  it is not what commit "))
        #expect(outcome.output.contains("  run cairn doctor \(address) --accept-edits to commit it, or --undo-edits"))
        #expect(outcome.output.contains("1 found, 0 repaired, 1 left."))
        let json = try JSONValue(parsing: await cairn("doctor", address, "--json").output)
        #expect(json["sound"] == false)
        guard case .array(let findings)? = json["findings"], let finding = findings.first else {
            Issue.record("no findings")
            return
        }
        #expect(finding["kind"] == "edited_by_hand" && finding["id"] == "7" && finding["repaired"] == false)
    }

    @Test("An edit is accepted, or undone")
    func repair() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        let before = try folder.read(Self.file)
        try Self.edit(folder, "\"weight\": 1.5", "\"weight\": 9.5")
        let undone = await cairn("doctor", address, "--undo-edits")
        #expect(undone.code == .done, "\(undone.output)\(undone.errors)")
        #expect(undone.output.contains("edited by hand, repaired: "))
        #expect(try folder.read(Self.file) == before)
        try Self.edit(folder, "\"weight\": 1.5", "\"weight\": 9.5")
        let accepted = await cairn("doctor", address, "--accept-edits", "--json")
        #expect(accepted.code == .done, "\(accepted.output)\(accepted.errors)")
        #expect(try JSONValue(parsing: accepted.output)["sound"] == true)
        let record = await cairn("get", address, "animals", "7")
        #expect(record.output.contains("weight       9.5") && record.output.contains("_revision    2"))
        #expect(await cairn("doctor", address).code == .done)
    }

    @Test("A store that is too damaged to be opened is a finding, with what a rebuild would have to accept")
    func damagedLog() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        let records = try FileManager.default.contentsOfDirectory(atPath: folder("zoo/_log/main")).sorted()
        let file = "zoo/_log/main/\(records[records.count - 2])"
        try folder.write(file, String(try folder.read(file).dropLast(40)))
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        let outcome = await cairn("doctor", address)
        #expect(outcome.code == .found && outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("damaged store: \(address)\n"), "\(outcome.output)")
        #expect(outcome.output.contains("run cairn rebuild \(address) --accept unreadable_log"), "\(outcome.output)")
        #expect(outcome.output.contains("unreadable log: _log/main/"), "\(outcome.output)")
        #expect(outcome.output.contains("animals  2 records  0 deleted"), "\(outcome.output)")
        let json = try JSONValue(parsing: await cairn("doctor", address, "--json").output)
        #expect(json["sound"] == false && json["commit"] == .null && json["not_repaired"] == [])
        guard case .array(let findings)? = json["findings"] else {
            Issue.record("no findings")
            return
        }
        #expect(findings.first?["kind"] == "damaged_store" && findings.dropFirst().first?["kind"] == "unreadable_log")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == before)
        #expect(await cairn("doctor", address, "--undo-edits").code == .found)
        #expect(await cairn("rebuild", address, "--no-wait", "--accept", "unreadable_log").code == .done)
        #expect(await cairn("doctor", address).code == .done)
    }

    @Test("A store that is closed for writing is said to be, and is sound")
    func closed() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        #expect(try JSONValue(parsing: await cairn("doctor", address, "--json").output)["closed"] == .null)
        #expect(await cairn("maintain", address, "--close", "the disk is moved").code == .done)
        let outcome = await cairn("doctor", address)
        #expect(outcome.code == .done, "\(outcome.output)")
        #expect(outcome.output.contains(/Closed for writing by .* since .*: the disk is moved/))
        let closed = try JSONValue(parsing: await cairn("doctor", address, "--json").output)["closed"]
        #expect(closed?["why"] == "the disk is moved" && closed?["since"] != .null && closed?["by"] != nil)
    }

    @Test("What cannot be repaired is told with the reason")
    func refused() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        try Self.edit(folder, "\"kind\": \"bird\"", "\"kind\": \"dog\"")
        let outcome = await cairn("doctor", address, "--accept-edits")
        #expect(outcome.code == .found)
        #expect(outcome.output.contains("damaged file: ") && outcome.output.contains("'dog'"))
    }

    @Test("Of a SQLite store every record is read")
    func sqlite() async throws {
        let folder = try TestFolder()
        let store = try await Zoo.make(in: folder)
        let outcome = await cairn("doctor", store)
        #expect(outcome.code == .done && outcome.output.contains("animals  2 records  readable"))
        let words = outcome.output.split(separator: " ").joined(separator: " ")
        #expect(words.contains("\nstore\n driver sqlite\n") && words.contains("\n native queries yes\n"), "\(words)")
        let json = try JSONValue(parsing: await cairn("doctor", store, "--json").output)
        #expect(json["driver"] == "sqlite" && json["sound"] == true)
        #expect(json["capabilities"]?["isolation"] == "serializable" && json["server"] == .null)
        let repair = await cairn("doctor", store, "--accept-edits")
        #expect(repair.code == .failed && repair.errors.contains("has no record files"))
    }

    @Test("Lines that make no sense are refused")
    func usage() async throws {
        #expect(await cairn("doctor", "file:x", "--accept-edits", "--undo-edits").errors.contains("the opposite"))
        #expect(await cairn("doctor", "memory:").errors.contains("memory: holds nothing"))
        let folder = try TestFolder()
        #expect(await cairn("doctor", "file:\(folder("none"))").code == .failed)
    }
}
