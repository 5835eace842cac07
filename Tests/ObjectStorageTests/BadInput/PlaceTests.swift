import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Places that are no store, or no longer the one they were")
struct PlaceTests {
    private let scene = Scene()

    /// What other programs keep in buckets.
    static let strangers: [(objects: [String: String], code: StorageError.Code)] = [
        (["photos/1.jpg": "…", "readme.txt": "mine"], .notAStore),
        (["tables/users/_metadata.json": "{}", "tables/users/objects/1.json": "{\"id\": \"1\"}"], .damaged),
        (["tables/users/revisions/1/1.json": "{}"], .damaged),
        (["_log/main/00000000000000000007.json": "{}"], .damaged),
        (["_index/main/1.idx": "…"], .damaged),
        (["_parts/main/x/0.json": "{}"], .damaged),
        (["blobs/00": "…"], .notAStore),
    ]

    @Test(
        "The objects of another program are not taken for an empty place, and nothing is written", arguments: strangers)
    func foreign(objects: [String: String], code: StorageError.Code) async throws {
        for (name, text) in objects { try await scene.write(name, text) }
        let error = try await expectRemedy(code, "\(objects.keys)") { _ = try await scene.open() }
        #expect(objects.keys.contains { error.message.contains($0) }, "\(error)")
        #expect(try await Set(scene.objects.keys()) == Set(objects.keys))
    }

    @Test("What is left of a store without its first object is damaged, whatever is left")
    func headless() async throws {
        try await scene.fill()
        try await scene.objects.delete("_store.json")
        let error = try await expectRemedy(.damaged) { _ = try await scene.open() }
        #expect(error.remedy?.contains("rebuild") == true, "\(error)")
        try await scene.removeAll("_log")
        try await expectRemedy(.damaged) { _ = try await scene.open() }
        try await scene.removeAll("_checkpoints")
        try await expectRemedy(.damaged) { _ = try await scene.open() }
    }

    @Test(
        "Whoever wants a store that exists, or only to read, makes none",
        arguments: [
            ObjectStorageOptions.Mode.existing, .readOnly,
        ])
    func existing(mode: ObjectStorageOptions.Mode) async throws {
        var options = ObjectStorageOptions()
        options.mode = mode
        try await expectRemedy(.notAStore) { _ = try await scene.open(nil, options) }
        #expect(try await scene.objects.keys().isEmpty)
    }

    @Test("A store whose manifests are gone is damaged, and rebuilt from its records")
    func manifests() async throws {
        try await scene.fill()
        try await scene.removeAll("_checkpoints/")
        let error = try await expectRemedy(.damaged) { _ = try await scene.open() }
        #expect(error.message.contains("_checkpoints/") && error.remedy?.contains("rebuild") == true, "\(error)")
    }

    @Test("The manifest of another store is not believed")
    func foreignManifest() async throws {
        let other = Scene()
        try await other.fill()
        try await scene.fill()
        let name = ObjectNames.manifest(1)
        try await scene.objects.put(name, other.objects.bytes(name))
        try await expectRemedy(.damaged) { _ = try await scene.open() }
    }

    // MARK: Under a live process

    @Test("A store that was deleted and made anew ends those who had the old one open")
    func recreated() async throws {
        try await scene.fill()
        let store = try await scene.open()
        #expect(try await store.row(1) == 100)
        try await scene.removeAll()
        try await scene.fill(1)
        scene.clock.advance(.seconds(601))
        try await expectRemedy(.replaced) { _ = try await store.row(1) }
        // For good, and for writers.
        try await expectRemedy(.replaced) { try await store.insertRow(9) }
        try await expectRemedy(.replaced) { _ = try await store.allRows() }
        #expect(try await scene.open().row(1) == nil)
    }

    @Test("The log of another store, met before that, says so at once")
    func recreatedAndAhead() async throws {
        try await scene.fill(1)
        let store = try await scene.open()
        try await scene.removeAll()
        try await scene.fill(5)
        try await expectRemedy(.replaced) { _ = try await store.row(1) }
        try await expectRemedy(.replaced) { try await store.insertRow(9) }
    }

    @Test("A store that was deleted ends those who had it open")
    func deleted() async throws {
        try await scene.fill()
        let store = try await scene.open()
        try await scene.removeAll()
        scene.clock.advance(.seconds(601))
        for call in [{ _ = try await store.row(1) }, { try await store.insertRow(9) }] {
            let error = await #expect(throws: StorageError.self) { try await call() }
            #expect(
                [.replaced, .damaged].contains(error?.code) && error?.remedy != nil, "\(String(describing: error))")
        }
        #expect(try await scene.objects.keys().isEmpty)
    }

    @Test("Who slept for a day reads on in the same store")
    func slept() async throws {
        try await scene.fill()
        let store = try await scene.open()
        scene.clock.advance(.seconds(86_400))
        #expect(try await store.row(1) == 100)
        try await store.insertRow(9, 900)
        #expect(try await scene.open().row(9) == 900)
    }
}
