import Cairn
import Foundation
import Testing

/// The generated Atlas on both drivers: what an application sees.
@Suite("A generated database")
struct TypedDatabaseTests {
    static let urls = ["memory:", "sqlite::memory:"]

    private func atlas(_ url: String) async throws -> Atlas {
        let atlas = try await Atlas.open(url)
        try await atlas.continents.insert(Continent(code: "EU", name: "Europe", population: 0))
        try await atlas.countries.insert(Country(iso: "FR", iso3: "FRA", name: "France", continent: "EU"))
        try await atlas.countries.insert(Country(iso: "DE", iso3: "DEU", name: "Germany", continent: "EU"))
        return atlas
    }

    private func city(_ id: Int, _ name: String, _ country: Country.ID = "FR", population: Int = 0) -> City {
        City(id: City.ID(id), name: name, country: country, latitude: 1, longitude: 2, population: population)
    }

    @Test("Records go in and come out, with revision and times", arguments: urls)
    func records(_ url: String) async throws {
        let atlas = try await atlas(url)
        let made = try await atlas.cities.insert(city(1, "Ys"))
        #expect(made.revision == 1)
        #expect(made.createdAt > .epoch)
        let read = try await atlas.cities.get(1)
        #expect(read == made)
        #expect(read.revision == 1)
        #expect(read.timezone == nil)
        #expect(read.alternateNames == [])
        #expect(try await atlas.cities.find(2) == nil)
        #expect(try await atlas.cities.exists(1))
        await #expect(throws: StorageError.self) { try await atlas.cities.get(2) }
        try await atlas.close()
    }

    @Test("Changes: update, read-change-write, upsert, delete", arguments: urls)
    func changes(_ url: String) async throws {
        let atlas = try await atlas(url)
        var ys = try await atlas.cities.insert(city(1, "Ys"))
        ys.population = 7
        ys = try await atlas.cities.update(ys)
        #expect(ys.revision == 2)
        let changed = try await atlas.cities.update(1) { $0.population += 1 }
        #expect(changed.population == 8)
        let stale = await #expect(throws: StorageError.self) { try await atlas.cities.update(ys) }
        #expect(stale?.code == .conflict)
        #expect(try await atlas.cities.upsert(city(1, "Ys 2")).revision == 4)
        await #expect(throws: StorageError.self) { try await atlas.cities.delete(ys) }
        try await atlas.cities.delete(1)
        #expect(try await atlas.cities.count() == 0)
        try await atlas.close()
    }

