import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// What each operation costs in requests, counted between the driver and the store, and that it does not grow with the table.
@Suite("Requests")
struct RequestBudgetTests {
    static let schema = """
        { "database": "atlas", "tables": {
          "countries": { "columns": { "code": "string", "name": "string" }, "key": "code" },
          "cities": {
            "columns": { "id": "int", "name": "string", "country": { "references": "countries" }, "population": "int",
                         "mayor": "string?" },
            "key": "id",
            "indexes": { "by_population": ["population desc"], "by_country": { "on": ["country", "population desc"], "include": ["name"] },
                         "one_mayor": { "on": ["mayor"], "unique": true } } } } }
        """

    /// Sizes of the table: what an operation costs must not depend on it. The benchmark goes on to a million.
    static let sizes = [1_000, 100_000]

    /// A store with cities of even ids, and a process that has it open and has made every kind of call before.
    private struct Trial {
        let counting: CountingObjectStore
        let storage: ObjectStorage
        let store: Store
        let cities: Table
        let size: Int

        init(_ size: Int) async throws {
            let objects = try await Stores.shared.store(size)
            let schema = try Schema(parsing: RequestBudgetTests.schema)
            counting = CountingObjectStore(objects)
            storage = try await ObjectStorage.open(counting)
            store = try await Store.open(storage, schema: schema)
            cities = try #require(schema.table(named: "cities"))
            self.size = size
        }

        /// The requests of a call, and of the record files that follow it.
        func requests(_ body: () async throws -> Void) async throws -> RequestCounts {
            await (try storage.engine()).finish()
            let before = counting.counts
            try await body()
            await (try storage.engine()).finish()
            return counting.counts - before
        }

        func query(_ index: String, _ condition: Condition, order: [OrderTerm] = [], limit: Int? = nil) -> Query {
            var query = Query(cities)
            query.condition = condition
            query.order = order
            query.limit = limit
            return query
        }

        func column(_ name: String) throws -> Int { try #require(cities.column(named: name)).position }
    }

    static func city(_ store: Store, _ id: Int, population: Int) throws -> Record {
        try Record(
            try #require(store.schema.table(named: "cities")),
            [
                "id": .int(id), "name": .string("City \(id)"), "country": .string("FR"), "population": .int(population),
            ])
    }

    // MARK: Writing

    @Test("An insert is one PUT, and one later; what must be known of the store is asked for once", arguments: sizes)
    func insert(_ size: Int) async throws {
        let trial = try await Trial(size)
        let first = try await trial.requests {
            try await trial.store.records("cities").insert(try Self.city(trial.store, 101, population: 5))
        }
        // One for the key, one for the country.
        #expect(first[.put] == 2 && first[.get] <= 2 && first.total == first[.put] + first[.get], "\(first)")
        #expect(first.bytesReceived <= 300_000, "\(first.bytesReceived)")
        // Until all of the filter is there: of 100,000 keys it has two pieces.
        for id in [103, 105, 107, 109, 111, 113] {
            try await trial.store.records("cities").insert(try Self.city(trial.store, id, population: 5))
        }
        let later = try await trial.requests {
            try await trial.store.records("cities").insert(try Self.city(trial.store, 115, population: 5))
        }
        #expect(later[.put] == 2 && later.total == 2, "the index and the country are known: \(later)")
    }

    @Test("An insert behind the last key asks for nothing", arguments: sizes)
    func append(_ size: Int) async throws {
        let trial = try await Trial(size)
        try await trial.store.records("cities").insert(try Self.city(trial.store, 2 * size + 2, population: 1))
        let counts = try await trial.requests {
            try await trial.store.records("cities").insert(try Self.city(trial.store, 2 * size + 4, population: 1))
        }
        #expect(counts[.put] == 2 && counts.total == 2, "\(counts)")
    }

    @Test(
        "An update and a delete are one PUT each, one GET for what was there, and one PUT later; the index is asked once",
        arguments: sizes)
    func update(_ size: Int) async throws {
        let trial = try await Trial(size)
        var records: [Record] = []
        for id in [10, 12] {
            var record = try await trial.store.records("cities").get(Key(.int(id)))
            try record.set("name", .string("New"))
            records.append(record)
        }
        let first = try await trial.requests { try await trial.store.records("cities").update(records[0]) }
        // Two for the index, which knows whether somebody has edited the file.
        #expect(first[.put] == 2 && first[.get] <= 3 && first.total == first[.put] + first[.get], "\(first)")
        let updating = try await trial.requests { try await trial.store.records("cities").update(records[1]) }
        // The mark of the file follows from its bytes only where it is their MD5; here it is looked at before it is replaced.
        #expect(updating[.put] == 2 && updating[.get] <= 1 && updating.total <= 3, "it was read before: \(updating)")
        let deleting = try await trial.requests { try await trial.store.records("cities").delete(Key(.int(20))) }
        #expect(deleting[.put] == 2 && deleting[.get] <= 2 && deleting.total <= 4, "\(deleting)")
    }

    @Test("A batch and a transaction are one PUT, and one later for each record", arguments: sizes)
    func batch(_ size: Int) async throws {
        let trial = try await Trial(size)
        let batch = try await trial.requests {
            let records = try (0..<10).map { try Self.city(trial.store, 2 * size + 10 + $0, population: $0) }
            _ = try await trial.store.session.write(records.map { .insert($0.table, $0.values) })
        }
        #expect(batch[.put] == 11 && batch[.get] <= 1 && batch.total <= 12, "\(batch)")
        let transaction = try await trial.requests {
            try await trial.store.transaction { tx in
                for id in [40, 42, 44] {
                    var record = try await tx.records("cities").get(Key(.int(id)))
                    try record.set("population", .int(7))
                    try await tx.records("cities").update(record)
                }
            }
        }
        // One proves the tip, three read the records, two the index, three look at files that are to be replaced.
        #expect(transaction[.put] == 4 && transaction[.get] <= 9, "\(transaction)")
    }

