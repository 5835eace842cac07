import Cairn
import CairnCore
import ObjectStores

/// The drivers that plans are compared on, with the same few records each.
enum PlanStores: String, CaseIterable {
    case memory, sqlite, object

    private static let schema = """
        {
          "database": "atlas",
          "tables": {
            "continents": { "columns": { "code": "string", "name": "string" }, "key": "code" },
            "countries": {
              "columns": {
                "iso": "string", "name": { "type": "string", "unique": true },
                "continent": { "references": "continents" }, "population": "int",
              },
              "key": "iso",
            },
            "cities": {
              "columns": {
                "id": "int", "name": "string", "country": { "references": "countries" }, "population": "int",
                "founded": "int?", "is_capital": "bool", "tags": "[string]", "facts": "json?",
              },
              "key": "id",
              "indexes": {
                "by_country": { "on": ["country", "population desc"], "include": ["name"] },
                "by_population": ["population desc"],
                "by_name": ["name"],
                "capitals": { "on": ["name"], "where": "is_capital = true" },
              },
            },
          },
        }
        """

    /// A store of the driver that nothing has been read from.
    func open() async throws -> Store {
        let schema = try Schema(parsing: Self.schema)
        switch self {
        case .memory: return try await Self.filled(Store.open(MemoryStorage(), schema: schema))
        case .sqlite:
            let storage = try await SQLiteStorage.open(SQLiteOptions(.temporary))
            return try await Self.filled(Store.open(storage, schema: schema))
        case .object:
            let objects = MemoryObjectStore()
            let storage = try await ObjectStorage.open(objects)
            let writer = try await Self.filled(Store.open(storage, schema: schema))
            // Files before indexes, or these would have to carry records. Then another process reads.
            try await storage.flush()
            try await writer.maintain()
            try await writer.close()
            return try await Store.open(try await ObjectStorage.open(objects), schema: schema)
        }
    }

    private static func filled(_ store: Store) async throws -> Store {
        try await store.write { batch in
            for (code, name) in [("AF", "Africa"), ("AS", "Asia"), ("EU", "Europe"), ("SA", "South America")] {
                try batch.insert("continents", ["code": .string(code), "name": .string(name)], into: store)
            }
            for (iso, name, continent, population) in countries {
                try batch.insert(
                    "countries",
                    [
                        "iso": .string(iso), "name": .string(name), "continent": .string(continent),
                        "population": .int(population),
                    ], into: store)
            }
            for number in 0..<60 { try batch.insert("cities", city(number), into: store) }
        }
        return store
    }

    private static let countries = [
        ("AT", "Austria", "EU", 9), ("BR", "Brazil", "SA", 212), ("CH", "Switzerland", "EU", 9),
        ("EG", "Egypt", "AF", 109), ("FR", "France", "EU", 68), ("JP", "Japan", "AS", 123),
    ]
    private static let beginnings = ["Al", "Bor", "Cas", "Dun", "Est", "Fal"]
    private static let endings = ["a", "berg", "cester", "dorf", "enza", "ford", "grad", "heim", "ia", "jona"]
    private static let rivers = ["Rhine", "Nile", "Loire"]

    /// The cities go around the countries; there are fewer populations than cities, so that some are equal.
    private static func city(_ number: Int) -> [String: Value] {
        let tags = [["port"], ["river", "old"], [], ["port", "old"], ["river"]][number % 5]
        let facts: JSONValue = [
            "river": .string(rivers[number % 3]), "heights": [.int(10 * number), .int(number)],
            "mayor": ["since": .int(2000 + number % 20)],
        ]
        return [
            "id": .int(number + 1), "name": .string(beginnings[number / 10] + endings[number % 10]),
            "country": .string(countries[number % 6].0), "population": .int(number * 37 % 23 * 1_000),
            "founded": number % 4 == 0 ? .null : .int(900 + number * 53 % 1_000), "is_capital": .bool(number < 6),
            "tags": .array(tags.map(Value.string)), "facts": number % 7 == 0 ? .null : .json(facts),
        ]
    }
}

extension WriteBatch {
    /// Inserts a record, by the names of its columns.
    fileprivate mutating func insert(_ table: String, _ values: [String: Value], into store: Store) throws {
        let record = try Record(store.records(table).table, values)
        append(.insert(record.table, record.values))
    }
}
