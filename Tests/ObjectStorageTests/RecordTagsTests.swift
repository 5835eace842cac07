import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Tags of record files")
struct RecordTagsTests {
    private static let schema = """
        { "database": "atlas", "tables": {
          "cities": { "columns": { "id": "int", "country": "string?", "population": "int", "founded": "date?", "notes": "json?" },
            "key": "id" },
          "countries": { "columns": { "code": "string", "name": "string" }, "key": "code" } } }
        """
    private let objects = MemoryObjectStore()

    private func open(
        _ tags: RecordTags?, on place: (any ObjectStore)? = nil, common: [String: String]? = nil,
        _ verbose: (@Sendable (String) -> Void)? = nil
    ) async throws -> (storage: ObjectStorage, store: Store) {
        var options = ObjectStorageOptions()
        options.recordTags = tags
        options.recordAttributes.tags = common
        options.verbose = verbose
        let storage = try await ObjectStorage.open(place ?? objects, options)
        return (storage, try await Store.open(storage, schema: Schema(parsing: Self.schema)))
    }

    private func city(_ store: Store, _ id: Int, _ country: String?, population: Int = 5) throws -> Record {
        try Record(
            try #require(store.schema.table(named: "cities")),
            [
                "id": .int(id), "country": country.map(Value.string) ?? .null, "population": .int(population),
                "founded": .date(try #require(CalendarDate("1900-01-02"))),
            ])
    }

    private func tags(_ name: String) async throws -> [String: String]? { try await objects.head(name).attributes.tags }

    @Test("Columns become tags of the files of their tables, and follow each revision")
    func columns() async throws {
        let (storage, store) = try await open(
            .columns(["country", "cities.population", "founded"]), common: ["app": "atlas"])
        try await store.records("cities").insert(try city(store, 1, "FR"))
        try await store.records("cities").insert(try city(store, 2, nil))
        try await store.records("countries").insert(
            try Record(
                try #require(store.schema.table(named: "countries")),
                ["code": .string("FR"), "name": .string("not a tag, \"at all\"")]))
        try await storage.flush()
        let name = "tables/cities/objects/1.json"
        let first = ["app": "atlas", "country": "FR", "population": "5", "founded": "1900-01-02"]
        #expect(try await tags(name) == first)
        #expect(
            try await tags("tables/cities/objects/2.json")
                == ["app": "atlas", "population": "5", "founded": "1900-01-02"])
        #expect(try await tags("tables/countries/objects/FR.json") == ["app": "atlas"])
        try await store.records("cities").upsert(try city(store, 1, "Île de Ré", population: -7))
        try await storage.flush()
        #expect(try await tags(name)?["country"] == "Île de Ré")
        #expect(try await tags(name)?["population"] == "-7")
        try await store.records("cities").delete(Key(.int(1)))
        try await storage.flush()
        #expect(try await tags(name) == ["app": "atlas"], "what was deleted has no values")
        try await store.close()
        for name in try await objects.keys() where !name.contains("/objects/") {
            #expect(try await tags(name) == nil, "\(name) is no record file")
        }
    }

