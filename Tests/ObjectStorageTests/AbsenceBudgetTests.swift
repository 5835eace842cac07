import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// What it costs to find that something is not there, in a table of 100,000 records.
@Suite("Requests for absences")
struct AbsenceBudgetTests {
    private static let schema = """
        { "database": "atlas", "tables": {
          "people": { "columns": { "id": "uuid", "email": "string", "boss": { "references": "people", "nullable": true } },
                      "key": "id", "indexes": { "one_email": { "on": ["email"], "unique": true } } },
          "visits": { "columns": { "id": { "type": "uuid", "default": "uuid" }, "who": { "references": "people" } }, "key": "id" } } }
        """
    static let count = 100_000

    /// A store of people with random ids.
    private actor Made {
        static let shared = Made()
        private var task: Task<MemoryObjectStore, any Error>?

        func store() async throws -> MemoryObjectStore {
            if task == nil {
                task = Task {
                    let objects = MemoryObjectStore()
                    let schema = try Schema(parsing: AbsenceBudgetTests.schema)
                    try await Store.open(try await ObjectStorage.open(objects), schema: schema).close()
                    try await BulkStore.fill(
                        objects, schema, "people", count: AbsenceBudgetTests.count,
                        hasFile: { $0 < 10 || $0 == 777 || $0 == 50_000 || $0 == AbsenceBudgetTests.count - 1 },
                        { AbsenceBudgetTests.person($0) })
                    return objects
                }
            }
            guard let task else { throw CancellationError() }
            return try await task.value.snapshot()
        }
    }

    /// Ids are spread over all there may be, as those that other programs make.
    private static func id(_ place: Int) -> UUID {
        var random = IndexRandom(UInt64(place))
        return UUID(bytes: random.bytes(16)) ?? .version7()
    }

    private static func person(_ place: Int) -> [Value] {
        [.uuid(id(place)), .string("person\(place)@example.com"), .null]
    }

    private struct Trial {
        let counting: CountingObjectStore
        let storage: ObjectStorage
        let store: Store
        let people: Table
        let visits: Table

        init(filters: Bool = true) async throws {
            let objects = try await Made.shared.store()
            let schema = try Schema(parsing: AbsenceBudgetTests.schema)
            if !filters { try await Self.stripFilters(objects, schema) }
            counting = CountingObjectStore(objects)
            storage = try await ObjectStorage.open(counting)
            store = try await Store.open(storage, schema: schema)
            people = try #require(schema.table(named: "people"))
            visits = try #require(schema.table(named: "visits"))
        }

        /// As an older version wrote it.
        private static func stripFilters(_ objects: MemoryObjectStore, _ schema: Schema) async throws {
            let storage = try await ObjectStorage.open(objects)
            _ = try await Store.open(storage, schema: schema)
            let engine = try storage.engine()
            let version = try engine.tip.view().manifest.manifest.version
            _ = try await engine.checkpointer.amend(version, introduced: nil) { manifest in
                for table in manifest.tables.indices {
                    for index in manifest.tables[table].indexes.indices {
                        for run in manifest.tables[table].indexes[index].runs.indices {
                            manifest.tables[table].indexes[index].runs[run].filter = nil
                        }
                    }
                }
            }
            try await storage.close()
        }

        func requests(_ body: () async throws -> Void) async throws -> RequestCounts {
            await (try storage.engine()).finish()
            let before = counting.counts
            try await body()
            await (try storage.engine()).finish()
            return counting.counts - before
        }

        func insert(_ place: Int, email: String? = nil) async throws {
            var values = AbsenceBudgetTests.person(place)
            if let email { values[1] = .string(email) }
            _ = try await store.session.write([.insert(people, values)])
        }

        /// Inserts until every piece of both filters was read.
        func warm() async throws {
            for place in 0..<12 { try await insert(AbsenceBudgetTests.count + 1_000 + place) }
        }
    }

