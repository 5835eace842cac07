import CairnCore
import MemoryStorage
import StorageConformance
import Testing

/// Stores that end with their handle.
struct MemoryDriver: ConformanceDriver {
    let name = "memory"
    let isPersistent = false

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        MemoryStorage(clock: clock)
    }

    func remove(_ name: String) async throws {}
}

@Suite("Conformance: memory")
struct MemoryConformanceTests {
    private static let driver = MemoryDriver()

    @Test("Keeps the promise", arguments: StorageConformance.cases(for: driver))
    func promise(_ promise: ConformanceCase) async throws {
        try await promise.run(on: Self.driver)
    }
}
