import Foundation
import ObjectStoreConformance
import ObjectStores
import Testing

/// Stores in memory.
struct MemoryProvider: ObjectStoreProvider {
    let name = "memory"
    let quirks = ObjectStoreQuirks()
    var etags = ObjectStoreCapabilities.ETags.perWrite

    func makeStore() async throws -> any ObjectStore {
        var options = MemoryObjectStore.Options()
        options.etags = etags
        return MemoryObjectStore(options)
    }

    func remove(_ store: any ObjectStore) async throws {}
}

/// Stores in folders of their own.
struct FolderProvider: ObjectStoreProvider {
    let name = "folder"
    let quirks = ObjectStoreQuirks()
    var names = FolderObjectStore.Options.Names.automatic
    var isDurable = true

    func makeStore() async throws -> any ObjectStore {
        var options = FolderObjectStore.Options()
        options.names = names
        options.isDurable = isDurable
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-objects-\(UUID().uuidString)")
        return try FolderObjectStore(folder.path(percentEncoded: false), options)
    }

    func remove(_ store: any ObjectStore) async throws {
        try FileManager.default.removeItem(atPath: store.capabilities.location)
    }
}

@Suite("Object stores keep the contract")
struct ConformanceTests {
    @Test("Memory", arguments: ObjectStoreConformance.cases)
    func memory(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: MemoryProvider())
    }

    @Test("Memory, with ETags that follow from the content", arguments: ObjectStoreConformance.cases)
    func memoryOfContent(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: MemoryProvider(etags: .ofContent))
    }

    @Test("Folder", arguments: ObjectStoreConformance.cases)
    func folder(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: FolderProvider())
    }

    @Test("Folder with portable names, without waiting for the disk", arguments: ObjectStoreConformance.cases)
    func portableFolder(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: FolderProvider(names: .portable, isDurable: false))
    }
}
