import Cairn
import CairnCore
import ObjectStores
import Testing

/// Records with others that are related to them, as an application reads them.
@Suite("Typed relations")
struct TypedRelationTests {
    static let urls = TestStores.kinds

    private let stores = TestStores()

    private func fill(_ atlas: Atlas) async throws {
        for (code, name) in [("EU", "Europe"), ("AS", "Asia"), ("AN", "Antarctica")] {
            try await atlas.continents.insert(Continent(code: Continent.ID(code), name: name, population: 0))
        }
        let countries: [(Country.ID, String, Continent.ID)] = [
            ("FR", "FRA", "EU"), ("DE", "DEU", "EU"), ("JP", "JPN", "AS"),
        ]
        for (iso, iso3, continent) in countries {
            try await atlas.countries.insert(Country(iso: iso, iso3: iso3, name: iso3, continent: continent))
        }
        let cities: [(Country.ID, Int)] = [("FR", 10), ("FR", 30), ("DE", 20), ("FR", 20), ("DE", 5)]
        for (place, (country, population)) in cities.enumerated() {
            try await atlas.cities.insert(
                City(
                    id: City.ID(place), name: "c\(place)", country: country, latitude: 1, longitude: 2,
                    population: population))
        }
    }

    private func atlas(_ url: String) async throws -> Atlas {
        let atlas = try await Atlas.open(stores.url(url))
        try await fill(atlas)
        return atlas
    }

    @Test("Each record with the one it refers to, in the order of the query", arguments: urls)
    func one(_ url: String) async throws {
        let atlas = try await atlas(url)
        let rows: [(City, Country)] = try await atlas.cities.where { $0.population >= 10 }
            .order { $0.population.descending }.including(\.country).all()
        #expect(rows.map(\.0.id) == [1, 2, 3, 0])
        #expect(rows.map(\.1.iso3) == ["FRA", "DEU", "FRA", "FRA"])
        let first = try await atlas.cities.including(\.country).order { $0.population }.first()
        #expect(first?.1.iso == "DE")
        #expect(try await atlas.cities.including(\.country).where { $0.population > 99 }.all().isEmpty)
        #expect(try await atlas.cities.including(\.country).limit(2).all().count == 2)
        try await atlas.close()
    }

