import CairnCore
import CairnSchema
import Testing

@testable import ObjectStorage
@testable import ObjectStores
@testable import Simulation

/// A simulated bucket with a store of an old schema, and processes that migrate it, write to it and read it.
final class MigrationScene {
    let world: World
    let bucket: SimulatedBucket
    let effects = EffectGate()
    private let faults: FaultSource
    private let old: Schema
    private let new: Schema
    private let before: Content
    private let after: Content
    /// What a process of the old schema was told is committed, by the id of its record.
    private let acknowledged = Lock<[Int: Int]>([:])
    /// What it tried last.
    private let tried = Lock<(id: Int, value: Int)?>(nil)

    /// A change that keeps something of everything: a table is renamed, a column dropped, another filled, indexes come.
    struct Change: Sendable {
        let old: String
        let new: String
        /// The code that makes what records get, where some does.
        var making: (@Sendable (Record) throws -> [String: Value])?

        static let rich = Change(
            old: database(
                table("a string; b int; gone string", indexes: "\"by_b\": [\"b\"]"),
                table("t {\"references\": \"t\"}", name: "u")),
            new: database(
                table(
                    "a string; c {\"type\": \"int\", \"default\": 7}; d {\"type\": \"double\", \"renamed_from\": \"b\"}",
                    name: "w", indexes: "\"by_d\": [\"d desc\"], \"by_a\": { \"on\": [\"a\"], \"include\": [\"c\"] }",
                    renamedFrom: "t"),
                table("t {\"references\": \"w\"}", name: "u"), table("n int", name: "x")))

        static let additive = Change(
            old: rich.old,
            new: database(
                table(
                    "a string; b int; gone string; c {\"type\": \"int\", \"default\": 7}",
                    indexes: "\"by_b\": [\"b\"], \"by_a\": [\"a\", \"c\"]"),
                table("t {\"references\": \"t\"}", name: "u")))

        /// Records get what only code can give.
        static let coded = Change(
            old: rich.old,
            new: additive.new.replacing(
                "{\"type\": \"int\", \"default\": 7}", with: "{\"type\": \"int\", \"min\": 1}"),
            making: { _ in ["c": .int(7)] })
    }

    private static let rows = 12
    private let making: (@Sendable (Record) throws -> [String: Value])?

    init(_ change: Change, seed: UInt64, hasMD5: Bool = true, hasFence: Bool = true) throws {
        world = World(seed: seed)
        making = change.making
        var options = SimulatedBucket.Options()
        options.hasMD5 = hasMD5
        options.hasFence = hasFence
        bucket = SimulatedBucket(world, options)
        faults = FaultSource(world, seed: seed, .none)
        old = try Schema(parsing: change.old)
        new = try Schema(parsing: change.new)
        let isRich = new.table(named: "w") != nil
        func row(_ id: Int, _ migrated: Bool) -> JSONValue {
            let values: [(String, JSONValue)] =
                !migrated
                ? [("a", .string("a\(id)")), ("b", .int(id % 5)), ("gone", .string("g\(id)"))]
                : isRich
                    ? [("a", .string("a\(id)")), ("c", .int(7)), ("d", .double(Double(id % 5)))]
                    : [("a", .string("a\(id)")), ("b", .int(id % 5)), ("gone", .string("g\(id)")), ("c", .int(7))]
            return .object(JSONObject(([("id", .int(id))] + values).map { .init(name: $0.0, value: $0.1) }))
        }
        let ids = Array(1...MigrationScene.rows)
        let references: [JSONValue] = [["id": 1, "t": 1], ["id": 2, "t": 3]]
        before = ["t": ids.map { row($0, false) }, "u": references]
        after =
            isRich
            ? ["w": ids.map { row($0, true) }, "u": references, "x": []]
            : ["t": ids.map { row($0, true) }, "u": references]
    }

    deinit { world.tearDown() }

    // MARK: Processes

    func objects(_ process: SimulatedProcess) -> SimulatedObjectStore {
        SimulatedObjectStore(bucket, process, faults, effects)
    }

    func storage(_ process: SimulatedProcess) async throws -> ObjectStorage {
        try await ObjectStorage.open(objects(process), surroundings: Surroundings(of: process))
    }

    /// Runs something in a process to its end, or to that of the process.
    func run<Result: Sendable>(
        _ process: SimulatedProcess, _ body: @escaping @Sendable () async throws -> Result
    ) throws -> Result? {
        let ending = start(process, body)
        let end = world.run(mostSteps: 5_000_000) { ending.withLock { $0 } != nil || process.isDead }
        #expect(end == .done, "\(process.name): \(end)")
        return try ending.withLock { $0 }?.get()
    }

    /// Lets something begin in a process.
    func start<Result: Sendable>(
        _ process: SimulatedProcess, _ body: @escaping @Sendable () async throws -> Result
    ) -> Lock<Swift.Result<Result, any Error>?> {
        let ending = Lock<Swift.Result<Result, any Error>?>(nil)
        process.spawn {
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            ending.withLock { $0 = result }
        }
        return ending
    }

    // MARK: Deeds

    /// Makes the store; the process that does dies before all files are written.
    func make() throws {
        let maker = world.process("maker", seed: 1)
        let (scene, content, schema) = (Unchecked(self), before, old)
        _ = try run(maker) {
            let store = try await Store.open(scene.value.storage(maker), schema: schema)
            try await store.insert(["t": content["t"] ?? []])
            try await store.insert(["u": content["u"] ?? []])
            // A record that is no more, one that has changed, and one that comes back.
            let records = try store.records("t")
            for id in [100, 101] {
                try await records.insert(
                    Record(
                        records.table,
                        ["id": .int(id), "a": .string("x"), "b": .int(1), "gone": .string("y")]))
            }
            try await records.delete(Key(.int(100)))
            try await records.delete(Key(.int(101)))
            var first = try await records.get(Key(.int(1)))
            try first.set("a", .string("other"))
            let changed = try await records.update(first)
            var back = changed
            try back.set("a", .string("a1"))
            try await records.update(back)
        }
        maker.kill()
    }