    // MARK: Reading

    @Test("A record by its key is two requests side by side, and one when it is known", arguments: sizes)
    func get(_ size: Int) async throws {
        let trial = try await Trial(size)
        let first = try await trial.requests { _ = try await trial.store.records("cities").get(Key(.int(100))) }
        #expect(first.total == 2 && first[.get] == 2)
        let second = try await trial.requests { _ = try await trial.store.records("cities").get(Key(.int(100))) }
        #expect(second.total == 1)
    }

    @Test("Rows by an index are one request, those for the index, and one for each row", arguments: sizes)
    func rowsByIndex(_ size: Int) async throws {
        let trial = try await Trial(size)
        let population = try trial.column("population")
        let query = trial.query(
            "by_population",
            .and([
                .compare(column: population, .greaterOrEqual, .int(500)),
                .compare(column: population, .less, .int(510)),
            ]))
        let first = try await trial.requests {
            let rows = try await trial.store.records("cities").all(query)
            #expect(rows.count == 10)
        }
        #expect(first[.get] <= 1 + 8 + 10 && first.total == first[.get])
        let second = try await trial.requests { _ = try await trial.store.records("cities").all(query) }
        #expect(second.total == 1, "index and rows are cached: \(second)")
    }

    @Test(
        "The first rows in the order of an index are one request, those for the index, and one for each row",
        arguments: sizes)
    func topRows(_ size: Int) async throws {
        let trial = try await Trial(size)
        var query = Query(trial.cities)
        query.order = [OrderTerm(column: try trial.column("population"), isDescending: true)]
        query.limit = 5
        let counts = try await trial.requests {
            let keys = try await trial.store.records("cities").all(query).map(\.key)
            #expect(keys == (0..<5).map { Key(.int(2 * (size - 1 - $0))) })
        }
        #expect(counts[.get] <= 1 + 8 + 5 && counts.total == counts[.get], "\(counts)")
        #expect(counts.bytesReceived < 400_000)
    }

    @Test("Counting a table is one request; counting a range of an index reads no record", arguments: sizes)
    func count(_ size: Int) async throws {
        let trial = try await Trial(size)
        let whole = try await trial.requests {
            let count = try await trial.store.records("cities").count()
            #expect(count == size)
        }
        #expect(whole.total == 1)
        let population = try trial.column("population")
        let query = trial.query(
            "by_population",
            .and([
                .compare(column: population, .greaterOrEqual, .int(100)),
                .compare(column: population, .less, .int(300)),
            ]))
        let range = try await trial.requests {
            let count = try await trial.store.records("cities").count(query)
            #expect(count == 200)
        }
        #expect(range[.get] <= 1 + 8 && range.total == range[.get], "\(range)")
    }

    @Test("Opening is at most 25 requests and 2 MiB before the first query answers", arguments: sizes)
    func coldOpen(_ size: Int) async throws {
        let trial = try await Trial(size)
        // A long tail, without a manifest.
        for id in 0..<15 {
            try await trial.store.records("cities").insert(
                try Self.city(trial.store, 2 * size + 100 + 2 * id, population: id))
        }
        let counting = CountingObjectStore(trial.counting.base)
        let store = try await Store.open(
            try await ObjectStorage.open(counting), schema: try Schema(parsing: Self.schema))
        #expect(try await store.records("cities").get(Key(.int(100)))["name"] == .string("City 100"))
        #expect(counting.counts.total <= 25, "\(counting.counts)")
        #expect(counting.counts.bytesReceived <= 2 << 20, "\(counting.counts.bytesReceived)")
    }

    @Test("An idle store makes no request")
    func idle() async throws {
        let trial = try await Trial(1_000)
        let counts = try await trial.requests { for _ in 0..<1_000 { await Task.yield() } }
        #expect(counts.total == 0)
    }
}

/// Stores of a size, made once; each test works on a copy.
private actor Stores {
    static let shared = Stores()
    private var made: [Int: Task<MemoryObjectStore, any Error>] = [:]

    func store(_ size: Int) async throws -> MemoryObjectStore {
        if let task = made[size] { return try await task.value.snapshot() }
        let task = Task { try await Stores.make(size) }
        made[size] = task
        return try await task.value.snapshot()
    }

    /// Up to this size by batches, as programs do it; larger ones in bulk.
    private static let largestByBatches = 10_000

    private static func make(_ size: Int) async throws -> MemoryObjectStore {
        let objects = MemoryObjectStore()
        let schema = try Schema(parsing: RequestBudgetTests.schema)
        let store = try await Store.open(try await ObjectStorage.open(objects), schema: schema)
        let countries = try #require(schema.table(named: "countries"))
        try await store.records("countries").insert(
            try Record(countries, ["code": .string("FR"), "name": .string("France")]))
        guard size <= largestByBatches else {
            try await store.close()
            let isRead = { (place: Int) in place < 1_000 || place >= size - 10 }
            try await BulkStore.fill(objects, schema, "cities", count: size, hasFile: isRead) { place in
                [.int(2 * place), .string("City \(2 * place)"), .string("FR"), .int(place), .null]
            }
            return objects
        }
        for start in stride(from: 0, to: size, by: 5_000) {
            let records = try (start..<min(start + 5_000, size)).map {
                try RequestBudgetTests.city(store, 2 * $0, population: $0)
            }
            _ = try await store.session.write(records.map { .insert($0.table, $0.values) })
        }
        try await store.maintain()
        try await store.close()
        return objects
    }
}
