import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// Moments that are kept under a name.
@Suite("Pins")
struct PinTests {
    @Test("A pin shows exactly its commit, for as long as it is there")
    func keeps() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(40, "Old")
        try await process.put(1, "Paris")
        let expected = try await process.storage.all(site.cities)
        let pin = try await process.storage.pin("backup-1")
        #expect(pin.commit == 41 && pin.name == "backup-1")
        try await process.churn(40, "New")
        try await process.delete(1)
        for _ in 0..<4 {
            site.clock.advance(.days(20))
            _ = try await process.storage.maintain()
            try await process.churn(20, "Newer")
            let cold = try await site.open()
            for reader in [process, cold] {
                let snapshot = try await reader.storage.snapshot(pinned: "backup-1")
                #expect(try await snapshot.all(site.cities) == expected)
                #expect(try await snapshot.byPopulation(site.cities).count == 41)
                #expect(try await snapshot.name(site.cities, 1) == "Paris")
                #expect(try await snapshot.count(Query(site.cities)) == 41)
                await snapshot.close()
            }
        }
        #expect(try await site.numbers().first == 42, "the log behind the pin is kept, and no more")
    }

    @Test("Without its pin the moment goes")
    func goes() async throws {
        let site = try Site()
        let process = try await site.open()
        try await process.churn(40)
        try await process.storage.pin("a")
        try await process.churn(40, "New")
        site.clock.advance(.days(9))
        try await process.churn(20, "Newer")
        _ = try await process.storage.maintain()
        // Of a process that remembers nothing of the log.
        let snapshot = try await site.open().storage.snapshot(pinned: "a")
        try await process.storage.unpin("a")
        await failing(.notFound) { _ = try await process.storage.snapshot(pinned: "a") }
        await failing(.notFound) { try await process.storage.unpin("a") }
        let records = try await site.numbers().count
        for _ in 0..<3 {
            site.clock.advance(.hours(25))
            _ = try await process.storage.maintain()
        }
        #expect(try await site.numbers().count < records)
        await failing(.snapshotExpired) { _ = try await snapshot.name(site.cities, 1005) }
        #expect(try await process.storage.all(site.cities).count == 40)
    }

    @Test("Pins are listed by name, and one name is given once")
    func list() async throws {
        let site = try Site()
        let process = try await site.open()
        #expect(try await process.storage.pins().isEmpty)
        let first = try await process.storage.pin("b")
        #expect(first.commit == 0)
        try await process.put(1, "Paris")
        let second = try await process.storage.pin("a")
        #expect(try await process.storage.pins() == [second, first])
        await failing(.duplicate) { try await process.storage.pin("a") }
        for name in ["", ".a", "a/b", "ä", "a b", String(repeating: "x", count: 101)] {
            await failing(.invalid) { try await process.storage.pin(name) }
            await failing(.invalid) { try await process.storage.unpin(name) }
            await failing(.invalid) { _ = try await process.storage.snapshot(pinned: name) }
        }
        try await process.storage.pin(String(repeating: "x", count: 100))
        var options = ObjectStorageOptions()
        options.mode = .readOnly
        let reader = try await site.open(options: options)
        await failing(.readOnly) { try await reader.storage.pin("c") }
        await failing(.readOnly) { try await reader.storage.unpin("a") }
        #expect(try await reader.storage.snapshot(pinned: "a").name(site.cities, 1) == "Paris")
    }

    @Test("A pin takes everything committed before the call, by any process")
    func latest() async throws {
        let site = try Site()
        let (pinning, writing) = (try await site.open(), try await site.open())
        try await writing.put(1, "Paris")
        #expect(try await pinning.storage.pin("a").commit == 1)
        #expect(try await writing.storage.snapshot(pinned: "a").name(site.cities, 1) == "Paris")
    }

    @Test("A pin that arrives late is refused: its manifest may be gone")
    func late() async throws {
        let site = try Site()
        let faulty = FaultInjectingObjectStore(site.objects, .none)
        let process = try await site.open(faulty)
        try await process.put(1, "Paris")
        try await process.checkpoint()
        faulty.follow(
            FaultPlan { $0.operation == .put && $0.key.hasPrefix(ObjectNames.pins) ? .holdRequest : nil })
        await failing(.unavailable) { try await process.storage.pin("late") }
        site.clock.advance(.hours(13))
        await faulty.deliver()
        #expect(try await process.storage.pins().isEmpty)
    }

    @Test("A pin whose PUT was not answered is made all the same, once")
    func unanswered() async throws {
        let site = try Site()
        let faulty = FaultInjectingObjectStore(site.objects, .none)
        let process = try await site.open(faulty)
        try await process.put(1, "Paris")
        try await process.checkpoint()
        faulty.follow(.script(.put, [.dropAnswer]))
        let pin = try await process.storage.pin("a")
        #expect(try await process.storage.pins() == [pin])
        #expect(faulty.fired == [.dropAnswer: 1])
    }

    @Test("The file of a pin that is cut off or changed is an error that names it")
    func damaged() throws {
        let file = PinFile(store: "s", name: "a", created: FormatFixtures.time, manifest: 7, commit: 40, attempt: "x")
        let name = ObjectNames.pin("a")
        #expect(try PinFile.decode(file.encoded, name) == file)
        FormatFixtures.torture(file.encoded, name) { try PinFile.decode($0, name) }
        #expect(throws: StorageError.self) { try PinFile.decode(file.encoded, ObjectNames.pin("b")) }
    }
}
