import Foundation
import Testing

@testable import S3Client

@Suite("Presigned URLs on real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct PresignedTests {
    @Test("Who has a URL can store, look at, read and remove one object, and nothing else", arguments: TestServer.all)
    func use(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let put = try await bucket.presignedURL(
                .put, "a b/ü+.txt", for: .seconds(600), headers: ["content-type": "x/y", "x-amz-meta-m": "1"])
            let fields = [HTTPField("content-type", "x/y"), HTTPField("x-amz-meta-m", "1")]
            let stored = try await S3ClientTests.use(put, "PUT", fields, body: Array("bytes".utf8))
            #expect(stored.status == 200)
            let info = try await bucket.head("a b/ü+.txt")
            #expect(info.contentType == "x/y" && info.metadata == ["m": "1"])

            let get = try await bucket.presignedURL(
                .get, "a b/ü+.txt", for: .seconds(600),
                parameters: ["response-content-disposition": "attachment; filename=\"a b.txt\""])
            let read = try await S3ClientTests.use(get, "GET")
            #expect(read.status == 200 && text(read.body) == "bytes")
            #expect(read.fields["content-disposition"] == "attachment; filename=\"a b.txt\"")
            let head = try await bucket.presignedURL(.head, "a b/ü+.txt", for: .seconds(600))
            let looked = try await S3ClientTests.use(head, "HEAD")
            #expect(looked.status == 200 && looked.fields["content-length"] == "5")
            for url in [get, head] {
                let refused = try await S3ClientTests.use(url, "DELETE")
                #expect(refused.status == 403)
            }
            let delete = try await bucket.presignedURL(.delete, "a b/ü+.txt", for: .seconds(600))
            let removed = try await S3ClientTests.use(delete, "DELETE")
            let isThere = try await bucket.exists("a b/ü+.txt")
            #expect(removed.status == 204 && !isThere)
        }
    }

    @Test("A URL whose time is over, or that was changed, is refused", arguments: TestServer.all)
    func refused(server: TestServer) async throws {
        try await server.withBucket { bucket in
            try await bucket.put("k", .text("x"))
            let good = try await bucket.presignedURL(.get, "k", for: .seconds(600))
            let changed = good.replacing("X-Amz-Expires=600", with: "X-Amz-Expires=601")
            let other = good.replacing("/k?", with: "/l?")
            // Signed by a client that takes the server's time for one of an hour ago.
            let date = HTTPDateText.text(Date.now.addingTimeInterval(-3600))
            #expect(bucket.client.learnTime(from: [HeaderField("date", date)]))
            let late = try await bucket.presignedURL(.get, "k", for: .seconds(3000))
            for (url, status) in [(good, 200), (changed, 403), (other, 403), (late, 403)] {
                let answer = try await S3ClientTests.use(url, "GET")
                #expect(answer.status == status, "\(url)")
            }
        }
    }
}

/// The date of a header field.
enum HTTPDateText {
    static func text(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: date)
    }
}
