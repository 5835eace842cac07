import CairnCore
import Foundation
import SQLiteStorage
import StorageConformance
import Testing

/// Database files in a folder of their own.
struct SQLiteFileDriver: ConformanceDriver {
    let name = "sqlite file"
    let isPersistent = true
    /// Few, so that tasks do wait for one another.
    let maximumReaders: Int? = 8

    private func path(_ name: String) -> String {
        FileManager.default.temporaryDirectory.appending(path: "cairn-conformance-\(name).db").path(
            percentEncoded: false)
    }

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        // What FULL adds is a wait for the disk; its promises are those of a power cut, which no test here makes.
        try await SQLiteStorage.open(
            SQLiteOptions(
                .file(path(name)), synchronous: .normal, timeout: .seconds(120), maximumReaders: maximumReaders ?? 64),
            clock: clock)
    }

    func remove(_ name: String) async throws {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path(name) + suffix) }
    }
}

/// Databases that end with their handle.
struct SQLiteMemoryDriver: ConformanceDriver {
    let name = "sqlite in memory"
    let isPersistent = false
    /// The default of `SQLiteOptions`.
    let maximumReaders: Int? = 64

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        try await SQLiteStorage.open(SQLiteOptions(.temporary, timeout: .seconds(120)), clock: clock)
    }

    func remove(_ name: String) async throws {}
}

@Suite("Conformance: SQLite in a file")
struct SQLiteFileConformanceTests {
    private static let driver = SQLiteFileDriver()

    @Test("Keeps the promise", arguments: StorageConformance.cases(for: driver))
    func promise(_ promise: ConformanceCase) async throws {
        try await promise.run(on: Self.driver)
    }
}

@Suite("Conformance: SQLite in memory")
struct SQLiteMemoryConformanceTests {
    private static let driver = SQLiteMemoryDriver()

    @Test("Keeps the promise", arguments: StorageConformance.cases(for: driver))
    func promise(_ promise: ConformanceCase) async throws {
        try await promise.run(on: Self.driver)
    }
}
