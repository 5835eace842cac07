import Cairn

/// A dozen questions a person would ask an atlas.
struct Questions {
    private let atlas: Atlas

    init(_ atlas: Atlas) {
        self.atlas = atlas
    }

    func ask() async throws {
        try await byKeyAndIndex()
        try await byText()
        try await byNumbersAndNothing()
        try await inPortions()
        try await inGroups()
        try await withRelations()
    }

    private func byKeyAndIndex() async throws {
        let paris = try await atlas.cities.get(2_988_507)
        print("City 2988507 is \(paris.name), with \(paris.population) people.")

        if let country = try await atlas.countries.find(byISO3: "FRA") {
            print("FRA is \(country.name); its capital is \(country.capital ?? "unknown").")
        }

        let several = try await atlas.cities.find([2_988_507, 2_643_743, 5_128_581])
        print("Three by their ids: \(several.values.map(\.name).sorted().joined(separator: ", ")).")

        let largest = try await atlas.cities.largest(most: 5).all()
        print("The largest cities: \(largest.map { "\($0.name) (\($0.country))" }.joined(separator: ", ")).")

        let french = atlas.cities.largeInCountry(country: "FR").where { $0.name.hasPrefix("M") }
        print("Large French cities with M: \(try await french.all().map(\.name).joined(separator: ", ")).")
        let plan = try await french.explain()
        print("An index finds them: \(plan.access == .index("by_country") ? "by_country" : "none").")
    }

    private func byText() async throws {
        let saints = try await atlas.cities.where { $0.name.like("San %") || $0.name.like("Santa %") }.count()
        print("\(saints) cities are called San or Santa something.")

        let towns = try await atlas.cities.where { $0.name.ignoringCase.hasSuffix("TOWN") }.order { $0.name }.limit(4)
            .all()
        print("Some end in town: \(towns.map(\.name).joined(separator: ", ")).")
    }

    private func byNumbersAndNothing() async throws {
        let equator = try await atlas.cities.where { $0.latitude.in(-0.1...0.1) }.order { $0.longitude }.limit(4).all()
        print("On the equator, from the west: \(equator.map(\.name).joined(separator: ", ")).")

        let capitals = try await atlas.countries.where { $0.capital == nil }.order { $0.name }.all()
        print("\(capitals.count) territories have no capital, among them \(capitals.first?.name ?? "none").")

        let zones = ["Atlantic/Reykjavik", "Indian/Maldives"]
        let islands = try await atlas.cities.where { column in .or(zones.map { column.timezone == $0 }) }.count()
        print("\(islands) cities keep the time of Iceland or the Maldives.")

        let small = try await atlas.countries.where { $0.areaKm2 < 30 && $0.population > 0 }.order { $0.areaKm2 }.all()
        print("Countries under 30 km²: \(small.map(\.name).joined(separator: ", ")).")
    }

    private func inPortions() async throws {
        var people = 0
        for try await city in atlas.cities.where({ $0.country == "JP" }).rows { people += city.population }
        print("\(people) people live in the cities of Japan.")

        var pages = 0
        var cursor: PageCursor?
        repeat {
            let page = try await atlas.cities.where { $0.country == "NZ" }.order { $0.name }.page(
                size: 10, after: cursor)
            pages += 1
            if let last = page.items.last, page.next == nil {
                print("New Zealand fills \(pages) pages and ends with \(last.name).")
            }
            cursor = page.next
        } while cursor != nil
    }

    private func inGroups() async throws {
        let crowded = try await atlas.cities.group { $0.country }
            .having { $0.count >= 100 }
            .order { $0.population.sum.descending }
            .limit(3)
            .select { ($0.country, $0.count, $0.population.sum) }
        let texts = crowded.map { country, cities, people in "\(country) (\(people) in \(cities))" }
        print("Most people in cities: \(texts.joined(separator: ", ")).")

        let north = try await atlas.cities.query.max { $0.latitude }
        print("No city is further north than \(north ?? 0) degrees.")
    }

    private func withRelations() async throws {
        let largest = try await atlas.cities.largest(most: 3)
            .including(\.country) { $0.including(\.continent) }
            .all()
        let texts = largest.map { city, related in "\(city.name) in \(related.0.name), \(related.1.name)" }
        print("The largest again: \(texts.joined(separator: "; ")).")

        let islands = try await atlas.countries.where { $0.continent == "OC" }.order { $0.population.descending }.limit(
            2
        )
        .including(City.self, by: \.country) { $0.order { $0.population.descending }.limit(2) }
        .all()
        for (country, cities) in islands {
            print("\(country.name): \(cities.map(\.name).joined(separator: ", ")).")
        }

        let iceland = try await atlas.countries.cities(of: "IS").order { $0.population.descending }.limit(2).all()
        print("Of Iceland: \(iceland.map(\.name).joined(separator: ", ")).")

        let huge = try await atlas.cities.where { $0.population > 12_000_000 }
            .order {
                $0.country.order { $0.name }
                $0.name
            }
            .including(\.country).all()
        print("Huge, by country: \(huge.map { "\($0.name) (\($1.name))" }.joined(separator: ", ")).")
    }
}
