import Cairn
import CairnSchema
import Foundation
import Testing

@testable import CairnCommand

@Suite("cairn init")
struct InitCommandTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    @Test("An empty folder becomes a package, and the next command is told")
    func makes() async throws {
        let outcome = await cairn("init", folder("my-library"))
        #expect(outcome.code == .done, "\(outcome.errors)")
        let paths = [
            "Package.swift", "Schemas/my_library.jsonc", "Sources/MyLibrary/main.swift", "Sources/MyLibrary/Schemas",
            "cairn.json", ".gitignore",
        ]
        for path in paths {
            #expect(outcome.output.contains("wrote  \(folder("my-library/\(path)"))\n"))
            #expect(FileManager.default.fileExists(atPath: folder("my-library/\(path)")), "\(path)")
        }
        #expect(outcome.output.hasSuffix("\nnext:  cd \(folder("my-library")) && swift run\n"))
        let link = try FileManager.default.destinationOfSymbolicLink(
            atPath: folder("my-library/Sources/MyLibrary/Schemas"))
        #expect(link == "../../Schemas")
    }

    @Test("The schema it writes has no errors and no warnings, and a reference, an index and an enum")
    func schema() async throws {
        _ = await cairn("init", folder("library"))
        let path = folder("library/Schemas/library.jsonc")
        let check = await cairn("check", path, "--json")
        #expect(check.code == .done)
        #expect(check.output == "[]\n")
        let schema = try Schema(parsing: folder.read("library/Schemas/library.jsonc"))
        #expect(schema.database == "library")
        let columns = schema.tables.flatMap(\.columns)
        #expect(columns.contains { $0.referencedTable != nil })
        #expect(columns.contains { if case .enumeration = $0.type { true } else { false } })
        #expect(schema.tables.contains { $0.indexes.contains { $0.origin == .declared } })
    }

    @Test("Its schema and its program tell what can be run in the package, and an error ends it in a line")
    func program() async throws {
        _ = await cairn("init", folder("library"))
        let schema = try folder.read("library/Schemas/library.jsonc")
        #expect(schema.contains("`swift run cairn check Schemas/library.jsonc`"))
        #expect(!schema.contains("`cairn "), "the command is not installed where the package is")
        let program = try folder.read("library/Sources/Library/main.swift")
        #expect(program.contains("} catch let error as StorageError {"))
        #expect(program.contains("exit(1)"))
    }

    @Test("Its environments are addresses, the one for production in a bucket")
    func environments() async throws {
        _ = await cairn("init", folder("my-library"))
        let file = folder("my-library/cairn.json")
        let configuration = try Configuration(file: file, variables: ["S3_BUCKET": "photos"])
        let expected = [
            "development": "sqlite:my_library.db", "test": "memory:",
            "production": "s3://photos/my_library/?region=us-east-1",
        ]
        for (environment, address) in expected {
            let url = try configuration.url(environment: environment)
            #expect(url == address)
            _ = try StoreURL(url)
        }
    }

    @Test("For programs the result is one object")
    func json() async throws {
        let report = try JSONValue(parsing: await cairn("init", folder("x"), "--name", "shop", "--json").output)
        #expect(report["name"] == "shop")
        #expect(report["written"]?[0] == .string(folder("x/Package.swift")))
        #expect(report["next"] == .string("cd \(folder("x")) && swift run"))
    }

    // MARK: Where Cairn comes from

    @Test("Without --cairn the package depends on the checkout the command was built from")
    func checkout() async throws {
        #expect(
            FileManager.default.fileExists(atPath: CairnSource.checkout + "/Sources/Tools/CairnCommand/Version.swift"))
        _ = await cairn("init", folder("library"))
        let manifest = try folder.read("library/Package.swift")
        #expect(manifest.contains(".package(name: \"cairn\", path: \"\(CairnSource.checkout)\")"))
        #expect(manifest.contains(".plugin(name: \"CairnPlugin\", package: \"cairn\")"))
    }

    @Test("With --cairn it is a folder, and the JSON Schema of that Cairn comes along")
    func otherFolder() async throws {
        try folder.write("other \"cairn\"/Package.swift", "")
        try folder.write("other \"cairn\"/Schemas/cairn.schema.json", "{}")
        let outcome = await cairn("init", folder("library"), "--cairn", folder("other \"cairn\""))
        #expect(outcome.code == .done, "\(outcome.errors)")
        let manifest = try folder.read("library/Package.swift")
        #expect(manifest.contains(#"path: "\#(folder.path)/other \"cairn\"")"#))
        #expect(manifest.contains(#"exclude: ["Schemas/cairn.schema.json"],"#))
        #expect(try folder.read("library/Schemas/cairn.schema.json") == "{}")
        #expect(try folder.read("library/Schemas/library.jsonc").contains(#""$schema": "./cairn.schema.json""#))
    }

    @Test("Without a JSON Schema in that Cairn nothing mentions one")
    func noJSONSchema() async throws {
        try folder.write("other/Package.swift", "")
        _ = await cairn("init", folder("library"), "--cairn", folder("other"))
        #expect(!(try folder.read("library/Package.swift").contains("exclude")))
        #expect(!(try folder.read("library/Schemas/library.jsonc").contains("$schema")))
    }

    @Test(
        "With --cairn it is a repository, called as SwiftPM calls it",
        arguments: [
            ("https://example.org/tools/cairn.git", "cairn"), ("ssh://git@example.org/Cairn", "Cairn"),
            ("git@example.org:cairn-fork.git", "cairn-fork"),
        ])
    func repository(url: String, package: String) async throws {
        _ = await cairn("init", folder("library"), "--cairn", url)
        let manifest = try folder.read("library/Package.swift")
        #expect(manifest.contains(".package(url: \"\(url)\", from: \"\(Version.current)\")"))
        #expect(manifest.contains(".product(name: \"Cairn\", package: \"\(package)\")"))
        #expect(manifest.contains(".plugin(name: \"CairnPlugin\", package: \"\(package)\")"))
    }

    // MARK: Refusals

    @Test("A folder that is not empty is refused and left alone; .git may be there")
    func notEmpty() async throws {
        try folder.write("used/.git/config", "")
        try folder.write("used/notes.txt", "")
        try folder.write("used/todo.txt", "")
        let outcome = await cairn("init", folder("used"))
        #expect(outcome.code == .failed)
        #expect(
            outcome.errors
                == "cairn: the folder \(folder("used")) is not empty: it holds notes.txt and 1 more; name another folder, which is made if there is none, or empty this one\n"
        )
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("used")).count == 3)
        try folder.write("cloned/.git/config", "")
        #expect(await cairn("init", folder("cloned")).code == .done)
    }

    @Test("A file where the folder should be is refused")
    func file() async throws {
        try folder.write("shop", "text")
        let outcome = await cairn("init", folder("shop"))
        #expect(outcome.code == .failed)
        #expect(outcome.errors == "cairn: \(folder("shop")) is a file, not a folder; name another folder\n")
    }

    @Test(
        "A name that cannot name a database or a module is refused with one that can, or the reason",
        arguments: [
            (
                "MyShop",
                "the name 'MyShop' is not lower snake case (a-z, 0-9, single '_', at most 63 bytes); write --name my_shop"
            ),
            (
                "1",
                "the name '1' is not lower snake case (a-z, 0-9, single '_', at most 63 bytes); give another with --name"
            ),
            (
                "",
                "the name '' is not lower snake case (a-z, 0-9, single '_', at most 63 bytes); give another with --name"
            ),
            ("cairn", "the name 'cairn' cannot be used: 'Cairn' exists; give another with --name"),
            ("process_info", "the name 'process_info' cannot be used: 'ProcessInfo' exists; give another with --name"),
            (
                "string",
                "the name 'string' cannot be used: database 'string' makes the Swift type 'String', which hides one of that name; give another with --name"
            ),
            (
                "book",
                "the name 'book' cannot be used: table 'books' makes the Swift type 'Book', as the database does; give another with --name"
            ),
            (
                "class",
                "the name 'class' cannot be used: the database name 'class' is a reserved word of Swift; give another with --name"
            ),
        ])
    func badNames(name: String, error: String) async {
        let outcome = await cairn("init", folder("new"), "--name", name)
        #expect(outcome.code == .failed)
        #expect(outcome.errors == "cairn: \(error)\n")
        #expect(folder.names.isEmpty)
    }

    @Test("A folder whose name makes none asks for --name")
    func badFolderName() async {
        let outcome = await cairn("init", folder("12"))
        #expect(outcome.code == .failed)
        #expect(outcome.errors == "cairn: the folder '12' makes no name for a database; give one with --name\n")
    }

    @Test("A checkout that is gone and a folder that holds no package are told apart")
    func noCairn() async throws {
        let outcome = await cairn("init", folder("new"), "--cairn", folder("nowhere"))
        #expect(outcome.code == .failed)
        #expect(outcome.errors.hasPrefix("cairn: \(folder("nowhere")) holds no Swift package; say where Cairn is: "))
        let error = #expect(throws: CommandError.self) {
            try CairnSource(nil, checkout: folder("gone"), from: "/")
        }
        #expect(error?.message == "the folder this command was built in, \(folder("gone")), holds Cairn no more")
        #expect(folder.names.isEmpty)
    }

    @Test("When something cannot be made, nothing stays of what was")
    func halfMade() throws {
        let items: [ProjectTemplate.Item] = [
            .file(path: "Sources/a", text: "text"), .link(path: "link", target: "Sources"),
            .file(path: "Sources/a/b", text: "a is no folder"),
        ]
        #expect(throws: CommandError.self) { try InitCommand.make(items, in: folder("new/package")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    // MARK: The result

    @Test(
        "The package builds and runs, twice, and its store can be looked into",
        .enabled(if: runsSlowTests("the package that 'cairn init' makes is not built and run")))
    func builds() async throws {
        #expect(try bash("mkdir 'my shop' && cd 'my shop' && \"$CAIRN\" init", in: folder.path).code == 0)
        let package = folder("my shop")
        for _ in 1...2 {
            let outcome = try bash("env -u CAIRN_ENV -u CAIRN_URL swift run", in: package)
            #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
            #expect(!outcome.errors.contains("warning:") && !outcome.output.contains("warning:"), "\(outcome.errors)")
            #expect(outcome.output.hasSuffix("387 pages: The Dispossessed\n304 pages: The Left Hand of Darkness\n"))
        }
        let record = await cairn("get", "sqlite:\(package)/my_shop.db", "books", "9780547773742")
        #expect(record.output.contains("\ntitle        A Wizard of Earthsea\n"))
        let test = try bash("env -u CAIRN_URL CAIRN_ENV=test swift run", in: package)
        #expect(test.code == 0, "\(test.errors)")
        let check = try bash("swift run cairn check Schemas/my_shop.jsonc", in: package)
        #expect(check.code == 0, "\(check.errors)")
        let failed = try bash("CAIRN_URL=sqlite:/nowhere/x.db .build/debug/MyShop", in: package)
        #expect(failed.code == 1)
        #expect(
            failed.errors.hasPrefix("storage.") && failed.errors.split(separator: "\n").count == 1, "\(failed.errors)")
    }
}