    @Test("The first insert asks once for its key and once for its unique value, later ones for nothing")
    func inserts() async throws {
        let trial = try await Trial()
        let first = try await trial.requests { try await trial.insert(Self.count + 1) }
        #expect(first[.put] == 2 && first[.get] <= 2 && first.total <= 4, "\(first)")
        #expect(first.bytesReceived <= 2 * IndexFilter.pieceBytes + (64 << 10), "\(first.bytesReceived)")
        try await trial.warm()
        let later = try await trial.requests { for place in 2..<12 { try await trial.insert(Self.count + place) } }
        // A checkpoint may fall into it; one question in two hundred asks for a block.
        #expect(later[.get] <= 2 && later[.put] <= 20 + 2, "\(later)")
    }

    @Test("A missing id is two requests side by side, and only the proof of the tip when the filter is known")
    func get() async throws {
        let trial = try await Trial()
        let first = try await trial.requests {
            let found = try await trial.store.records("people").find(Key(.uuid(Self.id(Self.count + 1))))
            #expect(found == nil)
        }
        #expect(first[.get] <= 3 && first.total == first[.get], "\(first)")
        try await trial.warm()
        let second = try await trial.requests {
            let found = try await trial.store.records("people").find(Key(.uuid(Self.id(Self.count + 2))))
            #expect(found == nil)
        }
        #expect(second.total == 1, "\(second)")
    }

    @Test("A reference to nothing is refused without a request for the record when the filter is known")
    func reference() async throws {
        let trial = try await Trial()
        try await trial.warm()
        let counts = try await trial.requests {
            await failing(.reference) {
                _ = try await trial.store.session.write([
                    .insert(trial.visits, [.uuid(.version7()), .uuid(Self.id(Self.count + 1))])
                ])
            }
        }
        // The refusal is proven at the tip.
        #expect(counts.total <= 1, "\(counts)")
        _ = try await trial.store.session.write([.insert(trial.visits, [.uuid(.version7()), .uuid(Self.id(3))])])
    }

    @Test("A key that was generated here asks for nothing, also behind a checkpoint")
    func generated() async throws {
        let trial = try await Trial()
        func visit() async throws {
            _ = try await trial.store.session.write([.insert(trial.visits, [.uuid(.version7()), .uuid(Self.id(3))])])
        }
        for _ in 0..<20 { try await visit() }
        let counts = try await trial.requests { for _ in 0..<10 { try await visit() } }
        #expect(counts[.get] == 0, "\(counts)")
    }

    @Test("What is there is found: keys and unique values of old records, and of new ones", arguments: [true, false])
    func present(filters: Bool) async throws {
        let trial = try await Trial(filters: filters)
        for place in [0, 1, 777, 50_000, Self.count - 1] {
            await failing(.duplicate) { try await trial.insert(place, email: "new\(place)@example.com") }
            await failing(.duplicate) {
                try await trial.insert(Self.count + 5_000, email: "person\(place)@example.com")
            }
        }
        for place in 0..<40 { try await trial.insert(Self.count + 10 + place) }
        await (try trial.storage.engine()).finish()
        for place in Self.count + 10..<Self.count + 50 {
            await failing(.duplicate) { try await trial.insert(place, email: "new\(place)@example.com") }
            await failing(.duplicate) {
                try await trial.insert(Self.count + 5_000, email: "person\(place)@example.com")
            }
        }
        #expect(try await trial.store.records("people").find(Key(.uuid(Self.id(3)))) != nil)
        #expect(try await trial.store.records("people").find(Key(.uuid(Self.id(Self.count + 7_000)))) == nil)
    }

    @Test("A unique value that was given up can be taken, and the one who took it is found")
    func givenUp() async throws {
        let trial = try await Trial()
        var record = try await trial.store.records("people").get(Key(.uuid(Self.id(2))))
        try record.set("email", .string("other@example.com"))
        try await trial.store.records("people").update(record)
        await (try trial.storage.engine()).finish()
        try await (try trial.storage.engine()).checkpointer.checkpoint(forgetting: nil)
        try await trial.insert(Self.count + 1, email: "person2@example.com")
        await failing(.duplicate) { try await trial.insert(Self.count + 2, email: "person2@example.com") }
        await failing(.duplicate) { try await trial.insert(Self.count + 2, email: "other@example.com") }
    }
}
