import Foundation
import ObjectStorage
import ScriptedHTTP
import Testing

@testable import Cairn
@testable import S3Client

@Suite("Stores in buckets, opened by their address")
struct OpenBucketTests {
    private let schema: Schema

    init() throws {
        schema = try Schema(
            parsing: """
                { "database": "notes", "tables": { "notes": { "columns": { "id": "int", "text": "string" }, "key": "id" } } }
                """)
    }

    private func address(_ bucket: ScriptedBucket, _ prefix: String, _ parameters: String = "") -> String {
        "s3://\(ScriptedBucket.name)/\(prefix)?endpoint=\(bucket.endpoint)&timeout=30\(parameters)"
    }

    private func storage(_ url: String, _ use: StoreUse = .writing) async throws -> any Storage {
        let credentials = CredentialsSource.explicit(Credentials(accessKey: "key", secretKey: "secret"))
        return try await BucketOpening(StoreURL(url), use, credentials: credentials).storage()
    }

    private func open(_ url: String, _ use: StoreUse = .writing) async throws -> Store {
        try await Store.open(storage(url, use), schema: schema)
    }

    private func insert(_ id: Int, into store: Store) async throws {
        let notes = try store.records("notes")
        try await notes.insert(Record(notes.table, ["id": .int(id), "text": .string("note \(id)")]))
    }

    /// The error that something ends with.
    private func failure(_ body: () async throws -> Void) async throws -> StorageError {
        try #require(await #expect(throws: StorageError.self) { try await body() })
    }

    /// How many requests were part of asking what the server does.
    private func probes(_ calls: some Sequence<String>) -> Int {
        calls.filter { $0.contains(".cairn-doctor-") || $0.contains("?delete") }.count
    }

    @Test(
        "A new store is made after looking above it and asking the server; opened again, it asks before the first write"
    )
    func requests() async throws {
        let bucket = try ScriptedBucket()
        let store = try await open(address(bucket, "a/b"))
        // The third asks whether there is a bucket: no answer to a HEAD that finds nothing says so.
        #expect(
            Array(bucket.calls.prefix(4)) == ["GET a/b/_store.json", "HEAD _store.json", "HEAD ", "HEAD a/_store.json"])
        #expect(probes(bucket.calls) == 8)
        try await insert(1, into: store)
        try await store.close()
        #expect(bucket.keys.contains("a/b/tables/notes/objects/1.json"))
        #expect(bucket.keys.allSatisfy { !$0.contains(".cairn-doctor-") })

