import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// Maintenance windows: nobody writes in them but whoever has opened one.
@Suite("Maintenance window")
struct WindowTests {
    private static func begin(_ process: SiteProcess) async throws {
        try await process.storage.beginMaintenance(
            by: "the test", reason: "to see what happens", until: process.site.clock.now)
    }

    @Test("From the closing on commits fail with storage.maintenance, reading goes on, and opening ends it")
    func closing() async throws {
        let site = try Site()
        let (owner, other) = (try await site.open(), try await site.open())
        try await other.put(1, "Paris")
        try await Self.begin(owner)
        let window = try #require(try await other.storage.maintenanceWindow())
        #expect(window.by == "the test" && window.reason == "to see what happens" && !window.isOwn)
        #expect(window.since != nil)
        #expect(try await other.storage.examine().closed == window)
        #expect(try await owner.storage.maintenanceWindow()?.isOwn == true)
        for process in [owner, other, try await site.open()] {
            let error = await failing(.maintenance) { try await process.put(2, "Rome") }
            #expect(error?.isRetryable == true && error?.message.contains("the test") == true)
            await failing(.maintenance) {
                try await process.store.transaction { tx in
                    try await tx.records("cities").delete(Key(.int(1)))
                }
            }
            #expect(try await process.name(1) == "Paris")
            #expect(try await process.storage.byPopulation(site.cities) == [1])
        }
        try await owner.storage.endMaintenance()
        #expect(try await other.storage.maintenanceWindow() == nil)
        try await other.put(2, "Rome")
        try await owner.put(3, "Oslo")
        #expect(try await site.open().storage.all(site.cities) == [1: "Paris", 2: "Rome", 3: "Oslo"])
        try await owner.storage.endMaintenance()
    }

    @Test("A process that saw the closing and nothing since notices the opening by itself")
    func stale() async throws {
        let site = try Site()
        let (owner, other) = (try await site.open(), try await site.open())
        try await Self.begin(owner)
        await failing(.maintenance) { try await other.put(1, "Paris") }
        try await owner.storage.endMaintenance()
        try await other.put(1, "Paris")
        #expect(try await owner.name(1) == "Paris")
    }

    @Test("A closing that comes between the evaluation of a transaction and its commit wins")
    func between() async throws {
        let site = try Site()
        let (owner, other) = (try await site.open(), try await site.open())
        try await other.put(1, "Paris")
        let transaction = try await other.storage.transaction()
        #expect(try await transaction.name(site.cities, 1) == "Paris")
        _ = try await transaction.write([.delete(site.cities, Key(.int(1)), expecting: nil)])
        try await Self.begin(owner)
        // The process of the transaction does not know of it: it loses the number to it.
        await failing(.maintenance) { _ = try await transaction.commit() }
        #expect(try await owner.name(1) == "Paris")
        try await owner.storage.endMaintenance()
        #expect(try await other.name(1) == "Paris")
    }

    @Test("A transaction that began before a window is run again after it")
    func across() async throws {
        let site = try Site()
        let (owner, other) = (try await site.open(), try await site.open())
        let transaction = try await other.storage.transaction()
        _ = try await transaction.write([
            .insert(site.notes, try Record(site.notes, ["id": .int(1), "text": .string("x")]).values)
        ])
        try await Self.begin(owner)
        try await owner.storage.endMaintenance()
        let error = await failing(.conflict) { _ = try await transaction.commit() }
        #expect(error?.isRetryable == true)
    }

