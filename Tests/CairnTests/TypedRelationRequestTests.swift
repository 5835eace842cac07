import Cairn
import CairnCore
import ObjectStores
import Testing

/// What records cost on an object store that are read with others related to them.
///
/// A process that has read nothing yet makes one request to prove the newest commit, one for each index that is read, as long as that is
/// small enough to be read whole (256 KiB), and one for each record of the answer, which is a file, however many others refer to it.
/// A record that is named by a reference is found without an index. So the number of rows adds their own files, and relations add theirs;
/// nothing is asked for row by row.
@Suite("Requests of typed relations")
struct TypedRelationRequestTests {
    /// Two continents with three countries, and cities that are spread over these.
    private static let continents = [("EU", "Europe"), ("AS", "Asia")]
    private static let countries: [(Country.ID, String, Continent.ID)] = [
        ("FR", "FRA", "EU"), ("DE", "DEU", "EU"), ("JP", "JPN", "AS"),
    ]

    /// A store in which everything is where it stays: records in their files, indexes written.
    private static func store(cities count: Int) async throws -> MemoryObjectStore {
        let objects = MemoryObjectStore()
        let storage = try await ObjectStorage.open(objects)
        let atlas = try await Atlas.open(on: storage)
        try await atlas.continents.insert(
            contentsOf: continents.map { Continent(code: Continent.ID($0), name: $1, population: 0) })
        try await atlas.countries.insert(
            contentsOf: countries.map { Country(iso: $0, iso3: $1, name: $1, continent: $2) })
        try await atlas.cities.insert(
            contentsOf: (0..<count).map { place in
                City(
                    id: City.ID(place), name: "c\(place)", country: countries[place % countries.count].0, latitude: 1,
                    longitude: 2, population: place)
            })
        // Before the indexes, or these would have to carry the records whose files are not known to be written.
        try await storage.flush()
        try await atlas.store.maintain()
        try await atlas.close()
        return objects
    }

    /// A way to read records with others.
    struct Reading: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// How many indexes it reads, and how many countries and continents beside the cities.
        let indexes: Int
        let others: Int
        /// Reads within a budget of requests, and tells how many cities came.
        let budgeted: @Sendable (Atlas, Int?) async throws -> Int

        func cities(_ atlas: Atlas) async throws -> Int { try await budgeted(atlas, nil) }
    }

    static let readings = [
        Reading(testDescription: "the one each refers to", indexes: 1, others: 3) { atlas, budget in
            try await atlas.cities.including(\.country).budget(requests: budget).all().count
        },
        Reading(testDescription: "all that refer to each", indexes: 2, others: 3) { atlas, budget in
            try await atlas.countries.query.budget(requests: budget).including(City.self, by: \.country).all()
                .map(\.1.count).reduce(0, +)
        },
        Reading(testDescription: "two deep, by what each refers to", indexes: 1, others: 5) { atlas, budget in
            try await atlas.cities.query.including(\.country) { $0.including(\.continent) }
                .budget(requests: budget).all().count
        },
        Reading(testDescription: "two deep, by what refers to each", indexes: 3, others: 5) { atlas, budget in
            try await atlas.continents.query.budget(requests: budget)
                .including(Country.self, by: \.continent) { $0.including(City.self, by: \.country) }.all()
                .flatMap(\.1).map(\.1.count).reduce(0, +)
        },
    ]

    @Test(
        "Relations take a request for each index and for each record, and none for each row; known, one for all of them",
        arguments: readings, [10, 300])
    func requests(_ reading: Reading, _ cities: Int) async throws {
        let counting = CountingObjectStore(try await Self.store(cities: cities))
        let atlas = try await Atlas.open(on: try await ObjectStorage.open(counting))
        let opened = counting.counts
        #expect(try await reading.cities(atlas) == cities)
        let first = counting.counts - opened
        #expect(first[.get] == 1 + reading.indexes + reading.others + cities, "\(first)")
        #expect(first.total == first[.get], "\(first)")
        // How many entries ranges of an index have is known once it was read, and another index may be less to read for that.
        #expect(try await reading.cities(atlas) == cities)
        let known = counting.counts
        #expect(try await reading.cities(atlas) == cities)
        let again = counting.counts - known
        #expect(again[.get] == 1 && again.total == 1, "\(again)")
        try await atlas.close()
    }
    @Test(
        "A budget of requests is for the related records, too: all that are made, and not one less", arguments: readings
    )
    func budget(_ reading: Reading) async throws {
        let objects = try await Self.store(cities: 10)
        let needed = 1 + reading.indexes + reading.others + 10
        for budget in [needed, needed - 1, reading.indexes + 1] {
            let counting = CountingObjectStore(objects)
            let atlas = try await Atlas.open(on: try await ObjectStorage.open(counting))
            let opened = counting.counts
            if budget == needed {
                #expect(try await reading.budgeted(atlas, budget) == 10)
            } else {
                let error = await #expect(throws: StorageError.self) { try await reading.budgeted(atlas, budget) }
                #expect(error?.code == .budget)
            }
            #expect((counting.counts - opened).total <= budget)
            try await atlas.close()
        }
    }

    @Test("Pages and plans that were run count the requests of related records")
    func pagesAndPlans() async throws {
        let counting = CountingObjectStore(try await Self.store(cities: 10))
        let atlas = try await Atlas.open(on: try await ObjectStorage.open(counting))
        let before = counting.counts
        let run = try await atlas.cities.including(\.country).explain(run: true)
        #expect(run.run?.rows == 10)
        // A file for each record, and what leads to them; the plan itself may have read some of that.
        let requests = run.run?.requests ?? 0
        #expect(requests >= 10 + 3 && requests <= (counting.counts - before).total)
        let error = await #expect(throws: StorageError.self) {
            try await atlas.cities.including(\.country).budget(requests: 0).page(size: 3)
        }
        #expect(error?.code == .budget)
        #expect(try await atlas.cities.including(\.country).budget(requests: 1).page(size: 3).items.count == 3)
        try await atlas.close()
    }
}