    /// Migrates the store in a process, as often as it takes.
    /// - Returns: Whether it did it: not, when it found it done.
    static func migrate(_ scene: Unchecked, _ process: SimulatedProcess, _ to: Schema) async throws -> Bool {
        let storage = try await scene.value.storage(process)
        guard let held = try await storage.schema() else { return false }
        if held.id == to.id { return false }
        let migration =
            if let making = scene.value.making {
                try Migration(from: held, to: to, allowsDestructive: true, codeVersion: "1", making: making)
            } else {
                try Migration(from: held, to: to, allowsDestructive: true)
            }
        do {
            try await storage.apply(.migrate(migration))
        } catch let error as StorageError where error.code == .schemaMismatch {
            return false
        }
        return true
    }

    func startMigration(_ process: SimulatedProcess) -> Lock<Swift.Result<Bool, any Error>?> {
        let (scene, new) = (Unchecked(self), renamed)
        return start(process) { try await MigrationScene.migrate(scene, process, new) }
    }

    func migrate(_ process: SimulatedProcess) throws -> Bool? {
        let (scene, new) = (Unchecked(self), renamed)
        return try run(process) { try await MigrationScene.migrate(scene, process, new) }
    }

    private var renamed: Schema { new }

    /// Lets a process of the old schema write until it is told that the schema is another.
    /// - Returns: The error it ended with.
    func startWriter(_ process: SimulatedProcess) -> Lock<Swift.Result<StorageError, any Error>?> {
        let (scene, schema) = (Unchecked(self), old)
        return start(process) {
            let store = try await Store.open(scene.value.storage(process), schema: schema)
            for value in 1... {
                let id = 1000 + value % 3
                scene.value.tried.withLock { $0 = (id, value) }
                do {
                    let records = try store.records("t")
                    _ = try await store.session.write([
                        .upsert(
                            records.table,
                            Record(
                                records.table,
                                ["id": .int(id), "a": .string("w"), "b": .int(value), "gone": .string("z")]
                            ).values)
                    ])
                    scene.value.acknowledged.withLock { $0[id] = value }
                    scene.value.tried.withLock { $0 = nil }
                } catch let error as StorageError where error.code == .maintenance {
                    scene.value.tried.withLock { $0 = nil }
                } catch let error as StorageError {
                    if error.code == .schemaMismatch { scene.value.tried.withLock { $0 = nil } }
                    return error
                }
                try await process.sleep(.milliseconds(150))
            }
            throw CancellationError()
        }
    }

    // MARK: Judging

    /// What the store holds, read by a program of the schema it is at.
    func look(_ name: String) throws -> (schema: SchemaID, content: Content)? {
        let process = world.process(name, seed: 77)
        let scene = Unchecked(self)
        let schemas = [old, new]
        let found = try run(process) {
            let storage = try await scene.value.storage(process)
            let held = try await storage.schema()
            let schema = try #require(schemas.first { $0.id == held?.id })
            let store = try await Store.open(storage, schema: schema)
            let content = try await store.content()
            return (schema.id, content)
        }
        process.kill()
        return found
    }

    /// Checks that all is there, as the old or the new schema has it.
    /// - Parameter isNew: Whether it must be the new one.
    func judge(_ name: String, isNew: Bool, _ comment: String) throws {
        let known = acknowledged.withLock { $0 }
        guard let (schema, content) = try look(name) else {
            Issue.record("nothing could be read: \(comment)")
            return
        }
        if isNew { #expect(schema == new.id, "\(comment)") }
        let expected = schema == new.id ? after : before
        for (table, rows) in expected {
            let found = content[table] ?? []
            let settled = found.filter { row in
                if case .int(let id)? = row["id"] { return id < 1000 }
                return true
            }
            #expect(settled == rows, "table \(table), \(schema == new.id ? "new" : "old") schema: \(comment)")
        }
        let written = content["t"] ?? content["w"] ?? []
        // The writer may have gone on while all was read.
        let (later, unsure) = (acknowledged.withLock { $0 }, tried.withLock { $0 })
        for (id, value) in known {
            let row = written.first { $0["id"] == .int(id) }
            let found: Int? =
                switch row?["b"] ?? row?["d"] {
                case .int(let int): int
                case .double(let double): Int(double)
                default: nil
                }
            let most = max(later[id] ?? value, unsure?.id == id ? unsure?.value ?? 0 : 0)
            #expect(found.map { (value...most).contains($0) } == true, "record \(id): \(comment)")
        }
    }

    /// Checks that no record of the old schema stands behind one of the new.
    func judgeLog(_ comment: String) {
        var isNew = false
        let objects = bucket.state.withLock { $0.objects }
        for name in objects.keys.filter({ $0.hasPrefix(ObjectNames.log) }).sorted() {
            guard let bytes = objects[name]?.bytes, let schema = LogReader.schema(ofRecord: bytes) else { continue }
            #expect(!isNew || schema == new.id, "\(name) follows the old schema: \(comment)")
            isNew = isNew || schema == new.id
        }
    }
}

/// A scene, in its one thread.
final class Unchecked: @unchecked Sendable {
    // Everything of a world runs in the thread of its test.
    let value: MigrationScene
    init(_ value: MigrationScene) { self.value = value }
}
