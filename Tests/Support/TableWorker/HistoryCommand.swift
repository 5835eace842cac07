import CairnCore
import CairnSchema
import Foundation
import Histories
import ObjectStorage
import ObjectStores
import S3Client

/// Some clients of one process, who work on a store in a bucket until each has committed so many transactions.
struct HistoryCommand {
    /// `http://ACCESS:SECRET@127.0.0.1:PORT`: the server itself.
    let server: String
    /// Where it is reached: at its own port, or at that of somebody who stands between.
    let port: Int
    let bucket: String
    let prefix: String
    let seed: UInt64
    let clients: ClosedRange<Int>
    let count: Int
    /// The file for the transactions.
    let file: String

    init?(_ arguments: ArraySlice<String>) {
        let arguments = Array(arguments)
        guard arguments.count == 9, let port = Int(arguments[1]), let seed = UInt64(arguments[4]),
            let first = Int(arguments[5]), let last = Int(arguments[6]), first <= last, let count = Int(arguments[7])
        else { return nil }
        server = arguments[0]
        self.port = port
        bucket = arguments[2]
        prefix = arguments[3]
        self.seed = seed
        clients = first...last
        self.count = count
        file = arguments[8]
    }

    /// - Parameter isReady: Called when the store is open; returns when the work is to begin.
    func run(_ isReady: () -> Void) async throws {
        let store = try await open(objects())
        isReady()
        guard FileManager.default.createFile(atPath: file, contents: nil),
            let output = FileHandle(forWritingAtPath: file)
        else { throw CocoaError(.fileWriteUnknown) }
        let lines = Lock(output)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in clients {
                group.addTask {
                    var client = HistoryClient(number, on: store, seed: seed)
                    try await client.run(count) { transaction in
                        let line = try transaction.line() + "\n"
                        lines.withLock { $0.write(Data(line.utf8)) }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await store.close()
    }

    /// Opens the store, again when that fails for a reason that may pass.
    private func open(_ objects: S3ObjectStore) async throws -> Store {
        var attempts = 0
        while true {
            attempts += 1
            do {
                return try await Store.open(
                    ObjectStorage.open(objects), schema: Schema(parsing: HistoryClient.schema))
            } catch let error as StorageError where error.isRetryable && attempts < 20 {}
        }
    }

    /// The store through whoever stands between; what the server really does was asked directly.
    private func objects() async throws -> S3ObjectStore {
        let direct = try client(port: nil)
        let known = try direct.bucket(bucket)
        _ = try await S3ObjectStore.open(known, prefix: "probe-\(clients.lowerBound)")
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
