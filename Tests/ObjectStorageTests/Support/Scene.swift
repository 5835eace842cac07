import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

/// A place for a store in memory, with a time that the test moves.
struct Scene {
    let clock: MovedClock
    let objects: MemoryObjectStore

    init() {
        let clock = MovedClock()
        var options = MemoryObjectStore.Options()
        options.clock = { clock.date }
        self.clock = clock
        objects = MemoryObjectStore(options)
    }

    /// Opens the store as a process would.
    func open(
        _ objects: (any ObjectStore)? = nil, schema: String = Rows.schema, wrong: Duration = .zero,
        _ options: ObjectStorageOptions = ObjectStorageOptions()
    ) async throws -> Store {
        try await Rows.open(objects ?? self.objects, schema: schema, clock.machine(wrong: wrong), options)
    }

    /// Makes rows 0, 1, … whose value is a hundred times their id, one commit for each.
    /// - Parameter isSettled: Whether their files are written and a manifest covers them, so that nothing is read from the log.
    func fill(_ count: Int = 3, isSettled: Bool = false) async throws {
        let storage = try await ObjectStorage.open(objects, surroundings: clock.machine())
        let store = try await Store.open(storage, schema: Schema(parsing: Rows.schema))
        for id in 0..<count { try await store.insertRow(id, id * 100) }
        try await storage.flush()
        if isSettled { try await store.maintain() }
        try await store.close()
    }

    func text(_ name: String) async throws -> String {
        String(decoding: try await objects.bytes(name), as: UTF8.self)
    }

    func write(_ name: String, _ text: String) async throws { try await objects.put(name, Array(text.utf8)) }

    /// Replaces a part of an object.
    func edit(_ name: String, _ old: String, _ new: String) async throws {
        let text = try await text(name)
        try #require(text.contains(old), "'\(old)' is not in \(text)")
        try await write(name, text.replacing(old, with: new))
    }

    func removeAll(_ prefix: String = "") async throws {
        _ = try await objects.delete(contentsOf: objects.keys(prefix: prefix))
    }
}
