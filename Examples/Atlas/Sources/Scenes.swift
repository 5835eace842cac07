import Cairn

/// What a store does when things get serious. Each scene leaves the data as it found it.
struct Scenes {
    private let atlas: Atlas

    init(_ atlas: Atlas) {
        self.atlas = atlas
    }

    func play() async throws {
        try await transaction()
        try await conflict()
        try await badRow()
    }

    /// A thousand people move from Paris to Lyon and back: both cities change, or neither.
    private func transaction() async throws {
        func move(_ count: Int) async throws -> Int {
            try await atlas.transaction { tx in
                var paris = try await tx.cities.get(2_988_507)
                var lyon = try await tx.cities.get(2_996_944)
                paris.population -= count
                lyon.population += count
                try await tx.cities.update(paris)
                try await tx.cities.update(lyon)
                return paris.population + lyon.population
            }
        }
        let there = try await move(1000)
        let back = try await move(-1000)
        print(
            "A thousand moved from Paris to Lyon and back; together they stay \(there == back ? "as many" : "NOT as many")."
        )

        struct Regret: Error {}
        do {
            try await atlas.transaction { tx in
                try await tx.cities.where { $0.country == "FR" }.delete()
                throw Regret()
            }
        } catch is Regret {
            let count = try await atlas.cities.where { $0.country == "FR" }.count()
            print("A transaction that throws leaves nothing behind: France has \(count) cities still.")
        }
    }

    /// Two people edit the same city; the second is told.
    private func conflict() async throws {
        let mine = try await atlas.cities.get(2_643_743)
        let theirs = try await atlas.cities.update(mine.id) { $0.admin1 = "changed" }
        do {
            try await atlas.cities.update(mine)
            print("A stale update went through.")
        } catch let error as StorageError where error.code == .conflict {
            print("A stale update is refused: \(error.code), \(theirs.revision - mine.revision) revision behind.")
        }
        try await atlas.cities.update(mine.id) { $0.admin1 = mine.admin1 }
    }

    /// Rows that must not get in.
    private func badRow() async throws {
        var nowhere = City(id: 1, name: "Nowhere", country: "XX", latitude: 0, longitude: 0, population: 1)
        await refusal { try await atlas.cities.insert(nowhere) }
        nowhere = City(id: 1, name: "Too far north", country: "FR", latitude: 91, longitude: 0, population: 1)
        await refusal { try await atlas.cities.insert(nowhere) }
        await refusal {
            try await atlas.countries.insert(Country(iso: "XX", iso3: "FRA", name: "Twin", continent: "EU"))
        }
        await refusal { try await atlas.countries.delete("FR") }
        await refusal {
            try await atlas.cities.insert(
                City(id: 2_988_507, name: "Paris", country: "FR", latitude: 0, longitude: 0, population: 1))
        }
    }

    private func refusal(_ body: () async throws -> some Any) async {
        do {
            _ = try await body()
            print("A bad row went in.")
        } catch {
            print("Refused: \(error)")
        }
    }
}