    @Test(
        "The only record with what is related to it, and an error where there is none or there are several",
        arguments: urls)
    func only(_ url: String) async throws {
        let atlas = try await atlas(url)
        let one: (City, Country) = try await atlas.cities.including(\.country).where { $0.population == 30 }.one()
        #expect(one.0.id == 1)
        #expect(one.1.iso == "FR")
        let none = await #expect(throws: StorageError.self) {
            try await atlas.cities.including(\.country).where { $0.population > 99 }.one()
        }
        #expect(none?.code == .notFound)
        let several = await #expect(throws: StorageError.self) {
            try await atlas.cities.including(\.country).where { $0.population == 20 }.one()
        }
        #expect(several?.code == .notUnique)
        #expect(try await atlas.cities.including(\.country).where { $0.population == 20 }.limit(1).one().0.id == 2)
        let nobody = try await atlas.cities.including(\.country).where { $0.population > 99 }.first()
        #expect(nobody == nil)
        try await atlas.close()
    }

    @Test(
        "Pages of records with what is related to them go on behind the last record, whatever is written meanwhile",
        arguments: urls)
    func pages(_ url: String) async throws {
        let atlas = try await atlas(url)
        let query = atlas.cities.order { $0.population.descending }.including(\.country) { $0.including(\.continent) }
        let first = try await query.page(size: 2)
        #expect(first.items.map { "\($0.0.id) \($0.1.0.iso) \($0.1.1.name)" } == ["1 FR Europe", "2 DE Europe"])
        try await atlas.countries.update("FR") { $0.continent = "AN" }
        try await atlas.cities.delete(2)
        let second = try await query.page(size: 2, after: first.next)
        #expect(
            second.items.map { "\($0.0.id) \($0.1.0.iso) \($0.1.1.name)" } == ["3 FR Antarctica", "0 FR Antarctica"])
        let last = try await query.page(size: 2, after: second.next)
        #expect(last.items.map { "\($0.0.id) \($0.1.0.iso)" } == ["4 DE"])
        #expect(last.next == nil)
        let alone = try await atlas.cities.order { $0.population.descending }.page(size: 2, after: first.next)
        #expect(alone.items.map(\.id) == [3, 0])
        #expect(alone.next == second.next)
        let many = try await atlas.countries.query.including(City.self, by: \.country).page(size: 2)
        #expect(many.items.map { "\($0.0.iso) \($0.1.map(\.id.value))" } == ["DE [4]", "FR [0, 1, 3]"])
        let refused = await #expect(throws: StorageError.self) {
            try await atlas.cities.order { $0.country.order { $0.name } }.including(\.country).page(size: 2)
        }
        #expect(refused?.code == .query)
        let left = try await atlas.snapshot { try await $0.cities.including(\.country).page(size: 9).items.count }
        #expect(left == 4)
        try await atlas.close()
    }

    @Test("The plan says how each relation is read, and what all of it took", arguments: urls)
    func plan(_ url: String) async throws {
        let atlas = try await atlas(url)
        let query = atlas.continents.where { $0.name == "Europe" }
            .including(Country.self, by: \.continent) {
                $0.order { $0.iso.descending }.limit(1).including(City.self, by: \.country)
            }
        let plan = try await query.explain()
        #expect(plan.table == "continents")
        #expect(plan.included.map(\.table) == ["countries"])
        #expect(plan.included.first?.limit == 1)
        #expect(plan.included.first?.included.map(\.table) == ["cities"])
        #expect(plan.included.first?.included.first?.access == .index("by_country"))
        let up = try await atlas.cities.including(\.country).explain()
        #expect(up.included.map(\.access) == [.key])
        #expect(up.included.first?.bounds == ["iso in (what the records refer to)"])
        let run = try await query.explain(run: true)
        #expect(run.run?.rows == 1)
        #expect(run.included == plan.included)
        try await atlas.close()
    }

    @Test("Each record with those that refer to it: some, sorted, the first few of each", arguments: urls)
    func many(_ url: String) async throws {
        let atlas = try await atlas(url)
        let all: [(Country, [City])] = try await atlas.countries.query.including(City.self, by: \.country).all()
        #expect(all.map { "\($0.0.iso) \($0.1.map(\.id.value))" } == ["DE [2, 4]", "FR [0, 1, 3]", "JP []"])
        let largest = try await atlas.countries.query
            .including(City.self, by: \.country) {
                $0.where { $0.population > 5 }.order { $0.population.descending }.limit(2)
            }
            .all()
        #expect(largest.map { $0.1.map(\.population) } == [[20], [30, 20], []])
        try await atlas.close()
    }

    @Test("Relations of relations, two deep, up and down", arguments: urls)
    func nested(_ url: String) async throws {
        let atlas = try await atlas(url)
        let up = try await atlas.cities.query.including(\.country) { $0.including(\.continent) }.limit(1).all()
        #expect(up.map { "\($0.0.id) \($0.1.0.iso) \($0.1.1.name)" } == ["0 FR Europe"])
        let down = try await atlas.continents.query
            .including(Country.self, by: \.continent) { $0.including(City.self, by: \.country) }
            .all()
        #expect(down.map(\.0.code) == ["AN", "AS", "EU"])
        #expect(down.map { $0.1.map(\.0.iso) } == [[], ["JP"], ["DE", "FR"]])
        #expect(down.last?.1.last?.1.map(\.id) == [0, 1, 3])
        let both = try await atlas.countries.including(\.continent).including(City.self, by: \.country).all()
        #expect(both.map { "\($0.0.iso) \($0.1.code) \($0.2.count)" } == ["DE EU 2", "FR EU 3", "JP AS 0"])
        try await atlas.close()
    }

    @Test("The number of reads does not depend on the number of records")
    func reads() async throws {
        for storage in [
            MemoryStorage() as any Storage, try await SQLiteStorage.open(SQLiteOptions(.temporary)),
            try await ObjectStorage.open(MemoryObjectStore()),
        ] {
            let events = Events()
            let atlas = try await Atlas.open(on: storage, options: StoreOptions(observers: [events.hear]))
            try await fill(atlas)
            try await atlas.cities.insert(
                contentsOf: (100..<400).map {
                    City(
                        id: City.ID($0), name: "c", country: $0 % 2 == 0 ? "FR" : "JP", latitude: 1, longitude: 2,
                        population: 1)
                })
            events.forget()
            let rows = try await atlas.cities.query.including(\.country) { $0.including(\.continent) }.all()
            #expect(rows.count == 305)
            #expect(events.kinds == [.query, .find, .find])
            events.forget()
            _ = try await atlas.continents.query
                .including(Country.self, by: \.continent) { $0.including(City.self, by: \.country) }.all()
            #expect(events.kinds == [.query, .query, .query])
            try await atlas.close()
        }
    }

    @Test("In a transaction and a snapshot everything is of its moment", arguments: urls)
    func moment(_ url: String) async throws {
        let atlas = try await atlas(url)
        try await atlas.snapshot { snapshot in
            try await atlas.transaction { tx in
                try await tx.countries.update("FR") { $0.name = "new" }
                #expect(try await tx.cities.including(\.country).first()?.1.name == "new")
            }
            #expect(try await snapshot.cities.including(\.country).first()?.1.name == "FRA")
        }
        #expect(try await atlas.cities.including(\.country).first()?.1.name == "new")
        try await atlas.close()
    }

    @Test("A transaction that wrote a reference before its record hears so", arguments: urls)
    func dangling(_ url: String) async throws {
        let atlas = try await atlas(url)
        try await atlas.transaction { tx in
            try await tx.cities.insert(
                City(id: 9, name: "x", country: "XX", latitude: 1, longitude: 2, population: 0))
            let error = await #expect(throws: StorageError.self) { try await tx.cities.including(\.country).all() }
            #expect(error?.code == .reference)
            #expect(error?.details.table == "countries")
            try await tx.countries.insert(Country(iso: "XX", iso3: "XXX", name: "x", continent: "EU"))
            #expect(try await tx.cities.including(\.country).all().count == 6)
        }
        try await atlas.close()
    }

    @Test(
        "Conditions lead to the record a reference names, to those that refer to one, and into other queries",
        arguments: urls)
    func conditions(_ url: String) async throws {
        let atlas = try await atlas(url)
        let french = try await atlas.cities.where { $0.country.where { $0.name == "FRA" } }.ids()
        #expect(french == [0, 1, 3])
        #expect(try await atlas.cities.where { !$0.country.where { $0.name == "FRA" } }.ids() == [2, 4])
        let europe = try await atlas.cities
            .where { $0.country.where { $0.continent.where { $0.name == "Europe" } } && $0.population > 10 }.count()
        #expect(europe == 3)
        let large = try await atlas.countries
            .where { $0.iso.exists(City.self, by: \.country) { $0.population >= 30 } }.ids()
        #expect(large == ["FR"])
        #expect(try await atlas.countries.where { !$0.iso.exists(City.self, by: \.country) }.ids() == ["JP"])
        let first = atlas.countries.order { $0.iso }.limit(1)
        #expect(try await atlas.cities.where { $0.country.in(first) }.ids() == [2, 4])
        try await atlas.cities.where { $0.country.in(first) }.update { $0.timezone.set("DEU") }
        let named = atlas.countries.where { $0.continent == "EU" }
        #expect(try await atlas.cities.where { $0.name.in(named) { $0.iso3 } }.ids() == [])
        let zones = try await atlas.countries.where { $0.iso3.in(atlas.cities.query) { $0.timezone } }.ids()
        #expect(zones == ["DE"])
        let loaded = try await atlas.cities.where { $0.country.where { $0.iso3 == "DEU" } }.including(\.country).all()
        #expect(loaded.map(\.1.iso) == ["DE", "DE"])
        let sums = try await atlas.cities.where { $0.country.where { $0.continent == "EU" } }
            .group { $0.country }.sum { $0.population }
        #expect(sums.map(\.1) == [25, 60])
        #expect(try await atlas.cities.where { $0.country.where { $0.iso3 == "DEU" } }.delete() == 2)
        try await atlas.close()
    }

    @Test("A query of another store is no part of a condition")
    func foreign() async throws {
        let atlas = try await atlas("memory:")
        let library = try await Library.open("memory:")
        let error = await #expect(throws: StorageError.self) {
            try await atlas.cities.where { $0.name.in(library.authors.query) { $0.name } }.all()
        }
        #expect(error?.code == .query)
        try await library.close()
        try await atlas.close()
    }

    @Test("A condition on the one record a reference names is refused")
    func refused() async throws {
        let atlas = try await atlas("memory:")
        let error = await #expect(throws: StorageError.self) {
            try await atlas.cities.query.including(\.country) { $0.where { $0.name == "x" } }.all()
        }
        #expect(error?.code == .query)
        try await atlas.close()
    }
}

