import CairnCore
import MemoryStorage
import SQLiteStorage
import StorageConformance

/// Stores in memory.
struct MemoryDriver: ConformanceDriver {
    let name = "memory"
    let isPersistent = false

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        MemoryStorage(clock: clock)
    }

    func remove(_ name: String) async throws {}
}

/// SQLite databases that end with their handle.
struct SQLiteDriver: ConformanceDriver {
    let name = "sqlite"
    let isPersistent = false

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        try await SQLiteStorage.open(SQLiteOptions(.temporary), clock: clock)
    }

    func remove(_ name: String) async throws {}
}
