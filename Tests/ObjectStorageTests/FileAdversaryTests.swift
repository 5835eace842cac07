import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Adversary: files, manifests, readers")
struct FileAdversaryTests {
    @Test("flush fails as long as record files are missing")
    func flushTwice() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        hooked.onBefore { call in
            if call.operation == .put, call.key.hasPrefix("tables/") {
                throw ObjectStoreError(.accessDenied, "no")
            }
        }
        _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        await #expect(throws: StorageError.self) { try await storage.flush() }
        await #expect(throws: StorageError.self, "the file is still not there") { try await storage.flush() }
        hooked.onBefore(nil)
        try await storage.flush()
        let names = try await all(memory)
        #expect(names.contains("tables/items/objects/1.json"), "flush() said that all files are written")
    }

    private func all(_ memory: MemoryObjectStore) async throws -> [String] {
        var names: [String] = []
        for try await entry in memory.list(ListOptions()) { names.append(entry.name) }
        return names
    }

    @Test("flush waits for what was there when it began, not for what comes later")
    func flushStarves() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        var options = ObjectStorageOptions()
        options.durability = .materialised
        let storage = try await World.open(hooked, options)
        let gates = [Gate(), Gate()]
        hooked.onBefore { call in
            guard call.operation == .put else { return }
            if call.key.hasSuffix("/1.json") { await gates[0].pass() }
            if call.key.hasSuffix("/2.json") { await gates[1].pass() }
        }
        let isOver = Lock(false)
        let first = Task {
            _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
            isOver.withLock { $0 = true }
        }
        await gates[0].arrival()
        // Two records at once, so that both have a worker.
        let second = Task {
            try await storage.commit(
                Batch([.insert(World.items, World.row(2, "b")), .insert(World.items, World.row(3, "c"))]))
        }
        await gates[1].arrival()
        gates[0].open()
        #expect(await World.soon { isOver.withLock { $0 } }, "record and file of the first commit are written")
        gates[1].open()
        _ = try await first.value
        _ = try await second.value
    }

    @Test("A file that takes long does not keep others from being written")
    func headOfLine() async throws {
        let memory = MemoryObjectStore()
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        let gate = Gate()
        hooked.onBefore { call in
            if call.operation == .put, call.key.hasSuffix("/1.json") { await gate.pass() }
        }
        _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        await gate.arrival()
        _ = try await storage.commit(Batch([.insert(World.items, World.row(2, "b"))]))
        let isWritten = await World.soon {
            (try? await memory.head("tables/items/objects/2.json", ReadConditions())) != nil
        }
        #expect(isWritten, "31 of 32 workers are idle")
        gate.open()
    }

    @Test("A cursor that failed once does not leave rows out")
    func cursorAfterError() async throws {
        let memory = MemoryObjectStore()
        let writer = try await World.open(memory)
        for id in 1...100 { _ = try await writer.commit(Batch([.insert(World.items, World.row(id, "n\(id)"))])) }
        try await writer.flush()
        _ = try await writer.maintain()
        try await writer.close()
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        let cursor = try await storage.rows(Query(World.items))
        let fails = Lock(true)
        hooked.onBefore { call in
            if call.key.hasPrefix("tables/"), fails.withLock({ $0 }) { throw ObjectStoreError(.network, "lost") }
        }
        var ids: [Int] = []
        let read: (RowReader) throws -> Bool = { row in
            if case .int(let id) = try row.values()[World.items.key[0]] { ids.append(id) }
            return true
        }
        await #expect(throws: (any Error).self) { _ = try await cursor.next(10, read) }
        fails.withLock { $0 = false }
        do {
            while try await cursor.next(10, read) {}
            #expect(ids == Array(1...100), "got \(ids.count), first \(ids.first ?? 0)")
        } catch {
            // To fail for good is right as well.
        }
    }

    @Test("The file of a record that the index has is missed, not taken for a record that never was")
    func lostFile() async throws {
        let memory = MemoryObjectStore()
        let writer = try await World.open(memory)
        for id in 1...5 { _ = try await writer.commit(Batch([.insert(World.items, World.row(id, "n\(id)"))])) }
        try await writer.flush()
        _ = try await writer.maintain()
        _ = try await memory.delete("tables/items/objects/3.json", DeleteOptions())
        let storage = try await World.open(memory)
        do {
            let name = try await World.name(storage, 3)
            Issue.record("an acknowledged record is \(name ?? "nil")")
            let receipt = try await storage.commit(Batch([.insert(World.items, World.row(3, "other"))]))
            Issue.record("and inserted again as revision \(receipt.results[0].revision)")
        } catch let error as StorageError { #expect(error.code == .damaged, "\(World.text(error))") }
    }

    @Test("A place with record files and without _store.json is no empty store")
    func remains() async throws {
        let memory = MemoryObjectStore()
        let writer = try await World.open(memory)
        for id in 1...5 { _ = try await writer.commit(Batch([.insert(World.items, World.row(id, "n\(id)"))])) }
        try await writer.close()
        // A sync tool that leaves out what begins with an underscore.
        for name in try await all(memory) where name.hasPrefix("_") {
            _ = try await memory.delete(name, DeleteOptions())
        }
        do {
            let storage = try await World.open(memory)
            let name = try await World.name(storage, 3)
            Issue.record("made a store over the records of another; record 3 is \(name ?? "nil")")
            let receipt = try await storage.commit(Batch([.insert(World.items, World.row(3, "mine"))]))
            try? await storage.flush()
            _ = try await storage.maintain()
            let again = try await World.open(memory)
            let read = try await World.name(again, 3)
            Issue.record(
                "inserted 3 as revision \(receipt.results[0].revision); after a checkpoint it reads \(read ?? "nil")")
        } catch let error as StorageError { #expect(error.code == .damaged, "\(World.text(error))") }
    }

    @Test("The clock of one process neither forgets receipts nor moves the time of the store")
    func fastClock() async throws {
        let memory = MemoryObjectStore()
        let good = try await World.open(memory)
        let batch = Batch([.insert(World.items, World.row(1, "a"))], idempotencyKey: "k")
        let first = try await good.commit(batch)
        _ = try await good.commit(Batch([.upsert(World.items, World.row(2, "b"))]))
        // A machine whose clock is two days ahead.
        let ahead = Clock()
        ahead.advance(2 * 86_400)
        let fast = try await World.open(memory, surroundings: .machine(now: { Timestamp(ahead.now) ?? .now }))
        _ = try await fast.maintain()
        _ = try await fast.commit(Batch([.upsert(World.items, World.row(3, "c"))]))
        _ = try await fast.maintain()
        let third = try await World.open(memory)
        let receipt = try await third.commit(Batch([.insert(World.items, World.row(4, "d"))]))
        #expect(receipt.time.microseconds < Timestamp.now.microseconds + 3_600_000_000, "times are \(receipt.time) now")
        do {
            let again = try await third.commit(batch)
            #expect(again.token == first.token)
        } catch { Issue.record("the receipt of a minute ago is forgotten: \(World.text(error))") }
    }

    @Test("A proof of the tip whose answer comes late does not take the place of a newer one")
    func lateProof() async throws {
        let storage = try await World.open(MemoryObjectStore())
        _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        let tip = try storage.engine().tip
        let number = try tip.view().number
        let known = try #require(try tip.confirmed().confirmation)
        let newer = known.uptime + .seconds(2)
        tip.confirm(number, known.date?.addingTimeInterval(2), asked: newer)
        tip.confirm(number, known.date?.addingTimeInterval(-18_000), asked: known.uptime + .seconds(1))
        #expect(try tip.confirmed().confirmation?.uptime == newer)
        #expect(try tip.confirmed().confirmation?.date == known.date?.addingTimeInterval(2))
    }

    @Test("What is rolled back stays rolled back, also while another task writes")
    func rollbackDuringWrite() async throws {
        let memory = MemoryObjectStore()
        let writer = try await World.open(memory)
        for id in 1...3 { _ = try await writer.commit(Batch([.insert(World.items, World.row(id, "n\(id)"))])) }
        try await writer.flush()
        _ = try await writer.maintain()
        let hooked = HookedStore(memory)
        let storage = try await World.open(hooked)
        let gate = Gate()
        hooked.onBefore { call in
            if call.operation == .get, call.key.hasSuffix("objects/3.json") { await gate.pass() }
        }
        let tx = try await storage.transaction()
        let point = try await tx.savepoint()
        _ = try await tx.write([.update(World.items, World.row(2, "rolled back"), expecting: nil)])
        let other = Task { try await tx.write([.update(World.items, World.row(3, "kept"), expecting: nil)]) }
        await gate.arrival()
        let back = Task { try await tx.rollback(to: point) }
        await World.others()
        gate.open()
        _ = try await other.value
        try await back.value
        _ = try await tx.commit()
        #expect(try await World.name(storage, 2) == "n2")
    }

    @Test("A closed store ends the snapshots it gave")
    func snapshotAfterClose() async throws {
        let memory = MemoryObjectStore()
        let storage = try await World.open(memory)
        _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        let snapshot = try await storage.snapshot(.latest)
        try await storage.close()
        await #expect(throws: StorageError.self) { _ = try await World.name(snapshot, 1) }
    }

    @Test("Bytes of parts count in what is kept of the log")
    func partsCount() async throws {
        let memory = MemoryObjectStore()
        let storage = try await World.open(memory)
        let text = String(repeating: "x", count: 3 << 20)
        _ = try await storage.commit(
            Batch(
                (1...3).map {
                    .insert(World.blobs, World.values(World.blobs, ["id": .int($0), "text": .string(text)]))
                }))
        let bytes = try storage.engine().tip.whileOpen { $0.history.bytes(after: 0) }
        #expect(bytes > 8 << 20, "a commit of 9 MiB counts as \(bytes) bytes")
    }

    @Test("A transaction that saw a record by writing it and took that back has seen the newest one")
    func unprovenWrite() async throws {
        let memory = MemoryObjectStore()
        let storage = try await World.open(memory)
        _ = try await storage.commit(Batch([.insert(World.items, World.row(1, "a"))]))
        let other = try await World.open(memory)
        _ = try await other.commit(Batch([.update(World.items, World.row(1, "b"), expecting: nil)]))
        _ = try await other.commit(Batch([.update(World.items, World.row(1, "c"), expecting: nil)]))
        let tx = try await storage.transaction()
        let point = try await tx.savepoint()
        let metadata = try await tx.write([.update(World.items, World.row(1, "x"), expecting: nil)])
        try await tx.rollback(to: point)
        do {
            _ = try await tx.commit()
            #expect(metadata[0].revision == 4, "committed, having seen revision \(metadata[0].revision - 1) of 3")
        } catch let error as StorageError { #expect(error.code == .conflict) }
    }
}
