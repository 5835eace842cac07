import Testing

@testable import CairnCommand

@Suite("Stores that are looked into")
struct StoreAccessTests {
    /// The commands that open a store, each with what follows its address.
    private static let commands = [["get", "animals", "7"], ["explain", "animals"]]

    private static func line(_ command: [String], _ store: String) -> [String] {
        [command[0], store] + command.dropFirst()
    }

    @Test("Looking leaves the database as it was", arguments: commands)
    func leavesNothing(command: [String]) async throws {
        let folder = try TestFolder()
        let store = try await Zoo.make(in: folder)
        let database = try #require(folder.names.first { $0.hasSuffix(".db") })
        let before = try folder.bytes(database)
        #expect(await cairn(Self.line(command, store)).code == .done)
        #expect(try folder.bytes(database) == before)
    }

    @Test("A store that does not exist is not made", arguments: commands)
    func missing(command: [String]) async throws {
        let folder = try TestFolder()
        let outcome = await cairn(Self.line(command, "sqlite:\(folder("no.db"))"))
        #expect(outcome.code == .failed)
        #expect(outcome.errors == "cairn: storage.not_a_store: there is no file \(folder("no.db")); check the path\n")
        #expect(folder.names.isEmpty)
    }

    @Test("The mode in the address wins", arguments: commands)
    func modeOfTheAddress(command: [String]) async throws {
        let folder = try TestFolder()
        let outcome = await cairn(Self.line(command, "sqlite:\(folder("new.db"))?mode=create"))
        #expect(outcome.code == .failed)
        #expect(outcome.errors.contains("holds no tables yet"))
        #expect(folder.names.contains("new.db"))
    }

    @Test(
        "A store that lives in a program's memory is told to hold nothing", arguments: ["memory:", "sqlite::memory:"])
    func memory(address: String) async {
        for command in Self.commands {
            let outcome = await cairn(Self.line(command, address))
            #expect(outcome.code == .failed)
            #expect(outcome.errors.contains("\(address) holds nothing: it lives in the memory of the program"))
        }
    }

    @Test("A file that is no database, an address that is none and an unknown parameter are refused")
    func wrongAddresses() async throws {
        let folder = try TestFolder()
        let text = try folder.write("notes.txt", String(repeating: "not a database\n", count: 100))
        let cases = [
            ("sqlite:\(text)", "storage.not_a_store: \(text) is not a SQLite database"),
            ("sqlite:\(folder.path)", "storage.not_a_store: \(folder.path) is a folder"),
            ("zoo.db", "config.invalid: 'zoo.db' is not the address of a store"),
            ("sqlit:zoo.db", "config.invalid: 'sqlit:' is no kind of store; did you mean 'sqlite'?"),
            ("sqlite:zoo.db?mod=existing", "config.invalid: 'sqlite:' has no parameter 'mod'; did you mean 'mode'?"),
        ]
        for (address, error) in cases {
            for command in Self.commands {
                let outcome = await cairn(Self.line(command, address))
                #expect(outcome.code == .failed)
                #expect(outcome.errors.hasPrefix("cairn: \(error)"))
            }
        }
        #expect(try folder.read("notes.txt").hasPrefix("not a database"))
    }
}
