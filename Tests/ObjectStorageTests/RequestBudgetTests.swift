import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// What each operation that writes, and opening, cost in requests, counted between the driver and the store; and that it does not grow with
/// the table.
@Suite("Requests")
struct RequestBudgetTests {
    // MARK: Inserting

    @Test(
        "An insert is one PUT, and one later; what must be known of the store is asked for once",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func insert(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        // One for the key, one for the country.
        expectRequests(try await trial.requests { try await trial.insert(101) }, get: 2, put: 2)
        // Until all of the filter is there: of 100,000 keys it has two pieces.
        for id in stride(from: 103, through: 113, by: 2) { try await trial.insert(id) }
        let later = try await trial.requests { try await trial.insert(115) }
        expectRequests(later, put: 2, "the index and the country are known")
    }

    @Test("An insert behind the last key asks for nothing", arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func append(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        try await trial.insert(2 * size + 2)
        expectRequests(try await trial.requests { try await trial.insert(2 * size + 4) }, put: 2)
    }

    // MARK: Changing

    @Test(
        "An update is one PUT, and one later; the index is asked once, and a file whose mark is not known is looked at",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func update(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        var records: [Record] = []
        for id in [10, 12] {
            var record = try await trial.get(id)
            try record.set("name", .string("New"))
            records.append(record)
        }
        let first = try await trial.requests { try await trial.store.records("cities").update(records[0]) }
        // The index knows whether somebody has edited the file by hand: an edit is not to be written over, and leaves no wrong entries.
        expectRequests(first, get: trial.firstLook + trial.looks, put: 2)
        let second = try await trial.requests { try await trial.store.records("cities").update(records[1]) }
        expectRequests(second, get: trial.looks, put: 2, "its block of the index is known")
    }

    @Test(
        "A delete is one PUT, one GET for what was there, and one PUT later; the index is asked as for an update",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func delete(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let first = try await trial.requests { try await trial.delete(20) }
        expectRequests(first, get: 1 + trial.firstLook + trial.looks, put: 2)
        let second = try await trial.requests { try await trial.delete(22) }
        expectRequests(second, get: 1 + trial.looks, put: 2, "its block of the index is known")
    }

    @Test(
        "Where the block of the index is not known, reading and updating are six requests, a delete five; with MD5 one less",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func elsewhere(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        // The directory of the index and its first block are known then, of a small table all of it.
        try await trial.update(10)
        let updating = try await trial.requests { try await trial.update(2 * (size - 4)) }
        // The plan of requests has one GET less: the block by which it is checked whether somebody has edited the file by hand.
        expectRequests(updating, get: 2 + trial.nextLook + trial.looks, put: 2)
        let other = try await BudgetTrial(size, etags)
        try await other.update(10)
        let deleting = try await other.requests { try await other.delete(2 * (size - 3)) }
        expectRequests(deleting, get: 1 + other.nextLook + other.looks, put: 2)
    }

    // MARK: Several at once

    @Test(
        "A batch of inserts is one PUT, and one later for each record", arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func batch(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let counts = try await trial.requests { try await trial.insert(all: (0..<10).map { 2 * size + 10 + $0 }) }
        expectRequests(counts, get: 1, put: 1 + 10, "the country of all of them is asked for")
    }

    @Test(
        "A batch of deletes is one PUT, one later for each record, and one GET for what each was",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func deletes(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let ids = (0..<40).map { 200 + 2 * $0 }
        let counts = try await trial.requests { try await trial.delete(all: ids) }
        // All of them stand in one block of the index, which is asked for once.
        expectRequests(counts, get: ids.count * (1 + trial.looks) + trial.firstLook, put: 1 + ids.count)
    }

    @Test(
        "A transaction is one PUT, one later for each record, one GET for the proof of the tip, and one for each record that it reads",
        arguments: BudgetTrial.sizes, BudgetTrial.etags)
    func transaction(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let changing = try await trial.requests {
            try await trial.store.transaction { tx in
                for id in [40, 42, 44] {
                    var record = try await tx.records("cities").get(Key(.int(id)))
                    try record.set("population", .int(7))
                    try await tx.records("cities").update(record)
                }
            }
        }
        expectRequests(changing, get: 1 + 3 + trial.firstLook + 3 * trial.looks, put: 1 + 3)
    }

    @Test(
        "A transaction that reads nothing proves nothing before its commit", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func writing(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let inserting = try await trial.requests {
            try await trial.store.transaction { tx in
                for place in 0..<3 {
                    let city = try BudgetTrial.city(trial.cities, 2 * size + 10 + place)
                    try await tx.records("cities").insert(city)
                }
            }
        }
        expectRequests(inserting, get: 1, put: 1 + 3, "the country of all of them is asked for")
    }

    @Test(
        "What does not fit into a commit record goes before it, one PUT for each 4 MiB", arguments: BudgetTrial.sizes,
        [BudgetTrial.ETags.md5])
    func parts(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        let countries = try #require(trial.store.schema.table(named: "countries"))
        let name = Value.string(String(repeating: "x", count: 500_000))
        let calls = try await trial.calls {
            try await trial.store.transaction { tx in
                // Eight of them fit into a part.
                for place in 0..<9 {
                    let country = try Record(countries, ["code": .string("X\(place)"), "name": name])
                    try await tx.records("countries").insert(country)
                }
            }
        }
        let puts = calls.filter { $0.operation == .put }.map(\.key)
        #expect(puts.prefix(2).allSatisfy { $0.hasPrefix(ObjectNames.parts) }, "\(puts)")
        #expect(puts.count { $0.hasPrefix(ObjectNames.parts) } == 2, "\(puts)")
        #expect(puts.dropFirst(2).first?.hasPrefix(ObjectNames.log) == true, "\(puts)")
        #expect(puts.count { $0.hasPrefix(ObjectNames.log) } == 1, "\(puts)")
        #expect(puts.count { $0.hasPrefix(ObjectNames.tables) } == 9, "\(puts)")
        // Two parts, the record and nine files; and so much log has a checkpoint, which is an index file and a manifest.
        #expect(puts.count == 14, "\(puts)")
        #expect(!calls.contains { $0.operation == .get && $0.key.hasPrefix(ObjectNames.tables) }, "\(calls)")
    }

    // MARK: Opening

    @Test(
        "Opening is at most 25 requests and 2 MiB before the first query answers", arguments: BudgetTrial.sizes,
        BudgetTrial.etags)
    func coldOpen(_ size: Int, _ etags: BudgetTrial.ETags) async throws {
        let trial = try await BudgetTrial(size, etags)
        // As long a tail as there is without a manifest.
        for place in 0..<13 { try await trial.insert(2 * size + 100 + 2 * place) }
        await (try trial.storage.engine()).finish()
        let counting = CountingObjectStore(trial.objects)
        let store = try await Store.open(ObjectStorage.open(counting), schema: trial.store.schema)
        #expect(try await store.records("cities").get(Key(.int(100)))["name"] == .string("City 100"))
        #expect(counting.counts.total <= 25, "\(counting.counts)")
        #expect(counting.counts[.put] == 0, "\(counting.counts)")
        #expect(counting.counts.bytesReceived <= 2 << 20, "\(counting.counts.bytesReceived)")
    }
}
