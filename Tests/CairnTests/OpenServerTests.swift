import Foundation
import S3Client
import Testing

@testable import Cairn

/// A real S3 server that `Tests/run --all` started, named by a variable of the environment.
private struct Server: Sendable, CustomTestStringConvertible {
    let name: String
    /// `http://ACCESS:SECRET@127.0.0.1:PORT`.
    let parts: URLComponents

    var testDescription: String { name }

    static let all = ["ministack", "ceph", "rclone"].compactMap(Server.init)

    private init?(_ name: String) {
        let address = ProcessInfo.processInfo.environment["CAIRN_TEST_S3_\(name.uppercased())"]
        guard let address, let parts = URLComponents(string: address) else { return nil }
        self.name = name
        self.parts = parts
    }

    var endpoint: String { "http://\(parts.host ?? ""):\(parts.port ?? 80)" }

    var credentials: CredentialsSource {
        .explicit(Credentials(accessKey: parts.user ?? "", secretKey: parts.password ?? ""))
    }

    /// Calls with the name of a bucket of its own, which is emptied and removed at the end.
    func withBucket(_ body: (String) async throws -> Void) async throws {
        let client = try S3Client(
            S3ClientOptions(endpoint: S3Endpoint(endpoint), region: "us-east-1", credentials: credentials))
        let bucket = try await client.createBucket("cairn-open-\(UUID().uuidString.lowercased())")
        try await body(bucket.name)
        let keys = try await bucket.objects().collect().map(\.key)
        _ = try await bucket.delete(contentsOf: keys)
        try await client.deleteBucket(bucket.name)
        await client.close()
    }

    func store(_ bucket: String, _ prefix: String, _ parameters: String = "", _ schema: Schema) async throws -> Store {
        let url = try StoreURL("s3://\(bucket)/\(prefix)?endpoint=\(endpoint)&region=us-east-1\(parameters)")
        return try await Store.open(
            BucketOpening(url, .writing, credentials: credentials).storage(), schema: schema)
    }
}

@Suite("Stores in buckets of real servers", .enabled(if: !Server.all.isEmpty))
struct OpenServerTests {
    private let schema: Schema

    init() throws {
        schema = try Schema(
            parsing: """
                { "database": "notes", "tables": { "notes": { "columns": { "id": "int", "text": "string" }, "key": "id" } } }
                """)
    }

    private func insert(_ id: Int, into store: Store) async throws {
        let notes = try store.records("notes")
        try await notes.insert(Record(notes.table, ["id": .int(id), "text": .string("note \(id)")]))
    }

    @Test("A store is made, written by two programs in turn, and read again", arguments: Server.all)
    private func opens(server: Server) async throws {
        let isRefused = server.name == "rclone"
        try await server.withBucket { bucket in
            if isRefused {
                let error = await #expect(throws: StorageError.self) {
                    _ = try await server.store(bucket, "a", "", schema)
                }
                #expect(error?.code == .unsupported)
                #expect(error?.message.contains("If-None-Match") == true, "\(String(describing: error))")
            }
            let parameters = isRefused ? "&single_writer=true" : ""
            for id in 1...3 {
                let store = try await server.store(bucket, "a/b", parameters, schema)
                try await insert(id, into: store)
                #expect(try await store.records("notes").count() == id)
                try await store.close()
            }
            let inner = await #expect(throws: StorageError.self) {
                _ = try await server.store(bucket, "a/b/c", parameters, schema)
            }
            #expect(inner?.code == .configuration)
        }
    }
}
