import Cairn
import CairnCore
import Testing

/// Some columns of records as a type of the schema, as an application reads them.
@Suite("Typed projections")
struct TypedProjectionTests {
    static let urls = TestStores.kinds

    private let stores = TestStores()

    private func atlas(_ url: String) async throws -> Atlas {
        let atlas = try await Atlas.open(stores.url(url))
        try await atlas.continents.insert(Continent(code: "EU", name: "Europe", population: 0))
        for iso in ["FR", "DE"] {
            try await atlas.countries.insert(
                Country(iso: Country.ID(iso), iso3: iso + "X", name: "n\(iso)", continent: "EU"))
        }
        try await atlas.cities.insert(
            contentsOf: (1...20).map {
                City(
                    id: City.ID($0), name: "c\($0)", country: $0 % 2 == 0 ? "FR" : "DE", latitude: 0.5, longitude: 2,
                    population: $0 % 5)
            })
        return atlas
    }

    private func summaries(_ numbers: [Int]) -> [City.Summary] {
        numbers.map { City.Summary(id: City.ID($0), name: "c\($0)", population: $0 % 5) }
    }

    @Test("A query gives the columns of the type, in its order, with its conditions on other columns", arguments: urls)
    func all(_ url: String) async throws {
        let atlas = try await atlas(url)
        let query = atlas.cities.where { $0.country == "FR" && $0.latitude < 1 }.order {
            $0.population.descending; $0.longitude; $0.id.descending
        }
        let found: [City.Summary] = try await query.limit(4).select(City.Summary.self).all()
        #expect(found == summaries([14, 4, 18, 8]))
        let refined = query.select(City.Summary.self).where { $0.id > 4 }.limit(2)
        #expect(try await refined.all() == summaries([14, 18]))
        let ordered = atlas.cities.select(City.Summary.self).order { $0.name.descending }.limit(1)
        #expect(try await ordered.all() == summaries([9]))
        #expect(
            try await atlas.cities.largeInCountry(country: "FR", least: 4).select(City.Summary.self).all().count == 2)
        try await atlas.close()
    }

    @Test("The first, the only one, and a stream of them", arguments: urls)
    func kinds(_ url: String) async throws {
        let atlas = try await atlas(url)
        #expect(try await atlas.cities.select(City.Summary.self).first() == summaries([1])[0])
        #expect(try await atlas.cities.where { $0.id == 99 }.select(City.Summary.self).first() == nil)
        #expect(try await atlas.cities.where { $0.name == "c7" }.select(City.Summary.self).one() == summaries([7])[0])
        let several = await #expect(throws: StorageError.self) {
            try await atlas.cities.select(City.Summary.self).one()
        }
        #expect(several?.code == .notUnique)
        var streamed: [City.Summary] = []
        for try await city in atlas.cities.order({ $0.id.descending }).select(City.Summary.self).rows {
            streamed.append(city)
        }
        #expect(streamed == summaries(Array((1...20).reversed())))
        try await atlas.close()
    }

    @Test("Pages go on behind one another, also those of whole records, by an order that is not read", arguments: urls)
    func pages(_ url: String) async throws {
        let atlas = try await atlas(url)
        let query = atlas.cities.order {
            $0.longitude; $0.country; $0.id.descending
        }
        let whole = try await query.all().map(City.Summary.init)
        let parts = query.select(City.Summary.self)
        let first = try await parts.page(size: 7)
        let second = try await query.page(size: 6, after: first.next)
        let third = try await parts.page(size: 7, after: second.next)
        #expect(first.items + second.items.map(City.Summary.init) + third.items == whole)
        #expect(first.items.count == 7 && second.items.count == 6 && third.next == nil)
        try await atlas.close()
    }

    @Test("Transactions see what they wrote, snapshots what was", arguments: urls)
    func sessions(_ url: String) async throws {
        let atlas = try await atlas(url)
        try await atlas.transaction { tx in
            try await tx.cities.update(3) { $0.name = "new" }
            let found = try await tx.cities.where { $0.id == 3 }.select(City.Summary.self).one()
            #expect(found == City.Summary(id: 3, name: "new", population: 3))
            let page = try await tx.cities.order { $0.latitude }.select(City.Summary.self).page(size: 3)
            #expect(page.items.map(\.name) == ["c1", "c2", "new"])
        }
        try await atlas.snapshot { snapshot in
            try await atlas.cities.update(3) { $0.name = "newer" }
            let found = try await snapshot.cities.where { $0.id == 3 }.select(City.Summary.self).one()
            #expect(found.name == "new")
        }
        try await atlas.close()
    }

    @Test("Related records come as a part of them, from either side", arguments: urls)
    func related(_ url: String) async throws {
        let atlas = try await atlas(url)
        let up: [(City, Country.Summary)] = try await atlas.cities.where { $0.id <= 2 }
            .including(\.country) { $0.select(Country.Summary.self) }.all()
        #expect(up.map(\.0.id) == [1, 2])
        #expect(up.map(\.1.name) == ["nDE", "nFR"])
        let down: [(Country, [City.Summary])] = try await atlas.countries.query
            .including(City.self, by: \.country) {
                $0.order { $0.population.descending }.limit(2).select(City.Summary.self)
            }.all()
        #expect(down.map(\.0.iso) == ["DE", "FR"])
        #expect(down.map(\.1) == [summaries([9, 19]), summaries([4, 14])])
        try await atlas.close()
    }

    @Test("An index that has the columns answers alone")
    func covered() async throws {
        for url in Self.urls {
            let atlas = try await atlas(url)
            let query = atlas.cities.where { $0.country == "FR" }.order { $0.population.descending }
            #expect(try await query.select(City.Summary.self).explain().isCovered)
            #expect(try await !query.explain().isCovered)
            let run = try await query.select(City.Summary.self).explain(run: true)
            #expect(run.run?.rows == 10)
            try await atlas.close()
        }
    }

    @Test("It is observed: a commit that changes other columns gives no new result")
    func observed() async throws {
        let atlas = try await atlas("memory:")
        var results = atlas.cities.where { $0.id <= 2 }.select(City.Summary.self).observe().makeAsyncIterator()
        #expect(try await results.next() == summaries([1, 2]))
        try await atlas.cities.update(1) { $0.timezone = "Europe/Paris" }
        try await atlas.cities.update(2) { $0.name = "Ys" }
        let next = try await results.next()
        #expect(next?.map(\.name) == ["c1", "Ys"])
        try await atlas.close()
    }
}
