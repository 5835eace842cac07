import Cairn
import CairnCore
import Testing

/// Queries in text against the same ones in Swift: the same rows, from the same plans, on every driver.
@Suite("Selections in text")
struct DynamicQueryTests {
    static let urls = TestStores.kinds

    private let stores = TestStores()

    private func atlas(_ url: String) async throws -> Atlas {
        let atlas = try await Atlas.open(stores.url(url))
        try await atlas.continents.insert(Continent(code: "EU", name: "Europe", population: 0))
        for (iso, iso3) in [("FR", "FRA"), ("DE", "DEU")] {
            try await atlas.countries.insert(
                Country(iso: Country.ID(iso), iso3: iso3, name: iso, continent: "EU", population: 10))
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

    @Test("Columns are those of the typed selection, by the same plan", arguments: urls)
    func columns(_ url: String) async throws {
        let atlas = try await atlas(url)
        let session = atlas.store.session
        let text = "cities select name, population where country = $c order by population desc limit 2"
        let rows = try await session.rows(matching: text, parameters: ["c": .string("FR")])
        let typed = try await atlas.cities.where { $0.country == "FR" }.order { $0.population.descending }.limit(2)
            .select { ($0.name, $0.population) }
        let wanted: [[Value]] = typed.map { [.string($0.0), .int($0.1)] }
        #expect(rows.map(\.values) == wanted)
        #expect(rows.map { $0["population"] } == [.int(100), .int(50)])
        #expect(rows.first?["id"] == nil)
        let query = try DynamicQuery(
            parsing: "cities select country, population where country = 'FR'", schema: session.schema)
        let plan = try await session.explain(query)
        var same = atlas.cities.where { $0.country == "FR" }.query
        same.columns = [City.columns.country.position, City.columns.population.position]
        #expect(try await session.explain(same) == plan)
        let whole = try DynamicQuery(parsing: "countries order by iso", schema: session.schema)
        let records = try await session.records("countries").all()
        #expect(try await session.rows(of: whole).map(\.values) == records.map(\.values))
        try await atlas.close()
    }

    @Test("Aggregates and groups are those of the typed query, by the same plan", arguments: urls)
    func groups(_ url: String) async throws {
        let atlas = try await atlas(url)
        let session = atlas.store.session
        let query = try DynamicQuery(
            parsing:
                "cities select country, count(), sum(population), max(timezone), average(population), count(timezone), count(distinct timezone), min(name) where population > 1 group by country having count() >= 2 and sum(population) > 100 order by sum(population) desc, country limit 5",
            schema: session.schema)
        let groups = atlas.cities.where { $0.population > 1 }.group { $0.country }
            .having { $0.count >= 2 && $0.population.sum > 100 }
            .order {
                $0.population.sum.descending; $0.country
            }
            .limit(5)
        let typed = try await groups.select {
            (
                $0.country, $0.count, $0.population.sum, $0.timezone.max, $0.population.average,
                $0.timezone.valueCount, $0.timezone.distinctCount, $0.name.min
            )
        }
        let rows = try await session.rows(of: query)
        let wanted: [[Value]] = typed.map { row in
            let first: [Value] = [row.0.columnValue, .int(row.1), .int(row.2), row.3.columnValue]
            let rest: [Value] = [.double(row.4), .int(row.5), .int(row.6), .string(row.7)]
            return first + rest
        }
        #expect(rows.map(\.values) == wanted)
        #expect(rows.map { $0["sum(population)"] } == [.int(170), .int(150)])
        let plan = try await session.explain(query)
        let same = try DynamicQuery(
            parsing:
                "cities select country, count(), sum(population) where population > 1 group by country having count() >= 2 and sum(population) > 100 order by sum(population) desc, country limit 5",
            schema: session.schema)
        #expect(try await groups.explain() == session.explain(same))
        #expect(plan.groups == ["country"])
        #expect(plan.having == "count() >= 2 and sum(population) > 100")
        #expect(plan.groupOrder == ["sum(population) desc", "country"])
        #expect(plan.groupLimit == 5)
        let lines = plan.description.split(separator: "\n").map(String.init)
        #expect(lines.contains("  group   country"))
        #expect(lines.contains("  having  count() >= 2 and sum(population) > 100"))
        #expect(lines.contains("  order   sum(population) desc, country"))
        #expect(lines.contains("  limit   5"))
        try await atlas.close()
    }

    @Test("All rows together give one row, of no rows too; different values are groups", arguments: urls)
    func totals(_ url: String) async throws {
        let atlas = try await atlas(url)
        let session = atlas.store.session
        let totals = "cities select count(), sum(population), average(population), min(timezone), max(name)"
        let all: [Value] = [.int(6), .int(322), .double(322.0 / 6), .string("Europe/Berlin"), .string("c5")]
        #expect(try await session.rows(matching: totals).map(\.values) == [all])
        let none = try await session.rows(matching: totals + " where population > 1000")
        #expect(none.map(\.values) == [[.int(0), .null, .null, .null, .null]])
        let zones = try await session.rows(matching: "cities select timezone group by timezone")
        #expect(zones.map(\.values) == [[.null], [.string("Europe/Berlin")], [.string("Europe/Paris")]])
        #expect(try await session.rows(matching: "cities select name group by name limit 0").isEmpty)
        try await atlas.close()
    }

    @Test("A budget of rows stops records, columns and groups", arguments: urls)
    func budget(_ url: String) async throws {
        let atlas = try await atlas(url)
        let session = atlas.store.session
        for text in ["cities", "cities select name", "cities select name group by name limit 1"] {
            let query = try DynamicQuery(parsing: text, schema: session.schema)
            let all = try await session.rows(of: query)
            #expect(try await session.rows(of: query.budget(rows: 6)) == all)
            let error = await #expect(throws: StorageError.self) {
                try await session.rows(of: query.budget(rows: 5))
            }
            #expect(error?.code == .budget)
        }
        try await atlas.close()
    }

    @Test("It reads in transactions and snapshots, is stopped by the reader, and refused where no index serves it")
    func scopes() async throws {
        let atlas = try await atlas("memory:")
        let text = "cities select country, count() group by country order by count() desc limit 1"
        let inside = try await atlas.transaction { tx in
            try await tx.cities.insert(
                City(id: 9, name: "x", country: "DE", latitude: 1, longitude: 2, population: 1, timezone: nil))
            return try await tx.session.rows(matching: text).map(\.values)
        }
        #expect(inside == [[.string("DE"), .int(4)]])
        let after = try await atlas.snapshot { try await $0.session.rows(matching: text).map(\.values) }
        #expect(after == inside)
        var seen = 0
        let query = try DynamicQuery(parsing: "cities select name", schema: atlas.store.schema)
        try await atlas.store.session.read(query) { _ in
            seen += 1
            return seen < 2
        }
        #expect(seen == 2)
        try await atlas.close()
        let strict = try await Atlas.open("memory:?unindexed=refuse")
        let unserved = try DynamicQuery(
            parsing: "cities select count() where longitude > 1", schema: strict.store.schema)
        let error = await #expect(throws: StorageError.self) { try await strict.store.session.rows(of: unserved) }
        #expect(error?.code == .unindexed)
        #expect(try await strict.store.session.rows(of: unserved.unindexed()).map(\.values) == [[.int(0)]])
        try await strict.close()
    }
}
