import CairnCore
import CairnMigrator
import CairnSchema
import Testing

@Suite("Columns that are looked up in other tables")
struct LookupTests {
    private static let countries = table(
        "name {\"type\": \"string\", \"unique\": true}; short string?; size int", name: "countries")
    private static let old = database(countries, table("country string?; number int"))
    private static let content: Content = [
        "countries": [
            ["id": 1, "name": "France", "short": "FR", "size": 10],
            ["id": 2, "name": "Japan", "short": "JP", "size": 20],
            ["id": 3, "name": "Nowhere", "short": .null, "size": 30],
        ],
        "t": [
            ["id": 1, "country": "Japan", "number": 1], ["id": 2, "country": "France", "number": 2],
            ["id": 3, "country": .null, "number": 3], ["id": 4, "country": "Japan", "number": 2],
            ["id": 5, "country": "Nowhere", "number": 1],
        ],
    ]

    /// What the records find.
    private static let codes: [JSONValue?] = [.string("JP"), .string("FR"), .null, .string("JP"), .null]

    /// What a record gets of which none is found.
    private static let otherwise = ", \"otherwise\": 7"

    /// The schema in which a table gets columns.
    private static func new(_ columns: String, countries: String = countries, kept: String = "number int") -> String {
        database(countries, table("\(kept); \(columns)"))
    }

    private static func lookup(
        _ result: String, type: String = "string?", by unique: String = "name", is column: String = "country",
        more: String = ""
    ) -> String {
        let found = "\"lookup\": \"\(result)\", \"in\": \"countries\", \"where\": \"\(unique)\""
        let convert = "{\(found), \"is\": \"\(column)\"\(more)}"
        return "{\"type\": \"\(type)\", \"convert\": \(convert)}"
    }

    private func place(_ driver: Driver) async throws -> Place {
        let place = Place(driver)
        try await place.with(Schema(parsing: Self.old)) { try await $0.insert(Self.content) }
        return place
    }

    private func content(_ place: Place, _ schema: String = old) async throws -> Content {
        try await place.with(Schema(parsing: schema)) { try await $0.content() }
    }

    private func column(_ name: String, _ place: Place, _ schema: String) async throws -> [JSONValue?] {
        try await content(place, schema)["t"]?.map { $0[name] } ?? []
    }

    @Test(
        "By a unique column or by the key, in the form of the column; what has no record has what is said otherwise",
        arguments: Driver.allCases)
    func found(_ driver: Driver) async throws {
        let place = try await place(driver)
        let size = Self.lookup("size", type: "decimal", more: Self.otherwise)
        let name = Self.lookup("name", by: "id", is: "number")
        let schema = Self.new(
            "code \(Self.lookup("short")); size \(size); by_key \(name)", kept: "country string?; number int")
        try await place.migrate(to: Schema(parsing: schema))
        #expect(try await column("code", place, schema) == Self.codes)
        #expect(try await column("size", place, schema) == ["20", "10", "7", "20", "30"])
        #expect(try await column("by_key", place, schema) == ["France", "Japan", "Nowhere", "Japan", "France"])
        let revisions = try await place.with(Schema(parsing: schema)) { store in
            try await store.records("t").all().map(\.revision)
        }
        #expect(revisions == [1, 1, 1, 1, 1])
        // What is looked up is looked up once.
        try await place.with(Schema(parsing: schema)) { store in
            let records = try store.records("countries")
            var japan = try await records.get(Key(.int(2)))
            try japan.set("short", .string("NP"))
            try await records.update(japan)
        }
        #expect(try await column("code", place, schema) == Self.codes)
        guard driver.remembersMigrations else { return }
        try await place.rollback(before: 1, allowsDestructive: true)
        #expect(try await content(place)["t"] == Self.content["t"])
    }

    @Test(
        "What it is found by may go in the same migration, with the table in which it is found",
        arguments: Driver.allCases)
    func dropped(_ driver: Driver) async throws {
        let place = try await place(driver)
        let schema = database(
            table(
                "number int; code \(Self.lookup("short")); size \(Self.lookup("size", type: "int?"))", name: "u",
                indexes: "\"by_code\": [\"code\"]", renamedFrom: "t"))
        try await place.migrate(to: Schema(parsing: schema), allowsDestructive: true)
        let rows = try await content(place, schema)["u"] ?? []
        let (codes, sizes): ([JSONValue?], [JSONValue?]) = (rows.map { $0["code"] }, rows.map { $0["size"] })
        let expected: [JSONValue?] = [.int(20), .int(10), .null, .int(20), .int(30)]
        #expect(codes == Self.codes && sizes == expected)
        let turned = Self.new(
            "code \(Self.lookup("short"))",
            countries: table(
                "title {\"type\": \"string\", \"unique\": true, \"renamed_from\": \"name\"}; size string",
                name: "lands", renamedFrom: "countries"))
        let other = try await self.place(driver)
        try await other.migrate(to: Schema(parsing: turned), allowsDestructive: true)
        #expect(try await column("code", other, turned) == Self.codes)
    }

