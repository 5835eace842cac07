import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Adversary: commits")
struct CommitAdversaryTests {
    @Test("A commit whose record landed succeeds though the store was closed meanwhile")
    func closeDuringCommit() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        let gate = Gate()
        hooked.onAfter { call in
            if call.operation == .put, call.key.hasPrefix("_log/") { await gate.pass() }
        }
        let commit = Task { try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))])) }
        await gate.arrival()
        let close = Task { try await storage.close() }
        // close() must either wait for the commit or leave it alone.
        _ = await World.soon { (try? await storage.schema()) == nil }
        await World.others()
        gate.open()
        do {
            _ = try await commit.value
        } catch {
            Issue.record("the record is in the log, and the commit failed: \(World.text(error))")
        }
        try? await close.value
        let other = try await World.open(memory)
        #expect(try await World.name(other, 1) == "a")
    }

    @Test("Nothing is committed behind a record that closed the store for writing")
    func maintenanceArrives() async throws {
        let memory = MemoryObjectStore()
        let storage = try await World.open(memory)
        _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        let view = try storage.engine().tip.view()
        let close = CommitRecord(
            store: view.manifest.manifest.store, number: view.number + 1, previous: view.hash, commit: "other-1",
            schema: view.schema.id, time: view.time, kind: .close,
            note: MaintenanceNote(by: "doctor", reason: "purge", until: view.time))
        _ = try await memory.put(
            ObjectNames.record(close.number), .bytes(CommitRecordJSON.encode(close)), PutOptions(mode: .create))
        do {
            _ = try await storage.commit(Batch([.insert(World.items, World.row(2, "b"))]))
            Issue.record("committed in a maintenance window")
        } catch let error as StorageError { #expect(error.code == .maintenance) }
    }

    @Test("A manifest that covers the record that closed the store leaves it closed")
    func maintenanceSurvivesManifest() async throws {
        let memory = MemoryObjectStore()
        let storage = try await World.open(memory)
        _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        let view = try storage.engine().tip.view()
        let close = CommitRecord(
            store: view.manifest.manifest.store, number: view.number + 1, previous: view.hash, commit: "other-1",
            schema: view.schema.id, time: view.time, kind: .close,
            note: MaintenanceNote(by: "doctor", reason: "purge", until: view.time))
        _ = try await memory.put(
            ObjectNames.record(close.number), .bytes(CommitRecordJSON.encode(close)), PutOptions(mode: .create))
        _ = try await storage.maintain()
        let other = try await World.open(memory)
        do {
            _ = try await other.commit(Batch([.insert(World.items, World.row(2, "b"))]))
            Issue.record("committed in a maintenance window")
        } catch let error as StorageError { #expect(error.code == .maintenance) }
    }

    @Test("A missing commit record with later ones behind it is damage, not the end of the log")
    func gap() async throws {
        let memory = MemoryObjectStore()
        let storage = try await World.open(memory)
        for id in 1...5 { _ = try await storage.commit(Batch([.insert(World.items, World.row(id, "n"))])) }
        try await storage.flush()
        _ = try await memory.delete(ObjectNames.record(3), DeleteOptions())
        do {
            let other = try await World.open(memory)
            let name = try await World.name(other, 5)
            Issue.record("opened at \(try other.engine().tip.view().number); record 5 is \(name ?? "nil")")
            _ = try await other.commit(Batch([.insert(World.items, World.row(9, "z"))]))
            Issue.record("and wrote over the gap")
        } catch let error as StorageError { #expect(error.code == .damaged) }
    }

    @Test("A process that only writes notices that the store was replaced")
    func replacedWhileWriting() async throws {
        let clock = Clock()
        var options = MemoryObjectStore.Options()
        options.clock = { clock.now }
        let memory = MemoryObjectStore(options)
        let storage = try await World.open(memory, surroundings: .machine(now: { Timestamp(clock.now) ?? .now }))
        _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        try await storage.flush()
        // The store is made anew by somebody else.
        for try await entry in memory.list(ListOptions()) { _ = try await memory.delete(entry.name, DeleteOptions()) }
        let other = try await World.open(memory, surroundings: .machine(now: { Timestamp(clock.now) ?? .now }))
        var refused = false
        // A write every four minutes, for an hour.
        for id in 2...16 where !refused {
            clock.advance(240)
            do {
                _ = try await storage.commit(Batch([.insert(World.items, World.row(id, "lost"))]))
            } catch { refused = true }
        }
        #expect(refused, "an hour of acknowledged writes into a store that is another one")
        _ = other
    }

    @Test("The end of one reader's time is no error of the others that wait with it")
    func deadlineLeaks() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        let gate = Gate()
        hooked.onBefore { call in
            if call.operation == .get, call.key.hasPrefix("_log/") { await gate.pass() }
        }
        let follower = try storage.engine().follower
        let first = Task { try await follower.follow() }
        await gate.arrival()
        let hasty = Task { try await withDeadline(after: .milliseconds(20)) { try await follower.follow() } }
        await World.others()
        let patient = Task { try await follower.follow() }
        await World.others()
        gate.open()
        _ = try await first.value
        _ = try? await hasty.value
        do { _ = try await patient.value } catch {
            Issue.record("it had all the time: \(World.text(error))")
        }
    }

    @Test("A record that lands while one asks for the outcome is not expired")
    func outcomeRace() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let writer = try await World.open(hooked)
        let asker = HookedStore(memory)
        let reader = try await World.open(asker)
        // The answer of the writer's PUT comes when everything is over; its token is that of number 1.
        let early = Gate()
        let late = Gate()
        hooked.onBefore { call in
            if call.operation == .put, call.key.hasPrefix("_log/") { await early.pass() }
        }
        hooked.onAfter { call in
            if call.operation == .put, call.key.hasPrefix("_log/") { late.open() }
        }
        let commit = Task { try await writer.commit(Batch([.insert(World.items, World.row(1, "a"))])) }
        await early.arrival()
        let asked = Lock(0)
        asker.onAfter { call in
            guard call.operation == .get, call.key.hasPrefix("_log/") else { return }
            asked.withLock { $0 += 1 }
        }
        // Between the first GET, which finds nothing, and the proof of the tip, the record lands.
        let failing = Lock(true)
        asker.onBefore { call in
            guard call.operation == .get, call.key.hasPrefix("_log/") else { return }
            let isSecond = failing.withLock { first in
                defer { first = false }
                return !first
            }
            if isSecond {
                early.open()
                await late.pass()
            }
        }
        let view = try writer.engine().tip.view()
        let token = OutcomeToken(
            store: view.manifest.manifest.store, number: 1, transaction: "whatever", time: view.time)
        let outcome = try await reader.outcome(of: token)
        _ = try await commit.value
        // Number 1 is there, and decides.
        #expect(outcome == .notCommitted, "\(outcome)")
    }

    @Test("Asking for an outcome ends when its task is cancelled")
    func settleCancelled() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        let puts = Lock(0)
        hooked.onBefore { call in
            guard call.operation == .put, call.key.hasPrefix("_log/") else { return }
            puts.withLock { $0 += 1 }
            throw ObjectStoreError(.network, "no answer", mayHaveTakenEffect: true)
        }
        let view = try storage.engine().tip.view()
        let token = OutcomeToken(store: view.manifest.manifest.store, number: 1, transaction: "x", time: view.time)
        let asking = Task { try? await storage.outcome(of: token) }
        _ = await World.soon { puts.withLock { $0 } > 0 }
        asking.cancel()
        let isOver = Lock(false)
        Task {
            _ = await asking.value
            isOver.withLock { $0 = true }
        }
        #expect(await World.soon { isOver.withLock { $0 } }, "\(puts.withLock { $0 }) attempts after the cancellation")
        hooked.onBefore(nil)
    }

    @Test("A commit that waits behind a slow one ends at its own deadline")
    func deadlineInLine() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        let gate = Gate()
        hooked.onBefore { call in
            if call.operation == .put, call.key.hasPrefix("_log/") { await gate.pass() }
        }
        let slow = Task { try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))])) }
        await gate.arrival()
        let isOver = Lock(false)
        let hasty = Task {
            defer { isOver.withLock { $0 = true } }
            return try await withDeadline(after: .milliseconds(100)) {
                try await storage.commit(Batch([.insert(World.items, World.row(2, "b"))]))
            }
        }
        #expect(await World.soon { isOver.withLock { $0 } }, "its deadline passed two seconds ago")
        gate.open()
        _ = try await slow.value
        do {
            _ = try await hasty.value
            Issue.record("committed long after its deadline")
        } catch {}
    }

    @Test("Whose time is over while the store takes nothing hears that, and the others of the record go on without it")
    func deadlineOfACertainRefusal() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let uptime = Lock(Duration.zero)
        var machine = Surroundings.machine()
        machine.uptime = { uptime.withLock { $0 } }
        // Pauses between attempts are none; what watches over the time of others comes too late.
        machine.sleep = { pause in
            if pause < .seconds(5) { return await Task.yield() }
            try await Task.sleep(for: .seconds(3_600))
        }
        let storage = try await World.open(hooked, surroundings: machine)
        let gate = Gate()
        let (isThrottled, refused) = (Lock(true), Lock(0))
        hooked.onBefore { call in
            guard call.operation == .put, call.key.hasPrefix("_log/") else { return }
            if call.key == ObjectNames.record(1) { return await gate.pass() }
            guard isThrottled.withLock({ $0 }) else { return }
            refused.withLock { $0 += 1 }
            throw ObjectStoreError(.throttled, "slow down", isRetryable: true)
        }
        let slow = Task { try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))])) }
        await gate.arrival()
        // Both wait for the same record.
        let hasty = Task {
            try await withDeadline(after: .seconds(30)) {
                try await storage.commit(Batch([.insert(World.items, World.row(2, "b"))]))
            }
        }
        let patient = Task { try await storage.commit(Batch([.insert(World.items, World.row(3, "c"))])) }
        await World.others()
        gate.open()
        _ = try await slow.value
        #expect(await World.soon { refused.withLock { $0 } > 0 })
        uptime.withLock { $0 = .seconds(31) }
        let error = await #expect(throws: StorageError.self) { _ = try await hasty.value }
        #expect(error?.code == .throttled, "\(error.map(String.init(describing:)) ?? "")")
        isThrottled.withLock { $0 = false }
        _ = try await patient.value
        let other = try await World.open(memory)
        #expect(try await World.name(other, 2) == nil)
        #expect(try await World.name(other, 3) == "c")
    }

    @Test("A batch that cannot be right says so, however busy the log is")
    func busyDuplicate() async throws {
        let memory = MemoryObjectStore()
        let other = try await World.open(memory)
        _ = try await other.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        let next = Lock(100)
        hooked.onBefore { call in
            // Another process commits something of another table before each look at the log.
            guard call.operation == .get, call.key.hasPrefix("_log/") else { return }
            let id = next.withLock { next in
                next += 1
                return next
            }
            if !id.isMultiple(of: 2) {
                _ = try await other.commit(
                    Batch([.insert(World.blobs, World.values(World.blobs, ["id": .int(id), "text": .string("x")]))]))
            }
        }
        do {
            _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "again"))]))
            Issue.record("inserted twice")
        } catch let error as StorageError {
            #expect(
                error.code == .duplicate, "\(World.text(error)) after \(next.withLock { $0 } - 100) looks at the log")
        }
    }
}