    @Test("Several at once: insert, update, upsert, delete, find", arguments: urls)
    func several(_ url: String) async throws {
        let atlas = try await atlas(url)
        var cities = try await atlas.cities.insert(contentsOf: (1...20).map { city($0, "c\($0)") })
        #expect(cities.allSatisfy { $0.revision == 1 })
        for index in cities.indices { cities[index].population = index }
        #expect(try await atlas.cities.update(contentsOf: cities).allSatisfy { $0.revision == 2 })
        try await atlas.cities.upsert(contentsOf: [city(20, "x"), city(21, "y")])
        try await atlas.cities.delete(contentsOf: [1, 2, 3])
        let found = try await atlas.cities.find([1, 4, 21, 99])
        #expect(Set(found.keys) == [4, 21])
        #expect(found[21]?.name == "y")
        #expect(try await atlas.cities.insert(contentsOf: [City]()) == [])
        await #expect(throws: StorageError.self) {
            try await atlas.cities.insert(contentsOf: [city(50, "a"), city(4, "b")])
        }
        #expect(try await atlas.cities.count() == 18)
        try await atlas.close()
    }

    @Test("Queries: conditions, order, limit, first, count, exists, unique lookups", arguments: urls)
    func queries(_ url: String) async throws {
        let atlas = try await atlas(url)
        try await atlas.cities.insert(
            contentsOf: (1...40).map { city($0, "M\($0)", $0 % 2 == 0 ? "FR" : "DE", population: $0 * 10) })
        let big = atlas.cities.where { $0.country == "FR" && $0.population >= 100 && $0.name.hasPrefix("M") }
        #expect(try await big.order { $0.population.descending }.limit(2).all().map(\.id) == [40, 38])
        #expect(try await big.where { $0.population.in(100...140) }.all().map(\.id) == [10, 12, 14])
        #expect(try await big.first()?.id == 10)
        #expect(try await big.count() == 16)
        #expect(try await big.limit(0).first() == nil)
        #expect(try await !big.where { $0.population > 1000 }.exists())
        #expect(try await atlas.cities.where { $0.timezone == nil }.count() == 40)
        #expect(try await atlas.countries.find(byISO3: "DEU")?.iso == "DE")
        #expect(try await atlas.countries.find(byISO3: "XXX") == nil)
        #expect(
            try await atlas.cities.order {
                $0.name; $0.id
            }.limit(2).all().map(\.name) == ["M1", "M10"])
        #expect(try await atlas.cities.all().count == 40)
        try await atlas.close()
    }

    @Test("SQLite uses the index from the first row on, memory where it costs less than reading the table")
    func smallTables() async throws {
        for url in Self.urls {
            let atlas = try await atlas(url)
            let large = atlas.cities.where { $0.country == "FR" && $0.population > 5 }
                .order { $0.population.descending }
            try await atlas.cities.insert(city(1, "Ys", population: 10))
            #expect(try await large.explain().access == (url == "memory:" ? .table : .index("by_country")))
            try await atlas.cities.insert(contentsOf: (2...30).map { city($0, "c", population: $0) })
            #expect(try await large.explain().access == .index("by_country"))
            try await atlas.close()
        }
    }

    @Test("Pages are whole and in order, and the last has no next", arguments: urls)
    func pages(_ url: String) async throws {
        let atlas = try await atlas(url)
        try await atlas.cities.insert(contentsOf: (1...25).map { city($0, "c\($0 % 3)") })
        var seen: [City.ID] = []
        var cursor: PageCursor?
        repeat {
            let page = try await atlas.cities.order { $0.name.descending }.page(size: 10, after: cursor)
            seen += page.items.map(\.id)
            cursor = page.next.map { PageCursor(rawValue: $0.rawValue) }
        } while cursor != nil
        #expect(try await seen == atlas.cities.order { $0.name.descending }.all().map(\.id))
        let exact = try await atlas.cities.page(size: 25)
        #expect(exact.items.count == 25)
        #expect(exact.next == nil)
        await #expect(throws: StorageError.self) { try await atlas.cities.page(size: 0) }
        let other = try await atlas.cities.order { $0.name }.page(size: 1)
        let wrong = await #expect(throws: StorageError.self) { try await atlas.cities.page(size: 1, after: other.next) }
        #expect(wrong?.code == .cursor)
        try await atlas.close()
    }

    @Test("A stream gives every row, of one moment, and can be left early", arguments: urls)
    func stream(_ url: String) async throws {
        let atlas = try await atlas(url)
        try await atlas.cities.insert(contentsOf: (1...1000).map { city($0, "c") })
        var seen = 0
        for try await city in atlas.cities.rows {
            seen += 1
            if city.id == 1 { try await atlas.cities.delete(1000) }
        }
        #expect(seen == 1000)
        for _ in 0..<100 {
            for try await _ in atlas.cities.where({ $0.name == "c" }).rows { break }
        }
        #expect(try await atlas.cities.count() == 999)
        try await atlas.close()
    }

    @Test("Transactions, savepoints and snapshots have typed repositories", arguments: urls)
    func transactions(_ url: String) async throws {
        struct Stop: Error {}
        let atlas = try await atlas(url)
        let name = try await atlas.transaction { tx in
            try await tx.cities.insert(city(1, "Ys"))
            do {
                try await tx.savepoint {
                    try await tx.cities.update(1) { $0.name = "gone" }
                    throw Stop()
                }
            } catch is Stop {}
            #expect(try await tx.cities.where { $0.name == "Ys" }.count() == 1)
            return try await tx.cities.get(1).name
        }
        #expect(name == "Ys")
        try await atlas.snapshot { snapshot in
            try await atlas.cities.update(1) { $0.name = "later" }
            #expect(try await snapshot.cities.get(1).name == "Ys")
            #expect(try await snapshot.countries.find(byISO3: "FRA")?.name == "France")
        }
        await #expect(throws: Stop.self) {
            try await atlas.transaction { tx in
                try await tx.cities.delete(1)
                throw Stop()
            }
        }
        #expect(try await atlas.cities.get(1).name == "later")
        try await atlas.close()
    }

    @Test("A batch of several tables is one commit, and safe to send again", arguments: urls)
    func batch(_ url: String) async throws {
        let atlas = try await atlas(url)
        func send() async throws -> Receipt {
            try await atlas.write(idempotencyKey: "load-1") { batch in
                try batch.insert(city(1, "Ys", "IT"))
                try batch.insert(Country(iso: "IT", iso3: "ITA", name: "Italy", continent: "EU"))
                try batch.delete(Country.self, "DE")
            }
        }
        let receipt = try await send()
        #expect(try await send() == receipt)
        #expect(try await atlas.countries.all().map(\.iso) == ["FR", "IT"])
        #expect(try await atlas.store.outcome(of: receipt.token) == .committed)
        await #expect(throws: StorageError.self) { try await atlas.write { try $0.update(city(1, "never stored")) } }
        try await atlas.close()
    }

    @Test("Updates and deletes of a query", arguments: urls)
    func bulk(_ url: String) async throws {
        let atlas = try await atlas(url)
        try await atlas.cities.insert(contentsOf: (1...10).map { city($0, "c", population: $0) })
        let small = atlas.cities.where { $0.population <= 3 }
        #expect(
            try await small.update {
                $0.timezone.set("UTC"); $0.name.set("small")
            } == 3)
        #expect(try await atlas.cities.where { $0.timezone == "UTC" }.count() == 3)
        #expect(try await small.update { $0.timezone.set(nil) } == 3)
        #expect(try await atlas.cities.where { $0.timezone != nil }.count() == 0)
        #expect(try await small.delete() == 3)
        #expect(try await atlas.cities.count() == 7)
        try await atlas.close()
    }

    @Test("One function reads from stores, transactions and snapshots", arguments: urls)
    func generic(_ url: String) async throws {
        func names(_ cities: some ReadableRepository<City>) async throws -> [String] {
            try await cities.all().map(\.name)
        }
        let atlas = try await atlas(url)
        try await atlas.cities.insert(city(1, "Ys"))
        #expect(try await names(atlas.cities) == ["Ys"])
        #expect(try await atlas.transaction { try await names($0.cities) } == ["Ys"])
        #expect(try await atlas.snapshot { try await names($0.cities) } == ["Ys"])
        try await atlas.close()
    }

    @Test("A record is equal by its columns, and encodes with its metadata")
    func recordType() async throws {
        let atlas = try await atlas("memory:")
        let made = try await atlas.countries.get("FR")
        var same = Country(iso: "FR", iso3: "FRA", name: "France", continent: "EU")
        #expect(made == same)
        #expect(made.hashValue == same.hashValue)
        same.name = "e\u{301}"
        var other = same
        other.name = "\u{E9}"
        #expect(same != other)
        let decoded = try JSONDecoder().decode(Country.self, from: JSONEncoder().encode(made))
        #expect(decoded == made)
        #expect(decoded.revision == made.revision)
        #expect(decoded.createdAt == made.createdAt)
        let bare = try JSONDecoder().decode(
            Country.self, from: Data("{\"iso\":\"IT\",\"iso3\":\"ITA\",\"name\":\"Italy\",\"continent\":\"EU\"}".utf8))
        #expect(bare.population == 0 && bare.languages == [] && bare.capital == nil && bare.revision == 0)
    }

    @Test("Ids of text are equal by their bytes")
    func ids() {
        #expect(Country.ID("e\u{301}") != Country.ID("\u{E9}"))
        #expect(Set([Country.ID("e\u{301}"), Country.ID("\u{E9}"), "FR", Country.ID("FR")]).count == 3)
        #expect("\(City.ID(5)) \(Country.ID("FR"))" == "5 FR")
    }

    @Test("Ids are ordered as stores order them: numbers, text by its bytes, what else by its value")
    func idOrder() {
        #expect([City.ID(10), 9, -1].sorted() == [-1, 9, 10])
        // By characters "é" would be the same in both spellings; by bytes the decomposed one comes first.
        #expect([Country.ID("z"), "\u{E9}", "e\u{301}", "Z"].sorted() == ["Z", "e\u{301}", "z", "\u{E9}"])
        let first = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
        let last = UUID(uuid: (255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        #expect([Sample.ID(last), Sample.ID(first)].sorted() == [Sample.ID(first), Sample.ID(last)])
        #expect(Sample.ID(first) < Sample.ID(last) && !(Sample.ID(last) < Sample.ID(first)))
    }

    @Test("An id of text is made of a text with values in it")
    func interpolatedID() async throws {
        let atlas = try await atlas("memory:")
        let letter = "F"
        #expect(try await atlas.countries.get("\(letter)R").name == "France")
        try await atlas.close()
    }

    @Test("Ids are in ranges and lists of ids, nullable references too", arguments: urls)
    func idRanges(_ url: String) async throws {
        let atlas = try await atlas(url)
        try await atlas.cities.insert(contentsOf: (1...9).map { city($0, "c") })
        #expect(try await atlas.cities.where { $0.id.in(2...4) }.all().map(\.id) == [2, 3, 4])
        #expect(try await atlas.cities.where { $0.id.in(2..<4) }.all().map(\.id) == [2, 3])
        #expect(try await atlas.cities.where { $0.id.in(8...) }.all().map(\.id) == [8, 9])
        #expect(try await atlas.cities.where { $0.id.in(...City.ID(2)) }.all().map(\.id) == [1, 2])
        #expect(try await atlas.cities.where { $0.id.in([3, 1, 99]) }.all().map(\.id) == [1, 3])
        #expect(try await atlas.cities.where { $0.id.in([3, 1].map(City.ID.init)) }.all().map(\.id) == [1, 3])
        #expect(try await atlas.cities.where { $0.country.in("FA"..."FZ") }.count() == 9)
        try await atlas.close()
    }

    @Test("An environment opens the store it names; another schema is refused")
    func environment() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-env-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "cairn.json").path(percentEncoded: false)
        let database = folder.appending(path: "app.db").path(percentEncoded: false)
        try Data("{ \"environments\": { \"test\": \"sqlite:\(database)?synchronous=normal\" } }".utf8).write(
            to: URL(filePath: file))
        let first = try await Atlas.open(environment: "test", configuration: file)
        try await first.continents.insert(Continent(code: "EU", name: "Europe", population: 1))
        try await first.close()
        let again = try await Atlas.open(environment: "test", configuration: file)
        #expect(try await again.continents.count() == 1)
        try await again.close()
        let other = try Schema(
            parsing:
                "{ \"database\": \"o\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" } } }")
        let error = await #expect(throws: StorageError.self) {
            try await Store.open(Stores.storage(at: "sqlite:\(database)"), schema: other)
        }
        #expect(error?.code == .schemaMismatch)
    }
}

