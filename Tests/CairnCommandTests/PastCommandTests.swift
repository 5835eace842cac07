import Cairn
import CairnSchema
import Testing

@testable import CairnCommand

@Suite("Moments that are over, in the command")
struct PastCommandTests {
    private let folder: TestFolder
    private var address: String { "file:\(folder("zoo"))" }

    init() throws { folder = try TestFolder() }

    /// A zoo in a folder, which was pinned before the zone 'plain' was removed.
    /// - Returns: The number of the commit that was pinned.
    private func pinned() async throws -> Int {
        try await Zoo.make(on: Stores.storage(at: address))
        let pin = try JSONValue(parsing: await cairn("pin", address, "june", "--json").output)
        guard pin["name"] == "june", case .int(let commit)? = pin["commit"] else { throw Zoo.FixtureError() }
        let store = try await Store.open(existing: address)
        try await store.records("zones").delete(Key(.string("plain")))
        try await store.close()
        return commit
    }

    @Test("A query and a record are read as a pin keeps them, and as a commit left them")
    func reading() async throws {
        let commit = String(try await pinned())
        for option in [["--pinned", "june"], ["--as-of", commit]] {
            let query = await cairn(["query", address, "zones where name = \"plain\"", "--csv"] + option)
            #expect(query.code == .done && query.output == "name,size\r\nplain,1\r\n", "\(query.errors)")
            let groups = await cairn(["query", address, "zones select count()", "--json"] + option)
            #expect(groups.output == #"{"count()":4}"# + "\n", "\(groups.errors)")
            let get = await cairn(["get", address, "zones", "plain"] + option)
            #expect(get.code == .done && get.output.contains("name         plain"), "\(get.errors)")
        }
        #expect(await cairn("query", address, "zones where name = \"plain\"", "--csv").output == "name,size\r\n")
        #expect(await cairn("get", address, "zones", "plain").code == .found)
        #expect(await cairn("get", address, "zones", "plain", "--as-of", "0").code == .found)
    }

    @Test("Pins are listed with their commits and the newest commit, for people and for programs")
    func listing() async throws {
        let commit = try await pinned()
        let people = await cairn("pins", address)
        #expect(people.code == .done && people.errors.isEmpty)
        #expect(people.output.hasPrefix("june  commit \(commit)  20"), "\(people.output)")
        #expect(people.output.hasSuffix("Z\nThe newest commit is \(commit + 1).\n"), "\(people.output)")
        let json = try JSONValue(parsing: await cairn("pins", address, "--json").output)
        #expect(json["newest_commit"] == .int(commit + 1) && json["pins"]?[0]?["name"] == "june")
        #expect(json["pins"]?[0]?["commit"] == .int(commit) && json["pins"]?[0]?["created_at"] != nil)
    }

    @Test("A pin is made once, and let go of once")
    func unpinning() async throws {
        let commit = try await pinned()
        let twice = await cairn("pin", address, "june")
        #expect(twice.code == .failed && twice.errors.contains("storage.duplicate"))
        let other = await cairn("pin", address, "july")
        #expect(other.code == .done && other.output == "pinned july at commit \(commit + 1)\n", "\(other.errors)")
        #expect(await cairn("unpin", address, "july").output == "let go of july\n")
        let json = try JSONValue(parsing: await cairn("unpin", address, "june", "--json").output)
        #expect(json == ["unpinned": "june"])
        #expect(await cairn("pins", address).output.hasPrefix("It has no pins.\n"))
        for line in [
            ["unpin", address, "june"], ["get", address, "zones", "plain", "--pinned", "june"],
            ["query", address, "zones", "--pinned", "june"],
        ] {
            let gone = await cairn(line)
            #expect(gone.code == .failed && gone.output.isEmpty)
            #expect(gone.errors.contains("there is no pin 'june'") && gone.errors.contains("'cairn pins'"))
        }
    }

    @Test("A moment that cannot be is refused, and so are two at once")
    func usage() async throws {
        let newest = try await pinned() + 1
        for (options, error) in [
            (["--as-of", "june"], "'--as-of june' is no number of a commit"),
            (["--as-of", "-1"], "'--as-of -1' is no number of a commit"),
            (["--as-of", "1", "--pinned", "june"], "'--as-of' and '--pinned' name two moments"),
            (["--as-of", "\(newest + 1)"], "the newest is \(newest)"), (["--pinned", "a/b"], "storage.invalid"),
        ] {
            for line in [["query", address, "zones"], ["get", address, "zones", "plain"]] {
                let outcome = await cairn(line + options)
                #expect(outcome.code == .failed && outcome.errors.contains(error), "\(outcome.errors)")
            }
        }
    }

    @Test("A store in a file of SQLite keeps the present only, and says so")
    func unsupported() async throws {
        let sqlite = try await Zoo.make(in: folder)
        for line in [
            ["pin", sqlite, "june"], ["unpin", sqlite, "june"], ["pins", sqlite],
            ["query", sqlite, "zones", "--as-of", "1"], ["get", sqlite, "zones", "plain", "--pinned", "june"],
        ] {
            let outcome = await cairn(line)
            #expect(outcome.code == .failed && outcome.output.isEmpty)
            #expect(outcome.errors.hasPrefix("cairn: storage.unsupported: the driver 'sqlite' keeps no moments"))
        }
    }
}
