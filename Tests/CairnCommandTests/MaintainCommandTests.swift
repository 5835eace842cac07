import CairnSchema
import Foundation
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("cairn maintain and cairn rebuild")
struct MaintainCommandTests {
    private static func zoo(in folder: TestFolder) async throws -> String {
        let address = "file:\(folder("zoo"))"
        try await Zoo.make(on: Stores.storage(at: address))
        return address
    }

    private static func remove(_ folder: TestFolder, _ names: String...) throws {
        for name in names { try FileManager.default.removeItem(atPath: folder("zoo/\(name)")) }
    }

    // MARK: Maintenance

    @Test("What is removed is told, and what nobody knows is left alone")
    func collect() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        try folder.write("zoo/notes.txt", "milk")
        let outcome = await cairn("maintain", address)
        #expect(outcome.code == .done, "\(outcome.errors)")
        #expect(outcome.output == "removed  nothing\nunknown  notes.txt, left alone\n")
        let json = try JSONValue(parsing: await cairn("maintain", address, "--json").output)
        #expect(json["failures"] == 0 && json["unknown"] == ["notes.txt"] && json["removed"]?["log_records"] == 0)
        let sqlite = await cairn("maintain", try await Zoo.make(in: folder))
        #expect(sqlite.code == .done && sqlite.output == "removed  nothing\n")
    }

    @Test("A store is closed with a reason, and nobody writes then")
    func close() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        let outcome = await cairn("maintain", address, "--close", "the disk is moved", "--hours", "2")
        #expect(outcome.code == .done && outcome.output.hasPrefix("closed for writing by "), "\(outcome.errors)")
        let again = await cairn("maintain", address, "--close", "me too")
        #expect(again.code == .failed)
        #expect(again.errors.contains("storage.maintenance") && again.errors.contains("the disk is moved"))
        #expect(await cairn("get", address, "animals", "7").code == .done)
    }

    @Test("In a window one program closes the store, removes what may go, and opens it again")
    func window() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        let outcome = await cairn("maintain", address, "--window")
        #expect(outcome.code == .done && outcome.output == "removed  nothing\n", "\(outcome.errors)")
        #expect(outcome.errors.hasPrefix("cairn: closes the store for writing"))
        let json = try JSONValue(parsing: await cairn("maintain", address, "--window", "--json").output)
        #expect(json["failures"] == 0 && json["removed"]?["manifests"] == 0 && json["not_collected"] == .null)
        #expect(await cairn("maintain", address, "--close", "the disk is moved").code == .done)
        let closed = await cairn("maintain", address, "--window")
        #expect(closed.code == .failed && closed.errors.contains("the disk is moved"))
    }

    @Test("A store that is open is open")
    func open() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        let outcome = await cairn("maintain", address, "--open")
        #expect(outcome.code == .done && outcome.output == "open for writing\n" && outcome.errors.isEmpty)
        #expect(await cairn("maintain", address, "--open", "--json").output.contains("\"closed\": false"))
    }

    @Test("Lines that make no sense are refused")
    func usage() async throws {
        let folder = try TestFolder()
        let sqlite = try await Zoo.make(in: folder)
        for (line, error) in [
            (["--open", "--purge", "3"], "'--open' and '--purge' are work for two runs"),
            (["--hours", "3"], "'--hours 3' needs '--close'"), (["--purge", "0"], "'--purge 0' is none"),
            (["--close", "x", "--hours", "two"], "'--hours two' is none"),
            (["--window", "--purge", "3"], "'--window' and '--purge' are work for two runs"),
            (["--open"], "a sqlite store has no maintenance windows"),
            (["--window"], "a sqlite store has no maintenance windows"),
        ] {
            let outcome = await cairn(["maintain", sqlite] + line)
            #expect(outcome.code == .failed && outcome.errors.contains(error), "\(outcome.errors)")
        }
    }

    // MARK: Rebuilding

    @Test("A store that lost everything but its records is there again")
    func rebuild() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        let before = await cairn("get", address, "animals", "7").output
        #expect(await cairn("rebuild", address).errors.contains("nothing is missing in the store"))
        try Self.remove(folder, "_store.json", "_log", "_checkpoints")
        #expect(await cairn("get", address, "animals", "7").errors.contains("run cairn rebuild"))
        let outcome = await cairn("rebuild", address)
        #expect(outcome.code == .done, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("animals  2 records  0 deleted"))
        #expect(outcome.output.contains("Rebuilt. Commits go on behind number 10000"))
        #expect(await cairn("get", address, "animals", "7").output == before)
        #expect(await cairn("doctor", address).code == .done)
        let forced = try JSONValue(parsing: await cairn("rebuild", address, "--force", "--no-wait", "--json").output)
        #expect(forced["rebuilt"] == true && forced["problems"] == [])
    }

    @Test("A store whose newest commits are lost is rebuilt with what their files have")
    func lostEnd() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        let records = try FileManager.default.contentsOfDirectory(atPath: folder("zoo/_log/main")).sorted()
        let newest = try #require(records.last)
        try Self.remove(folder, "_log/main/\(newest)")
        let doctor = await cairn("doctor", address, "--accept-edits")
        #expect(doctor.code == .found, "\(doctor.errors)")
        #expect(doctor.output.contains("lost commit: _log/main/\(newest)\n"), "\(doctor.output)")
        #expect(doctor.output.contains("run cairn rebuild \(address) --force"), "\(doctor.output)")
        #expect(doctor.output.contains("not repaired: nothing was committed"), "\(doctor.output)")
        let rebuilt = await cairn("rebuild", address, "--force", "--no-wait")
        #expect(rebuilt.code == .done && rebuilt.output.contains(/photos +1 records/), "\(rebuilt.output)")
        #expect(await cairn("doctor", address).code == .done)
    }

    @Test("Problems are all named, and nothing is changed before they are accepted")
    func problems() async throws {
        let folder = try TestFolder()
        let address = try await Self.zoo(in: folder)
        try Self.remove(folder, "_store.json", "_log", "_checkpoints")
        try folder.write("zoo/tables/animals/objects/7.json", "no JSON")
        try folder.write("zoo/tables/zones/objects/x.json", "{}")
        let refused = await cairn("rebuild", address)
        #expect(refused.code == .found)
        #expect(refused.output.contains("unreadable_file: tables/animals/objects/7.json\n"))
        #expect(refused.output.contains("unreadable_file: tables/zones/objects/x.json\n"))
        #expect(refused.output.contains("cairn rebuild \(address) --accept unreadable_file"))
        #expect(!FileManager.default.fileExists(atPath: folder("zoo/_store.json")))
        let accepted = await cairn("rebuild", address, "--accept", "unreadable_file")
        #expect(accepted.code == .done && accepted.output.contains("animals  1 records"))
        #expect(await cairn("rebuild", address, "--accept", "everything").errors.contains("it is one of "))
        #expect(await cairn("rebuild", "sqlite:x.db").errors.contains("keeps no objects"))
    }
}
