import CairnCore
import CairnSchema
import ObjectStores
import Simulation
import Testing

@testable import ObjectStorage

/// A process that uses a store of ``BudgetTrial`` in a world of one thread, where every request takes as long as another and nothing else
/// takes time. So what is under way at once, and how long something takes, is the same on every machine; and a store whose requests
/// were fewer at a time is found, not waited for.
struct StoreWorld: Sendable {
    let storage: ObjectStorage
    let store: Store
    let counting: CountingObjectStore
    let crowd: CrowdedObjectStore
    private let process: SimulatedProcess

    /// Uses a store.
    /// - Parameter body: Whatever it leaves under way ends with the world.
    static func run<Result: Sendable>(
        _ objects: any ObjectStore, _ body: @escaping @Sendable (StoreWorld) async throws -> Result
    ) throws -> Result {
        let world = Simulation.World(seed: 1)
        let process = world.process("process", seed: 1)
        let outcome = Lock<Swift.Result<Result, any Error>?>(nil)
        process.spawn {
            do {
                let result = try await body(StoreWorld(objects, process))
                outcome.withLock { $0 = .success(result) }
            } catch {
                outcome.withLock { $0 = .failure(error) }
            }
        }
        let end = world.run { outcome.withLock { $0 != nil } }
        #expect(end == .done)
        #expect(world.strays == 0)
        world.tearDown()
        return try #require(outcome.withLock { $0 }).get()
    }

    private init(_ objects: any ObjectStore, _ process: SimulatedProcess) async throws {
        self.process = process
        crowd = CrowdedObjectStore(objects, process)
        counting = CountingObjectStore(crowd)
        storage = try await ObjectStorage.open(counting, surroundings: Surroundings(of: process))
        store = try await Store.open(storage, schema: try Schema(parsing: BudgetTrial.schema))
    }

    var cities: Table { get throws { try #require(store.schema.table(named: "cities")) } }

    /// Waits until nothing is under way.
    func finish() async throws { await (try storage.engine()).finish() }

    func sleep(_ duration: Duration) async throws { try await process.sleep(duration) }

    /// How many requests one after the other a call waits for. What it has left under way is waited for, and not counted.
    func roundTrips(_ body: () async throws -> Void) async throws -> Double {
        try await finish()
        let start = process.uptime
        try await body()
        let end = process.uptime
        try await finish()
        return (end - start) / CrowdedObjectStore.latency
    }

    /// How many requests are under way at once at most, of a call and of what follows it.
    func most(_ body: () async throws -> Void) async throws -> CrowdedObjectStore.Most {
        try await finish()
        crowd.begin()
        try await body()
        try await finish()
        return crowd.most
    }
}

/// Counts the requests that are under way at the same time, each of which takes its time in the world of a process.
final class CrowdedObjectStore: ObjectStoreWrapper {
    /// How many there were at once.
    struct Most: Sendable, Hashable {
        /// All of them.
        var requests = 0
        /// Those for files of records.
        var files = 0
    }

    static let latency = Duration.milliseconds(20)

    let base: any ObjectStore
    private let process: SimulatedProcess
    private let state = Lock(State())

    private struct State {
        var now = Most()
        var most = Most()
    }

    init(_ base: any ObjectStore, _ process: SimulatedProcess) {
        self.base = base
        self.process = process
    }

    /// Forgets what was.
    func begin() { state.withLock { $0.most = $0.now } }

    var most: Most { state.withLock { $0.most } }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        change(call, by: 1)
        defer { change(call, by: -1) }
        try await process.sleep(CrowdedObjectStore.latency)
        return try await body()
    }

    private func change(_ call: ObjectCall, by amount: Int) {
        state.withLock { state in
            state.now.requests += amount
            if call.key.hasPrefix(ObjectNames.tables) { state.now.files += amount }
            state.most.requests = max(state.most.requests, state.now.requests)
            state.most.files = max(state.most.files, state.now.files)
        }
    }
}
