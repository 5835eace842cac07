import CairnCore
import Foundation
import Testing

@testable import S3Client

/// What a server does in its own way, which the probe must find.
private struct Found: Sendable, CustomTestStringConvertible {
    let server: TestServer
    let dialect: S3Dialect
    /// What Cairn needs and does not find.
    var missing: Set<S3ProbeCheck.Name> = []
    /// What else is missing in a bucket that keeps versions.
    var missingWithVersions: Set<S3ProbeCheck.Name> = []
    /// What is seen besides, of what needs no dialect.
    let others: [S3ProbeCheck.Name: S3ProbeCheck.Outcome]

    var testDescription: String { server.name }

    static let all = [TestServer.ministack.map(ministack), TestServer.ceph.map(ceph), TestServer.rclone.map(rclone)]
        .compactMap(\.self)

    private static func ministack(_ server: TestServer) -> Found {
        var dialect = S3Dialect()
        dialect.wantsUnquotedIfMatch = false
        dialect.canCopyConditionally = false
        dialect.enforcesDates = false
        dialect.checksSignatures = false
        dialect.hasMD5ETags = true
        return Found(
            server: server, dialect: dialect,
            others: [
                .signedBody: .no, .anonymous: .yes, .clock: .yes, .conditionalGet: .yes, .listDelimiter: .yes,
                .alikeKeys: .yes, .nestedKeys: .yes, .checksumKept: .yes, .checksumVerified: .yes, .versioning: .no,
                .smallParts: .no, .speed: .yes,
            ])
    }

    private static func ceph(_ server: TestServer) -> Found {
        var dialect = S3Dialect()
        dialect.wantsUnquotedIfMatch = true
        dialect.canDeleteConditionally = false
        dialect.canCompleteConditionally = false
        dialect.canCopyConditionally = false
        dialect.checksCopySource = false
        dialect.hasMD5ETags = true
        return Found(
            server: server, dialect: dialect, missingWithVersions: [.create, .createRace, .swap, .swapRace],
            others: [
                .signedBody: .yes, .anonymous: .yes, .clock: .yes, .conditionalGet: .yes, .listDelimiter: .yes,
                .alikeKeys: .yes, .nestedKeys: .yes, .checksumKept: .no, .checksumVerified: .no, .versioning: .no,
                .smallParts: .yes, .speed: .yes,
            ])
    }

    private static func rclone(_ server: TestServer) -> Found {
        var dialect = S3Dialect()
        dialect.canCreate = false
        dialect.canCompareAndSwap = false
        dialect.canDeleteConditionally = false
        dialect.canCompleteConditionally = false
        dialect.canCopyConditionally = false
        dialect.checksCopySource = false
        dialect.hasMD5ETags = true
        return Found(
            server: server, dialect: dialect, missing: [.create, .createRace, .swap, .swapRace, .swapMissing],
            others: [
                .signedBody: .no, .anonymous: .yes, .clock: .yes, .conditionalGet: .no, .listDelimiter: .yes,
                .alikeKeys: .yes, .nestedKeys: .no, .checksumVerified: .no, .versioning: .no, .speed: .yes,
            ])
    }
}

@Suite("The probe finds what real servers do", .enabled(if: !Found.all.isEmpty))
struct ProbeServerTests {
    /// Calls with a bucket of its own, which must be empty at the end.
    private func withBucket(_ server: TestServer, _ body: (S3Bucket) async throws -> Void) async throws {
        let client = try server.client()
        let bucket = try await client.createBucket("cairn-probe-\(UUID().uuidString.lowercased())")
        try await body(bucket)
        #expect(try await bucket.objects().collect().map(\.key) == [])
        try await client.deleteBucket(bucket.name)
        await client.close()
    }

    @Test("In a few requests, all that a dialect consists of", arguments: Found.all)
    private func quick(_ found: Found) async throws {
        try await withBucket(found.server) { bucket in
            let report = try await bucket.probe("some/place", quick: true)
            #expect(report.dialect == found.dialect)
            #expect(bucket.dialect == found.dialect)
            #expect(report.requests <= 30)
            #expect(report.prefix.hasPrefix("some/place/.cairn-doctor-"))
            #expect(report.leftovers == [])
        }
    }

    @Test("All of it", arguments: Found.all)
    private func all(_ found: Found) async throws {
        try await withBucket(found.server) { bucket in
            let report = try await bucket.probe()
            #expect(report.dialect == found.dialect)
            #expect(report.checks.map(\.name) == S3ProbeCheck.Name.allCases)
            #expect(Set(report.missing.map(\.name)) == found.missing, "\(report.missing)")
            for (name, outcome) in found.others { #expect(report[name]?.outcome == outcome, "\(name)") }
            #expect(report.leftovers == [])
        }
    }

    @Test(
        "In a bucket that keeps versions it leaves neither a version nor a marker",
        arguments: Found.all.filter { $0.server.name != "rclone" })
    private func versions(_ found: Found) async throws {
        try await withBucket(found.server) { bucket in
            try await bucket.setVersioning(isEnabled: true)
            let report = try await bucket.probe()
            #expect(Set(report.missing.map(\.name)) == found.missingWithVersions)
            #expect(report[.versioning]?.outcome == .yes)
            #expect(try await bucket.versions().collect() == [])
        }
    }
}

@Suite("The probe")
struct ProbeTests {
    /// A client of a server that follows a script.
    private func serving(
        _ script: @escaping @Sendable (LoopbackConnection.Request) -> (status: String, body: String),
        _ body: (S3Bucket) async throws -> Void
    ) async throws {
        let server = try LoopbackServer { connection in
            while let request = try connection.readRequest() {
                let answer = script(request)
                try connection.answer(answer.status, ["ETag: \"e\""], body: Array(answer.body.utf8))
            }
        }
        defer { server.stop() }
        var options = S3ClientOptions(
            endpoint: try S3Endpoint("http://127.0.0.1:\(server.port)"), region: "us-east-1",
            credentials: .explicit(Credentials(accessKey: "key", secretKey: "secret")))
        options.retries = .never
        let client = try S3Client(options)
        try await body(client.bucket("photos"))
        await client.close()
    }

