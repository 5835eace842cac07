import Foundation
import Testing

@testable import S3Client

@Suite("Odd keys on real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct KeyTests {
    static let keys = [
        "a b", " ", "a  b ", "a+b", "+", "a%b", "%2F", "%252F", "a=b", "=", "~", "a~b", "a&b=c", "a?b", "a#b",
        "a;b:c,d",
        "a@b$c!d'(e)*", "a\\b", "a|b^c`d{e}[f]", "<a>&amp;\"'", "🦆", "👩‍👩‍👧/🏳️‍🌈", "é", "e\u{301}", "日本語/キー", "\u{10FFFF}",
        "\u{FFFD}",
        "/", "/a", "//", "a//b", "a/", "a", "a/b", "a/b/", ".", "..", "...", ".a", "a/./b", "a/../b", "./a", "../a",
        String(repeating: "k", count: 1024), String(repeating: "é", count: 512), String(repeating: "a/", count: 512),
    ]

    private func withKeys(
        _ server: TestServer, _ body: (S3Bucket) async throws -> Void
    ) async throws {
        try await server.withBucket({ $0.keyRules = KeyRules(allowsDotSegments: true) }) { bucket in
            try await concurrently(KeyTests.keys.count) { index in
                try await bucket.put(KeyTests.keys[index], .bytes(Array(KeyTests.keys[index].utf8)))
            }
            try await body(bucket)
        }
    }

    @Test("Each is stored, looked at, read and copied as the one it is", arguments: TestServer.all)
    func roundTrip(server: TestServer) async throws {
        try await withKeys(server) { bucket in
            let target = try await bucket.client.createBucket(TestServer.bucketName())
            for key in KeyTests.keys {
                let wanted = Array(key.utf8)
                let bytes = try await bucket.bytes(key)
                let info = try await bucket.head(key)
                #expect(bytes == wanted && info.size == wanted.count, "\(key.debugDescription)")
                try await target.copy(key, of: bucket, to: key)
                let copied = try await target.bytes(key)
                #expect(copied == wanted, "\(key.debugDescription)")
            }
            try await TestServer.remove(target)
        }
    }

    @Test("All are listed once and in order, by prefix, behind another and by folder", arguments: TestServer.all)
    func listing(server: TestServer) async throws {
        try await withKeys(server) { bucket in
            let all = inOrder(KeyTests.keys)
            let listed = try await bucket.objects().collect().map(\.key)
            #expect(utf8(listed) == all)
            for key in KeyTests.keys {
                let page = try await bucket.list(ListOptions(prefix: key))
                let wanted = all.filter { $0.starts(with: key.utf8) }
                #expect(utf8(page.objects.map(\.key)) == wanted, "prefix \(key.debugDescription)")
                let rest = try await bucket.list(ListOptions(startAfter: key))
                let behind = all.filter { Array(key.utf8).lexicographicallyPrecedes($0) }
                #expect(utf8(rest.objects.map(\.key)) == behind, "behind \(key.debugDescription)")
            }
            let slash = UInt8(ascii: "/")
            let page = try await bucket.list(ListOptions(delimiter: "/"))
            #expect(utf8(page.objects.map(\.key)) == all.filter { !$0.contains(slash) })
            let folders = Set(all.compactMap { key in key.firstIndex(of: slash).map { Array(key[...$0]) } })
            #expect(utf8(page.prefixes) == folders.sorted { $0.lexicographicallyPrecedes($1) })
        }
    }

    @Test("All are removed at once, and each alone", arguments: TestServer.all)
    func removal(server: TestServer) async throws {
        try await withKeys(server) { bucket in
            let alone = KeyTests.keys.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
            for key in alone { try await bucket.delete(key) }
            let rest = KeyTests.keys.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
            let left = try await bucket.objects().collect().map(\.key)
            #expect(utf8(left) == inOrder(rest))
            let failures = try await bucket.delete(contentsOf: rest)
            let none = try await bucket.objects().collect()
            #expect(failures.isEmpty && none.isEmpty)
        }
    }

    @Test("Each can be stored and read by a presigned URL", arguments: TestServer.all)
    func presigned(server: TestServer) async throws {
        try await server.withBucket({ $0.keyRules = KeyRules(allowsDotSegments: true) }) { bucket in
            for key in KeyTests.keys {
                let put = try await bucket.presignedURL(.put, key, for: .seconds(600))
                let stored = try await use(put, "PUT", body: Array(key.utf8))
                let get = try await bucket.presignedURL(.get, key, for: .seconds(600))
                let read = try await use(get, "GET")
                #expect(stored.status == 200 && read.body == Array(key.utf8), "\(key.debugDescription)")
            }
            let listed = try await bucket.objects().collect().map(\.key)
            #expect(utf8(listed) == inOrder(KeyTests.keys))
        }
    }
}
