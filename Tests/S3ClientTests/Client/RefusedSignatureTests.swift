import CairnCore
import Testing

@testable import S3Client

@Suite("Client: signatures that a server does not take", .timeLimit(.minutes(10)))
struct RefusedSignatureTests {
    /// Gives other credentials when those before were refused.
    private final class Tokens: CredentialsProvider {
        private let count = Lock(1)

        func credentials() async throws -> Credentials {
            Credentials(accessKey: "a", secretKey: "s", sessionToken: "token-\(count.withLock { $0 })")
        }

        func refused(_ credentials: Credentials) { count.withLock { $0 += 1 } }
    }

    @Test("A token that has ended is replaced by another, once", arguments: [true, false])
    func expiredToken(isAlways: Bool) async throws {
        try await ScriptedS3.serving(with: { $0.credentials = .provider(Tokens()) }) { connection, request, number in
            guard isAlways || number == 1 else { return try connection.succeed() }
            try connection.refuse(request, 400, "ExpiredToken")
        } _: { server, bucket in
            if isAlways {
                let error = try await s3Failure { try await bucket.put("k", .text("x")) }
                #expect(error.code == .expiredToken)
            } else {
                try await bucket.put("k", .text("x"))
            }
            #expect(server.requests.map { $0.field("x-amz-security-token") } == ["token-1", "token-2"])
        }
    }

    @Test(
        "Credentials that are wrong are told at once, and not tried again",
        arguments: ["InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"])
    func wrong(_ code: String) async throws {
        try await ScriptedS3.serving { connection, request, _ in
            try connection.refuse(request, 403, code)
        } _: { server, bucket in
            let error = try await s3Failure { _ = try await bucket.exists("k") }
            #expect(error.code == .accessDenied && !error.isRetryable)
            let other = try await s3Failure { try await bucket.put("k", .text("x")) }
            #expect(other.code == .accessDenied && other.details.serverCode == code && !other.mayHaveTakenEffect)
            #expect(server.requests.count == 2)
        }
    }

    @Test("A clock that is wrong is corrected by the server's date, for later requests, too")
    func skew() async throws {
        try await ScriptedS3.serving { connection, request, _ in
            let date = "Date: Sun, 06 Nov 2044 08:49:37 GMT"
            guard request.field("x-amz-date")?.hasPrefix("20441106T") != true else {
                return try connection.succeed([date])
            }
            try connection.refuse(request, 403, "RequestTimeTooSkewed", [date])
        } _: { server, bucket in
            try await bucket.put("k", .text("x"))
            #expect(server.requests.count == 2)
            try await bucket.put("k", .text("x"))
            #expect(server.requests.count == 3)
            // Dated back from the server's time, not from ours.
            let url = try await bucket.presignedURL(.get, "k", for: .seconds(60))
            #expect(url.contains("X-Amz-Date=20441106T"))
        }
    }

    @Test("A clock that the server's date does not explain is told")
    func unexplained() async throws {
        try await ScriptedS3.serving { connection, request, _ in
            try connection.refuse(request, 403, "RequestTimeTooSkewed")
        } _: { server, bucket in
            let error = try await s3Failure { _ = try await bucket.bytes("k") }
            #expect(error.code == .clockSkew && server.requests.count == 1)
        }
    }
}
