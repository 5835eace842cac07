import Cairn
import Testing

/// Moments that are over, with the generated code.
@Suite("Typed moments that are over")
struct TypedPastTests {
    private let stores = TestStores()

    /// Two cities of one country in a folder.
    private func atlas() async throws -> Atlas {
        let atlas = try await Atlas.open(stores.url("file:"))
        try await atlas.continents.insert(Continent(code: "EU", name: "Europe", population: 0))
        try await atlas.countries.insert(Country(iso: "FR", iso3: "FRA", name: "France", continent: "EU"))
        try await atlas.cities.insert(contentsOf: [city(1, "Ys", 10), city(2, "Lutetia", 20)])
        return atlas
    }

    private func city(_ id: Int, _ name: String, _ population: Int) -> City {
        City(id: City.ID(id), name: name, country: "FR", latitude: 1, longitude: 2, population: population)
    }

    /// Changes a city, removes another, adds a third, and calls the country something else.
    private func change(_ atlas: Atlas) async throws {
        try await atlas.cities.update(1) { $0.population = 99 }
        try await atlas.cities.delete(2)
        try await atlas.cities.insert(city(3, "Nova", 30))
        try await atlas.countries.update("FR") { $0.name = "République française" }
    }

    @Test("A commit is read as it left the store: records, queries, relations, sums")
    func asOf() async throws {
        let atlas = try await atlas()
        let commit = try await atlas.currentCommit()
        try await change(atlas)
        #expect(try await atlas.currentCommit() == commit + 4)
        try await atlas.snapshot(asOf: commit) { past in
            #expect(try await past.cities.get(1).population == 10)
            #expect(try await past.cities.find(3) == nil)
            #expect(try await past.countries.find(byISO3: "FRA")?.name == "France")
            #expect(
                try await past.cities.where { $0.country == "FR" }.order { $0.population.descending }.all().map(\.name)
                    == ["Lutetia", "Ys"])
            let rows: [(City, Country)] = try await past.cities.where { $0.population > 15 }.including(\.country).all()
            #expect(rows.map(\.0.name) == ["Lutetia"] && rows.map(\.1.name) == ["France"])
            #expect(try await past.cities.where { $0.country == "FR" }.sum { $0.population } == 30)
        }
        #expect(try await atlas.snapshot(asOf: commit + 2) { try await $0.cities.order { $0.id }.ids() } == [1])
        #expect(try await atlas.snapshot(asOf: 0) { try await $0.cities.count() } == 0)
        #expect(try await atlas.cities.count() == 2)
        try await atlas.close()
    }

    @Test("What was lost is written again from the past")
    func restored() async throws {
        let atlas = try await atlas()
        let commit = try await atlas.currentCommit()
        try await change(atlas)
        let lost = try await atlas.snapshot(asOf: commit) { try await $0.cities.get(2) }
        try await atlas.cities.upsert(lost)
        #expect(try await atlas.cities.get(2).name == "Lutetia")
        try await atlas.close()
    }

    @Test("A budget of a query holds in the past, too")
    func budget() async throws {
        let atlas = try await atlas()
        let commit = try await atlas.currentCommit()
        try await change(atlas)
        let error = await #expect(throws: StorageError.self) {
            try await atlas.snapshot(asOf: commit) { past in
                try await past.cities.where { $0.country == "FR" }.budget(rows: 1).all()
            }
        }
        #expect(error?.code == .budget)
        try await atlas.close()
    }

    @Test("A number that is no commit yet is refused")
    func future() async throws {
        let atlas = try await atlas()
        let next = try await atlas.currentCommit() + 1
        for number in [next, -1] {
            let error = await #expect(throws: StorageError.self) {
                try await atlas.snapshot(asOf: number) { try await $0.cities.count() }
            }
            #expect(error?.code == .invalid && error?.message.contains("there is no commit \(number)") == true)
        }
        try await atlas.close()
    }

    @Test("A pin is read by its name until it is removed")
    func pins() async throws {
        let atlas = try await atlas()
        let commit = try await atlas.currentCommit()
        let june = try await atlas.pin("june")
        #expect(june.name == "june" && june.commit == commit)
        try await change(atlas)
        let july = try await atlas.pin("july")
        #expect(try await atlas.pins() == [july, june])
        #expect(try await atlas.snapshot(pinned: "june") { try await $0.cities.get(1).population } == 10)
        #expect(try await atlas.snapshot(pinned: "july") { try await $0.cities.get(1).population } == 99)
        let twice = await #expect(throws: StorageError.self) { try await atlas.pin("june") }
        #expect(twice?.code == .duplicate)
        try await atlas.unpin("june")
        #expect(try await atlas.pins() == [july])
        let gone = await #expect(throws: StorageError.self) {
            try await atlas.snapshot(pinned: "june") { try await $0.cities.count() }
        }
        #expect(gone?.code == .notFound && gone?.remedy?.contains("pins()") == true)
        try await atlas.close()
    }

    @Test("A pin is not made beside the transaction that the task is in, nor removed")
    func transaction() async throws {
        let atlas = try await atlas()
        let made = await #expect(throws: StorageError.self) {
            try await atlas.transaction { _ in _ = try await atlas.pin("june") }
        }
        #expect(made?.code == .invalid)
        try await atlas.pin("june")
        let removed = await #expect(throws: StorageError.self) {
            try await atlas.transaction { _ in try await atlas.unpin("june") }
        }
        #expect(removed?.code == .invalid)
        #expect(try await atlas.pins().map(\.name) == ["june"])
        try await atlas.close()
    }

    @Test(
        "Where the present alone is kept, the error names the driver and what to do",
        arguments: [("memory:", "memory"), ("sqlite::memory:", "sqlite")])
    func unsupported(_ url: String, _ driver: String) async throws {
        let atlas = try await Atlas.open(stores.url(url))
        let calls: [() async throws -> Void] = [
            { _ = try await atlas.currentCommit() },
            { _ = try await atlas.snapshot(asOf: 0) { try await $0.cities.count() } },
            { _ = try await atlas.snapshot(pinned: "june") { try await $0.cities.count() } },
            { try await atlas.pin("june") }, { try await atlas.unpin("june") }, { _ = try await atlas.pins() },
        ]
        for call in calls {
            let error = await #expect(throws: StorageError.self) { try await call() }
            #expect(error?.code == .unsupported && error?.message.contains("'\(driver)'") == true)
            #expect(error?.remedy?.contains("a folder (file:) or a bucket (s3:)") == true)
        }
        try await atlas.close()
    }
}
