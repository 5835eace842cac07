import CairnCore
import CairnSchema
import Foundation
import ObjectStorage
import ObjectStores
import S3Client

/// A store in a bucket of a server, and the way there.
struct ServerPlace {
    /// `http://ACCESS:SECRET@127.0.0.1:PORT`: the server itself.
    private let server: String
    /// Where it is reached: at its own port, or at that of somebody who stands between.
    private let port: Int
    private let bucket: String
    private let prefix: String

    /// - Parameter arguments: SERVER PORT BUCKET PREFIX.
    init?(_ arguments: some Collection<String>) {
        let arguments = Array(arguments)
        guard arguments.count == 4, let port = Int(arguments[1]) else { return nil }
        server = arguments[0]
        self.port = port
        bucket = arguments[2]
        prefix = arguments[3]
    }

    /// Opens the store, again when that fails for a reason that may pass.
    /// - Parameter probing: A prefix under which to ask what the server really does; it is asked directly.
    func openStore(_ schema: String, probing: String) async throws -> Store {
        let schema = try Schema(parsing: schema)
        var attempts = 0
        while true {
            attempts += 1
            do {
                return try await Store.open(ObjectStorage.open(objects(probing)), schema: schema)
            } catch let error as StorageError where error.isRetryable && attempts < 50 {
                try await Task.sleep(for: .milliseconds(10 * attempts))
            } catch let error as ObjectStoreError where error.isRetryable && attempts < 50 {
                try await Task.sleep(for: .milliseconds(10 * attempts))
            }
        }
    }

    /// The store through whoever stands between.
    private func objects(_ probing: String) async throws -> S3ObjectStore {
        let direct = try client(port: nil)
        let known = try direct.bucket(bucket)
        _ = try await S3ObjectStore.open(known, prefix: probing)
        let through = try client(port: port).bucket(bucket)
        through.dialect = known.dialect
        await direct.close()
        return try S3ObjectStore(through, prefix: prefix)
    }

    private func client(port: Int?) throws -> S3Client {
        let address = URLComponents(string: server)
        let endpoint = try S3Endpoint("http://\(address?.host ?? ""):\(port ?? address?.port ?? 80)")
        let credentials = Credentials(accessKey: address?.user ?? "", secretKey: address?.password ?? "")
        var options = S3ClientOptions(endpoint: endpoint, region: "us-east-1", credentials: .explicit(credentials))
        // Much goes wrong on the way, and is tried again soon.
        options.retries = S3RetryPolicy(
            maximumAttempts: 8, firstDelay: .milliseconds(2), firstThrottledDelay: .milliseconds(2),
            maximumDelay: .milliseconds(50), quota: 1_000_000)
        options.maximumConnections = 16
        return try S3Client(options)
    }
}
