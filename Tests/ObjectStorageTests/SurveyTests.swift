import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Surveys of stores in a folder")
struct SurveyTests {
    private static let old = """
        { "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "string" }, "key": "id" },
          "gone": { "columns": { "id": "int" }, "key": "id" } } }
        """
    private static let new = """
        { "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "string", "b": "int?" }, "key": "id",
          "indexes": { "by_a": ["a"] } } } }
        """

    private let folder: TemporaryFolder
    private let old: Schema
    private let new: Schema
    /// The number of the commit that made the new schema of the old one.
    private let number: Int

    /// Makes a store of the old schema and brings it to the new one.
    init() async throws {
        folder = try TemporaryFolder()
        old = try Schema(parsing: Self.old)
        new = try Schema(parsing: Self.new)
        let store = try await Store.open(ObjectStorage.open(folder.objects("s")), schema: old)
        _ = try await store.session.write([.insert(try store.records("t").table, [.int(1), .string("x")])])
        try await store.close()
        let storage = try await ObjectStorage.open(folder.objects("s"))
        try await storage.apply(.migrate(Migration(from: old, to: new, allowsDestructive: true)))
        try await storage.close()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("s/_migrations"))
        number = try #require(
            names.compactMap { ObjectNames.number(ofMigration: "\(ObjectNames.migrations)\($0)") }.first)
    }

    private func survey() async throws -> SchemaSurvey {
        try await ObjectStorage.surveySchema(folder.objects("s"))
    }

    /// Every file, with its bytes.
    private func files() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path("s")) {
            files[name] = FileManager.default.contents(atPath: folder.path("s/\(name)"))
        }
        return files
    }

    private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: folder.path("s/\(name)")) }

    private func write(_ name: String, _ text: String) throws {
        let url = URL(fileURLWithPath: folder.path("s/\(name)"))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// Checks that one thing is found, that it is told, and that looking has changed nothing.
    private func expect(
        _ class: DriftFinding.Class, _ object: String, _ part: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try files()
        let findings = try await survey().findings
        #expect(findings.map(\.class) == [`class`], "\(findings)", sourceLocation: sourceLocation)
        let finding = try #require(findings.first, sourceLocation: sourceLocation)
        #expect(finding.object.contains(object), "\(finding)", sourceLocation: sourceLocation)
        #expect(part.isEmpty || finding.message.contains(part), "\(finding)", sourceLocation: sourceLocation)
        #expect(!finding.remedy.isEmpty, sourceLocation: sourceLocation)
        #expect(try files() == before, "it was written", sourceLocation: sourceLocation)
    }

    @Test("A store that nobody touched is as its schema says, and is not written")
    func sound() async throws {
        let before = try files()
        let survey = try await survey()
        #expect(survey.findings.isEmpty, "\(survey.findings)")
        #expect(survey.held == new && survey.history.map(\.to) == [new])
        #expect(try files() == before)
    }

    @Test("Without '_store.json', or with one that cannot be read, the marker is missing or corrupt")
    func marker() async throws {
        try write("_store.json", "{")
        try await expect(.markerCorrupt, "_store.json", "damaged")
        try remove("_store.json")
        try await expect(.markerMissing, "_store.json", "no '_store.json'")
    }

    @Test("Without a manifest nothing says which schema is followed")
    func manifest() async throws {
        try remove("_checkpoints")
        try await expect(.markerCorrupt, "_checkpoints/main/m", "no manifest")
    }

    @Test("A schema that neither stands at its place nor in the copy makes the marker corrupt")
    func noSchema() async throws {
        try remove(ObjectNames.schema(new.id))
        try write("_schema.json", Self.old)
        try await expect(.markerCorrupt, "_checkpoints/main/m", ObjectNames.schema(new.id))
    }

    @Test("The copy of the schema is compared with the one that the log follows", arguments: ["", "{", Self.old])
    func copy(_ text: String) async throws {
        if text.isEmpty { try remove("_schema.json") } else { try write("_schema.json", text) }
        try await expect(.changedByHand, "_schema.json")
        // What is said to mend it does.
        try remove("_schema.json", orNot: true)
        try FileManager.default.copyItem(
            atPath: folder.path("s/\(ObjectNames.schema(new.id))"), toPath: folder.path("s/_schema.json"))
        #expect(try await survey().findings.isEmpty)
        // The same in other words is the same.
        try write(
            "_schema.json",
            "\n" + (try #require(try files()["_schema.json"].map { String(decoding: $0, as: UTF8.self) })))
        #expect(try await survey().findings.isEmpty)
    }

    private func remove(_ name: String, orNot: Bool) throws {
        if FileManager.default.fileExists(atPath: folder.path("s/\(name)")) { try remove(name) }
    }

    @Test("What record files of before need is looked at: each schema, and what each migration made")
    func past() async throws {
        for name in [ObjectNames.schema(old.id), ObjectNames.schema(new.id), ObjectNames.migration(number)] {
            let bytes = try #require(FileManager.default.contents(atPath: folder.path("s/\(name)")))
            try remove(name)
            try await expect(.changedByHand, name, "is missing")
            try write(name, "{}")
            try await expect(.changedByHand, name, "is damaged")
            try write(name, String(decoding: bytes, as: UTF8.self))
        }
        #expect(try await survey().findings.isEmpty)
    }

    @Test("A folder of a table that no schema had is told, and that of a dropped table is none")
    func tables() async throws {
        try write("tables/stranger/objects/1.json", "{}")
        try await expect(.changedByHand, "tables/stranger/")
        try remove("tables/stranger")
        try write("tables/gone/objects/1.json", "{}")
        // What a migration has begun that was given up.
        let other = try Schema(parsing: Self.old.replacing("\"d\"", with: "\"other\""))
        try write("tables/begun/objects/1.json", "{\"schema\":\"\(other.id)\"}")
        #expect(try await survey().findings.isEmpty)
    }

    @Test("All is told, and not only the first")
    func several() async throws {
        try remove("_schema.json")
        try write("tables/stranger/objects/1.json", "{}")
        try remove(ObjectNames.migration(number))
        let objects = try await survey().findings.map(\.object)
        #expect(objects == ["_schema.json", ObjectNames.migration(number), "tables/stranger/"])
    }

    @Test("A migration that has closed the store is being applied; closed for other work a store is as its schema says")
    func closed() async throws {
        for (author, isMigration) in [(SchemaMigration.author, true), ("somebody", false)] {
            let storage = try await ObjectStorage.open(folder.objects("s"))
            _ = try await Store.open(storage, schema: new)
            try await storage.beginMaintenance(
                by: author, reason: "the schema 1 becomes 2", until: .now, takingOver: true)
            try await storage.close()
            guard isMigration else {
                #expect(try await survey().findings.isEmpty)
                continue
            }
            try await expect(.beingApplied, "_log/main/", "nothing was heard of its process")
            try write(ObjectNames.lease, "{\"process\":\"1\",\"at\":\"\(Timestamp.now)\"}")
            try await expect(.beingApplied, "_log/main/", "last heard of at 2")
        }
    }

    @Test("What has closed the store is named with its command, which alone goes on with it")
    func command() async throws {
        let storage = try await ObjectStorage.open(folder.objects("s"))
        _ = try await Store.open(storage, schema: new)
        try await storage.beginMaintenance(
            by: SchemaMigration.author, reason: "the schema 1 becomes 2 ('cairn migrate start')", until: .now)
        try await storage.close()
        let remedy = try await survey().findings.first?.remedy
        #expect(remedy?.contains("run 'cairn migrate start' again") == true, "\(remedy ?? "")")
        #expect(remedy?.contains("half an hour") == true, "\(remedy ?? "")")
        let other = try await ObjectStorage.open(folder.objects("s"))
        let error = await #expect(throws: StorageError.self) {
            try await other.apply(.migrate(Migration(from: new, to: old, allowsDestructive: true)))
        }
        #expect(error?.code == .maintenance, "\(String(describing: error))")
        #expect(error?.message.hasPrefix("'cairn migrate start' is under way") == true, "\(String(describing: error))")
        try await other.close()
    }

    @Test("What is decided and not published is partly applied, and the next program that writes ends it")
    func unpublished() async throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("s/_checkpoints/main")).sorted()
        try remove("_checkpoints/main/\(names[0])")
        try remove(ObjectNames.migration(number))
        try write("_schema.json", Self.old)
        try await expect(.partlyApplied, ObjectNames.record(number), "not published yet")
        let storage = try await ObjectStorage.open(folder.objects("s"))
        try await storage.close()
        #expect(try await survey().findings.isEmpty)
    }

    @Test("Where there is no store, nothing can be looked at")
    func nothing() async throws {
        for (name, part) in [("empty", "no store"), ("strange", "another program")] {
            if name == "strange" {
                try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
                try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path("strange/file")))
            }
            let objects = try folder.objects(name)
            let error = await #expect(throws: StorageError.self) { _ = try await ObjectStorage.surveySchema(objects) }
            #expect(error?.code == .notAStore && error?.message.contains(part) == true, "\(String(describing: error))")
        }
    }
}