    @Test("A callback sees the record, and its tags count more than those that all have")
    func callback() async throws {
        let tags = RecordTags { record in
            guard record.table.name == "cities", case .int(let population)? = record["population"] else { return [:] }
            return ["size": population > 1000 ? "large" : "small", "app": "other"]
        }
        let (storage, store) = try await open(tags, common: ["app": "atlas", "team": "maps"])
        try await store.records("cities").insert(try city(store, 1, "FR", population: 5000))
        try await storage.flush()
        #expect(
            try await self.tags("tables/cities/objects/1.json") == ["size": "large", "app": "other", "team": "maps"])
    }

    @Test("A file that is written again by a doctor or at a rebuild has its tags, too")
    func repaired() async throws {
        let (storage, store) = try await open(.columns(["country"]))
        try await store.records("cities").insert(try city(store, 1, "FR"))
        try await storage.flush()
        let name = "tables/cities/objects/1.json"
        let text = try await objects.text(name)
        try await objects.put(name, .text(text.replacing("FR", with: "DE")))
        #expect(try await tags(name) == nil)
        #expect(try await storage.examine(.undo).isSound)
        #expect(try await tags(name) == ["country": "FR"])
        try await objects.put(name, .text(text.replacing("FR", with: "DE")))
        #expect(try await storage.examine(.accept).isSound)
        #expect(try await tags(name) == ["country": "DE"])
    }

    // MARK: What cannot be

    static let bad: [(value: String, says: String)] = [
        ("a,b", "the character \",\""), ("50 %", "the character \"%\""), ("a\nb", "the character"),
        (String(repeating: "x", count: 257), "257 characters"),
    ]

    @Test("A value that no tag can have is refused before anything is written, in every way of writing", arguments: bad)
    func values(value: String, says: String) async throws {
        let (storage, store) = try await open(.columns(["country"]))
        try await store.records("cities").insert(try city(store, 1, "FR"))
        try await storage.flush()
        let before = try await objects.keys()
        let bad = try city(store, 2, value)
        let writes: [() async throws -> Void] = [
            { try await store.records("cities").insert(bad) },
            { try await store.records("cities").upsert(try city(store, 1, value)) },
            {
                _ = try await store.session.write([
                    .insert(bad.table, try city(store, 3, "IT").values), .insert(bad.table, bad.values),
                ])
            },
            { try await store.transaction { tx in _ = try await tx.records("cities").insert(bad) } },
        ]
        for write in writes {
            let error = try await expectRemedy(.invalid) { try await write() }
            #expect(error.message.contains("cities") && error.message.contains(says), "\(error)")
            #expect(error.details.table == "cities" && error.details.id != nil, "\(error.details)")
        }
        #expect(try await objects.keys() == before)
        #expect(try await store.records("cities").count() == 1)
        try await store.records("cities").insert(try city(store, 2, String(repeating: "x", count: 256)))
    }

    @Test("What a callback gives is checked like columns, and what it throws fails the write")
    func badCallback() async throws {
        struct Refusal: Error {}
        let tags = RecordTags { record in
            switch record["population"] {
            case .int(1)?: Dictionary(uniqueKeysWithValues: (0..<11).map { ("k\($0)", "v") })
            case .int(2)?: ["aws:mine": "x"]
            case .int(3)?: [String(repeating: "k", count: 129): "x"]
            case .int(4)?: ["": "x"]
            case .int(5)?: throw Refusal()
            default: Dictionary(uniqueKeysWithValues: (0..<10).map { ("k\($0)", "v") })
            }
        }
        let (storage, store) = try await open(tags)
        for population in 1...4 {
            try await expectRemedy(.invalid, "\(population)") {
                try await store.records("cities").insert(try city(store, 1, "FR", population: population))
            }
        }
        await #expect(throws: Refusal.self) {
            try await store.records("cities").insert(try city(store, 1, "FR", population: 5))
        }
        try await store.records("cities").insert(try city(store, 1, "FR", population: 6))
        try await storage.flush()
        #expect(try await self.tags("tables/cities/objects/1.json")?.count == 10)
    }

    static let wrong: [(names: [String], says: String)] = [
        (["contry"], "did you mean 'country'"), (["cities.cuntry"], "did you mean 'cities.country'"),
        (["countries.country"], "countries.country"), (["nothing_like_it"], "TABLE.COLUMN"), ([""], "TABLE.COLUMN"),
        (["notes"], "json"),
    ]

    @Test(
        "Columns that no table has, and those that are no text, are refused before a store is made", arguments: wrong)
    func wrongColumns(names: [String], says: String) async throws {
        let error = try await expectRemedy(.configuration) { _ = try await open(.columns(names)) }
        #expect("\(error)".contains(says), "\(error)")
        #expect(try await objects.keys().isEmpty)
        _ = try await open(nil)
        try await expectRemedy(.configuration) { _ = try await open(.columns(names)) }
    }

    @Test("More tags than a file may have are refused before a store is made")
    func tooMany() async throws {
        let many = Dictionary(uniqueKeysWithValues: (0..<9).map { ("k\($0)", "v") })
        try await expectRemedy(.configuration) {
            _ = try await open(.columns(["country", "population"]), common: many)
        }
        try await expectRemedy(.configuration) { _ = try await open(nil, common: ["a&b": "c"]) }
        #expect(try await objects.keys().isEmpty)
        _ = try await open(.columns(["country"]), common: many)
    }

    @Test("A store that keeps no tags is refused before anything is written")
    func notKept() async throws {
        let plain = PlainStore(base: objects)
        let error = try await expectRemedy(.unsupported) { _ = try await open(.columns(["country"]), on: plain) }
        #expect(error.message.contains("'tags'"), "\(error)")
        #expect(try await objects.keys().isEmpty)
    }

    /// A store that keeps bytes alone.
    private struct PlainStore: ObjectStoreWrapper {
        let base: any ObjectStore

        var capabilities: ObjectStoreCapabilities {
            var capabilities = base.capabilities
            capabilities.attributes = []
            return capabilities
        }

        func perform<Result: Sendable>(
            _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
        ) async throws -> Result { try await body() }
    }

    @Test(
        "A record that was committed elsewhere with what no tag can have gets its file all the same, and that is told")
    func elsewhere() async throws {
        let denied = ObjectStoreError(
            .accessDenied, "Access Denied", remedy: "check", provider: .init(code: "AccessDenied", status: 403))
        let place = AlteredStore(
            base: objects, refuse: { $0.operation.isWrite && $0.key.hasPrefix("tables/cities/objects") ? denied : nil })
        let other = try await open(nil, on: place)
        try await other.store.records("cities").insert(try city(other.store, 1, "a,b"))
        try await other.store.maintain()
        let told = Lock<[String]>([])
        let (storage, store) = try await open(.columns(["country"])) { line in told.withLock { $0.append(line) } }
        for id in 2..<4 {
            try await store.records("cities").insert(try city(store, id, "FR"))
            try await store.maintain()
        }
        try await storage.flush()
        #expect(try await tags("tables/cities/objects/1.json") == nil)
        #expect(try await tags("tables/cities/objects/2.json") == ["country": "FR"])
        #expect(told.withLock { $0 }.contains { $0.contains("without its tags") })
    }
}
