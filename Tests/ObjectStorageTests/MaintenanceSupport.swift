import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// A clock that tests move, and that moves itself when somebody waits for long.
final class ManualClock: Sendable {
    private struct State {
        var time = Timestamp("2026-03-01T08:00:00Z") ?? .epoch
        var sleepers: [Int: (wake: Timestamp, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var cancelled: Set<Int> = []
        var nextID = 0
    }

    private let state = Lock(State())

    /// How long commits are tried: what watches over that waits, and must not move the clock.
    static let timeout = Duration.milliseconds(61_700)

    var now: Timestamp { state.withLock { $0.time } }

    func advance(_ duration: Duration) {
        let microseconds = Int64(duration.inSeconds * 1_000_000)
        let due = state.withLock { state in
            state.time = state.time.adding(microseconds: microseconds) ?? state.time
            let due = state.sleepers.filter { $0.value.wake <= state.time }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Waits: for moments not at all, for the end of a commit's time until the clock is moved past it, for longer by moving the clock.
    func sleep(_ duration: Duration) async throws {
        try Task.checkCancellation()
        if duration < .seconds(10) { return await Task.yield() }
        if duration > ManualClock.timeout || duration < .seconds(61) { return advance(duration) }
        let (id, wake) = state.withLock { state in
            state.nextID += 1
            return (state.nextID, state.time.adding(microseconds: Int64(duration.inSeconds * 1_000_000)) ?? state.time)
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers[id] = (wake, continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}

extension Duration {
    static func minutes(_ count: Double) -> Duration { .seconds(count * 60) }
    static func hours(_ count: Double) -> Duration { .seconds(count * 3600) }
    static func days(_ count: Double) -> Duration { .seconds(count * 86_400) }
}

/// A store in memory with a clock of its own, and the processes that use it.
struct Site {
    static let schemaText = """
        { "database": "atlas", "tables": {
          "cities": {
            "columns": { "id": "int", "name": "string", "population": "int" },
            "key": "id",
            "indexes": { "by_population": ["population desc"], "one_name": { "on": ["name"], "unique": true } } },
          "notes": { "columns": { "id": "int", "text": "string" }, "key": "id" } } }
        """

    let clock: ManualClock
    let objects: MemoryObjectStore
    let schema: Schema
    let cities: Table
    let notes: Table

    /// The same tables, the changes of the cities kept.
    static let followedSchemaText = schemaText.replacing(
        "\"key\": \"id\",", with: "\"key\": \"id\", \"changes\": true,")

    init(_ schemaText: String = Site.schemaText) throws {
        let clock = ManualClock()
        var options = MemoryObjectStore.Options()
        options.clock = { Date(clock.now) }
        self.clock = clock
        objects = MemoryObjectStore(options)
        schema = try Schema(parsing: schemaText)
        cities = try #require(schema.table(named: "cities"))
        notes = try #require(schema.table(named: "notes"))
    }

    /// Surroundings by the clock.
    /// - Parameters:
    ///   - skew: How far the clock of the machine is ahead of the store's.
    ///   - hasUptime: Whether its uptime goes on while the test moves the clock: not on a machine that was paused.
    func surroundings(skew: Duration = .zero, hasUptime: Bool = true) -> Surroundings {
        let clock = clock
        let start = clock.now
        return Surroundings(
            now: { clock.now.adding(microseconds: Int64(skew.inSeconds * 1_000_000)) ?? clock.now },
            uptime: { hasUptime ? .microseconds(clock.now.microseconds - start.microseconds) : .zero },
            sleep: { try await clock.sleep($0) },
            spawn: { work in Task.detached { await work() } }, random: { .random(in: 0...UInt64.max) },
            process: "test")
    }

    /// A process that opens the store, and makes it if there is none.
    /// - Parameters:
    ///   - objects: What stands between the process and the store.
    ///   - machine: In place of one that `skew` and `hasUptime` tell of.
    func open(
        _ objects: (any ObjectStore)? = nil, skew: Duration = .zero, hasUptime: Bool = true,
        machine: Surroundings? = nil,
        options: ObjectStorageOptions = ObjectStorageOptions(), faults: ObjectStorageFaults = []
    ) async throws -> SiteProcess {
        var options = options
        options.timeout = ManualClock.timeout
        let storage = try await ObjectStorage.open(
            objects ?? self.objects, options,
            surroundings: machine ?? surroundings(skew: skew, hasUptime: hasUptime), faults: faults)
        return SiteProcess(storage: storage, store: try await Store.open(storage, schema: schema), site: self)
    }

    func names(_ prefix: String) async throws -> [String] { try await objects.keys(prefix: prefix) }

    func manifests() async throws -> [Int] {
        try await names(ObjectNames.checkpoints).compactMap(ObjectNames.version(ofManifest:))
    }

    func numbers() async throws -> [Int] {
        try await names(ObjectNames.log).compactMap(ObjectNames.number(ofRecord:))
    }
}

/// One handle of a store.
struct SiteProcess {
    let storage: ObjectStorage
    let store: Store
    let site: Site

    var engine: Engine { get throws { try storage.engine() } }
    var view: View { get throws { try engine.tip.view() } }

    @discardableResult
    func put(_ id: Int, _ name: String, population: Int = 1) async throws -> Record {
        try await store.records("cities").upsert(
            try Record(
                site.cities, ["id": .int(id), "name": .string(name), "population": .int(population)]))
    }

    func delete(_ id: Int) async throws { try await store.records("cities").delete(Key(.int(id))) }

    func name(_ id: Int) async throws -> String? { try await storage.name(site.cities, id) }

    /// Waits until record files are written, and makes a checkpoint.
    func checkpoint() async throws {
        _ = await (try engine).materialiser.flush()
        try await engine.checkpointer.checkpoint(forgetting: nil)
    }

    /// Commits enough for some checkpoints, so that indexes are merged.
    func churn(_ count: Int = 48, from first: Int = 1000, _ word: String = "Town") async throws {
        for id in first..<first + count { try await put(id, "\(word) \(id)", population: id) }
        await (try engine).finish()
    }
}

extension StorageReader {
    /// The name of a city; nil when there is none.
    func name(_ cities: Table, _ id: Int) async throws -> String? {
        var name: String?
        _ = try await get(cities, Key(.int(id))) { row in
            if case .string(let text) = try row.values()[cities.column(named: "name")?.position ?? 0] { name = text }
        }
        return name
    }

    /// All cities, by id.
    func all(_ cities: Table) async throws -> [Int: String] {
        var found: [Int: String] = [:]
        let cursor = try await rows(Query(cities))
        defer { cursor.close() }
        var goesOn = true
        while goesOn {
            goesOn = try await cursor.next(100) { row in
                let record = try Record(row: row)
                if case .int(let id)? = record["id"], case .string(let name)? = record["name"] { found[id] = name }
                return true
            }
        }
        return found
    }

    /// The ids of cities by falling population: read through another index.
    func byPopulation(_ cities: Table) async throws -> [Int] {
        var query = Query(cities)
        query.order = [OrderTerm(column: cities.column(named: "population")?.position ?? 0, isDescending: true)]
        var found: [Int] = []
        let cursor = try await rows(query)
        defer { cursor.close() }
        var goesOn = true
        while goesOn {
            goesOn = try await cursor.next(100) { row in
                if case .int(let id)? = try Record(row: row)["id"] { found.append(id) }
                return true
            }
        }
        return found
    }
}

/// Runs `body`, which must fail.
/// - Returns: The error.
@discardableResult
func failing(
    _ code: StorageError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> StorageError? {
    do {
        try await body()
        Issue.record("nothing failed with \(code)", sourceLocation: sourceLocation)
        return nil
    } catch let error as StorageError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
        return nil
    }
}

/// A store that does what another one does, but cannot keep late writes from taking effect.
struct UnfencedObjectStore: ObjectStoreWrapper {
    let base: any ObjectStore

    var capabilities: ObjectStoreCapabilities {
        var capabilities = base.capabilities
        capabilities.canFence = false
        return capabilities
    }

    func prepareWriting() async throws -> ObjectStoreCapabilities { capabilities }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        #expect(!call.isFenced, "\(call)")
        return try await body()
    }
}