    @Test("What was written is removed when it fails, and the client has learned nothing")
    func failing() async throws {
        let removed = Lock("")
        let puts = Lock(0)
        try await serving { request in
            switch request.method {
            case "POST":
                removed.withLock { $0 = String(decoding: request.body, as: UTF8.self) }
                return ("200 OK", "<DeleteResult/>")
            // The second write: a server that fails says nothing about conditions.
            case "PUT"
            where puts.withLock({
                $0 += 1; return $0
            }) > 1: return ("500 Oops", "")
            default: return ("200 OK", "")
            }
        } _: { bucket in
            await #expect {
                try await bucket.probe(quick: true)
            } throws: { ($0 as? S3Error)?.code == .outcomeUnknown }
            #expect(bucket.dialect == S3Dialect())
        }
        #expect(removed.withLock { $0 }.contains("/order/Z</Key>"))
    }

    @Test("Credentials that may only read are told so, and nothing is tried that could not be removed")
    func readOnly() async throws {
        try await serving { request in
            switch request.method {
            case "GET" where request.target.contains("list-type"):
                ("200 OK", "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
            case "GET": ("404 Not Found", "<Error><Code>NoSuchKey</Code></Error>")
            default: ("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>")
            }
        } _: { bucket in
            let report = try await bucket.probe()
            #expect(report[.canList]?.outcome == .yes)
            #expect(report[.canGet]?.outcome == .yes)
            #expect(report[.absence]?.outcome == .yes)
            #expect(report[.canPut]?.outcome == .no)
            #expect(report[.create]?.outcome == .unknown)
            #expect(!report.dialect.canCreate && !report.dialect.checksSignatures && !report.dialect.listsInOrder)
            #expect(bucket.dialect == S3Dialect())
            #expect(report.leftovers == [])
            #expect(report.checks.map(\.name) == S3ProbeCheck.Name.allCases)
        }
    }

    @Test("Credentials that may nothing, or are wrong, end it", arguments: ["InvalidAccessKeyId", "AccessDenied"])
    func strangers(code: String) async throws {
        try await serving { _ in
            ("403 Forbidden", "<Error><Code>\(code)</Code></Error>")
        } _: { bucket in
            for quick in [false, true] {
                let error = try await s3Failure { _ = try await bucket.probe(quick: quick) }
                #expect(error.code == .accessDenied && error.details.serverCode == code)
            }
            #expect(bucket.dialect == S3Dialect())
        }
    }

    @Test("What could not be asked is not relied on")
    func unasked() async throws {
        try await serving { request in
            switch request.method {
            case "GET" where request.target.contains("list-type"):
                ("200 OK", "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
            case "GET" where request.target.hasSuffix("missing"):
                ("404 Not Found", "<Error><Code>NoSuchKey</Code></Error>")
            case "POST" where request.target.contains("uploads"): ("500 Oops", "")
            case "POST": ("200 OK", "<DeleteResult/>")
            case "PUT" where !request.target.hasSuffix("first"): ("500 Oops", "")
            default: ("200 OK", "")
            }
        } _: { bucket in
            let report = try await bucket.probe()
            #expect(report[.create]?.outcome == .unknown && report[.fence]?.outcome == .unknown)
            let dialect = bucket.dialect
            #expect(dialect == report.dialect && dialect.wantsUnquotedIfMatch == nil)
            #expect(!dialect.canCreate && !dialect.canCompareAndSwap && !dialect.enforcesDates)
            #expect(!dialect.canCopyConditionally && !dialect.checksCopySource && !dialect.canCompleteConditionally)
        }
    }

    @Test("Without the permission to list, what is not there looks forbidden, and the remedy is named")
    func hiddenAbsence() async throws {
        try await serving { request in
            request.method == "PUT"
                ? ("200 OK", "") : ("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>")
        } _: { bucket in
            let absence = try #require(try await bucket.probe()[.absence])
            #expect(absence.outcome == .no)
            #expect(absence.detail.contains("the permission to list"))
        }
    }

    @Test("A server that answers yes to everything is found out")
    func careless() async throws {
        let stored = Lock<[String: String]>([:])
        try await serving { request in
            let key = String(request.target.prefix { $0 != "?" })
            switch request.method {
            case "PUT":
                stored.withLock { $0[key] = String(decoding: request.body, as: UTF8.self) }
                return ("200 OK", "")
            case "GET" where request.target.contains("list-type"):
                return ("200 OK", "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
            case "GET": return ("200 OK", stored.withLock { $0[key] } ?? "")
            case "POST" where request.target.hasSuffix("?uploads="):
                return (
                    "200 OK", "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
                )
            case "POST": return ("200 OK", "<DeleteResult/>")
            default: return ("200 OK", "")
            }
        } _: { bucket in
            let dialect = try await bucket.probe(quick: true).dialect
            #expect(!dialect.canCreate)
            #expect(!dialect.canCompareAndSwap)
            #expect(!dialect.canCopyConditionally)
            #expect(!dialect.canCompleteConditionally)
            #expect(!dialect.canDeleteConditionally)
            #expect(!dialect.listsInOrder)
            #expect(!dialect.enforcesDates)
            #expect(!dialect.checksSignatures)
        }
    }
}
