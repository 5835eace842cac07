import CairnCore
import Foundation
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
        if TestServer.areDisposable { return }
        let objects = try S3ObjectStore(bucket, prefix: name)
        for failure in try await objects.delete(contentsOf: objects.keys()) { throw failure }
    }
}

@Suite("Conformance: S3 servers")
struct ServerConformanceTests {
    /// How many cases run at once on a server: a case waits for it most of the time, and given more at once it only answers later.
    private static let width = 8

    /// Cases that no server is asked to keep, and why.
    private static let excluded = [
        (
            "they move the clock of the store, and a server's is not moved by those who use it",
            [
                "A new record has revision 1 and the time of its commit",
                "An upsert updates a record that is there, whatever its revision",
                "An update keeps the time of creation and moves revision and time of update",
                "An update of a query changes its rows and no other, and counts them",
                "All records of a batch carry the same time",
                "The records of a transaction carry one time",
                "An outcome is known for seven days, then expired",
                "Housekeeping forgets receipts past their time and no others",
                "A receipt carries the time of the commit",
                "A key is remembered for 24 hours and not longer",
                "Set null makes a reference null, as an update does",
                "A batch with an idempotency key does not take records along: it is refused",
            ]
        )
    ]

    /// Cases that a small run leaves out, and why.
    private static let large = [
        (
            "they make 1,000 to 3,000 requests each, as many as half of all other cases together",
            [
                "Three thousand rows are read in order",
                "Writers cancelled while they wait for another wrote nothing, and the rest go on",
                "Readers cancelled while they wait for a place to read take none, and the rest go on",
                "Calls cancelled at any point each did what they said, all or nothing",
                "Calls whose time is over at any point each did what they said, all or nothing",
                "A task cancelled at any statement of a transaction leaves nothing of it",
                "A transaction that goes on after its task was cancelled in a savepoint leaves nothing, too",
            ]
        )
    ]

    /// The cases of this run: all but what is left out, or those alone whose sentences have a text in them.
    private static let cases: [ConformanceCase] = {
        let left = Set((excluded + (TestServer.isSmallRun ? large : [])).flatMap(\.1))
        let wanted = ProcessInfo.processInfo.environment["CAIRN_TEST_CASE"]
        return StorageConformance.cases.filter { promise in
            wanted.map(promise.name.contains) ?? !left.contains(promise.name)
        }
    }()

    @Test("What is left out is there to be left out")
    func exclusions() {
        let names = Set(StorageConformance.cases.map(\.name))
        for (reason, left) in Self.excluded + Self.large {
            for name in left { #expect(names.contains(name), "no case is '\(name)'; left out because \(reason)") }
        }
    }

    @Test("Every promise is kept", .enabled(if: !TestServer.all.isEmpty), arguments: TestServer.all)
    func promises(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let driver = ServerDriver(name: server.name, bucket: bucket)
            try await concurrently(Self.cases, atOnce: Self.width) { promise in
                do {
                    try await promise.run(on: driver)
                } catch {
                    Issue.record("\(driver.name), \(promise): \(error)")
                }
            }
        }
    }

    @Test(
        "A server that ignores the conditions of writes is refused before anything is written",
        .enabled(if: !TestServer.unconditional.isEmpty), arguments: TestServer.unconditional)
    func refused(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let objects = try S3ObjectStore(bucket, prefix: "tables")
            let error = try await expectRemedy(.unsupported) { _ = try await Rows.open(objects) }
            #expect(error.message.contains("conditions"), "\(error)")
            #expect(try await objects.keys().isEmpty)
        }
    }
}
