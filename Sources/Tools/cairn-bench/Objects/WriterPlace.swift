import Cairn
import Foundation
import ObjectStores
import S3Client

/// Where several processes write: a folder, or a prefix of a bucket. It goes from process to process as text.
struct WriterPlace {
    /// `folder:PATH`, or `http://ACCESS:SECRET@HOST:PORT/BUCKET/PREFIX`.
    let text: String

    /// The store, each of whose requests takes so much longer.
    func open(latency: Duration) async throws -> SlowObjectStore {
        if text.hasPrefix("folder:") {
            // The disk is not what is measured.
            var options = FolderObjectStore.Options()
            options.isDurable = false
            return SlowObjectStore(base: try FolderObjectStore(String(text.dropFirst(7)), options), latency: latency)
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard parts.count == 4 else { throw UsageError(message: "'\(text)' is no place to write to") }
        let bucket = try WriterPlace.client("\(parts[0])//\(parts[1])").bucket(parts[2])
        return SlowObjectStore(base: try await S3ObjectStore.open(bucket, prefix: parts[3]), latency: latency)
    }

    /// Makes a bucket on a server, and gives the text of places in it.
    static func makeBucket(_ server: String) async throws -> String {
        let client = try client(server)
        let name = "cairn-bench-\(UUID().uuidString.lowercased())"
        _ = try await client.createBucket(name)
        await client.close()
        return "\(server)/\(name)"
    }

    private static func client(_ server: String) throws -> S3Client {
        guard let address = URLComponents(string: server), let host = address.host else {
            throw UsageError(message: "'\(server)' is no address of a server")
        }
        let credentials = Credentials(accessKey: address.user ?? "", secretKey: address.password ?? "")
        let endpoint = try S3Endpoint("\(address.scheme ?? "http")://\(host):\(address.port ?? 80)")
        return try S3Client(
            S3ClientOptions(endpoint: endpoint, region: "us-east-1", credentials: .explicit(credentials)))
    }
}
