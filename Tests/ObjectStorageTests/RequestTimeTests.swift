import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// How many requests go out at once, how many one after the other a call waits for, and that none goes out when nobody asks.
@Suite("Requests and time")
struct RequestTimeTests {
    // MARK: At once

    @Test("Records that an index finds are read 32 at a time", arguments: BudgetTrial.sizes)
    func records(_ size: Int) async throws {
        let objects = try await BudgetStores.shared.store(size, .perWrite)
        let most = try StoreWorld.run(objects) { world in
            let query = try BudgetTrial.query(try world.cities, population: 500..<700)
            return try await world.most { _ = try await world.store.records("cities").all(query) }
        }
        #expect(most.files == 32)
    }

    @Test("Records by their keys are read 32 at a time", arguments: BudgetTrial.sizes)
    func keys(_ size: Int) async throws {
        let objects = try await BudgetStores.shared.store(size, .perWrite)
        let most = try StoreWorld.run(objects) { world in
            let keys = (0..<100).map { Key(.int(2 * $0)) }
            return try await world.most { _ = try await world.store.records("cities").find(keys) }
        }
        #expect(most.files == 32)
    }

    @Test(
        "A record and the proof that nothing newer was committed are asked for side by side",
        arguments: BudgetTrial.sizes)
    func get(_ size: Int) async throws {
        let objects = try await BudgetStores.shared.store(size, .perWrite)
        let most = try StoreWorld.run(objects) { world in
            try await world.most { _ = try await world.store.records("cities").get(Key(.int(100))) }
        }
        #expect(most == CrowdedObjectStore.Most(requests: 2, files: 1))
    }

    @Test(
        "The files of a batch are written 32 at a time, those that are looked at before as well",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func files(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let objects = try await BudgetStores.shared.store(size, etags)
        let (inserting, deleting) = try StoreWorld.run(objects) { world in
            let cities = try world.cities
            let inserts = try (0..<100).map { place in
                WriteOperation.insert(cities, try BudgetTrial.city(cities, 2 * size + 2 * place).values)
            }
            let deletes = (0..<100).map { WriteOperation.delete(cities, Key(.int(2 * $0)), expecting: nil) }
            return (
                try await world.most { _ = try await world.store.session.write(inserts) },
                try await world.most { _ = try await world.store.session.write(deletes) }
            )
        }
        #expect(inserting.files == 32)
        #expect(deleting.files == 32)
    }

    // MARK: One after the other

    @Test(
        "A write waits for one PUT, whatever its files take; what must be read before is read side by side",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func acknowledged(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let objects = try await BudgetStores.shared.store(size, etags)
        let trips = try StoreWorld.run(objects) { world in
            let records = try world.store.records("cities")
            let cities = records.table
            // The country, and a part of the index, are known then.
            try await records.insert(try BudgetTrial.city(cities, 2 * size + 2))
            try await records.delete(Key(.int(8)))
            var read = try await records.get(Key(.int(10)))
            try read.set("name", .string("New"))
            let changed = read
            let batch = try (0..<100).map { place in
                WriteOperation.insert(cities, try BudgetTrial.city(cities, 2 * size + 10 + place).values)
            }
            return [
                try await world.roundTrips { try await records.insert(try BudgetTrial.city(cities, 2 * size + 4)) },
                try await world.roundTrips { _ = try await world.store.session.write(batch) },
                try await world.roundTrips { try await records.update(changed) },
                try await world.roundTrips { try await records.delete(Key(.int(20))) },
                try await world.roundTrips { _ = try await records.get(Key(.int(100))) },
            ]
        }
        #expect(trips == [1, 1, 1, 2, 1])
    }

    // MARK: None

    @Test("A store that nobody uses makes no request in a week", arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func idle(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let objects = try await BudgetStores.shared.store(size, etags)
        let counts = try StoreWorld.run(objects) { world in
            let records = try world.store.records("cities")
            // It was used before: each kind of call may have left something that wakes later.
            try await records.insert(try BudgetTrial.city(records.table, 2 * size + 2))
            try await records.delete(Key(.int(20)))
            _ = try await records.get(Key(.int(100)))
            _ = try await records.count(try BudgetTrial.query(records.table, population: 100..<300))
            try await world.finish()
            let before = world.counting.counts
            try await world.sleep(.days(7))
            return world.counting.counts - before
        }
        #expect(counts.total == 0, "\(counts)")
    }
}
