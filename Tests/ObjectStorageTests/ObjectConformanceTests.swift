import CairnCore
import Foundation
import ObjectStores
import StorageConformance
import Testing

@testable import ObjectStorage

/// Stores in the memory of the process that outlive their handles.
final class MemoryObjectDriver: ConformanceDriver {
    let name = "object store in memory"
    let isPersistent = true
    private let stores = Lock([String: MemoryObjectStore]())

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        let objects = stores.withLock { stores in
            if let store = stores[name] { return store }
            var options = MemoryObjectStore.Options()
            options.clock = { Date(clock()) }
            let store = MemoryObjectStore(options)
            stores[name] = store
            return store
        }
        return try await ObjectStorage.open(objects, surroundings: .machine(now: clock))
    }

    func remove(_ name: String) async throws { stores.withLock { $0[name] = nil } }
}

@Suite("Conformance: object store in memory")
struct ObjectConformanceTests {
    private static let driver = MemoryObjectDriver()

    @Test("Keeps the promise", arguments: StorageConformance.cases(for: driver))
    func promise(_ promise: ConformanceCase) async throws {
        try await promise.run(on: Self.driver)
    }
}
