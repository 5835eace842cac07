import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// A process that has a store of cities open, and whose requests are counted.
///
/// Cities have even ids, and the population of each is half its id. Of a large table only the files of the first thousand and of the
/// last ten are there. Each trial works on a copy, and stays below 16 commits: the sixteenth would have a checkpoint beside it.
struct BudgetTrial {
    typealias ETags = ObjectStoreCapabilities.ETags

    static let schema = """
        { "database": "atlas", "tables": {
          "countries": { "columns": { "code": "string", "name": "string" }, "key": "code" },
          "cities": {
            "columns": { "id": "int", "name": "string", "country": { "references": "countries" }, "population": "int",
                         "mayor": "string?" },
            "key": "id",
            "indexes": { "by_population": ["population desc"], "by_country": { "on": ["country", "population desc"], "include": ["name"] },
                         "one_mayor": { "on": ["mayor"], "unique": true } } } } }
        """

    /// Sizes of the table: what an operation costs must not depend on it. The benchmark goes on to a million.
    static let sizes = [1_000, 100_000]
    /// What ETags follow from. Where it is the MD5 of the bytes, as in S3, the mark of a file is known without looking at it.
    static let etags: [ETags] = [.perWrite, .md5]

    /// The objects, also for other processes.
    let objects: MemoryObjectStore
    let counting: CountingObjectStore
    let storage: ObjectStorage
    let store: Store
    let cities: Table
    let size: Int
    private let noting: NotingObjectStore

    init(
        _ size: Int, _ etags: ETags = .perWrite, freshness: Freshness = .latest, machine: Surroundings = .machine()
    ) async throws {
        objects = try await BudgetStores.shared.store(size, etags)
        noting = NotingObjectStore(objects)
        counting = CountingObjectStore(noting)
        var options = ObjectStorageOptions()
        options.freshness = freshness
        storage = try await ObjectStorage.open(counting, options, surroundings: machine)
        let schema = try Schema(parsing: BudgetTrial.schema)
        store = try await Store.open(storage, schema: schema)
        cities = try #require(schema.table(named: "cities"))
        self.size = size
    }

    // MARK: What is expected

    private var isLarge: Bool { size > 10_000 }

    /// GETs of a file that is to be replaced: where its mark does not follow from its bytes, it is looked at.
    var looks: Int { objects.capabilities.etags == .md5 ? 0 : 1 }

    /// GETs of the first look into an index: a small one is read whole, of a large one the directory and a block.
    var firstLook: Int { isLarge ? 2 : 1 }

    /// GETs of a look into another block of an index whose directory is known. A small index is known whole.
    var nextLook: Int { isLarge ? 1 : 0 }

    /// GETs of the first look at a short range of an index, which may lie in two blocks.
    var rangeLook: ClosedRange<Int> { firstLook...firstLook + nextLook }

    // MARK: Counting

    /// What a call gives, and the requests of it and of the record files that follow it.
    func measured<Result>(_ body: () async throws -> Result) async throws -> (value: Result, counts: RequestCounts) {
        await (try storage.engine()).finish()
        let before = counting.counts
        let value = try await body()
        await (try storage.engine()).finish()
        return (value, counting.counts - before)
    }

    /// The requests of a call, and of the record files that follow it.
    func requests(_ body: () async throws -> Void) async throws -> RequestCounts { try await measured(body).counts }

    /// The requests of a call, and of all that follows it, in the order of their beginning.
    func calls(_ body: () async throws -> Void) async throws -> [ObjectCall] {
        await (try storage.engine()).finish()
        let before = noting.calls.count
        _ = try await requests(body)
        return Array(noting.calls[before...])
    }

    // MARK: Calls

    static func city(_ cities: Table, _ id: Int, population: Int = 5) throws -> Record {
        try Record(
            cities,
            [
                "id": .int(id), "name": .string("City \(id)"), "country": .string("FR"), "population": .int(population),
            ])
    }

    /// The cities whose population lies in a range.
    static func query(_ cities: Table, population range: Range<Int>) throws -> Query {
        let column = try #require(cities.column(named: "population")).position
        return Query(
            cities,
            where: .and([
                .compare(column: column, .greaterOrEqual, .int(range.lowerBound)),
                .compare(column: column, .less, .int(range.upperBound)),
            ]))
    }

    func query(population range: Range<Int>) throws -> Query { try BudgetTrial.query(cities, population: range) }