    @Test("A record of which none is found stands in the way, and nothing is changed", arguments: Driver.allCases)
    func stopped(_ driver: Driver) async throws {
        let place = try await place(driver)
        try await place.with(Schema(parsing: Self.old)) { store in
            try await store.insert(["t": [["id": 6, "country": "Atlantis", "number": 1]]])
        }
        let before = try await content(place)
        let schema = Self.new("code \(Self.lookup("short"))", kept: "country string?; number int")
        let error = try await expectError(.invalid) { try await place.migrate(to: Schema(parsing: schema)) }
        #expect(
            error.details.id == "6" && error.message.contains("'Atlantis' is 'name' of no record of 'countries'"),
            "\(error)")
        // Null forbidden, with nothing said otherwise: the first record whose country has no short name, or that has none.
        let required = Self.new("code \(Self.lookup("short", type: "string"))", kept: "country string?; number int")
        try await expectError(.invalid) { try await place.migrate(to: Schema(parsing: required)) }
        #expect(try await content(place) == before)
    }

    @Test("A look-up that could find several, or nothing that is of its type, is told before anything is done")
    func refused() throws {
        let old = try Schema(parsing: Self.old)
        let mistakes = [
            (Self.lookup("short", by: "size", is: "number"), "neither its key nor unique"),
            (Self.lookup("short", by: "id"), "of type int"),
            (Self.lookup("shorts"), "'shorts' of 'countries'"),
            (Self.lookup("short", is: "land"), "'land'"),
            (Self.lookup("short").replacing("countries", with: "lands"), "'lands'"),
        ]
        for (column, part) in mistakes {
            let new = try Schema(parsing: Self.new("code \(column)", kept: "country string?; number int"))
            let error = #expect(throws: StorageError.self) { try Migration(from: old, to: new) }
            #expect(
                error?.code == .migrationAmbiguous && error?.message.contains(part) == true,
                "\(column): \(error.map { "\($0)" } ?? "")")
        }
        #expect(throws: (any Error).self) {
            try Schema(
                parsing: Self.new(
                    "code {\"type\": \"string\", \"convert\": {\"lookup\": \"short\", \"in\": \"countries\"}}"))
        }
    }

    @Test("Verifying makes records that find others, and looks at what they have found")
    func verified() async throws {
        let size = Self.lookup("size", type: "int", more: Self.otherwise)
        let schema = Self.new(
            "code \(Self.lookup("short")); size \(size)",
            kept: "country string?; number int")
        let plan = try MigrationPlan(from: Schema(parsing: Self.old), to: Schema(parsing: schema))
        let report = try await MigrationVerification.run(plan, seed: 42, rows: 20)
        #expect(report.failures.isEmpty, "\(report.failures)")
        #expect(report.tables.contains { $0.name == "t" && $0.records == 20 }, "\(report.tables) \(report.notes)")
    }

    @Test(
        "A plan that changes what another looks up does not commute with it, and look-ups are squashed only at the beginning"
    )
    func plans() throws {
        let old = try Schema(parsing: Self.old)
        let looking = try MigrationPlan(
            from: old,
            to: Schema(parsing: Self.new("code \(Self.lookup("short"))", kept: "country string?; number int")))
        let changing = try MigrationPlan(
            from: old,
            to: Schema(
                parsing: database(
                    Self.countries.replacing("\"size\": \"int\"", with: "\"size\": \"int\", \"more\": \"int?\"")
                        .replacing(
                            "\"short\": \"string?\"",
                            with: "\"abbreviation\": { \"type\": \"string?\", \"renamed_from\": \"short\" }"),
                    table("country string?; number int"))))
        let adding = try MigrationPlan(
            from: old,
            to: Schema(
                parsing: database(
                    Self.countries.replacing("\"size\": \"int\"", with: "\"size\": \"int\", \"more\": \"int?\""),
                    table("country string?; number int"))))
        #expect(SchemaMerge(looking, changing).plan == nil)
        #expect(SchemaMerge(looking, adding).plan != nil)
        let later = try MigrationPlan(
            from: adding.diff.new,
            to: Schema(
                parsing: database(
                    Self.countries.replacing("\"size\": \"int\"", with: "\"size\": \"int\", \"more\": \"int?\""),
                    table("country string?; number int; code \(Self.lookup("short"))"))))
        let squash = SchemaSquash([adding, later], names: ["first", "second"])
        #expect(squash.plan == nil && squash.conflicts.contains { $0.message.contains("only the first plan") })
    }
}
