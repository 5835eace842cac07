import Foundation
import Testing

@testable import S3Client

@Suite("Versions on real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct VersionTests {
    @Test(
        "Versions are kept, listed, read and removed by their names; a removal leaves a marker",
        arguments: TestServer.all)
    func versions(server: TestServer) async throws {
        try await server.withBucket { bucket in
            let before = try await bucket.versioning()
            #expect(before == .off)
            try await bucket.put("k é", .text("0"))
            try await bucket.setVersioning(isEnabled: true)
            let enabled = try await bucket.versioning()
            #expect(enabled == .enabled)

            let first = try #require(try await bucket.put("k é", .text("1")).versionID)
            let second = try #require(try await bucket.put("k é", .text("2")).versionID)
            for (id, wanted) in [(first, "1"), (second, "2"), ("null", "0")] {
                let object = try await bucket.get("k é", S3GetOptions(versionID: id))
                let text = try await object.text()
                #expect(text == wanted)
                #expect(object.info.versionID == (id != "null" || server.habits.namesFirstVersion ? id : nil))
            }

            let marker = try await bucket.delete("k é")
            #expect(marker.isDeleteMarker)
            let error = try await s3Failure { _ = try await bucket.bytes("k é") }
            #expect(error.code == .noSuchKey)
            let listed = try await bucket.versions().collect()
            #expect(listed.map(\.versionID) == [marker.versionID, second, first, "null"])
            #expect(listed.map(\.isLatest) == [true, false, false, false])
            #expect(listed.map(\.isDeleteMarker) == [true, false, false, false])
            #expect(listed.allSatisfy { $0.key == "k é" } && listed.map(\.size) == [0, 1, 1, 1])

            try await bucket.copy("k é", to: "copy", S3CopyOptions(sourceVersionID: first))
            let copied = try await bucket.bytes("copy")
            #expect(text(copied) == "1")

            // Without the marker the newest version is there again, and without that the one before.
            try await bucket.delete("k é", S3DeleteOptions(versionID: marker.versionID))
            let again = try await bucket.bytes("k é")
            #expect(text(again) == "2")
            let failures = try await bucket.delete(versions: [("k é", second)])
            let older = try await bucket.bytes("k é")
            #expect(failures.isEmpty && text(older) == "1")
            let gone = try await s3Failure { _ = try await bucket.bytes("k é", S3GetOptions(versionID: second)) }
            #expect([.notFound, .noSuchKey].contains(gone.code))

            try await bucket.setVersioning(isEnabled: false)
            let suspended = try await bucket.versioning()
            #expect(suspended == .suspended)
        }
    }

    @Test("More than a thousand versions are listed over pages, newest first for each key", arguments: TestServer.all)
    func pages(server: TestServer) async throws {
        try await server.withBucket { bucket in
            try await bucket.setVersioning(isEnabled: true)
            // Three versions of each: the pages end between versions of one key.
            for round in 0..<3 {
                try await concurrently(401) { try await bucket.put("k +%\($0)", .text("\(round)")) }
            }
            let versions = try await bucket.versions(prefix: "k").collect()
            #expect(versions.count == 1203 && Set(versions.map(\.versionID)).count == 1203)
            #expect(utf8(versions.map(\.key)) == inOrder(versions.map(\.key)))
            #expect(versions.map(\.isLatest) == (0..<1203).map { $0 % 3 == 0 })
        }
    }
}
