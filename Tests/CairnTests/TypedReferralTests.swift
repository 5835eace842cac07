import Cairn
import Testing

/// Records that refer to one, and orders by the records that are referred to, as an application asks for them.
@Suite("Typed referrals and orders")
struct TypedReferralTests {
    static let urls = TestStores.kinds

    private let stores = TestStores()

    private func atlas(_ url: String) async throws -> Atlas {
        let atlas = try await Atlas.open(stores.url(url))
        for (code, name) in [("EU", "Europe"), ("AS", "Asia")] {
            try await atlas.continents.insert(Continent(code: Continent.ID(code), name: name, population: 0))
        }
        let countries: [(Country.ID, String, Continent.ID)] = [
            ("FR", "Gaul", "EU"), ("DE", "Germany", "EU"), ("JP", "Japan", "AS"),
        ]
        for (iso, name, continent) in countries {
            try await atlas.countries.insert(Country(iso: iso, iso3: name, name: name, continent: continent))
        }
        let cities: [(Country.ID, Int)] = [("FR", 10), ("DE", 30), ("JP", 20), ("FR", 40), ("DE", 5)]
        for (place, (country, population)) in cities.enumerated() {
            try await atlas.cities.insert(
                City(
                    id: City.ID(place), name: "c\(place)", country: country, latitude: 1, longitude: 2,
                    population: population))
        }
        return atlas
    }

    @Test("The records that refer to one are a query like any other", arguments: urls)
    func referrals(_ url: String) async throws {
        let atlas = try await atlas(url)
        let france = try await atlas.countries.get("FR")
        #expect(try await atlas.countries.cities(of: france).all().map(\.id) == [0, 3])
        let german = atlas.countries.cities(of: "DE")
        #expect(try await german.order { $0.population }.all().map(\.id) == [4, 1])
        #expect(try await german.where { $0.population > 9 }.count() == 1)
        #expect(try await german.limit(1).select { $0.name } == ["c1"])
        #expect(try await german.page(size: 1).items.map(\.id) == [1])
        #expect(try await german.including(\.country).first()?.1.iso == "DE")
        #expect(try await german.explain().access == .index("by_country"))
        #expect(try await atlas.continents.countries(of: "AF").exists() == false)
        #expect(try await german.update { $0.population.set(1) } == 2)
        try await atlas.close()
    }

    @Test("They are of the transaction or the snapshot that is asked", arguments: urls)
    func moments(_ url: String) async throws {
        let atlas = try await atlas(url)
        let france = try await atlas.countries.get("FR")
        try await atlas.snapshot { snapshot in
            try await atlas.transaction { tx in
                let french = tx.countries.cities(of: france)
                let deleted = try await french.delete()
                let count = try await french.count()
                #expect((deleted, count) == (2, 0))
            }
            #expect(try await snapshot.countries.cities(of: france).order { $0.id.descending }.ids() == [3, 0])
        }
        #expect(try await atlas.countries.cities(of: france).exists() == false)
        try await atlas.close()
    }

    @Test("A table that refers by several columns has a function for each", arguments: urls)
    func several(_ url: String) async throws {
        let library = try await Library.open(stores.url(url))
        for id in [1, 2] { try await library.authors.insert(Author(id: Author.ID(id), name: "a\(id)")) }
        try await library.books.insert(Book(id: 1, title: "x", author: 1, editor: 2))
        try await library.books.insert(Book(id: 2, title: "y", author: 2))
        #expect(try await library.authors.books(byAuthor: 2).ids() == [2])
        #expect(try await library.authors.books(byEditor: 2).ids() == [1])
        #expect(try await library.authors.books(byEditor: 1).ids() == [])
        try await library.close()
    }

    @Test("Rows are ordered by columns of the records they refer to", arguments: urls)
    func orders(_ url: String) async throws {
        let atlas = try await atlas(url)
        let byCountry = atlas.cities.order {
            $0.country.order { $0.name.descending }; $0.population
        }
        #expect(try await byCountry.all().map(\.id) == [2, 4, 1, 0, 3])
        #expect(try await byCountry.limit(2).ids() == [2, 4])
        #expect(try await byCountry.first()?.id == 2)
        let deep = atlas.cities.order {
            $0.country.order {
                $0.continent.order { $0.name.descending }
                $0.name
            }
            $0.name.descending
        }
        #expect(try await deep.select { $0.name } == ["c3", "c0", "c4", "c1", "c2"])
        #expect(try await deep.including(\.country).first()?.1.iso == "FR")
        let error = await #expect(throws: StorageError.self) { _ = try await byCountry.page(size: 2) }
        #expect(error?.code == .query)
        #expect(error?.message.contains("'country.name desc'") == true, "\(String(describing: error))")
        try await atlas.close()
    }

    @Test("Where a reference is null, what is behind it is null, and sorts first", arguments: urls)
    func nulls(_ url: String) async throws {
        let library = try await Library.open(stores.url(url))
        for id in [1, 2] { try await library.authors.insert(Author(id: Author.ID(id), name: "a\(id)")) }
        for (id, editor) in [(1, 2), (2, nil), (3, 1)] as [(Int, Author.ID?)] {
            try await library.books.insert(Book(id: Book.ID(id), title: "x", author: 1, editor: editor))
        }
        #expect(try await library.books.order { $0.editor.order { $0.name } }.ids() == [2, 3, 1])
        #expect(try await library.books.order { $0.editor.order { $0.name.descending } }.ids() == [1, 3, 2])
        try await library.close()
    }
}
