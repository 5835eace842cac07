import ObjectStores
import Testing

@testable import S3Client

@Suite("Client: a cache on the way", .timeLimit(.minutes(10)))
struct CacheTests {
    /// Headers by which caches say that they kept an answer.
    static let marks = [
        "Age: 60", "X-Cache: HIT", "X-Cache: Hit from cloudfront", "X-Cache: hit", "X-Cache: MISS, HIT",
        "X-Cache: HitStale from child", "X-Cache: TCP_REMOTE_HIT", "X-Cache: TCP_NEGATIVE_HIT from a.example",
        "X-Cache-Status: HIT", "X-Cache-Status: STALE", "X-Cache-Status: UPDATING", "CF-Cache-Status: HIT",
        "Cache-Status: nginx; hit; ttl=30", "Cache-Status: edge; fwd=miss, origin; hit=?1; detail=\"a \\\" ; b\"",
    ]

    /// Headers of answers for which a cache asked the store, and of such as are no cache's.
    static let others = [
        "X-Cache: MISS", "X-Cache: Miss from cloudfront", "X-Cache: RefreshHit from cloudfront",
        "X-Cache: TCP_REFRESH_HIT", "X-Cache: HIT-FOR-PASS", "X-Cache-Status: MISS", "X-Cache-Status: BYPASS",
        "X-Cache-Status: EXPIRED", "X-Cache-Status: REVALIDATED", "X-Cache-Status:", "CF-Cache-Status: DYNAMIC",
        "Cache-Status: nginx; fwd=uri-miss; detail=\"; hit\"", "Cache-Status: \"a, hit\"; hit=?0",
        "X-Cache-Lookup: HIT from squid", "x-amz-meta-x-cache: HIT",
    ]

    /// What is told of an answer with headers, for an object and for one that is not there.
    private func told(_ fields: [String]) async throws -> [AnswerDetails] {
        var told: [AnswerDetails] = []
        try await ScriptedS3.serving { connection, request, _ in
            if request.target.contains("none") { return try connection.refuse(request, 404, "NoSuchKey", fields) }
            try connection.succeed(fields, "text")
        } _: { _, bucket in
            let store = try S3ObjectStore(bucket)
            let found = try await store.get("k", GetOptions())
            told.append(found.info.answer)
            _ = try await found.bytes()
            do {
                _ = try await store.get("none", GetOptions())
            } catch let error as ObjectStoreError {
                told.append(error.answer)
            }
        }
        return told
    }

    @Test(
        "The header by which a cache says that it kept an answer is told, of an object and of one that is not there",
        arguments: marks)
    func marked(field: String) async throws {
        let name = field.prefix { $0 != ":" }
        let mark = name.lowercased() + String(field.dropFirst(name.count))
        #expect(try await told([field]).map(\.cacheMark) == [mark, mark])
    }

    @Test("An answer for which a cache asked the store is one of the store", arguments: others)
    func unmarked(field: String) async throws {
        #expect(try await told([field]).map(\.cacheMark) == [nil, nil])
    }

    /// Fields with an `Age` of no second, and whether they say that the store was asked.
    static let newest: [(fields: [String], isFresh: Bool)] = [
        (["Age: 0"], false), (["Age: 0", "Via: 1.1 varnish (Varnish/7.1)"], false),
        (["Age: 0", "X-Cache: HIT"], false),
        (["Age: 0", "X-Cache: HIT-FOR-PASS"], false), (["Age: 0", "X-Cache: MISS, HIT"], false),
        (["Age: 0", "X-Cache: MISS", "CF-Cache-Status: HIT"], false), (["Age: 0", "X-Cache-Lookup: MISS"], false),
        (["Age: 0", "X-Cache: MISS", "Via: 1.1 varnish, 1.1 edge"], false), (["Age: 1", "X-Cache: MISS"], false),
        (["Age: 0, 5", "X-Cache: MISS, MISS"], false), (["Age: 0", "Age: 5", "X-Cache: MISS, MISS"], false),
        (["Age: soon", "X-Cache: MISS"], false), (["Age: 0", "X-Cache:"], false),
        (["Age: 0", "X-Cache: MISS"], true), (["X-Cache: MISS", "Age: 0", "Via: 1.1 varnish (Varnish/7.1)"], true),
        (["Age: 0", "X-Cache: MISS, MISS", "Via: 1.1 varnish, 1.1 edge"], true),
        (["Age: 0", "X-Cache: RefreshHit from cloudfront", "Via: 1.1 a.cloudfront.net (CloudFront)"], true),
        (["Age: 0", "X-Cache-Status: REVALIDATED"], true), (["Age: 0", "CF-Cache-Status: DYNAMIC"], true),
    ]

    @Test("An age of no second counts for nothing where each cache says that it asked, and else against the answer")
    func newest() async throws {
        for (fields, isFresh) in Self.newest {
            let told = try await told(fields)
            #expect(told.count == 2 && told.allSatisfy { ($0.cacheMark == nil) == isFresh }, "\(fields): \(told)")
            #expect(!isFresh || told.allSatisfy { $0.age == nil }, "\(fields): \(told)")
        }
    }

    @Test("Who reads lets caches ask the store, in a field that is not signed; a write has only the one of its object")
    func asked() async throws {
        try await ScriptedS3.serving { connection, request, _ in
            let isList = request.target.contains("list-type")
            try connection.succeed(
                [], isList ? "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>" : "")
        } _: { server, bucket in
            _ = try await bucket.bytes("k")
            _ = try await bucket.get("k").bytes()
            _ = try await bucket.head("k")
            _ = try await bucket.list()
            try await bucket.put("k", .text("x"), S3PutOptions(attributes: S3Attributes(cacheControl: "no-store")))
            try await bucket.delete("k")
            let fields = server.requests.map { "\($0.method) \($0.field("Cache-Control") ?? "")" }
            #expect(
                fields == ["GET no-cache", "GET no-cache", "HEAD no-cache", "GET no-cache", "PUT no-store", "DELETE "])
            let signed = server.requests.map { $0.field("Authorization")?.contains("cache-control") == true }
            #expect(signed == [false, false, false, false, true, false])
        }
    }

    @Test("A URL that carries its own signature asks its user for no such field")
    func presigned() async throws {
        try await ScriptedS3.serving { connection, _, _ in
            try connection.succeed()
        } _: { _, bucket in
            let url = try await bucket.presignedURL(.get, "k", for: .seconds(60))
            #expect(url.contains("X-Amz-SignedHeaders=host&"), "\(url)")
        }
    }
}
