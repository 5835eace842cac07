import Cairn
import Foundation
import Testing

@Suite("Stores in folders, opened by their address")
struct OpenFolderTests {
    private let folder: URL
    private let schema: Schema

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "cairn-folder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        schema = try Schema(
            parsing: """
                { "database": "notes", "tables": { "notes": { "columns": { "id": "int", "text": "string" }, "key": "id" } } }
                """)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    private func insert(_ id: Int, into store: Store) async throws {
        let notes = try store.records("notes")
        try await notes.insert(Record(notes.table, ["id": .int(id), "text": .string("note \(id)")]))
    }

    /// The error that opening an address ends with.
    private func failure(_ body: () async throws -> Void) async throws -> StorageError {
        try #require(await #expect(throws: StorageError.self) { try await body() })
    }

    @Test("The folder is made, and has one readable file for each record")
    func files() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try await Store.open("file:\(path("deep/atlas/"))?durability=materialised", schema: schema)
        try await insert(7, into: store)
        #expect(exists("deep/atlas/_store.json"))
        let record = try String(contentsOfFile: path("deep/atlas/tables/notes/objects/7.json"), encoding: .utf8)
        #expect(record.contains("note 7"))
        try await store.close()
    }

    @Test("Looking at what is not there makes nothing")
    func missing() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for mode in ["existing", "read_only"] {
            let error = try await failure {
                _ = try await Stores.storage(at: "file:\(path("nowhere/"))?mode=\(mode)")
            }
            #expect(error.code == .notAStore && error.message.contains("there is no folder \(path("nowhere/"))"))
        }
        let existing = try await failure { _ = try await Store.open(existing: "file:\(path("nowhere/"))") }
        #expect(existing.code == .notAStore)
        #expect(!exists("nowhere"))
        let empty = try await failure { _ = try await Stores.storage(at: "file:\(path(""))?mode=existing") }
        #expect(empty.code == .notAStore)
    }

    @Test("A store opened for reading is read and not written")
    func readOnly() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = "file:\(path("atlas"))"
        let store = try await Store.open(url, schema: schema)
        try await insert(1, into: store)
        try await store.close()
        let reading = try await Store.open("\(url)?mode=read_only&freshness=cached", schema: schema)
        #expect(try await reading.records("notes").count() == 1)
        let error = try await failure { try await insert(2, into: reading) }
        #expect(error.code == .readOnly)
        try await reading.close()
    }

    @Test("A new store inside of another is refused by the name of the outer one; one that is there is opened")
    func nested() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        // The inner one is moved into the outer one: it cannot be made there.
        try await Store.open("file:\(path("inner"))", schema: schema).close()
        try await Store.open("file:\(path("a"))", schema: schema).close()
        try FileManager.default.createDirectory(atPath: path("a/b"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: path("inner"), toPath: path("a/b/inner"))
        try await Store.open("file:\(path("a/b/inner"))", schema: schema).close()
        let real = URL(filePath: path("a")).resolvingSymlinksInPath().path(percentEncoded: false)
        for inner in ["a/other", "a/b/c/d/", "a/b/inner/new"] {
            let error = try await failure { _ = try await Stores.storage(at: "file:\(path(inner))") }
            #expect(error.code == .configuration)
            let outer = inner.hasPrefix("a/b/inner/") ? "\(real)/b/inner" : real
            #expect(error.message == "file:\(path(inner)) is inside of the store file:\(outer)")
            #expect(!exists(inner))
        }
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("a/b"))
        let linked = try await failure { _ = try await Stores.storage(at: "file:\(path("link/new"))") }
        #expect(linked.code == .configuration)
    }

    @Test("A place that is no folder is refused")
    func noFolder() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("text".utf8).write(to: folder.appending(path: "file"))
        let error = try await failure { _ = try await Stores.storage(at: "file:\(path("file"))") }
        #expect(error.code == .notAStore)
    }
}
