import Cairn
import ObjectStorage
import ObjectStores
import S3Client
import ScriptedHTTP
import Testing

/// What operations cost in requests of HTTP, as the server sees them: exactly those that are counted between the driver and the client.
@Suite("Requests that a server sees")
struct BucketRequestCountTests {
    private static let schema = """
        { "database": "atlas", "tables": {
          "cities": { "columns": { "id": "int", "name": "string", "population": "int" }, "key": "id",
                      "indexes": { "by_population": ["population"] } } } }
        """

    /// A store of twenty cities, with ids from 0 to 38 and half of that as their population, and a program that has it open.
    private struct Trial {
        let bucket: ScriptedBucket
        let counting: CountingObjectStore
        let storage: ObjectStorage
        let cities: RecordRepository

        init() async throws {
            bucket = try ScriptedBucket()
            let options = S3ClientOptions(
                endpoint: try S3Endpoint(bucket.endpoint), region: "us-east-1",
                credentials: .explicit(Credentials(accessKey: "key", secretKey: "secret")))
            let objects = try S3ObjectStore(S3Client(options).bucket(ScriptedBucket.name), prefix: "atlas")
            try await Trial.fill(objects)
            counting = CountingObjectStore(objects)
            storage = try await ObjectStorage.open(counting)
            let schema = try Schema(parsing: BucketRequestCountTests.schema)
            cities = try await Store.open(storage, schema: schema).records("cities")
        }

        private static func fill(_ objects: S3ObjectStore) async throws {
            let storage = try await ObjectStorage.open(objects)
            let schema = try Schema(parsing: BucketRequestCountTests.schema)
            let store = try await Store.open(storage, schema: schema)
            let cities = try store.records("cities")
            _ = try await store.session.write(
                (0..<20).map { place in
                    .insert(cities.table, [.int(2 * place), .string("City \(2 * place)"), .int(place)])
                })
            for commit in 2...15 { try await cities.insert(city(cities.table, 1_000 + commit)) }
            // The sixteenth commit makes a manifest, which carries no record whose file is written by then.
            try await storage.flush()
            try await cities.insert(city(cities.table, 2_000))
            try await store.close()
        }

        private static func city(_ cities: Table, _ id: Int) throws -> Record {
            try Record(cities, ["id": .int(id), "name": .string("City \(id)"), "population": .int(id)])
        }

        func insert(_ id: Int) async throws { try await cities.insert(Trial.city(cities.table, id)) }

        /// The cities whose population lies in a range.
        func query(_ range: Range<Int>) throws -> Query {
            let column = try #require(cities.table.column(named: "population")).position
            return Query(
                cities.table,
                where: .and([
                    .compare(column: column, .greaterOrEqual, .int(range.lowerBound)),
                    .compare(column: column, .less, .int(range.upperBound)),
                ]))
        }

        /// Fails the test unless a call, and the files that follow it, made so many requests, on both sides of the client.
        func expect(
            get: Int = 0, put: Int = 0, sourceLocation: SourceLocation = #_sourceLocation,
            _ body: () async throws -> Void
        ) async throws {
            try await storage.flush()
            let (before, seenBefore) = (counting.counts, bucket.calls.count)
            try await body()
            try await storage.flush()
            let counted = counting.counts - before
            let seen = Array(bucket.calls[seenBefore...])
            let comment: Comment = "counted \(counted); seen \(seen)"
            #expect(counted[.get] == get && counted[.put] == put, comment, sourceLocation: sourceLocation)
            #expect(counted.total == get + put, comment, sourceLocation: sourceLocation)
            #expect(seen.count { $0.hasPrefix("GET ") } == get, comment, sourceLocation: sourceLocation)
            #expect(seen.count { $0.hasPrefix("PUT ") } == put, comment, sourceLocation: sourceLocation)
            #expect(seen.count == get + put, comment, sourceLocation: sourceLocation)
        }
    }

    @Test("A server sees the requests that are counted in front of the client, and no others")
    func rows() async throws {
        let trial = try await Trial()
        let cities = trial.cities
        // The key is looked up in the index, which is small: then it is known whole.
        try await trial.expect(get: 1, put: 2) { try await trial.insert(39) }
        try await trial.expect(put: 2) { try await trial.insert(41) }

        let known = try await cities.get(Key(.int(10)))
        var changed = known
        try changed.set("name", .string("New"))
        let update = changed
        // ETags of this server are not the MD5 of the bytes: what is replaced is looked at.
        try await trial.expect(get: 1, put: 2) { try await cities.update(update) }
        try await trial.expect(get: 1 + 1, put: 2) { try await cities.delete(Key(.int(12))) }

        try await trial.expect(get: 2) { _ = try await cities.get(Key(.int(14))) }
        try await trial.expect(get: 1) { _ = try await cities.get(Key(.int(14))) }

        let range = try trial.query(13..<18)
        try await trial.expect(get: 1 + 1 + 5) {
            let rows = try await cities.all(range)
            #expect(rows.count == 5)
        }
        try await trial.expect(get: 1) {
            let count = try await cities.count(range)
            #expect(count == 5)
        }
        try await trial.expect(get: 1) { _ = try await cities.count() }
    }
}
