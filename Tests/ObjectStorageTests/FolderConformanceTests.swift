import CairnCore
import Foundation
import ObjectStores
import StorageConformance
import Testing

@testable import ObjectStorage

/// Stores in folders.
final class FolderDriver: ConformanceDriver {
    let name: String
    let isPersistent = true
    private let folder: TemporaryFolder
    private let names: FolderObjectStore.Options.Names

    init(_ names: FolderObjectStore.Options.Names) throws {
        name = "folder, names \(names.rawValue)"
        folder = try TemporaryFolder()
        self.names = names
    }

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        let objects = try folder.objects(name) { options in
            options.names = names
            options.clock = { Date(clock()) }
        }
        return try await ObjectStorage.open(objects, surroundings: .machine(now: clock))
    }

    func remove(_ name: String) async throws { try FileManager.default.removeItem(atPath: folder.path(name)) }
}

@Suite("Conformance: folder")
struct FolderConformanceTests {
    @Test("Keeps the promise", arguments: StorageConformance.cases)
    func promise(_ promise: ConformanceCase) async throws {
        try await promise.run(on: FolderDriver(.automatic))
    }

    @Test("Keeps the promise with names for any system", arguments: StorageConformance.cases)
    func portable(_ promise: ConformanceCase) async throws {
        try await promise.run(on: FolderDriver(.portable))
    }
}
