import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// Several processes that write, sleep, pin, read old moments and collect, over weeks. What is read is compared with what
/// was written; what is no longer kept must say so.
@Suite("Collection over weeks")
struct CollectionFuzzTests {
    /// A moment that was looked at, and what was there.
    private struct Moment {
        let commit: Int
        let cities: [Int: String]
        let time: Timestamp
    }

    @Test("Everything that is read was written, and nothing is missed", arguments: 0..<5 as Range<UInt64>)
    func weeks(seed: UInt64) async throws {
        var random = IndexRandom(seed)
        let site = try Site()
        var processes = [
            try await site.open(), try await site.open(skew: .hours(3)), try await site.open(hasUptime: false),
        ]
        var model: [Int: String] = [:]
        var moments: [Moment] = []
        var snapshots: [(any StorageSnapshot, Moment)] = []
        var pins: [String: Moment] = [:]
        var counts: [String: Int] = [:]

        for step in 0..<140 {
            let context: Comment = "seed \(seed), step \(step)"
            let process = processes[random.below(3)]
            switch random.below(20) {
            case 0..<9:
                for _ in 0...random.below(6) {
                    let id = random.below(60)
                    if model[id] != nil, random.below(4) == 0 {
                        try await process.delete(id)
                        model[id] = nil
                    } else {
                        let name = "City \(id) of step \(step) \(random.below(1000))"
                        try await process.put(id, name, population: random.below(100))
                        model[id] = name
                    }
                }
            case 9..<12: site.clock.advance(.hours(Double(random.below(60))))
            case 12: site.clock.advance(.days(Double(random.below(10))))
            case 13..<16:
                let report = try await process.storage.maintain()
                counts["manifests", default: 0] += report.removed.manifests
                counts["index files", default: 0] += report.removed.indexFiles
                counts["records", default: 0] += report.removed.logRecords
                #expect(report.unknown.isEmpty && report.failures == 0, context)
            case 16: try? await process.checkpoint()
            case 17:
                let snapshot = try await process.storage.snapshot(.latest)
                let commit = try await process.storage.currentCommit()
                let moment = Moment(commit: commit, cities: model, time: site.clock.now)
                moments.append(moment)
                snapshots.append((snapshot, moment))
                if random.below(2) == 0 {
                    let name = "pin-\(step)"
                    let pin = try await process.storage.pin(name)
                    #expect(pin.commit == commit, context)
                    pins[name] = moment
                }
            case 18:
                if let name = pins.keys.sorted().randomElement(using: &random), random.below(2) == 0 {
                    try await process.storage.unpin(name)
                    pins[name] = nil
                }
                let place = random.below(3)
                await (try processes[place].engine).finish()
                processes[place] = try await site.open(hasUptime: random.below(2) == 0)
            default:
                for (name, moment) in pins {
                    let cities = try await process.storage.snapshot(pinned: name).all(site.cities)
                    #expect(cities == moment.cities, "pin \(name), \(context)")
                }
                try await look(at: moments, process, site, context, &counts)
                for (snapshot, moment) in snapshots { try await look(snapshot, moment, site, context, &counts) }
            }
            #expect(try await process.storage.all(site.cities) == model, context)
        }
        let ids = try await site.open().storage.byPopulation(site.cities)
        #expect(Set(ids) == Set(model.keys), "seed \(seed)")
        // The test is worth nothing if nothing was removed or nothing was still there.
        for what in ["manifests", "records", "read", "expired"] {
            #expect(counts[what] ?? 0 > 0, "\(what), seed \(seed)")
        }
    }

    private func look(
        at moments: [Moment], _ process: SiteProcess, _ site: Site, _ context: Comment, _ counts: inout [String: Int]
    ) async throws {
        for moment in moments {
            do {
                let snapshot = try await process.storage.snapshot(asOf: moment.commit)
                try await look(snapshot, moment, site, context, &counts)
            } catch let error as StorageError where error.code == .snapshotExpired {
                counts["expired", default: 0] += 1
                #expect(site.clock.now.microseconds - moment.time.microseconds > 24 * 3_600_000_000, context)
            }
        }
    }

    private func look(
        _ snapshot: any StorageSnapshot, _ moment: Moment, _ site: Site, _ context: Comment,
        _ counts: inout [String: Int]
    ) async throws {
        do {
            let cities = try await snapshot.all(site.cities)
            #expect(cities == moment.cities, "commit \(moment.commit), \(context)")
            for id in 0..<5 {
                #expect(
                    try await snapshot.name(site.cities, id) == moment.cities[id], "commit \(moment.commit), \(context)"
                )
            }
            counts["read", default: 0] += 1
        } catch let error as StorageError where error.code == .snapshotExpired {
            counts["expired", default: 0] += 1
            #expect(site.clock.now.microseconds - moment.time.microseconds > 24 * 3_600_000_000, context)
        }
    }
}
