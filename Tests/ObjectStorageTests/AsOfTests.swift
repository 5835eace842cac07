import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// Reading the store as it was at a commit.
@Suite("As of a commit")
struct AsOfTests {
    @Test("Every commit of the last day can be read, by every process", arguments: [1, 2, 3] as [UInt64])
    func everyCommit(seed: UInt64) async throws {
        var random = IndexRandom(seed)
        let site = try Site()
        let process = try await site.open()
        var model: [Int: String] = [:]
        var moments = [0: model]
        for number in 1...70 {
            let id = random.below(12)
            if model[id] != nil, random.below(3) == 0 {
                try await process.delete(id)
                model[id] = nil
            } else {
                model[id] = "City \(id) of \(number)"
                try await process.put(id, "City \(id) of \(number)", population: random.below(5))
            }
            moments[number] = model
            if random.below(12) == 0 { try await process.checkpoint() }
        }
        await (try process.engine).finish()
        let cold = try await site.open()
        for reader in [process, cold] {
            for number in 0...70 {
                let snapshot = try await reader.storage.snapshot(asOf: number)
                let expected = moments[number] ?? [:]
                #expect(try await snapshot.all(site.cities) == expected, "seed \(seed), commit \(number)")
                #expect(
                    try await Set(snapshot.byPopulation(site.cities)) == Set(expected.keys),
                    "seed \(seed), commit \(number)")
                let id = random.below(12)
                #expect(
                    try await snapshot.name(site.cities, id) == expected[id],
                    "seed \(seed), commit \(number), city \(id)")
                #expect(try await snapshot.count(Query(site.cities)) == expected.count)
            }
        }
    }

    @Test("A number that is none yet is storage.invalid, and one that is no longer kept storage.snapshot_expired")
    func bounds() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(40)
        #expect(try await process.storage.currentCommit() == 40)
        await failing(.invalid) { _ = try await process.storage.snapshot(asOf: 41) }
        await failing(.invalid) { _ = try await process.storage.snapshot(asOf: -1) }
        #expect(try await process.storage.snapshot(asOf: 40).count(Query(site.cities)) == 40)
        #expect(try await process.storage.snapshot(asOf: 0).count(Query(site.cities)) == 0)
        try await process.checkpoint()
        site.clock.advance(.days(2))
        try await process.put(1, "Paris")
        _ = try await process.storage.maintain()
        await failing(.snapshotExpired) { _ = try await process.storage.snapshot(asOf: 39) }
        await failing(.snapshotExpired) { _ = try await site.open().storage.snapshot(asOf: 0) }
        #expect(try await process.storage.snapshot(asOf: 40).count(Query(site.cities)) == 40)
        #expect(try await site.open().storage.snapshot(asOf: 41).count(Query(site.cities)) == 41)
    }

    @Test("What this process has followed costs no request but the proof; a cold one searches the manifests")
    func requests() async throws {
        let site = try Site()
        let writer = try await site.open()
        try await writer.churn(200)
        let counting = CountingObjectStore(site.objects)
        let process = try await site.open(counting)
        try await process.put(1, "Paris")
        var before = counting.counts
        _ = try await process.storage.snapshot(asOf: 200)
        #expect((counting.counts - before).total == 1)
        before = counting.counts
        _ = try await process.storage.snapshot(asOf: 50)
        let counts = counting.counts - before
        #expect(counts[.list] == 1 && counts[.get] <= 1 + 4 + 16, "\(counts)")
    }

    @Test("Far from the newest manifest it reads as much of the log as there is, while a pin keeps it")
    func behindPin() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.put(1, "Paris")
        try await process.storage.pin("start")
        try await process.churn(100)
        site.clock.advance(.days(10))
        try await process.churn(20, from: 3000)
        _ = try await process.storage.maintain()
        let cold = try await site.open()
        for number in [1, 2, 40, 90] {
            #expect(try await cold.storage.snapshot(asOf: number).count(Query(site.cities)) == number)
        }
    }
}
