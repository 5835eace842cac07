import CairnCore
import ObjectStoreConformance
import ObjectStores
import Testing

@testable import Simulation

/// Simulated buckets without faults.
private struct SimulatedProvider: ObjectStoreProvider {
    let name = "simulated"
    let process: SimulatedProcess
    let options: SimulatedBucket.Options

    var quirks: ObjectStoreQuirks { ObjectStoreQuirks() }

    func makeStore() async throws -> any ObjectStore {
        SimulatedObjectStore(
            SimulatedBucket(process.world, options), process, FaultSource(process.world, seed: 1, .none), EffectGate())
    }

    func remove(_ store: any ObjectStore) async throws {}
}

@Suite("The simulated object store")
struct ObjectsStoreTests {
    /// Those that make tasks of their own, outside of the world, or call a key by two texts that Swift takes for one.
    private static let left = ["cancelled", "normal", "odd keys"]

    @Test("Keeps the contract of object stores", arguments: [true, false])
    func conformance(hasMD5: Bool) throws {
        for item in ObjectStoreConformance.cases where !Self.left.contains(where: item.name.lowercased().contains) {
            let world = World(seed: 1)
            var options = SimulatedBucket.Options()
            options.hasMD5 = hasMD5
            let provider = SimulatedProvider(process: world.process("a", seed: 1), options: options)
            let outcome = Lock<Result<Void, any Error>?>(nil)
            provider.process.spawn {
                do {
                    try await item.run(on: provider)
                    outcome.withLock { $0 = .success(()) }
                } catch {
                    outcome.withLock { $0 = .failure(error) }
                }
            }
            let end = world.run(mostSteps: 1_000_000) { outcome.withLock { $0 != nil } }
            #expect(end == .done, "\(item)")
            #expect(throws: Never.self, "\(item)") { try outcome.withLock { try $0?.get() } }
            #expect(world.tearDown() == 0)
            #expect(world.strays == 0)
        }
    }
}
