import CairnCore
import Foundation
import ObjectStores
import S3Client
import Testing

/// A real S3 server that `Tests/run --all` started, named by a variable of the environment.
struct TestServer: Sendable, CustomTestStringConvertible {
    let name: String
    /// `http://ACCESS:SECRET@127.0.0.1:PORT`.
    let address: String

    var testDescription: String { name }

    /// Those on which tables can be kept.
    static let all = [
        TestServer("ministack", "CAIRN_TEST_S3_MINISTACK"), TestServer("ceph", "CAIRN_TEST_S3_CEPH"),
    ].compactMap(\.self)
    /// One that ignores the conditions of writes.
    static let unconditional = [TestServer("rclone", "CAIRN_TEST_S3_RCLONE")].compactMap(\.self)

    /// Whether `Tests/run --all small` runs the tests: the same, with fewer rounds.
    static let isSmallRun = ProcessInfo.processInfo.environment["CAIRN_TEST_SIZE"] == "small"

    /// Whether the servers end with the tests, and all that is in them: deleting it object by object takes minutes.
    static let areDisposable = ProcessInfo.processInfo.environment["CAIRN_TEST_S3_DISPOSABLE"] == "1"

    private init?(_ name: String, _ variable: String) {
        guard let address = ProcessInfo.processInfo.environment[variable], !address.isEmpty else { return nil }
        self.name = name
        self.address = address
    }

    var port: Int { URLComponents(string: address)?.port ?? 80 }

    /// A client of the server.
    private func client() throws -> S3Client {
        let parts = try #require(URLComponents(string: address))
        let endpoint = try S3Endpoint("http://\(parts.host ?? ""):\(port)")
        let credentials = Credentials(accessKey: parts.user ?? "", secretKey: parts.password ?? "")
        return try S3Client(
            S3ClientOptions(endpoint: endpoint, region: "us-east-1", credentials: .explicit(credentials)))
    }

    /// Calls with a bucket of its own, of which the client knows what the server really does. It is emptied and removed at the end, unless
    /// the server ends, too.
    func withBucket<Result>(_ body: (S3Bucket) async throws -> Result) async throws -> Result {
        let client = try client()
        let bucket = try await client.createBucket("cairn-tables-\(UUID().uuidString.lowercased())")
        let outcome: Swift.Result<Result, any Error>
        do {
            _ = try await S3ObjectStore.open(bucket, prefix: "probe")
            outcome = .success(try await body(bucket))
        } catch {
            outcome = .failure(error)
        }
        if !TestServer.areDisposable { try await TestServer.remove(bucket) }
        await client.close()
        return try outcome.get()
    }

    /// Empties and removes a bucket.
    private static func remove(_ bucket: S3Bucket) async throws {
        let store = try S3ObjectStore(bucket)
        _ = try await store.delete(contentsOf: store.keys())
        try await bucket.client.deleteBucket(bucket.name)
    }
}
