import CairnCore
import ObjectStores
import S3Client
import StorageConformance
import Testing

@testable import ObjectStorage

/// Stores under prefixes of one bucket of a real server.
private struct ServerDriver: ConformanceDriver {
    let name: String
    let bucket: S3Bucket
    let isPersistent = true

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        try await ObjectStorage.open(S3ObjectStore(bucket, prefix: name), surroundings: .machine(now: clock))
    }

    func remove(_ name: String) async throws {
        let objects = try S3ObjectStore(bucket, prefix: name)
        for failure in try await objects.delete(contentsOf: objects.keys()) { throw failure }
    }
}

@Suite("Conformance: S3 servers", .enabled(if: !TestServer.all.isEmpty))
struct ServerConformanceTests {
    /// How many cases run at once: a case waits for the server most of the time, and a server that gets more at once only answers
    /// later.
    private static let width = 8

    @Test("Keep every promise", arguments: TestServer.all)
    func promises(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let driver = ServerDriver(name: server.name, bucket: bucket)
            var cases = StorageConformance.cases(for: driver).makeIterator()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<ServerConformanceTests.width {
                    guard let promise = cases.next() else { break }
                    group.addTask { await keep(promise, driver) }
                }
                while await group.next() != nil {
                    guard let promise = cases.next() else { continue }
                    group.addTask { await keep(promise, driver) }
                }
            }
        }
    }
}

private func keep(_ promise: ConformanceCase, _ driver: ServerDriver) async {
    let start = ContinuousClock.now
    do {
        try await promise.run(on: driver)
    } catch {
        Issue.record("\(driver.name), \(promise): \(error)")
    }
    print("TIME \(driver.name) \(ContinuousClock.now - start) \(promise)")
}
