import Cairn
import Testing

/// Columns of records, ids and the only record, as an application writes them.
@Suite("Typed selections")
struct TypedSelectionTests {
    static let urls = TestStores.kinds

    private let stores = TestStores()

    private func atlas(_ url: String) async throws -> Atlas {
        let atlas = try await Atlas.open(stores.url(url))
        try await atlas.continents.insert(Continent(code: "EU", name: "Europe", population: 0))
        try await atlas.countries.insert(
            Country(iso: "FR", iso3: "FRA", name: "France", continent: "EU", languages: ["fr", "br"]))
        try await atlas.cities.insert(
            contentsOf: (1...40).map {
                City(
                    id: City.ID($0), name: "c\($0)", country: "FR", latitude: 0.5, longitude: 2, population: $0 % 10,
                    timezone: $0 % 2 == 0 ? nil : "Europe/Paris")
            })
        return atlas
    }

    @Test("One column gives a list, several give tuples, each of its type", arguments: urls)
    func select(_ url: String) async throws {
        let atlas = try await atlas(url)
        let small = atlas.cities.where { $0.population < 2 }.order {
            $0.population; $0.id.descending
        }.limit(3)
        let names: [String] = try await small.select { $0.name }
        #expect(names == ["c40", "c30", "c20"])
        let rows: [(City.ID, String?, Double)] = try await small.select { ($0.id, $0.timezone, $0.latitude) }
        #expect(rows.map(\.0) == [40, 30, 20])
        #expect(rows.map(\.1) == [nil, nil, nil])
        #expect(rows.map(\.2) == [0.5, 0.5, 0.5])
        #expect(try await atlas.countries.select { $0.languages } == [["fr", "br"]])
        #expect(try await atlas.cities.where { $0.population > 99 }.select { $0.name } == [])
        try await atlas.close()
    }

    @Test("Ids come in the order of the query", arguments: urls)
    func ids(_ url: String) async throws {
        let atlas = try await atlas(url)
        let query = atlas.cities.where { $0.population == 7 }.order { $0.id.descending }
        #expect(try await query.ids() == [37, 27, 17, 7])
        #expect(try await atlas.cities.query.limit(2).ids() == [1, 2])
        #expect(try await atlas.countries.query.ids() == ["FR"])
        try await atlas.close()
    }

    @Test("One record is one; none and several have codes of their own", arguments: urls)
    func one(_ url: String) async throws {
        let atlas = try await atlas(url)
        #expect(try await atlas.cities.where { $0.name == "c7" }.one().id == 7)
        #expect(try await atlas.cities.query.limit(1).one().id == 1)
        let none = await #expect(throws: StorageError.self) { try await atlas.cities.where { $0.name == "x" }.one() }
        #expect(none?.code == .notFound)
        let several = await #expect(throws: StorageError.self) { try await atlas.cities.query.one() }
        #expect(several?.code == .notUnique)
        #expect(several?.details.table == "cities")
        try await atlas.close()
    }

    @Test("An index that has the columns answers alone")
    func covered() async throws {
        for url in Self.urls {
            let atlas = try await atlas(url)
            var query = atlas.cities.where { $0.country == "FR" && $0.population >= 5 }.order { $0.population }.query
            #expect(try await !atlas.store.session.explain(query).isCovered)
            let columns = City.columns
            query.columns = [columns.population.position, columns.id.position]
            #expect(try await atlas.store.session.explain(query).isCovered)
            try await atlas.close()
        }
    }
}