/// Compiles, and so proves, that calls stay where their caller is and closures may touch the caller's state.
@Suite("Calls from actors")
struct IsolationTests {
    @MainActor
    final class ViewModel {
        var log: [String] = []

        func work(_ atlas: Atlas) async throws {
            try await atlas.transaction { tx in
                log.append("inside")
                try await tx.continents.insert(Continent(code: "EU", name: "Europe", population: 1))
                MainActor.assertIsolated()
            }
            try await atlas.snapshot { snapshot in log.append("\(try await snapshot.continents.count())") }
            try await atlas.continents.update("EU") { continent in
                continent.population += 1
                log.append("changed")
            }
            for try await continent in atlas.continents.rows { log.append(continent.name) }
            MainActor.assertIsolated()
        }
    }

    actor Counter {
        var count = 0

        func work(_ atlas: Atlas) async throws -> Int {
            try await atlas.transaction { tx in
                count += try await tx.continents.count()
                assertIsolated()
            }
            count += try await atlas.continents.where { $0.population > 1 }.count()
            return count
        }
    }

    @Test("A transaction runs on its caller's executor: the main actor's or an actor's own")
    func isolation() async throws {
        let atlas = try await Atlas.open("memory:")
        let model = ViewModel()
        try await model.work(atlas)
        #expect(await model.log == ["inside", "1", "changed", "Europe"])
        #expect(try await Counter().work(atlas) == 2)
        try await atlas.close()
    }
}