    func column(_ name: String) throws -> Int { try #require(cities.column(named: name)).position }

    @discardableResult
    func get(_ id: Int) async throws -> Record { try await store.records("cities").get(Key(.int(id))) }

    func insert(_ id: Int) async throws {
        try await store.records("cities").insert(try BudgetTrial.city(cities, id))
    }

    /// Inserts cities in one batch.
    func insert(all ids: [Int]) async throws {
        _ = try await store.session.write(
            ids.map { id in try .insert(cities, BudgetTrial.city(cities, id).values) })
    }

    /// Reads a city, and stores it with another name.
    func update(_ id: Int) async throws {
        var record = try await get(id)
        try record.set("name", .string("Town \(id)"))
        try await store.records("cities").update(record)
    }

    func delete(_ id: Int) async throws { try await store.records("cities").delete(Key(.int(id))) }

    /// Deletes cities in one batch.
    func delete(all ids: [Int]) async throws {
        _ = try await store.session.write(ids.map { .delete(cities, Key(.int($0)), expecting: nil) })
    }

    // MARK: Bytes

    /// Bytes of the newest commit record.
    func recordBytes() async throws -> Int {
        try await objects.bytes(ObjectNames.record(try storage.engine().tip.view().number)).count
    }

    /// Bytes of the files of cities, together.
    func fileBytes(_ ids: [Int]) async throws -> Int {
        var sum = 0
        for id in ids { sum += try await objects.bytes(ObjectNames.file(cities, Key(.int(id)))).count }
        return sum
    }

    /// The entries of an index in its files; nil is the primary one.
    func run(_ name: String?) throws -> IndexRun {
        let index = cities.indexes.first { $0.name == name }
        try #require(name == nil || index != nil)
        let runs = try storage.engine().tip.view().manifest.runs(cities, index)
        try #require(runs.count == 1, "\(name ?? "the primary index") has \(runs.count) runs")
        return runs[0]
    }

    /// What the first look into an index reads, but for blocks: all of a small one.
    func openingBytes(_ run: IndexRun) -> Int { isLarge ? run.directoryLength : run.length }
}

/// Fails the test unless exactly these requests were made.
func expectRequests(
    _ counts: RequestCounts, get: Int = 0, put: Int = 0, list: Int = 0, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let all: [ObjectCall.Operation: Int] = [.get: get, .put: put, .list: list]
    let wanted: [ObjectCall.Operation: Int] = all.filter { $0.value > 0 }
    #expect(counts.requests == wanted, comment, sourceLocation: sourceLocation)
}

/// Notes what is asked for.
struct NotingObjectStore: ObjectStoreWrapper {
    let base: any ObjectStore
    private let noted = Lock<[ObjectCall]>([])

    init(_ base: any ObjectStore) {
        self.base = base
    }

    var calls: [ObjectCall] { noted.withLock { $0 } }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        noted.withLock { $0.append(call) }
        return try await body()
    }
}

/// Stores of a size, each made once; whoever asks gets a copy.
actor BudgetStores {
    static let shared = BudgetStores()

    private struct Kind: Hashable {
        let size: Int
        let etags: BudgetTrial.ETags
    }

    private var made: [Kind: Task<MemoryObjectStore, any Error>] = [:]

    func store(_ size: Int, _ etags: BudgetTrial.ETags) async throws -> MemoryObjectStore {
        let kind = Kind(size: size, etags: etags)
        if let task = made[kind] { return try await task.value.snapshot() }
        let task = Task.detached { try await BudgetStores.make(kind) }
        made[kind] = task
        return try await task.value.snapshot()
    }

    /// Up to this size by batches, as programs do it; larger ones in bulk.
    private static let largestByBatches = 10_000

    private static func make(_ kind: Kind) async throws -> MemoryObjectStore {
        if kind.etags == .perWrite { return try await fill(kind.size) }
        return try await copy(try await shared.store(kind.size, .perWrite), kind.etags)
    }

    private static func fill(_ size: Int) async throws -> MemoryObjectStore {
        let objects = MemoryObjectStore()
        let schema = try Schema(parsing: BudgetTrial.schema)
        let storage = try await ObjectStorage.open(objects)
        let store = try await Store.open(storage, schema: schema)
        let countries = try #require(schema.table(named: "countries"))
        let cities = try #require(schema.table(named: "cities"))
        try await store.records("countries").insert(
            try Record(countries, ["code": .string("FR"), "name": .string("France")]))
        if size <= largestByBatches {
            for start in stride(from: 0, to: size, by: 5_000) {
                let records = try (start..<min(start + 5_000, size)).map {
                    try BudgetTrial.city(cities, 2 * $0, population: $0)
                }
                _ = try await store.session.write(records.map { .insert($0.table, $0.values) })
            }
        }
        // Before the manifest is made: what is not written by then it carries, and then that is known without a request.
        try await storage.flush()
        try await store.maintain()
        try await store.close()
        if size > largestByBatches {
            let isRead = { (place: Int) in place < 1_000 || place >= size - 10 }
            try await BulkStore.fill(objects, schema, "cities", count: size, hasFile: isRead) { place in
                [.int(2 * place), .string("City \(2 * place)"), .string("FR"), .int(place), .null]
            }
        }
        return objects
    }

    /// The same objects with other ETags: a store is its names and bytes.
    private static func copy(_ objects: MemoryObjectStore, _ etags: BudgetTrial.ETags) async throws -> MemoryObjectStore
    {
        var options = MemoryObjectStore.Options()
        options.etags = etags
        let copy = MemoryObjectStore(options)
        for key in try await objects.keys() {
            let object = try await objects.get(key)
            let bytes = try await object.bytes()
            _ = try await copy.put(key, .bytes(bytes), PutOptions(attributes: object.info.attributes))
        }
        return copy
    }
}
