import CairnCore
import Foundation
import Testing

@testable import S3Client

@Suite("Long listings of real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct ListingTests {
    /// Objects of a page: as many as one may have, or a tenth of it.
    private static let page = TestServer.isSmallRun ? 100 : 1000

    /// Ten times as many keys: as many as a page has, one less and one more; folders; names that sort in no obvious way.
    private static let keys: [String] = {
        var keys = [page - 1, page, page + 1].flatMap { count in (0..<count).map { "n\(count)/\($0)" } }
        keys += (0..<page * 11 / 10).map { "folders/\($0)/x" }
        let letters = ["a", "B", "é", "e\u{301}", "日", "🦆", " ", "+", "%", "&", "~"]
        keys += (0..<page * 59 / 10).map { number in
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
        "Many objects are listed once, in the order of their bytes, at every edge of a page",
        arguments: TestServer.all)
    func listing(server: TestServer) async throws {
        let page = ListingTests.page
        try await server.withBucket { bucket in
            try await concurrently(ListingTests.keys.count) {
                try await bucket.put(ListingTests.keys[$0], .bytes([UInt8](repeating: 1, count: $0 % 7)))
            }
            let all = inOrder(ListingTests.keys)
            let listed = try await bucket.objects().collect()
            #expect(utf8(listed.map(\.key)) == all)
            let sizes = ListingTests.keys.indices.map { $0 % 7 }
            #expect(listed.map(\.size).reduce(0, +) == sizes.reduce(0, +))

            for (prefix, size) in [
                ("n\(page - 1)/", page), ("n\(page)/", page), ("n\(page + 1)/", page), ("n\(page - 1)/", 7),
                ("n\(page + 1)/", 7), ("n\(page)/", page / 10), ("n\(page + 1)/99", 1), ("odd/", page - 1),
                ("none/", page),
            ] {
                let wanted = all.filter { $0.starts(with: prefix.utf8) }
                let pages = try await pages(bucket, ListOptions(prefix: prefix, pageSize: size))
                #expect(utf8(pages.flatMap(\.objects).map(\.key)) == wanted, "\(prefix) by \(size)")
                #expect(pages.dropLast().allSatisfy { $0.objects.count == size }, "\(prefix) by \(size)")
            }

            // Behind a key, behind what is none, behind the last, and behind everything.
            let prefix = "n\(page + 1)/"
            let inside = all.filter { $0.starts(with: prefix.utf8) }
            for start in ["\(prefix)1", "\(prefix)1~", prefix, "\(prefix)\(page - 1)", "\(prefix)~", "a"] {
                let wanted = inside.filter { Array(start.utf8).lexicographicallyPrecedes($0) }
                let options = ListOptions(prefix: prefix, startAfter: start, pageSize: page * 3 / 10)
                let pages = try await pages(bucket, options)
                #expect(utf8(pages.flatMap(\.objects).map(\.key)) == wanted, "behind \(start)")
            }

            for size in [page, page / 3] {
                let folders = try await pages(bucket, ListOptions(prefix: "folders/", delimiter: "/", pageSize: size))
                #expect(folders.allSatisfy { $0.objects.isEmpty && $0.prefixes.count <= size })
                #expect(utf8(folders.flatMap(\.prefixes)) == inOrder((0..<page * 11 / 10).map { "folders/\($0)/" }))
            }
            let top = try await bucket.list(ListOptions(delimiter: "/"))
            let folders = ["folders/", "n\(page - 1)/", "n\(page)/", "n\(page + 1)/", "odd/"]
            #expect(top.objects.isEmpty && utf8(top.prefixes) == inOrder(folders))
        }
    }
}