/// References that may be null, and records related through a table of pairs.
@Suite("Typed relations of a library")
struct LibraryTests {
    static let urls = TestStores.kinds

    private let stores = TestStores()

    private func library(_ url: String) async throws -> Library {
        let library = try await Library.open(stores.url(url))
        try await library.authors.insert(contentsOf: [Author(id: 1, name: "a"), Author(id: 2, name: "b")])
        try await library.subjects.insert(contentsOf: [Subject(name: "sea"), Subject(name: "war")])
        try await library.books.insert(
            contentsOf: [
                Book(id: 1, title: "x", author: 1, editor: 2), Book(id: 2, title: "y", author: 1),
                Book(id: 3, title: "z", author: 2, editor: 2),
            ])
        try await library.bookSubjects.insert(
            contentsOf: [
                BookSubject(book: 1, subject: "war"), BookSubject(book: 1, subject: "sea"),
                BookSubject(book: 3, subject: "war"),
            ])
        return library
    }

    @Test("A reference that may be null gives an optional", arguments: urls)
    func optional(_ url: String) async throws {
        let library = try await library(url)
        let rows: [(Book, Author?, Author)] = try await library.books.including(\.editor).including(\.author).all()
        #expect(rows.map(\.1?.name) == ["b", nil, "b"])
        #expect(rows.map(\.2.name) == ["a", "a", "b"])
        let edited = try await library.authors.query.including(Book.self, by: \.editor).all()
        #expect(edited.map { $0.1.map(\.id) } == [[], [1, 3]])
        try await library.close()
    }

