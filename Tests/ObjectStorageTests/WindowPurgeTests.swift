import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// Forgetting deleted records, in a maintenance window.
@Suite("Purge")
struct WindowPurgeTests {
    /// A store with cities 1 to 40, of which the even ones were deleted, forty days ago, and a process that has them.
    private static func aged(_ site: Site) async throws -> SiteProcess {
        let process = try await site.open()
        for id in 1...40 { try await process.put(id, "City \(id)", population: id) }
        // Some to a higher revision than others.
        for id in 1...4 { try await process.put(id, "Town \(id)", population: id) }
        for id in stride(from: 2, through: 40, by: 2) { try await process.delete(id) }
        try await process.checkpoint()
        site.clock.advance(.days(40))
        _ = try await process.storage.maintain()
        try await process.put(100, "Late")
        try await process.checkpoint()
        site.clock.advance(.hours(25))
        _ = try await process.storage.maintain()
        return process
    }

    private static func purge(_ process: SiteProcess, days: Int = 30) async throws -> PurgeReport {
        try await process.storage.withMaintenanceWindow(
            by: "test", reason: "purge", until: process.site.clock.now
        ) {
            try await process.storage.purge(olderThanDays: days)
        }
    }

    private static func tombstones(_ process: SiteProcess) async throws -> Int {
        let runs = try process.view.manifest.runs(process.site.cities, nil)
        var cursor = (try process.engine).indexes.merged(runs, keeping: .allButRemoved)
        var count = 0
        while let entry = try await cursor.next() { if case .tombstone = try entry.content() { count += 1 } }
        return count
    }

    @Test("Files and entries of records deleted long ago go, and nothing else changes")
    func purge() async throws {
        let site = try Site()
        let process = try await Self.aged(site)
        let expected = try await process.storage.all(site.cities)
        #expect(try await Self.tombstones(process) == 20)
        let start = site.clock.now
        let report = try await Self.purge(process)
        #expect(report.purged == 20 && report.bytes > 0 && report.failures == 0 && !report.hasMore)
        #expect(report.kept == 0 && report.strange.isEmpty)
        #expect(site.clock.now.microseconds - start.microseconds >= 1_800_000_000, "half an hour of the store's time")
        #expect(try await Self.tombstones(process) == 0)
        #expect(try await site.names(ObjectNames.records(of: "cities")).count == 21)
        for reader in [process, try await site.open()] {
            #expect(try await reader.storage.all(site.cities) == expected)
            #expect(try await reader.storage.byPopulation(site.cities).count == 21)
            #expect(try await reader.name(2) == nil)
            #expect(try await reader.name(3) == "Town 3")
        }
        #expect(try await Self.purge(process).purged == 0)
    }

    @Test("No key gets a revision twice: not one that was purged, not through any process")
    func revisions() async throws {
        let site = try Site()
        let process = try await Self.aged(site)
        // One that follows the log through the window, and one that keeps the records it has read.
        let (follower, cached) = (try await site.open(), try await site.open())
        #expect(try await cached.name(2) == nil)
        #expect(try await Self.purge(process).purged == 20)
        #expect(try process.view.tables[site.cities.position].revisionFloor == 3)
        let cold = try await site.open()
        // City 2 had revisions 1, 2 and 3; the others 1 and 2.
        #expect(try await process.put(2, "Two").revision == 4)
        #expect(try await follower.put(4, "Four").revision == 4)
        #expect(try await cached.put(6, "Six").revision >= 3)
        #expect(try await cold.put(8, "Eight").revision == 4)
        #expect(try await cold.put(500, "New").revision == 4, "of one that never was nobody can tell the difference")
        #expect(try await cold.put(3, "Three").revision == 3, "a record that is there goes on as it was")
        // After a checkpoint, and after another one, it is still known.
        try await cold.checkpoint()
        try await cold.churn(20)
        #expect(try await site.open().put(10, "Ten").revision == 4)
        try await process.delete(2)
        #expect(try await process.put(2, "Two again").revision == 6)
    }

