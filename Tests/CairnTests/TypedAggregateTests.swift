import Cairn
import Testing

/// Aggregates and groups as an application writes them.
@Suite("Typed aggregates")
struct TypedAggregateTests {
    static let urls = TestStores.kinds

    private let stores = TestStores()

    private func atlas(_ url: String) async throws -> Atlas {
        let atlas = try await Atlas.open(stores.url(url))
        try await atlas.continents.insert(Continent(code: "EU", name: "Europe", population: 0))
        for (iso, iso3, area) in [("FR", "FRA", 1.5), ("DE", "DEU", nil), ("IT", "ITA", 2.25)] {
            try await atlas.countries.insert(
                Country(
                    iso: Country.ID(iso), iso3: iso3, name: iso, continent: "EU", areaKm2: area, population: 10))
        }
        let cities: [(Country.ID, Int, String?)] = [
            ("FR", 100, "Europe/Paris"), ("FR", 50, nil), ("DE", 80, "Europe/Berlin"), ("DE", 90, "Europe/Berlin"),
            ("FR", 1, "Europe/Paris"), ("DE", 1, nil),
        ]
        for (place, (country, population, timezone)) in cities.enumerated() {
            try await atlas.cities.insert(
                City(
                    id: City.ID(place), name: "c\(place)", country: country, latitude: 1, longitude: 2,
                    population: population, timezone: timezone))
        }
        return atlas
    }

    @Test("All records together: sum, average, min, max, distinct count", arguments: urls)
    func all(_ url: String) async throws {
        let atlas = try await atlas(url)
        #expect(try await atlas.cities.query.sum { $0.population } == 322)
        #expect(try await atlas.cities.where { $0.country == "FR" }.average { $0.population } == 151.0 / 3)
        #expect(try await atlas.cities.query.max { $0.population } == 100)
        #expect(try await atlas.cities.query.min { $0.country } == "DE")
        let zone: String? = try await atlas.cities.query.min { $0.timezone }
        #expect(zone == "Europe/Berlin")
        #expect(try await atlas.cities.query.distinctCount { $0.timezone } == 2)
        #expect(try await atlas.countries.query.sum { $0.areaKm2 } == 3.75)
        let none = atlas.cities.where { $0.population > 1000 }
        #expect(try await none.sum { $0.population } == nil)
        #expect(try await none.average { $0.population } == nil)
        #expect(try await none.max { $0.name } == nil)
        #expect(try await none.distinctCount { $0.name } == 0)
        try await atlas.close()
    }

    @Test("Groups: typed keys and one aggregate", arguments: urls)
    func groups(_ url: String) async throws {
        let atlas = try await atlas(url)
        let sums: [(Country.ID, Int)] = try await atlas.cities.group { $0.country }.sum { $0.population }
        #expect(sums.map(\.0) == ["DE", "FR"])
        #expect(sums.map(\.1) == [171, 151])
        let counts = try await atlas.cities.group { ($0.country, $0.timezone) }.count()
        #expect(
            counts.map { "\($0) \($1 ?? "-") \($2)" } == [
                "DE - 1", "DE Europe/Berlin 2", "FR - 1", "FR Europe/Paris 2",
            ])
        let least = try await atlas.cities.group { $0.timezone }.min { $0.name }
        #expect(least.map { "\($0 ?? "-") \($1)" } == ["- c1", "Europe/Berlin c2", "Europe/Paris c0"])
        let areas = try await atlas.countries.group { $0.iso }.average { $0.areaKm2 }
        #expect(areas.map(\.1) == [nil, 1.5, 2.25])
        #expect(try await atlas.cities.query.distinct { $0.timezone } == [nil, "Europe/Berlin", "Europe/Paris"])
        try await atlas.close()
    }

    @Test("Groups are chosen, ordered and cut, and several things of each selected", arguments: urls)
    func selected(_ url: String) async throws {
        let atlas = try await atlas(url)
        let rows = try await atlas.cities
            .where { $0.population > 1 }
            .group { $0.country }
            .having { $0.count >= 2 && $0.population.sum > 100 }
            .order {
                $0.population.sum.descending; $0.country
            }
            .limit(5)
            .select { ($0.country, $0.count, $0.population.sum, $0.timezone.max, $0.population.average) }
        #expect(rows.map(\.0) == ["DE", "FR"])
        #expect(rows.map(\.1) == [2, 2])
        #expect(rows.map(\.2) == [170, 150])
        #expect(rows.map(\.3) == ["Europe/Berlin", "Europe/Paris"])
        #expect(rows.map(\.4) == [85, 75])
        let top = try await atlas.cities.group { $0.country }.order { $0.population.max.descending }.limit(1).keys()
        #expect(top == ["FR"])
        let plan = try await atlas.cities.group { $0.country }.having { $0.count > 1 }.explain()
        #expect(plan.groups == ["country"])
        #expect(plan.aggregates == ["count()"])
        try await atlas.close()
    }

    @Test("A column that is no group is refused with a remedy, in conditions, orders and selections", arguments: urls)
    func refused(_ url: String) async throws {
        let atlas = try await atlas(url)
        let groups = atlas.cities.group { $0.country }
        let wrong = [
            await #expect(throws: StorageError.self) { _ = try await groups.having { $0.name == "c1" }.count() },
            await #expect(throws: StorageError.self) { _ = try await groups.order { $0.name }.keys() },
            await #expect(throws: StorageError.self) { _ = try await groups.select { ($0.country, $0.name) } },
        ]
        for error in wrong {
            #expect(error?.code == .query)
            #expect(error?.message.contains("'name'") == true)
            #expect(error?.remedy?.contains("group by it") == true)
        }
        let twice = await #expect(throws: StorageError.self) {
            _ = try await groups.select { ($0.country, $0.population.sum.max) }
        }
        #expect(twice?.code == .query)
        try await atlas.close()
    }

    @Test("A minimum comes from the end of an index, a sum from a covering index")
    func plans() async throws {
        for url in Self.urls {
            let atlas = try await atlas(url)
            try await atlas.cities.insert(
                contentsOf: (10..<200).map {
                    City(id: City.ID($0), name: "c", country: "FR", latitude: 1, longitude: 2, population: $0)
                })
            let session = atlas.store.session
            let table = atlas.cities.table
            let columns = City.columns
            let french = (columns.country == "FR") as Condition
            let ends = AggregateQuery(
                Query(table, where: french), aggregates: [.maximum(column: columns.population.position)])
            #expect(try await session.explain(ends).access == .index("by_country"))
            #expect(try await session.aggregate(ends) == [[.int(199)]])
            let sum = try await atlas.cities.where { $0.country == "FR" }.group { $0.country }
                .order { $0.population.sum }.explain()
            #expect(sum.access == .index("by_country"))
            #expect(sum.isCovered)
            #expect(sum.description.contains("compute sum(population)"))
            try await atlas.close()
        }
    }
}
