import Foundation
import Testing

@testable import S3Client

@Suite("Credentials that real servers refuse", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct RefusalTests {
    /// Somebody who may not.
    struct Stranger: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let credentials: Credentials
        var needsSignatureCheck = false
    }

    @Test(
        "Strangers are refused, and an object is not absent to them", arguments: TestServer.all,
        [
            Stranger(
                testDescription: "unknown key", credentials: Credentials(accessKey: "AKIANOBODY", secretKey: "secret")),
            Stranger(testDescription: "anonymous", credentials: .anonymous),
            Stranger(
                testDescription: "wrong secret", credentials: Credentials(accessKey: "", secretKey: "wrong"),
                needsSignatureCheck: true),
        ])
    func strangers(server: TestServer, stranger: Stranger) async throws {
        if stranger.needsSignatureCheck, !server.dialect.checksSignatures { return }
        try await server.withBucket { bucket in
            try await bucket.put("k", .text("x"))
            let known = try await bucket.client.credentials.credentials()
            var credentials = stranger.credentials
            if stranger.needsSignatureCheck {
                credentials = Credentials(accessKey: known.accessKey, secretKey: credentials.secretKey)
            }
            let client = try server.client { $0.credentials = .explicit(credentials) }
            let theirs = try client.bucket(bucket.name)
            let body = ObjectBody.stream(stream(sample(100_000)), length: 100_000)
            let askings: [@Sendable () async throws -> Void] = [
                { _ = try await theirs.bytes("k") }, { _ = try await theirs.exists("k") },
                { _ = try await theirs.exists("other") }, { try await theirs.put("k", .text("y")) },
                { try await theirs.put("k", body) }, { try await theirs.delete("k") }, { _ = try await theirs.list() },
                { _ = try await theirs.delete(contentsOf: ["k"]) },
            ]
            for (index, asking) in askings.enumerated() {
                let error = try await s3Failure { try await asking() }
                #expect(error.code == .accessDenied && !error.mayHaveTakenEffect, "\(index): \(error)")
            }
            await client.close()
            let stored = try await bucket.bytes("k")
            #expect(text(stored) == "x")
        }
    }
}