    @Test("A view from before the deletion says of a record that was purged and came back that it is no longer kept")
    func cameBack() async throws {
        let site = try Site()
        let process = try await site.open()
        for id in 1...4 { try await process.put(id, "City \(id)") }
        try await process.checkpoint()
        try await process.storage.flush()
        let snapshot = try await site.open().storage.snapshot(.latest)
        try await process.delete(2)
        try await process.checkpoint()
        #expect(try await snapshot.get(site.cities, Key(.int(2))) { _ in })
        let later = try await site.open().storage.snapshot(asOf: 4)
        site.clock.advance(.days(40))
        _ = try await process.storage.maintain()
        try await process.put(100, "Late")
        try await process.checkpoint()
        site.clock.advance(.hours(25))
        _ = try await process.storage.maintain()
        #expect(try await Self.purge(process).purged == 1)
        try await process.put(2, "Two")
        try await process.put(5, "Five")
        try await process.storage.flush()
        // It was there, and nobody can tell any more what it was.
        await failing(.snapshotExpired) { _ = try await later.get(site.cities, Key(.int(2))) { _ in } }
        // One that never was before is not there, however old the view is.
        #expect(try await later.get(site.cities, Key(.int(5))) { _ in } == false)
        #expect(try await later.get(site.cities, Key(.int(3))) { _ in })
    }

    @Test("Only in a window of one's own")
    func outside() async throws {
        let site = try Site()
        let (process, other) = (try await site.open(), try await site.open())
        await failing(.invalid) { _ = try await process.storage.purge() }
        try await other.storage.beginMaintenance(by: "x", reason: "y", until: site.clock.now)
        await failing(.invalid) { _ = try await process.storage.purge() }
        await failing(.invalid) { _ = try await other.storage.purge(olderThanDays: 0) }
        try await other.storage.endMaintenance()
        await failing(.invalid) { _ = try await other.storage.purge() }
    }

    @Test("What is younger than asked for stays, and so does what a manifest or a pin shows alive")
    func kept() async throws {
        let site = try Site()
        let process = try await site.open()
        for id in 1...10 { try await process.put(id, "City \(id)") }
        try await process.storage.pin("before")
        for id in 1...5 { try await process.delete(id) }
        try await process.checkpoint()
        site.clock.advance(.days(20))
        try await process.put(11, "Late")
        try await process.checkpoint()
        site.clock.advance(.days(2))
        _ = try await process.storage.maintain()
        #expect(try await Self.purge(process).purged == 0, "younger than 30 days")
        #expect(try await Self.purge(process, days: 10).purged == 0, "the pin shows them")
        let pinned = try await process.storage.snapshot(pinned: "before")
        #expect(try await pinned.all(site.cities).count == 10)
        try await process.storage.unpin("before")
        site.clock.advance(.days(2))
        _ = try await process.storage.maintain()
        #expect(try await Self.purge(process, days: 10).purged == 5)
        // A snapshot of a manifest that is gone is told so, and not that there is no such record.
        await failing(.snapshotExpired) { _ = try await pinned.name(site.cities, 1) }
        await failing(.snapshotExpired) { _ = try await pinned.all(site.cities) }
    }

    @Test("A process that slept through the window does not write the file of a forgotten record again")
    func zombie() async throws {
        for isFenced in [true, false] {
            let site = try Site()
            let faulty = FaultInjectingObjectStore(site.objects, .none)
            let sleeper = try await site.open(
                isFenced ? faulty : UnfencedObjectStore(base: faulty), hasUptime: !isFenced)
            try await sleeper.put(1, "Old")
            _ = await (try sleeper.engine).materialiser.flush()
            faulty.follow(
                FaultPlan { $0.operation == .put && $0.key.hasPrefix(ObjectNames.tables) ? .failBefore : nil })
            // Committed, and its file is not written: a new record and a new image of one.
            try await sleeper.put(1, "Changed")
            try await sleeper.put(2, "Fresh")
            _ = await (try sleeper.engine).materialiser.flush()
            faulty.follow(.none)
            let other = try await site.open()
            try await other.delete(1)
            try await other.delete(2)
            try await other.put(3, "Other")
            try await other.checkpoint()
            _ = await (try other.engine).materialiser.flush()
            site.clock.advance(.days(40))
            try await other.put(4, "Late")
            try await other.checkpoint()
            site.clock.advance(.days(2))
            _ = try await other.storage.maintain()
            #expect(try await Self.purge(other).purged == 2)
            _ = await (try sleeper.engine).materialiser.flush()
            #expect(try await site.names(ObjectNames.records(of: "cities")).count == 2, "fenced \(isFenced)")
            for process in [sleeper, other, try await site.open()] {
                #expect(try await process.name(1) == nil)
                #expect(try await process.name(2) == nil)
            }
        }
    }

