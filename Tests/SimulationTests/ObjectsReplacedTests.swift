import CairnCore
import ObjectStorage
import ObjectStores
import Testing

@testable import Simulation

/// A store that is deleted and made anew while a process has it open.
@Suite("A store that is replaced under a process")
struct ObjectsReplacedTests {
    private final class Scene: Sendable {
        let world = World(seed: 5)
        let bucket: SimulatedBucket
        let tables: SimulationSchema
        private let outcome = Lock<Result<Void, any Error>?>(nil)

        init() throws {
            tables = try SimulationSchema()
            bucket = SimulatedBucket(world)
        }

        func open(_ process: SimulatedProcess) async throws -> Store {
            let objects = SimulatedObjectStore(bucket, process, FaultSource(world, seed: 1, .none), EffectGate())
            let storage = try await ObjectStorage.open(
                objects, ObjectStorageOptions(), surroundings: Surroundings(of: process))
            return try await Store.open(storage, schema: tables.schema)
        }

        func write(_ store: Store, _ id: Int) async throws {
            try await store.write { writes in
                writes.append(.upsert(tables.notes, tables.note(id, "text", stamp: id)))
            }
        }

        /// All objects of the store go, once the files of its records are there: one that came later would lie in the new store.
        func removeAll(records: Int, _ process: SimulatedProcess) async throws {
            while bucket.keys.filter({ $0.hasPrefix("tables/notes/objects/") }).count < records {
                try await process.sleep(.seconds(1))
            }
            for key in bucket.keys { bucket.edit(key, nil) }
        }

        func run(_ body: @escaping @Sendable (Scene) async throws -> Void) throws {
            world.process("scene", seed: 1).spawn { [self] in
                do {
                    try await body(self)
                    outcome.withLock { $0 = .success(()) }
                } catch {
                    outcome.withLock { $0 = .failure(error) }
                }
            }
            #expect(world.run(mostSteps: 2_000_000) { outcome.withLock { $0 != nil } } == .done)
            let result = outcome.withLock { $0 }
            world.tearDown()
            try result?.get()
        }

        /// The store that the log belongs to, by its records.
        func storesInLog() throws -> Set<String> {
            let keys = bucket.keys.filter { $0.hasPrefix("_log/main/") }
            return Set(
                try keys.map { key in
                    try JSONValue(parsing: bucket.bytes(key) ?? []).text("store")
                })
        }
    }

    private static let codes: Set<StorageError.Code> = [.replaced, .damaged, .notAStore]

    @Test(
        "A process that was idle for longer than it may trust its knowledge writes nothing into the new store",
        arguments: [700, 4_000, 90_000])
    func idle(seconds: Int) throws {
        let scene = try Scene()
        try scene.run { scene in
            let old = scene.world.process("old", seed: 2)
            let store = try await scene.open(old)
            for id in 0..<3 { try await scene.write(store, id) }
            try await scene.removeAll(records: 3, old)
            let new = scene.world.process("new", seed: 3)
            let other = try await scene.open(new)
            try await scene.write(other, 7)
            try await old.sleep(.seconds(seconds))
            let error = await #expect(throws: StorageError.self) { try await scene.write(store, 8) }
            #expect(error.map { Self.codes.contains($0.code) } == true, "\(error.map(String.init(describing:)) ?? "")")
            let read = await #expect(throws: StorageError.self) {
                _ = try await store.records("notes").find(Key(.int(0)))
            }
            #expect(read.map { Self.codes.contains($0.code) } == true, "\(read.map(String.init(describing:)) ?? "")")
            try await scene.write(other, 9)
        }
        #expect(try scene.storesInLog().count == 1)
    }

    @Test("A process that never stops writing hears of it within a quarter of an hour")
    func busy() throws {
        let scene = try Scene()
        try scene.run { scene in
            let old = scene.world.process("old", seed: 2)
            let store = try await scene.open(old)
            try await scene.write(store, 0)
            try await scene.removeAll(records: 1, old)
            let new = scene.world.process("new", seed: 3)
            let other = try await scene.open(new)
            try await scene.write(other, 7)
            var error: StorageError?
            for id in 1...60 where error == nil {
                try await old.sleep(.seconds(30))
                do { try await scene.write(store, id) } catch let found as StorageError { error = found }
            }
            #expect(
                error.map { Self.codes.contains($0.code) } == true, "\(error.map(String.init(describing:)) ?? "never")")
            #expect(scene.world.now < 20 * 60 * 1_000_000)
        }
    }
}
