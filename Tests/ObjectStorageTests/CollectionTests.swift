import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// What the collector removes, and that nobody misses it.
@Suite("Collection")
struct CollectionTests {
    // MARK: Manifests and index files

    @Test("A manifest goes a day after its successor was stored, and the index files that only it named with it")
    func manifests() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(64)
        let before = try await site.manifests()
        #expect(before.count >= 5)
        site.clock.advance(.hours(23))
        let early = try await process.storage.maintain()
        #expect(early.removed == MaintenanceReport.Removed())
        site.clock.advance(.hours(26))
        try await process.churn(16, from: 2000)
        let first = try await process.storage.maintain()
        #expect(first.removed.manifests == before.count - 1, "the newest of them is replaced only now")
        #expect(first.removed.indexFiles == 0, "what the oldest that stands may not know of stays")
        site.clock.advance(.hours(25))
        try await process.churn(16, from: 3000)
        let files = try await site.names(ObjectNames.indexes).count
        let report = try await process.storage.maintain()
        #expect(report.removed.manifests > 0 && report.removed.indexFiles > 0 && report.removed.bytes > 0)
        #expect(try await site.names(ObjectNames.indexes).count == files - report.removed.indexFiles)
        #expect(report.failures == 0 && report.notCollected == nil && report.unknown.isEmpty)
        let other = try await site.open()
        #expect(try await other.storage.all(site.cities).count == 96)
        #expect(try await other.storage.byPopulation(site.cities).count == 96)
    }

    @Test("The newest manifest stays, however old it is")
    func newest() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.put(1, "Paris")
        try await process.checkpoint()
        for _ in 0..<3 {
            site.clock.advance(.days(30))
            _ = try await process.storage.maintain()
        }
        #expect(try await site.open().name(1) == "Paris")
        #expect(try await process.name(1) == "Paris")
    }

    @Test("A snapshot of an old manifest reads for a day, and is told storage.snapshot_expired when its files are gone")
    func oldReader() async throws {
        let site = try Site()
        let writer = try await site.open()
        try await writer.churn(40, "Old")
        try await writer.checkpoint()
        let expected = try await writer.storage.all(site.cities)
        // Readers that have nothing of the indexes yet.
        let (early, late) = (try await site.open(), try await site.open())
        let earlySnapshot = try await early.storage.snapshot(.latest)
        let lateSnapshot = try await late.storage.snapshot(.latest)
        // All are changed, so that the base of every index is written anew.
        try await writer.churn(40, "New")
        try await writer.checkpoint()
        site.clock.advance(.hours(23))
        _ = try await writer.storage.maintain()
        #expect(try await earlySnapshot.all(site.cities) == expected)
        site.clock.advance(.hours(3))
        let report = try await writer.storage.maintain()
        #expect(report.removed.manifests > 0 && report.removed.indexFiles == 0, "files stay half a day longer")
        site.clock.advance(.hours(24))
        try await writer.put(1, "Paris")
        try await writer.checkpoint()
        site.clock.advance(.hours(25))
        #expect(try await writer.storage.maintain().removed.indexFiles > 0)
        let error = await failing(.snapshotExpired) { _ = try await lateSnapshot.byPopulation(site.cities) }
        #expect(error?.isRetryable == true)
        #expect(try await late.storage.all(site.cities).count == 41, "a new statement sees the newest state")
    }

    @Test("A process that follows the log looks for a newer manifest before its own is gone")
    func follower() async throws {
        let site = try Site()
        var options = ObjectStorageOptions()
        options.indexCacheBytes = 0
        let reader = try await site.open(options: options)
        let writer = try await site.open()
        try await writer.churn(32)
        for day in 0..<6 {
            // Fewer commits than a reader takes before it asks for a manifest by itself.
            for id in 0..<3 { try await writer.put(id, "City \(day) \(id)", population: day) }
            try await writer.checkpoint()
            for _ in 0..<5 {
                site.clock.advance(.hours(5))
                _ = try await writer.storage.maintain()
                #expect(try await reader.storage.byPopulation(site.cities).count == 35)
            }
        }
        #expect(try await site.manifests().count < 12)
    }

    @Test("A process that still has an old manifest makes no successor of it when that is gone")
    func fork() async throws {
        let site = try Site()
        let sleeper = try await site.open(hasUptime: false)
        try await sleeper.put(1, "Paris")
        let writer = try await site.open()
        try await writer.churn(64)
        site.clock.advance(.days(2))
        try await writer.churn(16, from: 2000)
        _ = try await writer.storage.maintain()
        let standing = try await site.manifests()
        #expect(!standing.contains(2))
        // It proves the tip and so learns of the newest manifest, or its PUT comes too late: never version 2 again.
        try? await sleeper.checkpoint()
        _ = try await sleeper.storage.maintain()
        try await sleeper.put(2, "Rome")
        try? await sleeper.checkpoint()
        let after = try await site.manifests()
        #expect(after.allSatisfy { $0 >= (standing.min() ?? 0) }, "\(after)")
        #expect(try await sleeper.storage.all(site.cities).count == 82)
    }

    // MARK: The log

    @Test("Log records go when a manifest has said so for an hour, and not before they are a week old")
    func log() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(40)
        try await process.checkpoint()
        site.clock.advance(.days(6.9))
        _ = try await process.storage.maintain()
        #expect(try process.view.manifest.manifest.collected == 0)
        site.clock.advance(.hours(4))
        _ = try await process.storage.maintain()
        #expect(try await process.storage.maintain().removed.logRecords == 0)
        let announced = try process.view.manifest.manifest.collected
        #expect(announced == 40)
        site.clock.advance(.minutes(59))
        #expect(try await process.storage.maintain().removed.logRecords == 0)
        site.clock.advance(.minutes(2))
        #expect(try await process.storage.maintain().removed.logRecords == 40)
        #expect(try await site.numbers().isEmpty)
        try await process.put(1, "Paris")
        let other = try await site.open()
        #expect(try await other.storage.all(site.cities).count == 41)
        #expect(try await other.storage.currentCommit() == 41)
    }

    @Test("Log records that a standing manifest does not cover stay")
    func uncovered() async throws {
        let site = try Site()
        let process = try await site.open()
        for id in 0..<10 { try await process.put(id, "City \(id)") }
        await (try process.engine).finish()
        // Nobody has made a checkpoint for a week.
        site.clock.advance(.days(8))
        _ = try await process.storage.maintain()
        site.clock.advance(.hours(2))
        _ = try await process.storage.maintain()
        #expect(try await site.numbers() == Array(1...10), "manifest 1, which covers nothing, is kept for a day still")
        site.clock.advance(.hours(24))
        _ = try await process.storage.maintain()
        site.clock.advance(.hours(2))
        #expect(try await process.storage.maintain().removed.logRecords == 10)
    }

    @Test("Parts go with their records, and so do those whose records never came")
    func parts() async throws {
        let site = try Site()
        let process = try await site.open()
        let text = String(repeating: "x", count: 1 << 20)
        let records = try (0..<9).map { try Record(site.notes, ["id": .int($0), "text": .string(text)]) }
        _ = try await process.store.session.write(records.map { .insert($0.table, $0.values) })
        await (try process.engine).finish()
        let count = try await site.names(ObjectNames.parts).count
        #expect(count >= 3)
        try await site.objects.put(ObjectNames.part(0, ofCommit: "died-0001"), [1, 2, 3])
        try await process.checkpoint()
        site.clock.advance(.hours(25))
        try await process.put(1, "Paris")
        #expect(
            try await process.storage.maintain().removed.parts == 0, "an hour older than the oldest record is needed")
        site.clock.advance(.days(7))
        try await process.put(2, "Rome")
        try await process.checkpoint()
        site.clock.advance(.hours(25))
        _ = try await process.storage.maintain()
        site.clock.advance(.hours(2))
        let report = try await process.storage.maintain()
        #expect(report.removed.logRecords >= 1 && report.removed.parts == count + 1, "\(report)")
        #expect(try await site.names(ObjectNames.parts).isEmpty)
        let other = try await site.open()
        #expect(try await other.store.records("notes").count() == 9)
    }

    // MARK: Sleepers

    @Test("A writer that slept for eight days goes on rightly", arguments: [true, false])
    func sleepingWriter(hasUptime: Bool) async throws {
        let site = try Site()
        let sleeper = try await site.open(hasUptime: hasUptime)
        try await sleeper.put(1, "Paris")
        let transaction = try await sleeper.storage.transaction()
        #expect(try await transaction.name(site.cities, 1) == "Paris")
        let other = try await site.open()
        try await other.churn(40)
        try await other.put(1, "Lutetia")
        try await other.checkpoint()
        try await Self.collectAll(other, site)
        #expect(try await site.numbers().isEmpty)
        // What it read is long gone, and the number it would write is taken by nothing.
        await failing(.conflict) {
            _ = try await transaction.write([
                .update(
                    site.cities,
                    try Record(site.cities, ["id": .int(1), "name": .string("x"), "population": .int(0)]).values,
                    expecting: nil)
            ])
            _ = try await transaction.commit()
        }
        try await sleeper.put(1, "Lutece")
        #expect(try await sleeper.storage.currentCommit() == 43)
        #expect(try await other.name(1) == "Lutece")
        let record = try await other.store.records("cities").get(Key(.int(1)))
        #expect(record.revision == 3)
    }

    @Test("A process that slept between opening and its first look goes on rightly")
    func sleepingOpener() async throws {
        let site = try Site()
        let writer = try await site.open()
        try await writer.churn(20)
        let storage = try await ObjectStorage.open(site.objects, surroundings: site.surroundings())
        _ = try await storage.schema()
        try await writer.churn(40, from: 2000)
        try await writer.checkpoint()
        try await Self.collectAll(writer, site)
        try await writer.put(1, "Paris")
        let store = try await Store.open(storage, schema: site.schema)
        #expect(try await store.records("cities").count() == 61)
        #expect(try await storage.all(site.cities).count == 61)
    }

    @Test("A log of which a collector has removed every second record only is no damage to one who slept")
    func holes() async throws {
        let site = try Site()
        let writer = try await site.open()
        try await writer.churn(20)
        let sleeper = try await site.open()
        let storage = try await ObjectStorage.open(site.objects, surroundings: site.surroundings())
        _ = try await storage.schema()
        try await writer.churn(40, from: 2000)
        try await writer.checkpoint()
        let kept = site.objects.snapshot()
        try await Self.collectAll(writer, site)
        // Of a batch, some may be left.
        for number in stride(from: 22, to: 60, by: 2) {
            let name = ObjectNames.record(number)
            try await site.objects.put(name, try await kept.bytes(name))
        }
        #expect(try await sleeper.storage.all(site.cities).count == 60)
        _ = try await Store.open(storage, schema: site.schema)
        #expect(try await storage.all(site.cities).count == 60)
    }

    @Test("A gap in the log that no manifest announces is damage")
    func gap() async throws {
        let site = try Site()
        let writer = try await site.open()
        for id in 0..<10 { try await writer.put(id, "City \(id)") }
        await (try writer.engine).finish()
        try await site.objects.delete(ObjectNames.record(5))
        await failing(.damaged) { _ = try await site.open() }
        // The collector promises nothing beyond it.
        try await writer.checkpoint()
        try await Self.collectAll(writer, site)
        #expect(try writer.view.manifest.manifest.collected == 4)
    }

    // MARK: Late, twice, in part

    @Test("A DELETE that arrives late is refused by the store, or does no harm")
    func lateDelete() async throws {
        for delay in [Duration.minutes(10), .minutes(16), .days(20)] {
            let site = try Site()
            let writer = try await site.open()
            try await writer.churn(64)
            site.clock.advance(.hours(25))
            try await writer.churn(16, from: 2000)
            let faulty = FaultInjectingObjectStore(site.objects, .none)
            let collector = try await site.open(faulty)
            faulty.follow(FaultPlan { $0.operation == .deleteBatch ? .holdRequest : nil })
            let standing = try await site.manifests()
            let report = try await collector.storage.maintain()
            #expect(report.failures > 0 && report.removed.manifests == 0)
            faulty.follow(.none)
            site.clock.advance(delay)
            try await writer.put(1, "Paris")
            await faulty.deliver()
            if delay > .minutes(15) { #expect(try await site.manifests().count >= standing.count) }
            #expect(try await site.open().storage.byPopulation(site.cities).count == 81)
            #expect(try await writer.storage.all(site.cities).count == 81)
        }
    }

    @Test("Two collectors at once remove the same things once", arguments: [0, 7, 14] as [UInt64])
    func two(seed: UInt64) async throws {
        let site = try Site()
        let processes = [try await site.open(), try await site.open(), try await site.open()]
        for round in 0..<4 {
            try await processes[round % 3].churn(40, from: 1000 + 100 * round)
            try await processes[round % 3].checkpoint()
            site.clock.advance(.days(3))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for process in processes {
                    group.addTask { _ = try await process.storage.maintain() }
                }
                try await group.waitForAll()
            }
        }
        let expected = 160
        for process in processes {
            #expect(try await process.storage.all(site.cities).count == expected, "seed \(seed)")
        }
        #expect(try await site.open().storage.byPopulation(site.cities).count == expected)
    }

    @Test("A DELETE that the store does not take is made again; what stays is told")
    func failures() async throws {
        let site = try Site()
        let writer = try await site.open()
        try await writer.churn(64)
        site.clock.advance(.hours(25))
        try await writer.churn(16, from: 2000)
        let faulty = FaultInjectingObjectStore(
            site.objects, .script(.deleteBatch, [.throttle(retryAfter: nil), .dropAnswer, .failBefore]))
        let collector = try await site.open(faulty)
        let report = try await collector.storage.maintain()
        #expect(report.removed.manifests > 0 && report.failures == 0)
        #expect(faulty.fired == [.throttle: 1, .dropAnswer: 1, .failBefore: 1])
        site.clock.advance(.hours(25))
        try await writer.churn(16, from: 3000)
        faulty.follow(FaultPlan { $0.operation == .deleteBatch ? .failBefore : nil })
        let failed = try await collector.storage.maintain()
        #expect(failed.failures > 0 && failed.removed == MaintenanceReport.Removed())
        faulty.follow(.none)
        #expect(try await collector.storage.maintain().removed.manifests > 0)
    }

    // MARK: What is left alone

    @Test("Objects that Cairn does not know are told and never removed; record files and schemas are not looked at")
    func unknown() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(20)
        let strange = [
            "README.txt", "backup/cities.json", "_checkpoints/main/m1.json.tmp", "_index/main/x.tmp",
            "_log/main/-.json",
            "_parts/main/stray.json", "_pins/a/b.json", "tables/rivers/objects/1.json",
        ]
        for name in strange { try await site.objects.put(name, [1]) }
        let files = try await site.names(ObjectNames.tables)
        let schemas = try await site.names(ObjectNames.schemas)
        for _ in 0..<3 {
            site.clock.advance(.days(10))
            let report = try await process.storage.maintain()
            #expect(
                Set(report.unknown) == [
                    "README.txt", "backup/", "_checkpoints/main/m1.json.tmp", "_index/main/x.tmp", "_log/main/-.json",
                    "_parts/main/stray.json", "_pins/a/b.json", "tables/rivers/",
                ])
        }
        for name in strange { #expect(try await site.objects.exists(name), "\(name)") }
        #expect(try await site.names(ObjectNames.tables) == files)
        #expect(try await site.names(ObjectNames.schemas) == schemas)
    }

    @Test("Values that a migration kept which was never decided go after a day")
    func keptValues() async throws {
        let site = try Site()
        let process = try await site.open()
        let names = [
            ObjectNames.keptValues("once-1", of: "notes", 0), ObjectNames.directory(ofValues: "once-1", of: "notes"),
        ]
        let others = ["mine/notes/0.json", "once-1/notes.json", "once-1/notes/0.txt", "once-1/notes/x/0.json"]
            .map { ObjectNames.keptValues + $0 }
        for name in names + others { try await site.objects.put(name, Array("{}".utf8)) }
        site.clock.advance(.days(0.9))
        #expect(try await process.storage.maintain().removed.trash == 0)
        #expect(try await Set(site.names(ObjectNames.keptValues)) == Set(names + others))
        site.clock.advance(.days(0.2))
        let report = try await process.storage.maintain()
        #expect(report.removed.trash == 2 && Set(report.unknown) == Set(others))
        #expect(try await Set(site.names(ObjectNames.keptValues)) == Set(others))
    }

    @Test("What a migration dropped goes after 30 days; what was put aside when records were adopted stays")
    func trash() async throws {
        let site = try Site()
        let process = try await site.open()
        let dropped = ObjectNames.trash(3, "notes", 0)
        let aside = "\(Adoption.trash)_schema.json"
        for name in [dropped, aside] { try await site.objects.put(name, Array("{}".utf8)) }
        site.clock.advance(.days(29))
        #expect(try await process.storage.maintain().removed.trash == 0)
        #expect(try await site.names(ObjectNames.trash) == [dropped, aside])
        site.clock.advance(.days(1.1))
        let report = try await process.storage.maintain()
        #expect(report.removed.trash == 1 && report.unknown.isEmpty)
        #expect(try await site.names(ObjectNames.trash) == [aside])
    }

    @Test("A pin that cannot be read stops the collector")
    func unreadablePin() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(40)
        site.clock.advance(.days(2))
        try await process.churn(20, from: 2000)
        let standing = try await site.manifests()
        try await site.objects.put(ObjectNames.pin("broken"), Array("{}".utf8))
        await failing(.damaged) { _ = try await process.storage.maintain() }
        #expect(try await site.manifests() == standing)
    }

    @Test("On a store that cannot fence nothing is collected but in a window, and the report says so")
    func unfenced() async throws {
        let site = try Site()
        let process = try await site.open(UnfencedObjectStore(base: site.objects))
        try await process.churn(40)
        site.clock.advance(.days(2))
        try await process.churn(20, from: 2000)
        let report = try await process.storage.maintain()
        #expect(report.removed == MaintenanceReport.Removed() && report.notCollected != nil)
        let inside = try await process.storage.withMaintenanceWindow(
            by: "test", reason: "collection", until: site.clock.now
        ) {
            try await process.storage.maintain()
        }
        #expect(inside.removed.manifests > 0 && inside.notCollected == nil)
        #expect(try await site.open().storage.all(site.cities).count == 60)
        try await process.put(1, "Paris")
    }

    // MARK: Support

    /// Goes on in time and collects until the whole log could go.
    static func collectAll(_ process: SiteProcess, _ site: Site) async throws {
        for _ in 0..<2 {
            site.clock.advance(.days(8))
            _ = try await process.storage.maintain()
            site.clock.advance(.hours(2))
            _ = try await process.storage.maintain()
        }
    }
}
