import CairnCore
import Foundation
import Testing

@testable import S3Client

@Suite("Long listings of real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct ListingTests {
    /// 10,000 keys: as many as a page has, one less and one more; folders; and names that sort in no obvious way.
    static let keys: [String] = {
        var keys = [999, 1000, 1001].flatMap { count in (0..<count).map { "n\(count)/\($0)" } }
        keys += (0..<1100).map { "folders/\($0)/x" }
        let letters = ["a", "B", "é", "e\u{301}", "日", "🦆", " ", "+", "%", "&", "~"]
        keys += (0..<5900).map { number in
            "odd/\(letters[number % 11])\(letters[number / 11 % 11])\(letters[number / 121 % 11])\(number)"
        }
        return keys
    }()

    /// The pages of a listing.
    private func pages(_ bucket: S3Bucket, _ options: ListOptions) async throws -> [S3ListPage] {
        var pages = [try await bucket.list(options)]
        while let continuation = pages.last?.continuation {
            pages.append(try await bucket.list(options, continuation: continuation))
        }
        return pages
    }

    @Test(
        "10,000 objects are listed once, in the order of their bytes, at every edge of a page",
        arguments: TestServer.all)
    func listing(server: TestServer) async throws {
        try await server.withBucket { bucket in
            try await concurrently(ListingTests.keys.count) {
                try await bucket.put(ListingTests.keys[$0], .bytes([UInt8](repeating: 1, count: $0 % 7)))
            }
            let all = inOrder(ListingTests.keys)
            let listed = try await bucket.objects().collect()
            #expect(utf8(listed.map(\.key)) == all)
            #expect(listed.reduce(0) { $0 + $1.size } == (0..<10_000).reduce(0) { $0 + $1 % 7 })

            for (prefix, size) in [
                ("n999/", 1000), ("n1000/", 1000), ("n1001/", 1000), ("n999/", 7), ("n1001/", 7), ("n1000/", 100),
                ("n1001/99", 1), ("odd/", 999), ("none/", 1000),
            ] {
                let wanted = all.filter { $0.starts(with: prefix.utf8) }
                let pages = try await pages(bucket, ListOptions(prefix: prefix, pageSize: size))
                #expect(utf8(pages.flatMap(\.objects).map(\.key)) == wanted, "\(prefix) by \(size)")
                #expect(pages.dropLast().allSatisfy { $0.objects.count == size }, "\(prefix) by \(size)")
            }

            // Behind a key, behind what is none, behind the last, and behind everything.
            let inside = all.filter { $0.starts(with: "n1001/".utf8) }
            for start in ["n1001/1", "n1001/1~", "n1001/", "n1001/999", "n1001/~", "a"] {
                let wanted = inside.filter { Array(start.utf8).lexicographicallyPrecedes($0) }
                let pages = try await pages(bucket, ListOptions(prefix: "n1001/", startAfter: start, pageSize: 300))
                #expect(utf8(pages.flatMap(\.objects).map(\.key)) == wanted, "behind \(start)")
            }

            for size in [1000, 333] {
                let folders = try await pages(bucket, ListOptions(prefix: "folders/", delimiter: "/", pageSize: size))
                #expect(folders.allSatisfy { $0.objects.isEmpty && $0.prefixes.count <= size })
                #expect(utf8(folders.flatMap(\.prefixes)) == inOrder((0..<1100).map { "folders/\($0)/" }))
            }
            let top = try await bucket.list(ListOptions(delimiter: "/"))
            #expect(top.objects.isEmpty && top.prefixes == ["folders/", "n1000/", "n1001/", "n999/", "odd/"])
        }
    }
}
