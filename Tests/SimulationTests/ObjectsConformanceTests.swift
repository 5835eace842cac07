import CairnCore
import ObjectStorage
import ObjectStores
import StorageConformance
import Testing

@testable import Simulation

/// Stores in simulated buckets, all opened by one process of a world, where nothing goes wrong.
///
/// Requests take the world's time. The time of day is that of the case, for the process and for the buckets, so a case moves both.
private final class SimulatedDriver: ConformanceDriver {
    let name = "simulated object store"
    let isPersistent = true
    let process: SimulatedProcess
    private let faults: FaultSource
    private let buckets = Lock([String: SimulatedBucket]())

    init(_ process: SimulatedProcess) {
        self.process = process
        faults = FaultSource(process.world, seed: 1, .none)
    }

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        let bucket = buckets.withLock { buckets in
            if let bucket = buckets[name] { return bucket }
            var options = SimulatedBucket.Options()
            options.clock = clock
            let bucket = SimulatedBucket(process.world, options)
            buckets[name] = bucket
            return bucket
        }
        var surroundings = Surroundings(of: process)
        surroundings.now = clock
        return try await ObjectStorage.open(
            SimulatedObjectStore(bucket, process, faults, EffectGate()), surroundings: surroundings)
    }

    func remove(_ name: String) async throws { buckets.withLock { $0[name] = nil } }
}

@Suite("Conformance: simulated object store")
struct ObjectsConformanceTests {
    /// Cases that cannot run in a world, and why.
    private static let excluded = [
        (
            "who listens watches the log in a task of its own, which belongs to no process of the world",
            [
                "Changes tell what was inserted, updated and deleted, as it was before and after",
                "Changes begin with the call, not with the loop, and have nothing from before",
                "Changes of a store come commit by commit, those of a transaction together and once",
                "Changes of a batch come in the order of its operations",
                "Changes have nothing that failed, was rolled back, or was written before a savepoint",
                "A transaction that began before the changes and commits after the call is told whole",
                "Changes have the records that went or lost a reference with a deleted one",
                "Changes of a table have none of another, and updates and deletes of a query are in them",
                "A batch that is sent again under its idempotency key is told once",
                "Several readers of changes each get all of them, in the same order, from many writers",
                "A reader of changes that is too slow gets what came before, in order, then an error",
                "Changes end when the store is closed, and cannot begin after that",
                "A task that waits for changes is cancelled, or out of time, at once",
                "Changes are of the store: not of a transaction or a snapshot",
                "An observed query gives the result of now, then each new one",
                "An observed query leaves out what does not change its result",
                "An observed query that is not read meanwhile gives the last state at once, and not each on the way",
                "An observed query begins again from the result of now",
                "What a transaction did is observed whole, after its commit, and never what it rolled back",
                "Records that go or change with a deleted one are observed",
                "A query whose condition leads to another table is observed there, too",
                "Many observe at once while many write, and each comes to the last state",
                "Observing ends when the store is closed, and cannot begin after that",
                "A task that observes is cancelled, or out of time, at once",
                "A snapshot orders by other records of its own moment, and observers hear of them",
                "Changes of a store that programs of two schemas use come to a program as its own",
            ]
        ),
        (
            "they make tasks to cancel, which belong to no process of the world, or wait by the clock of the machine",
            [
                "A cancelled task rolls its transaction back",
                "Tasks cancelled at any point leave the store whole and free",
                "A task cancelled at any statement of a transaction leaves nothing of it",
                "A transaction that goes on after its task was cancelled in a savepoint leaves nothing, too",
                "Calls cancelled at any point each did what they said, all or nothing",
                "Calls whose time is over at any point each did what they said, all or nothing",
                "Writers cancelled while they wait for another wrote nothing, and the rest go on",
                "Readers cancelled while they wait for a place to read take none, and the rest go on",
                "Following ends with the close of the store, a deadline, or the cancellation of its task",
            ]
        ),
    ]

    private static let cases: [ConformanceCase] = {
        let left = Set(excluded.flatMap(\.1))
        return StorageConformance.cases.filter { !left.contains($0.name) }
    }()

    @Test("What is left out is there to be left out")
    func exclusions() {
        let names = Set(StorageConformance.cases.map(\.name))
        for (reason, left) in Self.excluded {
            for name in left { #expect(names.contains(name), "no case is '\(name)'; left out because \(reason)") }
        }
    }

    @Test("Keeps the promise", arguments: cases)
    func promise(_ promise: ConformanceCase) throws {
        let world = World(seed: 1)
        let driver = SimulatedDriver(world.process("a", seed: 1))
        let outcome = Lock<Result<Void, any Error>?>(nil)
        driver.process.spawn {
            do {
                // Who loses a race waits by the time of the world.
                try await Backoff.$sleep.withValue({ try await driver.process.sleep($0) }) {
                    try await promise.run(on: driver)
                }
                outcome.withLock { $0 = .success(()) }
            } catch {
                outcome.withLock { $0 = .failure(error) }
            }
        }
        let end = world.run(mostSteps: 5_000_000) { outcome.withLock { $0 != nil } }
        let result = outcome.withLock { $0 }
        #expect(end == .done)
        // What leaves the world is to be left out above.
        #expect(world.strays == 0)
        world.tearDown()
        try result?.get()
    }
}