    @Test("A purge that ends after any of its requests is gone on with, and repeats no revision", arguments: 0..<12)
    func interrupted(requests: Int) async throws {
        let site = try Site()
        let first = try await Self.aged(site)
        await (try first.engine).finish()
        let faulty = FaultInjectingObjectStore(site.objects, .none)
        let dying = try await site.open(faulty)
        try await dying.storage.beginMaintenance(by: "x", reason: "y", until: site.clock.now)
        try await (try dying.engine).windows.awaitQuiet()
        let left = Lock(requests)
        faulty.follow(
            FaultPlan { call in
                guard call.operation.isWrite else { return nil }
                return left.withLock { left in
                    left -= 1
                    return left < 0 ? .dropRequest : nil
                }
            })
        let isDone = (try? await dying.storage.purge()) != nil && left.withLock { $0 >= 0 }
        // The process is gone. Another one takes the window, and goes on or ends it.
        let other = try await site.open()
        if requests.isMultiple(of: 2) {
            try await other.storage.beginMaintenance(by: "z", reason: "y", until: site.clock.now, takingOver: true)
            let report = try await other.storage.purge()
            if !isDone { #expect(report.purged > 0 || requests > 2, "after \(requests) requests") }
            #expect(try await Self.tombstones(other) == 0, "after \(requests) requests")
            try await other.storage.endMaintenance()
        } else {
            try await other.storage.endMaintenance(takingOver: true)
        }
        for id in stride(from: 2, through: 40, by: 2) {
            let revision = try await first.put(id, "Again \(id)").revision
            #expect(revision >= (id < 5 ? 4 : 3), "city \(id) after \(requests) requests: \(revision)")
        }
        #expect(try await site.open().storage.all(site.cities).count == 41)
    }

    @Test(
        "A window ends only when its removals can take no effect any more, late or a second time",
        arguments: [Fault.holdRequest, .duplicate])
    func unanswered(_ fault: Fault) async throws {
        let site = try Site()
        _ = try await Self.aged(site)
        let faulty = FaultInjectingObjectStore(site.objects, .none)
        let owner = try await site.open(faulty)
        try await owner.storage.beginMaintenance(by: "x", reason: "y", until: site.clock.now)
        try await (try owner.engine).windows.awaitQuiet()
        faulty.follow(.script(.deleteBatch, [fault]))
        let start = site.clock.now
        #expect(try await owner.storage.purge().purged == 20)
        try await owner.storage.endMaintenance()
        #expect(site.clock.now.microseconds - start.microseconds >= 900_000_000)
        let other = try await site.open()
        try await other.put(2, "Two")
        _ = await (try other.engine).materialiser.flush()
        await faulty.deliver()
        #expect(try await site.open().name(2) == "Two")
    }

    @Test(
        "A window ends half an hour after its removals where nobody knows until when they may arrive",
        arguments: [true, false])
    func dateless(wasToldNoDate: Bool) async throws {
        let site = try Site()
        _ = try await Self.aged(site)
        let isDateless = Lock(false)
        let owner = try await site.open(
            AlteredStore(
                base: UnfencedObjectStore(base: site.objects),
                alter: { _, answer in if isDateless.withLock({ $0 }) { answer.serverDate = nil } }))
        try await owner.storage.beginMaintenance(by: "x", reason: "y", until: site.clock.now)
        #expect(try await owner.storage.purge().purged == 20)
        if wasToldNoDate {
            try owner.engine.windows.noteRemoval(effectiveUntil: nil)
        } else {
            isDateless.withLock { $0 = true }
        }
        let start = site.clock.now
        try await owner.storage.endMaintenance()
        #expect(site.clock.now.microseconds - start.microseconds >= 1_800_000_000)
        try await site.open().put(2, "Two")
    }

    @Test("A file of a deleted record that somebody has changed is told and left alone")
    func strange() async throws {
        let site = try Site()
        let process = try await Self.aged(site)
        let name = ObjectNames.file(site.cities, Key(.int(6)))
        try await site.objects.put(name, Array("{ \"id\": 6 }".utf8))
        let report = try await Self.purge(process)
        #expect(report.purged == 19 && report.strange == [name] && report.kept == 1)
        #expect(try await site.objects.exists(name))
        #expect(try await Self.tombstones(process) == 1)
    }
}
