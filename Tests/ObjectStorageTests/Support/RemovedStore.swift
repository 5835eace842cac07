import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// A store, and another one that was at the same place before and of which requests still arrive.
final class RemovedStore: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case memory
        case folder
    }

    let objects: any ObjectStore
    private let folder: TemporaryFolder?
    /// The time of the store and of who uses it, if the test moves it.
    private let clock: MovedClock?
    /// Has the objects of the store that was there before.
    let old = Scene()

    /// - Parameters:
    ///   - commits: Of the store that is there: rows 0, 1, … whose value is a hundred times their id.
    ///   - oldCommits: Of the one before it.
    ///   - clock: Of a store in memory.
    init(
        _ kind: Kind = .memory, commits: Int = 2, oldCommits: Int = 9, clock: MovedClock? = nil
    ) async throws {
        self.clock = clock
        switch kind {
        case .memory:
            folder = nil
            var options = MemoryObjectStore.Options()
            if let clock { options.clock = { clock.date } }
            objects = MemoryObjectStore(options)
        case .folder:
            let folder = try TemporaryFolder()
            self.folder = folder
            objects = try folder.objects("store")
        }
        try await old.fill(oldCommits)
        let store = try await open()
        for id in 0..<commits { try await store.insertRow(id, id * 100) }
        try await store.close()
    }

    func open() async throws -> Store { try await Rows.open(objects, clock?.machine() ?? .machine()) }

    /// Rebuilds the store, also when nothing is missing; waits if there is a clock that can be moved.
    func rebuild(_ objects: (any ObjectStore)? = nil) async throws -> RebuildReport {
        var options = RebuildOptions()
        options.isForced = true
        options.waits = clock != nil
        var machine = Surroundings.machine()
        if let clock {
            machine = clock.machine()
            machine.sleep = { clock.advance($0) }
        }
        return try await ObjectStorage.rebuild(objects ?? self.objects, options, surroundings: machine)
    }

    /// The old store gets manifests up to a version.
    func makeOldManifests(_ version: Int) async throws {
        let storage = try await ObjectStorage.open(old.objects, surroundings: old.clock.machine())
        let store = try await Store.open(storage, schema: Schema(parsing: Rows.schema))
        for id in 0..<version - 1 {
            try await store.insertRow(1_000 + id)
            try await storage.flush()
            try await store.maintain()
        }
        try await store.close()
        try #require(try await old.objects.exists(ObjectNames.manifest(version)))
    }

    /// A request of the old store arrives: an object of it is created.
    func arrive(_ name: String) async throws {
        _ = try await objects.put(name, old.objects.bytes(name), mode: .create)
    }

    /// Record 3 of yet another store, whose schema is not kept.
    static func recordOfOtherSchema() throws -> CommitRecord {
        let schema = try Schema(
            parsing: """
                { "database": "other", "tables": { "things": { "columns": { "id": "int" }, "key": "id" } } }
                """)
        return CommitRecord(
            store: "0123456789abcdef0123456789abcdef", number: 3, previous: [UInt8](repeating: 7, count: 32),
            commit: "other-1", schema: schema.id, time: .epoch, kind: .empty)
    }

    /// As ``arrive(_:)``, of an old store that a newer Cairn used.
    /// - Parameter member: What says so: `format` or `needs`.
    func arrive(_ name: String, asOfNewer member: String) async throws {
        var text = String(decoding: try await old.objects.bytes(name), as: UTF8.self)
        let start = try #require(text.range(of: "\"\(member)\":"))
        let digit = member == "format" ? "1" : "["
        let value = try #require(text.range(of: digit, range: start.upperBound..<text.endIndex))
        text.replaceSubrange(value, with: member == "format" ? "99" : "[\"braids\"")
        // Those that need something already go on with it.
        text = text.replacing("[\"braids\"\"", with: "[\"braids\",\"")
        _ = try await objects.put(name, Array(text.utf8), mode: .create)
    }

    /// The id of the store that is there, or of the old one.
    func id(isOld: Bool = false) async throws -> String {
        let bytes = try await isOld ? old.objects.bytes(ObjectNames.store) : objects.bytes(ObjectNames.store)
        return try StoreFileJSON.decode(bytes).id
    }

    /// The store that an object names.
    func owner(_ name: String) async throws -> String? { ObjectLabel(try await objects.bytes(name), name)?.store }

    /// Whether an object is of the store that is there.
    func isOwn(_ name: String) async throws -> Bool { try await owner(name) == id() }
}