    @Test(
        "Of commits that are under way when the store is closed each is before the closing or fails", arguments: 0..<4)
    func storm(round: Int) async throws {
        let site = try Site()
        let owner = try await site.open()
        let others = [try await site.open(), try await site.open()]
        let committed = Lock<Set<Int>>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in 0..<60 {
                let process = others[id % 2]
                group.addTask {
                    do {
                        try await process.put(id, "City \(id)")
                        _ = committed.withLock { $0.insert(id) }
                    } catch let error as StorageError where error.code == .maintenance {
                        // Too late.
                    }
                }
            }
            group.addTask { try await Self.begin(owner) }
            try await group.waitForAll()
        }
        let closed = try #require(try owner.view.closing?.number)
        #expect(try await owner.storage.currentCommit() == closed)
        #expect(try await site.numbers().max() == closed)
        #expect(try await Set(site.open().storage.all(site.cities).keys) == committed.withLock { $0 })
    }

    @Test("Materialisers and checkpointers stop, and go on after it")
    func background() async throws {
        let site = try Site()
        let owner = try await site.open()
        let faulty = FaultInjectingObjectStore(site.objects, .none)
        let other = try await site.open(faulty)
        faulty.follow(
            FaultPlan { $0.operation == .put && $0.key.hasPrefix(ObjectNames.tables) ? .failBefore : nil })
        try await other.put(1, "Paris")
        _ = await (try other.engine).materialiser.flush()
        faulty.follow(.none)
        try await Self.begin(owner)
        #expect(try await other.name(1) == "Paris", "and so it has seen the closing")
        let before = try await site.names("")
        await failing(.unavailable) { try await other.storage.flush() }
        await failing(.maintenance) { try await other.checkpoint() }
        await failing(.maintenance) { try await other.storage.pin("now") }
        let report = try await other.storage.maintain()
        #expect(report.notCollected?.contains("the test") == true)
        #expect(try await site.names("") == before)
        // Not so its owner.
        try await owner.checkpoint()
        #expect(try await site.names("").count > before.count)
        try await owner.storage.endMaintenance()
        // What nobody waits for does not look every moment.
        site.clock.advance(.seconds(11))
        try await other.storage.flush()
        #expect(try await site.objects.exists(ObjectNames.file(site.cities, Key(.int(1)))))
    }

    @Test(
        "Without a fence, too, a process that slept looks at the log before it writes a file", arguments: [true, false])
    func sleepingMaterialiser(isFenced: Bool) async throws {
        let site = try Site()
        let owner = try await site.open()
        let faulty = FaultInjectingObjectStore(site.objects, .none)
        let sleeper = try await site.open(isFenced ? faulty : UnfencedObjectStore(base: faulty))
        faulty.follow(
            FaultPlan { $0.operation == .put && $0.key.hasPrefix(ObjectNames.tables) ? .failBefore : nil })
        try await sleeper.put(1, "Paris")
        _ = await (try sleeper.engine).materialiser.flush()
        faulty.follow(.none)
        try await Self.begin(owner)
        site.clock.advance(.hours(1))
        await failing(.unavailable) { try await sleeper.storage.flush() }
        #expect(try await site.names(ObjectNames.records(of: "cities")).isEmpty)
    }

    @Test("A manifest says that the store is closed: whoever opens it cold knows")
    func manifest() async throws {
        let site = try Site()
        let owner = try await site.open()
        try await Self.begin(owner)
        try await owner.checkpoint()
        let other = try await site.open()
        #expect(try other.view.manifest.manifest.closing?.note.by == "the test")
        await failing(.maintenance) { try await other.put(1, "Paris") }
        try await owner.storage.endMaintenance()
        try await other.put(1, "Paris")
        try await other.checkpoint()
        #expect(try other.view.manifest.manifest.closing == nil)
    }

    // MARK: Whose window it is

    @Test("A second closing is refused, as is ending the window of another")
    func second() async throws {
        let site = try Site()
        let (owner, other) = (try await site.open(), try await site.open())
        try await Self.begin(owner)
        await failing(.maintenance) { try await Self.begin(other) }
        await failing(.maintenance) { try await Self.begin(owner) }
        await failing(.maintenance) { try await other.storage.endMaintenance() }
        for text in ["", String(repeating: "x", count: 201)] {
            await failing(.invalid) {
                try await other.storage.beginMaintenance(by: text, reason: "x", until: site.clock.now)
            }
            await failing(.invalid) {
                try await other.storage.beginMaintenance(by: "x", reason: text, until: site.clock.now)
            }
        }
        var options = ObjectStorageOptions()
        options.mode = .readOnly
        let reader = try await site.open(options: options)
        await failing(.readOnly) { try await Self.begin(reader) }
    }

    @Test("Who ends the window of another takes it first and waits half an hour; the other one is told")
    func takingOver() async throws {
        let site = try Site()
        let (owner, other) = (try await site.open(), try await site.open())
        try await Self.begin(owner)
        let start = site.clock.now
        try await other.storage.endMaintenance(takingOver: true)
        #expect(site.clock.now.microseconds - start.microseconds >= 1_800_000_000)
        try await other.put(1, "Paris")
        await failing(.busy) { _ = try await owner.storage.purge() }
        try await Self.begin(owner)
        try await other.storage.beginMaintenance(by: "other", reason: "x", until: start, takingOver: true)
        await failing(.maintenance) { _ = try await owner.storage.purge() }
        await failing(.maintenance) { try await owner.checkpoint() }
        await failing(.maintenance) { try await owner.storage.endMaintenance() }
        try await other.storage.endMaintenance()
    }

    @Test("A window ends also when its body fails or is cancelled")
    func ending() async throws {
        let site = try Site()
        let process = try await site.open()
        struct Mistake: Error {}
        await #expect(throws: Mistake.self) {
            try await process.storage.withMaintenanceWindow(by: "x", reason: "y", until: site.clock.now) {
                await failing(.maintenance) { try await process.put(1, "Paris") }
                throw Mistake()
            }
        }
        try await process.put(1, "Paris")
        let task = Task {
            try await process.storage.withMaintenanceWindow(by: "x", reason: "y", until: site.clock.now) {
                withUnsafeCurrentTask { $0?.cancel() }
                try Task.checkCancellation()
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        try await process.put(2, "Rome")
        let result = try await process.storage.withMaintenanceWindow(by: "x", reason: "y", until: site.clock.now) { 7 }
        #expect(result == 7)
        try await process.put(3, "Oslo")
    }

    // MARK: Formats

    @Test("A closing, an opening and a manifest keep what they say when they are read again")
    func formats() throws {
        let schema = try #require(FormatFixtures.schema)
        let note = MaintenanceNote(by: "é \"x\"", reason: "why\n", until: FormatFixtures.time)
        var record = try FormatFixtures.record([], number: 9)
        record.kind = .close
        record.note = note
        var read = try CommitRecordJSON.decode(
            CommitRecordJSON.encode(record), name: ObjectNames.record(9), schema: FormatFixtures.resolve)
        #expect(read == record)
        record.kind = .open
        record.note = nil
        record.floors = [
            RevisionFloor(table: "cities", revision: 7), RevisionFloor(table: "samples", revision: Revisions.largest),
        ]
        read = try CommitRecordJSON.decode(
            CommitRecordJSON.encode(record), name: ObjectNames.record(9), schema: FormatFixtures.resolve)
        #expect(read == record)
        var manifest = Manifest(
            store: "s1", version: 3, covers: 9, head: [UInt8](repeating: 1, count: 32), collected: 2, schema: schema.id,
            time: FormatFixtures.time,
            tables: schema.tables.map { table in
                Manifest.TableState(
                    name: table.name, since: 0, count: 0,
                    indexes: ([""] + table.indexes.map(\.name)).map { Manifest.IndexState(name: $0) },
                    revisionFloor: table.position * 5)
            }, closing: Closing(number: 8, note: note))
        let name = ObjectNames.manifest(3)
        func decode() throws -> Manifest {
            try ManifestJSON.decode(ManifestJSON.encode(manifest), name: name, schema: FormatFixtures.resolve)
        }
        #expect(try decode() == manifest)
        manifest.closing?.number = 10
        #expect(throws: StorageError.self) { try decode() }
    }

    @Test("A damaged closing, opening or manifest is an error that names the object")
    func torture() throws {
        let schema = try #require(FormatFixtures.schema)
        var record = try FormatFixtures.record([], number: 9)
        record.kind = .open
        record.floors = [RevisionFloor(table: "cities", revision: 7)]
        FormatFixtures.torture(CommitRecordJSON.encode(record), ObjectNames.record(9)) {
            try CommitRecordJSON.decode($0, name: ObjectNames.record(9), schema: FormatFixtures.resolve)
        }
        let manifest = Manifest(
            store: "s1", version: 3, covers: 9, head: [UInt8](repeating: 1, count: 32), collected: 2, schema: schema.id,
            time: FormatFixtures.time,
            tables: schema.tables.map { table in
                Manifest.TableState(
                    name: table.name, since: 0, count: 0,
                    indexes: ([""] + table.indexes.map(\.name)).map { Manifest.IndexState(name: $0) }, revisionFloor: 3)
            },
            closing: Closing(
                number: 8, note: MaintenanceNote(by: "a", reason: "b", until: FormatFixtures.time)))
        FormatFixtures.torture(ManifestJSON.encode(manifest), ObjectNames.manifest(3)) {
            try ManifestJSON.decode($0, name: ObjectNames.manifest(3), schema: FormatFixtures.resolve)
        }
    }
}
