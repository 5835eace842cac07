import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// What happened since a commit.
@Suite("Changes since a commit")
struct ChangesTests {
    private static func collect(_ changes: RecordChanges) async throws -> [RecordChange] {
        var collected: [RecordChange] = []
        for try await change in changes { collected.append(change) }
        return collected
    }

    @Test("Each change says what was before and after, in the order of the commits")
    func changes() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.put(1, "Paris", population: 2)
        try await process.put(1, "Lutetia", population: 3)
        try await process.delete(1)
        try await process.put(1, "Paris")
        try await process.store.transaction { tx in
            for id in [7, 8] {
                try await tx.records("notes").insert(try Record(site.notes, ["id": .int(id), "text": .string("x")]))
            }
            // Made and deleted again: nothing happened.
            try await tx.records("notes").insert(try Record(site.notes, ["id": .int(9), "text": .string("x")]))
            try await tx.records("notes").delete(Key(.int(9)))
        }
        let changes = try await process.storage.changes(since: 0)
        #expect(changes.start == 0 && changes.end == 5)
        let all = try await Self.collect(changes)
        #expect(all.map(\.commit) == [1, 2, 3, 4, 5, 5])
        #expect(all.map(\.table.name) == ["cities", "cities", "cities", "cities", "notes", "notes"])
        #expect(all.map(\.key) == [1, 1, 1, 1, 7, 8].map { Key(.int($0)) })
        #expect(all.map { $0.before?["name"] } == [nil, .string("Paris"), .string("Lutetia"), nil, nil, nil])
        #expect(
            all.prefix(4).map { $0.after?["name"] } == [.string("Paris"), .string("Lutetia"), nil, .string("Paris")])
        #expect(all.map { $0.after?.revision } == [1, 2, nil, 4, 1, 1])
        #expect(all.map { $0.before?.revision } == [nil, 1, 2, nil, nil, nil])
        #expect(all.allSatisfy { $0.time == $0.after?.updatedAt || $0.after == nil })
        #expect(try await Self.collect(process.storage.changes(since: 3)) == Array(all.suffix(3)))
        #expect(try await Self.collect(process.storage.changes(since: 5)).isEmpty)
        let cold = try await site.open()
        #expect(try await Self.collect(cold.storage.changes(since: 0)) == all)
    }

    @Test("It ends at the newest commit there was when it was asked, and goes on from there")
    func goesOn() async throws {
        let site = try Site()
        let (reader, writer) = (try await site.open(), try await site.open())
        try await writer.put(1, "Paris")
        var known = 0
        var seen: [Int] = []
        for round in 0..<3 {
            let changes = try await reader.storage.changes(since: known)
            try await writer.churn(40, from: 1000 * (round + 1))
            seen += try await Self.collect(changes).map(\.commit)
            known = changes.end
        }
        #expect(seen == Array(1...81))
        #expect(known == 81)
    }

    @Test("Changes replayed make the records that are there", arguments: [1, 2] as [UInt64])
    func replay(seed: UInt64) async throws {
        var random = IndexRandom(seed)
        let site = try Site()
        let process = try await site.open()
        for step in 0..<90 {
            let id = random.below(10)
            if random.below(3) == 0, try await process.name(id) != nil {
                try await process.delete(id)
            } else {
                try await process.put(id, "City \(id) \(step)")
            }
        }
        let cold = try await site.open()
        var replayed: [Key: Record] = [:]
        for try await change in try await cold.storage.changes(since: 0) {
            #expect(replayed[change.key] == change.before, "seed \(seed), commit \(change.commit)")
            replayed[change.key] = change.after
        }
        let records = try await process.store.records("cities").all()
        #expect(Set(records) == Set(replayed.values), "seed \(seed)")
    }

    @Test("What the log no longer has is storage.snapshot_expired, a number that is none yet storage.invalid")
    func bounds() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(40)
        await failing(.invalid) { _ = try await process.storage.changes(since: 41) }
        await failing(.invalid) { _ = try await process.storage.changes(since: -1) }
        try await CollectionTests.collectAll(process, site)
        try await process.put(1, "Paris")
        let cold = try await site.open()
        await failing(.snapshotExpired) { _ = try await Self.collect(cold.storage.changes(since: 39)) }
        #expect(try await Self.collect(cold.storage.changes(since: 40)).count == 1)
        // A gap that nobody announced is another matter.
        try await process.put(2, "Rome")
        try await process.put(3, "Oslo")
        let colder = try await site.open()
        try await colder.checkpoint()
        let coldest = try await site.open()
        try await site.objects.delete(ObjectNames.record(42))
        await failing(.damaged) { _ = try await Self.collect(coldest.storage.changes(since: 40)) }
    }

    @Test(
        "One request proves the end, and one is made for each commit this process has not followed, a listing before them"
    )
    func requests() async throws {
        let site = try Site()
        let writer = try await site.open()
        try await writer.churn(100)
        try await writer.checkpoint()
        let counting = CountingObjectStore(site.objects)
        let process = try await site.open(counting)
        let before = counting.counts
        let changes = try await process.storage.changes(since: 0)
        #expect((counting.counts - before).total == 1)
        var iterator = changes.makeAsyncIterator()
        _ = try await iterator.next()
        #expect((counting.counts - before)[.get] == 33, "32 at a time, as the loop needs them")
        while try await iterator.next() != nil {}
        #expect((counting.counts - before)[.get] == 101)
        #expect((counting.counts - before).total == 102, "one listing says how large they are")
        try await process.put(1, "Paris")
        let then = counting.counts
        #expect(try await Self.collect(process.storage.changes(since: 100)).count == 1)
        #expect((counting.counts - then)[.get] == 1, "its own commit is known")
    }
}
