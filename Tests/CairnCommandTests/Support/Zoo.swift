import CairnCore
import CairnSchema
import FoundationEssentials
import SQLiteStorage

/// A small store of every kind of column, in a SQLite file.
enum Zoo {
    static let schema = """
        {
          "database": "zoo",
          "tables": {
            "keepers": {
              "columns": {
                "id": "uuid", "name": "string", "pin": { "type": "string?", "sensitive": true },
                "salary": { "type": "decimal", "sensitive": true },
              },
              "key": "id",
            },
            "animals": {
              "columns": {
                "id": "int", "name": "string", "kind": { "enum": ["bird", "fish"] },
                "keeper": { "references": "keepers?" }, "weight": "double?", "tame": "bool", "born": "date?",
                "seen": "timestamp?", "photo": "bytes?", "price": "decimal?", "notes": "json?", "tags": "[string]",
              },
              "key": "id",
              "indexes": { "by_kind": ["kind", "weight desc"] },
            },
            "visits": { "columns": { "zone": "string", "day": "date", "guests": "int" }, "key": ["zone", "day"] },
            "zones": { "columns": { "name": "string", "size": "int" }, "key": "name" },
            "photos": { "columns": { "hash": "bytes" }, "key": "hash" },
          },
        }
        """

    static let keeper = "018f4e5a-7b1c-7d2e-8f30-415263748596"

    /// Makes the store in a folder and gives its address.
    static func make(in folder: TestFolder) async throws -> String {
        try await make(on: SQLiteStorage.open(SQLiteOptions(.file(folder("zoo.db")))))
        return "sqlite:\(folder("zoo.db"))"
    }

    /// Makes the store on a driver, and closes it.
    static func make(on storage: any Storage) async throws {
        let store = try await Store.open(storage, schema: Schema(parsing: schema))
        try await fill(store)
        try await store.close()
    }

    private static func fill(_ store: Store) async throws {
        guard let keeper = UUID(uuidString: keeper), let day = CalendarDate("2026-11-20"),
            let seen = Timestamp("2026-11-20T15:06:01.870549Z"), let price = DecimalNumber("12.50")
        else { throw FixtureError() }
        try await insert(
            store, "keepers",
            ["id": .uuid(keeper), "name": .string("Ada"), "pin": .string("1234"), "salary": .decimal(price)])
        try await insert(
            store, "animals",
            [
                "id": .int(7), "name": .string("Ωmega\u{1B}[31m"), "kind": .string("bird"), "keeper": .uuid(keeper),
                "weight": .double(1.5), "tame": .bool(true), "born": .date(day), "seen": .timestamp(seen),
                "photo": .bytes([0, 255]), "price": .decimal(price), "notes": .json(["b": 1, "a": [.null]]),
                "tags": .array([.string("x y"), .string("z")]),
            ])
        try await insert(
            store, "animals", ["id": .int(-8), "name": .string("null"), "kind": .string("fish"), "tame": .bool(false)])
        try await insert(store, "visits", ["zone": .string("Big Cats"), "day": .date(day), "guests": .int(3)])
        for name in ["Europe/Paris", "a b", "", "plain"] {
            try await insert(store, "zones", ["name": .string(name), "size": .int(1)])
        }
        try await insert(store, "photos", ["hash": .bytes([0xDE, 0xAD, 0xBE])])
    }

    private static func insert(_ store: Store, _ table: String, _ values: [String: Value]) async throws {
        let records = try store.records(table)
        try await records.insert(Record(records.table, values))
    }

    struct FixtureError: Error {}
}
