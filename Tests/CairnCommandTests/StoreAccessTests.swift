import Foundation
import S3Client
import ScriptedHTTP
import Testing

@testable import Cairn
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

    @Test("A folder is looked into as it is", arguments: commands)
    func folders(command: [String]) async throws {
        let folder = try TestFolder()
        let store = "file:\(folder("zoo"))/"
        try await Zoo.make(on: Stores.storage(at: store))
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        #expect(before.contains("zoo/tables/animals/objects/7.json"))
        let outcome = await cairn(Self.line(command, store))
        #expect(outcome.code == .done, "\(outcome.errors)")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == before)

        let missing = await cairn(Self.line(command, "file:\(folder("none"))"))
        #expect(missing.code == .failed)
        #expect(missing.errors.hasPrefix("cairn: storage.not_a_store: there is no folder \(folder("none")); "))
        #expect(folder.names == ["zoo"])
    }

    @Test(
        "A bucket is only read, as the environment says, and each request is told when the address asks for it",
        arguments: commands)
    func buckets(command: [String]) async throws {
        let folder = try TestFolder()
        let bucket = try ScriptedBucket()
        let address = "s3://\(ScriptedBucket.name)/zoo?endpoint=\(bucket.endpoint)"
        let credentials = CredentialsSource.explicit(Credentials(accessKey: "key", secretKey: "hush"))
        try await Zoo.make(on: BucketOpening(StoreURL(address), .writing, credentials: credentials).storage())
        let before = bucket.calls.count
        let line = (["$CAIRN"] + Self.line(command, "\(address)&verbose=true").map(ShellText.quoted))
            .joined(separator: " ")
        let environment = [
            "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hush", "HOME": folder.path, "AWS_PROFILE": "",
            "STORAGE_ENDPOINT": "", "STORAGE_ACCESS_KEY": "", "STORAGE_SECRET_KEY": "",
        ]
        let outcome = try bash(line, in: folder.path, environment: environment)
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("animals") || outcome.output.contains("bird"))
        let calls = bucket.calls[before...]
        #expect(!calls.isEmpty && calls.allSatisfy { $0.hasPrefix("GET") })
        let told = outcome.errors.split(separator: "\n")
        #expect(told.count == calls.count, "\(outcome.errors)")
        #expect(told[0].contains(/^cairn: get _store.json, \d+ bytes, [0-9.]+ ms, \$0.0000004$/), "\(told[0])")
        #expect(!outcome.errors.contains("hush"))
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
            ("file:\(text)", "storage.not_a_store: "),
            ("file:zoo?durabel=true", "config.invalid: 'file:' has no parameter 'durabel'; did you mean 'durable'?"),
            (
                "s3:photos/zoo",
                "config.invalid: an address of a store on S3 begins with 's3://'; write s3://bucket/prefix"
            ),
            ("s3://key:hush@photos/zoo", "config.invalid: the address has more than the name of a bucket"),
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
