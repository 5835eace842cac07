import Foundation
import ObjectStoreConformance
import Testing

@testable import ObjectStores

/// Stores in memory.
struct MemoryProvider: ObjectStoreProvider {
    let name = "memory"
    let quirks = ObjectStoreQuirks()
    var etags = ObjectStoreCapabilities.ETags.perWrite

    func makeStore() async throws -> any ObjectStore {
        var options = MemoryObjectStore.Options()
        options.etags = etags
        return MemoryObjectStore(options)
    }

    func remove(_ store: any ObjectStore) async throws {}
}

/// Stores in folders of their own.
struct FolderProvider: ObjectStoreProvider {
    let name = "folder"
    let quirks = ObjectStoreQuirks()
    var names = FolderObjectStore.Options.Names.automatic
    var isDurable = true

    func makeStore() async throws -> any ObjectStore {
        var options = FolderObjectStore.Options()
        options.names = names
        options.isDurable = isDurable
        // Races are about who wins, not about how long it takes where all tests are at work.
        options.lockTimeout = .seconds(120)
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-objects-\(UUID().uuidString)")
        return try FolderObjectStore(folder.path(percentEncoded: false), options)
    }

    func remove(_ store: any ObjectStore) async throws {
        try FileManager.default.removeItem(atPath: store.capabilities.location)
    }
}

/// Memory inside of all wrappers, with faults that those who retry can do something about.
struct WrappedProvider: ObjectStoreProvider {
    let name = "wrapped"
    let quirks = ObjectStoreQuirks()

    func makeStore() async throws -> any ObjectStore {
        let reads: Set<ObjectCall.Operation> = [.get, .head, .list, .parts, .uploads]
        let dice = FaultPlan.random(
            seed: 42,
            [(.dropRequest, 5), (.dropAnswer, 5), (.failAfter, 5), (.throttle(retryAfter: nil), 5)])
        let plan = FaultPlan { call in
            let fault = dice.choose(call)
            return reads.contains(call.operation) || fault?.kind == .throttle && !call.isFenced ? fault : nil
        }
        var policy = RetryPolicy()
        policy.maximumAttempts = 50
        policy.quota = 1_000_000
        let faulty = FaultInjectingObjectStore(MemoryObjectStore(), plan)
        let limited = ConcurrencyLimitedObjectStore(
            TimeLimitedObjectStore(CountingObjectStore(faulty), limit: .seconds(300)), limit: 8)
        return LoggingObjectStore(RetryingObjectStore(limited, policy, sleep: { _ in })) { _ in }
    }

    func remove(_ store: any ObjectStore) async throws {}
}

/// Memory that ignores the conditions of PUT, and says so.
private struct CarelessStore: ObjectStoreWrapper {
    let base: any ObjectStore

    var capabilities: ObjectStoreCapabilities {
        var capabilities = base.capabilities
        capabilities.canCreate = false
        capabilities.canCompareAndSwap = false
        return capabilities
    }

    func prepareWriting() async throws -> ObjectStoreCapabilities { capabilities }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await body()
    }

    func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        var careless = options
        careless.mode = .overwrite
        return try await base.put(key, body, careless)
    }
}

/// What keeps the conditions in its place.
struct SingleWriterProvider: ObjectStoreProvider {
    let name = "single writer"
    let quirks = ObjectStoreQuirks()

    func makeStore() async throws -> any ObjectStore {
        SingleWriterObjectStore(CarelessStore(base: MemoryObjectStore()))
    }

    func remove(_ store: any ObjectStore) async throws {}
}

@Suite("Object stores keep the contract")
struct ConformanceTests {
    @Test("Memory", arguments: ObjectStoreConformance.cases)
    func memory(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: MemoryProvider())
    }

    @Test("Memory, with ETags that follow from the content", arguments: ObjectStoreConformance.cases)
    func memoryOfContent(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: MemoryProvider(etags: .ofContent))
    }

    @Test("Memory inside of all wrappers, with faults", arguments: ObjectStoreConformance.cases)
    func wrapped(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: WrappedProvider())
    }

    @Test("A store that cannot do much, and says so", arguments: ObjectStoreConformance.cases)
    func limited(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: LimitedProvider())
    }

    @Test("Memory whose conditions are kept by the one who writes", arguments: ObjectStoreConformance.cases)
    func singleWriter(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: SingleWriterProvider())
    }

    @Test("Folder", arguments: ObjectStoreConformance.cases)
    func folder(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: FolderProvider())
    }

    @Test("Folder with portable names, without waiting for the disk", arguments: ObjectStoreConformance.cases)
    func portableFolder(_ promise: ObjectStoreCase) async throws {
        try await promise.run(on: FolderProvider(names: .portable, isDurable: false))
    }
}