    @Test("Conditions lead through references that may be null", arguments: urls)
    func conditions(_ url: String) async throws {
        let library = try await library(url)
        #expect(try await library.books.where { $0.editor.where { $0.name == "b" } }.ids() == [1, 3])
        #expect(try await library.books.where { !$0.editor.where { $0.name == "b" } }.ids() == [])
        #expect(try await library.books.where { $0.editor == nil || $0.editor.where { $0.name == "x" } }.ids() == [2])
        #expect(try await library.authors.where { $0.id.exists(Book.self, by: \.editor) }.ids() == [2])
        #expect(
            try await library.authors.where { $0.id.exists(Book.self, by: \.editor) { $0.title == "y" } }.ids() == [])
        #expect(
            try await library.books.where { !$0.editor.in(library.authors.where { $0.name == "a" }) }.ids() == [1, 3])
        let war = try await library.books
            .where { $0.id.exists(BookSubject.self, by: \.book) { $0.subject == "war" } }.ids()
        #expect(war == [1, 3])
        try await library.close()
    }

    @Test("Many to many, through a table of pairs, from both sides", arguments: urls)
    func pairs(_ url: String) async throws {
        let library = try await library(url)
        let books = try await library.books.query
            .including(BookSubject.self, by: \.book) { $0.including(\.subject) }.all()
        #expect(books.map { $0.1.map(\.1.name) } == [["sea", "war"], [], ["war"]])
        let subjects = try await library.subjects.query
            .including(BookSubject.self, by: \.subject) { $0.including(\.book) }.all()
        #expect(subjects.map { $0.1.map(\.1.title) } == [["x"], ["x", "z"]])
        try await library.close()
    }

    @Test("What on_delete says happens to typed records", arguments: urls)
    func deletes(_ url: String) async throws {
        let library = try await library(url)
        try await library.authors.delete(2)
        #expect(try await library.books.all().map(\.editor) == [nil, nil])
        #expect(try await library.books.get(1).revision == 2)
        #expect(try await library.bookSubjects.query.ids().map(\.subject) == ["sea", "war"])
        #expect(try await library.subjects.where { $0.name == "war" }.delete() == 1)
        #expect(try await library.bookSubjects.count() == 1)
        try await library.close()
    }
}

/// What an observer heard.
private final class Events: Sendable {
    private let heard = Lock<[OperationEvent.Kind]>([])

    var kinds: [OperationEvent.Kind] { heard.withLock { $0 } }
    func forget() { heard.withLock { $0 = [] } }
    var hear: Observer { { [self] event in heard.withLock { $0.append(event.kind) } } }
}
