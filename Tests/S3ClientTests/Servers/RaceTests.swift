import CairnCore
import Foundation
import Testing

@testable import S3Client

@Suite("Races on real servers", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct RaceTests {
    private static let writers = 32

    @Test("Of 32 writers who create an object exactly one wins, round after round", arguments: TestServer.all)
    func creation(server: TestServer) async throws {
        try await server.withBucket { bucket in
            for round in 0..<server.habits.rounds {
                let winners = Lock<[Int]>([])
                try await concurrently(RaceTests.writers) { writer in
                    let marker = "\(round)-\(writer)"
                    do {
                        let options = S3PutOptions(mode: .create, marker: marker)
                        try await bucket.put("round/\(round)", .text(marker), options)
                        winners.withLock { $0.append(writer) }
                    } catch let error as S3Error {
                        // Not known to have won, and the marker of another is there.
                        #expect([.preconditionFailed, .conflict, .outcomeUnknown].contains(error.code), "\(error)")
                    }
                }
                let won = winners.withLock { $0 }
                let stored = try await bucket.bytes("round/\(round)")
                #expect(won.count == 1 && text(stored) == "\(round)-\(won.first ?? -1)", "round \(round): \(won)")
            }
        }
    }

    @Test(
        "A counter that 32 writers raise by compare-and-swap is the sum of what was acknowledged",
        arguments: TestServer.all)
    func counter(server: TestServer) async throws {
        try await server.withBucket { bucket in
            // The object is the list of all raises: so a writer finds its own, whoever came behind it.
            try await bucket.put("counter", .text(""))
            let acknowledged = Counter()
            try await concurrently(RaceTests.writers) { writer in
                for raise in 0..<server.habits.raises {
                    let name = "\(writer).\(raise)"
                    var isDone = false
                    while !isDone {
                        let object = try await bucket.get("counter")
                        let before = try await object.text()
                        if before.split(separator: " ").contains(Substring(name)) {
                            // Its answer was lost.
                            break
                        }
                        do {
                            let options = S3PutOptions(mode: .ifMatch(object.info.etag), marker: name)
                            try await bucket.put("counter", .text(before + name + " "), options)
                            isDone = true
                        } catch let error as S3Error {
                            #expect(
                                [.preconditionFailed, .conflict, .outcomeUnknown].contains(error.code), "\(error)")
                        }
                    }
                    acknowledged.add()
                }
            }
            let final = try await bucket.get("counter").text().split(separator: " ")
            #expect(acknowledged.value == RaceTests.writers * server.habits.raises)
            #expect(final.count == acknowledged.value && Set(final).count == final.count)
        }
    }
}
