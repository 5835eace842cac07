import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// What would end the process if it were not as it should be.
@Suite("Adversary: crashes", .serialized)
struct CrashAdversaryTests {
    @Test("No owner of a proposal is told twice when the store ends in the middle")
    func resumedTwice() async throws {
        let memory = MemoryObjectStore()
        let other = try await World.open(memory)
        for id in 1...40 { _ = try await other.commit(Batch([.insert(World.items, World.row(id, "n"))])) }
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        let engine = try storage.engine()
        let base = try engine.tip.view()
        func workspace(_ id: Int) async throws -> Workspace {
            var workspace = Workspace(base, at: .now)
            let write = WriteOperation.update(World.items, World.row(id, "mine"), expecting: nil)
            let lookups = try await engine.preparation.lookups(for: [write], in: workspace)
            _ = try workspace.apply(write, lookups)
            return workspace
        }
        let first = try await workspace(10)
        let conflicting = try await workspace(1)
        var slow = try await workspace(2)
        for number in 0..<20_000 {
            let bytes = [0xFF, UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
            slow.reads.add(World.items, nil, [(bytes, bytes)])
        }
        let last = try await workspace(3)
        let gate = Gate()
        hooked.onBefore { call in
            if call.operation == .put, call.key.hasPrefix("_log/") { await gate.pass() }
        }
        let tasks = Lock<[Task<Void, Never>]>([])
        func start(_ workspace: Workspace, _ done: (@Sendable () -> Void)? = nil) {
            let task = Task {
                _ = try? await engine.commit(workspace, idempotency: nil)
                done?()
            }
            tasks.withLock { $0.append(task) }
        }
        start(first)
        await gate.arrival()
        start(conflicting) { engine.tip.end(StorageError.closed("store")) }
        await World.others()
        start(slow)
        await World.others()
        start(last)
        await World.others()
        _ = try await other.commit(Batch((1...1).map { .update(World.items, World.row($0, "theirs"), expecting: nil) }))
        _ = try await other.commit(
            Batch((20...40).map { .update(World.items, World.row($0, "theirs"), expecting: nil) }))
        gate.open()
        for task in tasks.withLock({ $0 }) { await task.value }
    }

    @Test("A creator that stood still until the store was made and its first manifest collected opens that store")
    func slowCreator() async throws {
        let site = try Site()
        let hooked = HookedStore(site.objects)
        let isMade = Lock(false)
        hooked.onBefore { call in
            guard call.key == ObjectNames.manifest(1) else { return }
            if call.operation == .put, isMade.withLock({ made in !made }) {
                isMade.withLock { $0 = true }
                let other = try await site.open()
                try await other.put(1, "Paris")
                try await other.checkpoint()
            } else if call.operation == .get {
                try await site.objects.delete(call.key)
            }
        }
        let late = try await site.open(hooked)
        #expect(isMade.withLock { $0 })
        #expect(try await late.store.records("cities").count() == 1)
    }

    @Test(
        "A creator makes the store itself when what another began was removed, and says so when that goes on",
        arguments: [1, 3, 100])
    func removedWhileCreated(times: Int) async throws {
        let site = try Site()
        let hooked = HookedStore(site.objects)
        let state = Lock((rounds: 0, looks: 0))
        hooked.onBefore { call in
            guard call.key == ObjectNames.manifest(1), state.withLock({ $0.rounds < times }) else { return }
            if call.operation == .put {
                state.withLock { $0.looks = 0 }
                _ = try await site.objects.put(call.key, .bytes(Array("{}".utf8)), PutOptions(mode: .create))
            } else if state.withLock({ state in
                state.looks += 1
                return state.looks == 2
            }) {
                // The first look is that of the write which found it, the second that of the creator who would go on with it.
                try await site.objects.delete(call.key)
                state.withLock { $0.rounds += 1 }
            }
        }
        guard times < 100 else {
            let error = await #expect(throws: StorageError.self) { _ = try await site.open(hooked) }
            #expect(error?.code == .busy)
            return
        }
        let late = try await site.open(hooked)
        #expect(state.withLock { $0.rounds } == times)
        try await late.put(1, "Paris")
        #expect(try await late.store.records("cities").count() == 1)
    }

    @Test("A manifest that covers the greatest number there is is damage")
    func greatestNumber() async throws {
        let memory = MemoryObjectStore()
        let writer = try await World.open(memory)
        var manifest = try writer.engine().tip.view().manifest.manifest
        manifest.version = 2
        manifest.covers = .max
        manifest.head = [UInt8](repeating: 1, count: 32)
        _ = try await memory.put(
            ObjectNames.manifest(2), .bytes(ManifestJSON.encode(manifest)), PutOptions(mode: .create))
        await #expect(throws: StorageError.self) { _ = try await World.open(memory) }
    }
}

@Suite("Adversary: errors")
struct ErrorAdversaryTests {
    @Test("A commit that the store finds too late fails in the words of a storage")
    func alwaysExpired() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        hooked.onBefore { call in
            if call.operation == .put, call.key.hasPrefix("_log/") { throw ObjectStoreError(.expired, "too late") }
        }
        do {
            _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
            Issue.record("committed")
        } catch { #expect(error is StorageError, "\(type(of: error))") }
    }

    @Test("One slow PUT does not make whoever loses a number wait for hours")
    func slowPutThenLoss() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let clock = Clock()
        let start = clock.now
        var surroundings = Surroundings.machine()
        surroundings.uptime = { .seconds(clock.now.timeIntervalSince(start)) }
        let longest = Lock(Duration.zero)
        surroundings.sleep = { wanted in
            // Looking for those whose time is over is no back-off.
            if wanted < .seconds(30) { longest.withLock { $0 = max($0, wanted) } }
            try await Task.sleep(for: min(wanted, .milliseconds(5)))
        }
        surroundings.random = { .max }
        let storage = try await World.open(hooked, surroundings: surroundings)
        // The laptop sleeps for an hour while the first PUT is under way.
        let first = Lock(true)
        hooked.onAfter { call in
            guard call.operation == .put, call.key.hasPrefix("_log/"), first.withLock({ $0 }) else { return }
            first.withLock { $0 = false }
            clock.advance(3600)
        }
        _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        let other = try await World.open(memory)
        _ = try await other.commit(Batch([.insert(World.items, World.row(2, "b"))]))
        _ = try await storage.commit(Batch([.insert(World.items, World.row(3, "c"))]))
        #expect(longest.withLock { $0 } < .seconds(10), "all commits of the process waited \(longest.withLock { $0 })")
    }

    @Test("A store opened for reading writes nothing, also when asked for an outcome")
    func readOnlyOutcome() async throws {
        let memory = MemoryObjectStore()
        let writer = try await World.open(memory)
        let view = try writer.engine().tip.view()
        var options = ObjectStorageOptions()
        options.mode = .readOnly
        let reader = try await World.open(memory, options)
        _ = try? await reader.outcome(
            of: OutcomeToken(store: view.manifest.manifest.store, number: 1, transaction: "x", time: view.time))
        let isThere = (try? await memory.head(ObjectNames.record(1), ReadConditions())) != nil
        #expect(!isThere, "it put a record into the log")
    }
}
