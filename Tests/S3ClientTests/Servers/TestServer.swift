import Foundation
import ObjectStoreConformance
import S3Client
import Testing

/// A real S3 server that `Tests/run --all` started, named by a variable of the environment.
struct TestServer: Sendable, CustomTestStringConvertible {
    let name: String
    /// `http://ACCESS:SECRET@127.0.0.1:PORT`.
    private let address: String

    var testDescription: String { name }

    /// Whether `Tests/run --all small` runs the tests: the same, with fewer rounds and objects.
    static let isSmallRun = ProcessInfo.processInfo.environment["CAIRN_TEST_SIZE"] == "small"

    static let ministack = TestServer(name: "ministack", variable: "CAIRN_TEST_S3_MINISTACK")
    static let ceph = TestServer(name: "ceph", variable: "CAIRN_TEST_S3_CEPH")
    static let rclone = TestServer(name: "rclone", variable: "CAIRN_TEST_S3_RCLONE")

    /// What the server does in its own way, found by probing.
    var dialect: S3Dialect {
        var dialect = S3Dialect()
        dialect.hasMD5ETags = true
        dialect.canCopyConditionally = false
        dialect.wantsUnquotedIfMatch = name == "ceph"
        switch name {
        case "ceph":
            dialect.canDeleteConditionally = false
            dialect.canCompleteConditionally = false
            dialect.checksCopySource = false
        default:
            dialect.checksSignatures = false
            dialect.enforcesDates = false
        }
        return dialect
    }

    var quirks: ObjectStoreQuirks {
        var quirks = ObjectStoreQuirks()
        quirks.showsTags = false
        quirks.takesSmallParts = name == "ministack"
        guard name == "ceph" else { return quirks }
        quirks.conditionOnNothing = .preconditionFailed
        quirks.lostRace = [.preconditionFailed, .outcomeUnknown]
        quirks.refusesSuffixOfNothing = true
        quirks.turnsUnderscoresIntoHyphens = true
        quirks.refusesStorageClass = true
        quirks.wantsAllParts = true
        // Busy, it says that another end is under way, until all attempts are used up.
        quirks.endOfGoneUpload = [.noSuchUpload, .unavailable]
        quirks.refuse(keys: ["a\0b"])
        return quirks
    }

    /// What else it does in its own way.
    struct Habits: Sendable {
        /// Whether it keeps checksums, and refuses bodies that are not theirs.
        var keepsChecksums = true
        /// Whether it encrypts with keys of its own.
        var encrypts = true
        /// Whether it takes a stream whose checksum comes behind it.
        var takesTrailers = true
        /// Whether tags that are given to a copy can be read.
        var keepsTagsOfCopy = true
        /// Whether it names the version that was written before versions were kept.
        var namesFirstVersion = false
        /// Rounds of 32 writers that it is quick enough for.
        var rounds = 50
        /// Raises of a counter by each of 32 writers.
        var raises = 5
    }

    var habits: Habits {
        var habits = Habits()
        if TestServer.isSmallRun { habits.rounds = 10 }
        guard name == "ceph" else { return habits }
        habits.keepsTagsOfCopy = false
        habits.namesFirstVersion = true
        habits.keepsChecksums = false
        habits.encrypts = false
        habits.takesTrailers = false
        habits.rounds = TestServer.isSmallRun ? 5 : 20
        habits.raises = 3
        return habits
    }

    /// Those that keep the contract.
    static let all = [ministack, ceph].compactMap(\.self)

    private init?(name: String, variable: String) {
        guard let address = ProcessInfo.processInfo.environment[variable], !address.isEmpty else { return nil }
        self.name = name
        self.address = address
    }

    var port: Int { URLComponents(string: address)?.port ?? 80 }

    /// A client of the server.
    func client(_ change: (inout S3ClientOptions) -> Void = { _ in }) throws -> S3Client {
        let parts = try #require(URLComponents(string: address))
        let endpoint = try S3Endpoint("http://\(parts.host ?? ""):\(parts.port ?? 80)")
        let credentials = Credentials(accessKey: parts.user ?? "", secretKey: parts.password ?? "")
        var options = S3ClientOptions(endpoint: endpoint, region: "us-east-1", credentials: .explicit(credentials))
        change(&options)
        return try S3Client(options)
    }

    /// Calls with a bucket of its own and a client that knows the server; the bucket is emptied and removed at the end.
    func withBucket<Result>(
        _ change: (inout S3ClientOptions) -> Void = { _ in }, _ body: (S3Bucket) async throws -> Result
    ) async throws -> Result {
        let client = try client {
            $0.dialect = dialect
            change(&$0)
        }
        let bucket = try await client.createBucket(TestServer.bucketName())
        do {
            let result = try await body(bucket)
            try await TestServer.remove(bucket)
            await client.close()
            return result
        } catch {
            try? await TestServer.remove(bucket)
            throw error
        }
    }

    /// A name that no bucket has.
    static func bucketName() -> String { "cairn-test-\(UUID().uuidString.lowercased())" }

    /// Empties and removes a bucket.
    static func remove(_ bucket: S3Bucket) async throws {
        let versions = try await bucket.versions().collect()
        _ = try await bucket.delete(versions: versions.map { ($0.key, $0.versionID) })
        try await bucket.client.deleteBucket(bucket.name)
    }
}

/// Stores on buckets of a real server.
struct ServerProvider: ObjectStoreProvider {
    let server: TestServer
    var prefix = ""
    var name: String { server.name }
    var quirks: ObjectStoreQuirks { server.quirks }

    func makeStore() async throws -> any ObjectStore {
        let client = try server.client {
            $0.keyRules = KeyRules(allowsControlCharacters: true, allowsDotSegments: true)
            $0.dialect = server.dialect
        }
        let bucket = try await client.createBucket(TestServer.bucketName())
        return try S3ObjectStore(bucket, prefix: prefix)
    }

    func remove(_ store: any ObjectStore) async throws {
        guard let store = store as? S3ObjectStore else { return }
        try await TestServer.remove(store.bucket)
        await store.bucket.client.close()
    }
}

@Suite("S3 servers keep the contract of object stores", .enabled(if: !TestServer.all.isEmpty))
struct ServerConformanceTests {
    @Test("In a bucket", arguments: TestServer.all, ObjectStoreConformance.cases)
    func bucket(_ server: TestServer, _ promise: ObjectStoreCase) async throws {
        try await promise.run(on: ServerProvider(server: server))
    }

    @Test(
        "Under a prefix of a bucket", arguments: TestServer.all,
        ObjectStoreConformance.cases.filter { ["list", "copy", "delete"].contains($0.topic) })
    func prefix(_ server: TestServer, _ promise: ObjectStoreCase) async throws {
        try await promise.run(on: ServerProvider(server: server, prefix: "a prefix/with ü"))
    }
}
