import CairnCore
import Foundation
import MemoryStorage
import ObjectStorage
import ObjectStores
import SQLiteStorage
import StorageConformance

/// The drivers by their names on the command line.
enum Drivers {
    static func named(_ name: String, folder: URL) throws -> any ConformanceDriver {
        switch name {
        case "memory": return MemoryDriver()
        case "sqlite": return SQLiteMemoryDriver()
        case "sqlite-file":
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            return SQLiteFileDriver(folder: folder)
        case "object": return ObjectDriver()
        default: throw UsageError(message: "'\(name)' is no driver; there are memory, sqlite, sqlite-file, object")
        }
    }
}

/// Stores in memory.
private struct MemoryDriver: ConformanceDriver {
    let name = "memory"
    let isPersistent = false

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        MemoryStorage(clock: clock)
    }

    func remove(_ name: String) async throws {}
}

/// SQLite databases that end with their handle.
private struct SQLiteMemoryDriver: ConformanceDriver {
    let name = "sqlite"
    let isPersistent = false

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        try await SQLiteStorage.open(SQLiteOptions(.temporary), clock: clock)
    }

    func remove(_ name: String) async throws {}
}

/// SQLite files in a folder.
private struct SQLiteFileDriver: ConformanceDriver {
    let name = "sqlite-file"
    let isPersistent = true
    let folder: URL

    private func path(_ name: String) -> String { folder.appending(path: "\(name).db").path(percentEncoded: false) }

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        try await SQLiteStorage.open(SQLiteOptions(.file(path(name)), synchronous: .normal), clock: clock)
    }

    func remove(_ name: String) async throws {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path(name) + suffix) }
    }
}

/// Tables on an object store in memory, which outlives the handles on it.
private final class ObjectDriver: ConformanceDriver {
    let name = "object"
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