        let before = bucket.calls.count
        let again = try await open(address(bucket, "a/b"))
        #expect(try await again.records("notes").count() == 1)
        let opening = bucket.calls[before...]
        #expect(opening.count <= 25 && probes(opening) == 0, "\(opening)")
        #expect(opening.allSatisfy { $0.hasPrefix("GET") })
        try await insert(2, into: again)
        #expect(probes(bucket.calls[before...]) == 8)
        try await insert(3, into: again)
        #expect(probes(bucket.calls[before...]) == 8)
        try await again.close()
    }

    @Test("For reading nothing is written, and nothing asked but what is read")
    func reading() async throws {
        let bucket = try ScriptedBucket()
        let store = try await open(address(bucket, "a"))
        try await insert(1, into: store)
        try await store.close()
        let before = bucket.calls.count
        let reading = try await Store.open(existing: storage(address(bucket, "a"), .reading))
        #expect(try await reading.records("notes").count() == 1)
        try await reading.close()
        #expect(bucket.calls[before...].allSatisfy { $0.hasPrefix("GET") })
        let nothing = try await failure { _ = try await storage(address(bucket, "b"), .reading) }
        #expect(nothing.code == .notAStore)
    }

    @Test(
        "A cache before the server that gives out what it kept is named by its header, and one that asks is none",
        arguments: [
            "Age: 3", "X-Cache: Hit from cloudfront", "X-Cache-Status: HIT", "CF-Cache-Status: UPDATING",
            "Cache-Status: nginx; hit",
        ])
    func cache(field: String) async throws {
        let bucket = try ScriptedBucket()
        let store = try await open(address(bucket, "a"))
        try await insert(1, into: store)
        try await store.close()
        var habits = ScriptedBucket.Habits()
        habits.fields = [field]
        bucket.become(habits)
        let mark = field.prefix { $0 != ":" }.lowercased() + String(field.drop { $0 != ":" })
        for prefix in ["a", "none"] {
            let error = try await failure { _ = try await storage(address(bucket, prefix), .reading) }
            #expect(error.code == .unavailable && error.message.contains("'\(mark)'"), "\(error)")
        }
        habits.fields = ["X-Cache-Status: MISS"]
        bucket.become(habits)
        let reading = try await Store.open(existing: storage(address(bucket, "a"), .reading))
        #expect(try await reading.records("notes").count() == 1)
        try await reading.close()
    }

    @Test("A bucket that is not there is told with the command that makes it")
    func missingBucket() async throws {
        let bucket = try ScriptedBucket { $0.exists = false }
        let error = try await failure { _ = try await storage(address(bucket, "a", "&region=eu-west-1")) }
        #expect(error.code == .notAStore)
        #expect(error.message == "there is no bucket 'photos' at \(bucket.endpoint)")
        #expect(
            error.remedy?.hasSuffix("cairn s3 mb s3://photos --endpoint \(bucket.endpoint) --region eu-west-1") == true)
        let reading = try await failure { _ = try await storage(address(bucket, "a"), .reading) }
        #expect(reading.code == .notAStore)
    }

    @Test("A new store inside of another is refused by the name of the outer one, and nothing is written")
    func nested() async throws {
        let bucket = try ScriptedBucket()
        try await open(address(bucket, "a")).close()
        let keys = bucket.keys
        for inner in ["a/b", "a/b/c/d/"] {
            let error = try await failure { _ = try await storage(address(bucket, inner)) }
            #expect(error.code == .configuration)
            let shown = inner.hasSuffix("/") ? inner : "\(inner)/"
            #expect(error.message == "s3://photos/\(shown) is inside of the store s3://photos/a/")
        }
        #expect(bucket.keys == keys)
        try await open(address(bucket, "ab")).close()
        try await open(address(bucket, "a")).close()
    }

    @Test("What these credentials may not look at is in the way of no new store")
    func hiddenAncestors() async throws {
        let bucket = try ScriptedBucket { $0.readablePrefix = "team/atlas/" }
        let store = try await open(address(bucket, "team/atlas"))
        try await insert(1, into: store)
        try await store.close()
    }

    @Test(
        "A server that ignores conditions is refused when a store would be made, and with the first write to one that is there"
    )
    func careless() async throws {
        let bucket = try ScriptedBucket { $0.keepsCreate = false }
        let error = try await failure { _ = try await storage(address(bucket, "a")) }
        #expect(error.code == .unsupported)
        #expect(error.message.contains("'Scripted/1' at \(bucket.endpoint)"))
        #expect(error.message.contains("If-None-Match"))
        #expect(error.remedy?.contains("single_writer=true") == true)
        #expect(bucket.keys == [])

        let alone = try await open(address(bucket, "a", "&single_writer=true"))
        try await insert(1, into: alone)
        try await alone.close()
        let other = try await open(address(bucket, "a"))
        #expect(try await other.records("notes").count() == 1)
        let late = try await failure { try await insert(2, into: other) }
        #expect(late.code == .unsupported && late.message.contains("If-None-Match"), "\(late)")
        try? await other.close()
    }

    @Test("The only writer of a server without conditions still finds what is there")
    func singleWriter() async throws {
        let bucket = try ScriptedBucket {
            $0.keepsCreate = false
            $0.keepsSwap = false
        }
        let store = try await open(address(bucket, "a", "&single_writer=true&durability=materialised"))
        for id in 1...3 { try await insert(id, into: store) }
        let duplicate = try await failure { try await insert(2, into: store) }
        #expect(duplicate.code == .duplicate)
        try await store.close()
        let again = try await open(address(bucket, "a", "&single_writer=true"))
        #expect(try await again.records("notes").count() == 3)
        try await again.close()
    }

    @Test("A server that takes old signatures is written to without fences")
    func noFence() async throws {
        let bucket = try ScriptedBucket { $0.takesOldDates = true }
        let store = try await open(address(bucket, "a"))
        try await store.close()
        let again = try await open(address(bucket, "a"))
        try await insert(1, into: again)
        try await again.close()
    }

    @Test("Everything is encrypted as the address says; record files alone have its storage class")
    func headers() async throws {
        let bucket = try ScriptedBucket()
        let parameters = "&sse=AES256&storage_class=STANDARD_IA&durability=materialised"
        let store = try await open(address(bucket, "a", parameters))
        try await insert(1, into: store)
        try await store.close()
        for key in bucket.keys {
            let head = try #require(bucket.object(key)).head.lowercased()
            #expect(head.contains("x-amz-server-side-encryption: aes256"), "\(key)")
            let isRecord = key.contains("/objects/")
            #expect(head.contains("x-amz-storage-class: standard_ia") == isRecord, "\(key)")
        }
    }

    @Test("Record files alone have the tags of the columns that the address names; a column that is none is named")
    func tags() async throws {
        let bucket = try ScriptedBucket()
        let unknown = try await failure { _ = try await open(address(bucket, "a", "&tags=txt")) }
        #expect(unknown.code == .configuration && unknown.remedy == "did you mean 'text'?", "\(unknown)")
        #expect(!bucket.keys.contains("a/_store.json"))
        let store = try await open(address(bucket, "a", "&tags=text,notes.id&durability=materialised"))
        try await insert(1, into: store)
        let notes = try store.records("notes")
        let refused = try await failure {
            try await notes.insert(Record(notes.table, ["id": .int(2), "text": .string("a, b")]))
        }
        #expect(refused.code == .invalid && refused.message.contains("\",\""), "\(refused)")
        try await store.close()
        for key in bucket.keys {
            let head = try #require(bucket.object(key)).head.lowercased()
            let isRecord = key.contains("/objects/")
            #expect(head.contains("x-amz-tagging") == isRecord, "\(key)")
            if isRecord { #expect(head.contains("text=note%201") && head.contains("id=1"), "\(head)") }
        }
    }

    @Test("What a server says of credentials becomes the error of a storage")
    func denied() async throws {
        let unreadable = try ScriptedBucket { $0.readablePrefix = "other/" }
        for use in [StoreUse.writing, .existing, .reading] {
            let error = try await failure { _ = try await storage(address(unreadable, "a"), use) }
            #expect(error.code == .accessDenied, "\(error)")
        }
        let unwritable = try ScriptedBucket { $0.isWritable = false }
        let error = try await failure { _ = try await storage(address(unwritable, "a")) }
        #expect(error.code == .accessDenied)
    }

    @Test("A server that is not there is told as that", .timeLimit(.minutes(5)))
    func unreachable() async throws {
        let error = try await failure {
            _ = try await storage("s3://photos/a?endpoint=http://127.0.0.1:1&timeout=1&mode=existing")
        }
        #expect(error.code == .unavailable)
    }
}
