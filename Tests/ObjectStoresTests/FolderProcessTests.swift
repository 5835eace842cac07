import CFiles
import Foundation
import ObjectStores
import Testing

@Suite("Folder store: several processes")
struct FolderProcessTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("What a writer acknowledged before it was killed is there, whole, with its attributes", arguments: 0..<8)
    func killed(_ round: Int) async throws {
        let size = [10, 5000, 300_000, 2_000_000][round % 4]
        let worker = try Worker(["put", folder.path, "key", "\(size)"])
        var acknowledged = 0
        for _ in 0..<(1 + round * 3) { acknowledged = Int(try #require(try worker.line())) ?? 0 }
        worker.kill9()
        acknowledged = try worker.rest().compactMap { Int($0) }.last ?? acknowledged
        let store = try FolderObjectStore(folder.path)
        let got = try await store.get("key")
        let bytes = try await got.bytes()
        let head = try #require(bytes.firstIndex(of: UInt8(ascii: " ")))
        let version = try #require(Int(String(decoding: bytes[..<head], as: UTF8.self)))
        #expect((acknowledged...acknowledged + 1).contains(version), "acknowledged \(acknowledged), found \(version)")
        #expect(bytes.count == head + 1 + size)
        #expect(bytes[(head + 1)...].allSatisfy { $0 == UInt8(ascii: "a") + UInt8(version % 26) })
        #expect(got.info.metadata == ["version": "\(version)"])
        #expect(try await store.keys() == ["key"])
        // The next writer takes away what the killed one left, and writes as if nothing had been.
        try await store.put("key", Array("next".utf8), mode: .ifMatch(got.info.etag))
        #expect(try leftovers() == 1)
    }

    /// How many writers have a folder for their drafts, and how many files are in them beside the locks.
    private func leftovers() throws -> Int {
        let writers = try FileManager.default.contentsOfDirectory(atPath: folder.path(".cairn/writers"))
        for writer in writers {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(".cairn/writers/\(writer)"))
            #expect(names == ["owner"])
        }
        return writers.count
    }

    @Test("The draft of a killed writer is removed by the next one, that of a living one is not")
    func drafts() async throws {
        let dead = try Worker(["draft", folder.path, "dead"])
        let living = try Worker(["draft", folder.path, "living"])
        #expect(try dead.line() == "half")
        #expect(try living.line() == "half")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(".cairn/writers")).count == 2)
        dead.kill9()
        let store = try FolderObjectStore(folder.path)
        try await store.put("mine", [])
        // The living writer's and this one's.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(".cairn/writers")).count == 2)
        try living.closeInput()
        #expect(try living.line() == "stored")
        #expect(living.wait() == 0)
        #expect(try await store.keys() == ["living", "mine"])
        #expect(try await store.head("living").size == 200_000)
    }

    @Test("Of three processes that create the same keys exactly one creates each")
    func creates() async throws {
        let rounds = 100
        let names = ["one", "two"]
        let workers = try names.map { try Worker(["create", folder.path, "\(rounds)", $0]) }
        let store = try FolderObjectStore(folder.path)
        var won: [[Int]] = [[]]
        for round in 0..<rounds {
            do {
                try await store.put("round/\(round)", Array("this".utf8), mode: .create)
                won[0].append(round)
            } catch let error as ObjectStoreError where error.code == .preconditionFailed {}
        }
        for worker in workers {
            won.append(try worker.rest().compactMap { Int($0) })
            #expect(worker.wait() == 0)
        }
        #expect(won.flatMap(\.self).sorted() == Array(0..<rounds))
        for (name, rounds) in zip(["this"] + names, won) {
            for round in rounds { #expect(try await store.text("round/\(round)") == name) }
        }
    }

    @Test("A counter raised by three processes has every raise")
    func raises() async throws {
        let store = try FolderObjectStore(folder.path)
        try await store.put("counter", .text("0"))
        let workers = try (0..<2).map { _ in try Worker(["raise", folder.path, "counter", "60"]) }
        var raised = 0
        while raised < 60 {
            let got = try await store.get("counter")
            let value = Int(String(decoding: try await got.bytes(), as: UTF8.self)) ?? 0
            do {
                try await store.put("counter", Array("\(value + 1)".utf8), mode: .ifMatch(got.info.etag))
                raised += 1
            } catch let error as ObjectStoreError where error.code == .preconditionFailed {}
        }
        for worker in workers {
            #expect(try worker.rest().count == 60)
            #expect(worker.wait() == 0)
        }
        #expect(try await store.text("counter") == "180")
    }

    @Test("A killed process does not keep the lock")
    func killedHolder() async throws {
        let store = try quickStore(folder) { $0.lockTimeout = .milliseconds(50) }
        let worker = try Worker(["lock", folder.path])
        #expect(try worker.line() == "locked")
        let error = try await expectError(.timeout) { try await store.put("key", []) }
        #expect(error.message.contains("lock"))
        #expect(!error.mayHaveTakenEffect)
        #expect(try await store.keys() == ["prepared"])
        worker.kill9()
        try await store.put("key", [])
    }

    @Test("A write waits for the lock, reads do not")
    func waiting() async throws {
        let store = try quickStore(folder) { $0.lockTimeout = .seconds(60) }
        try await store.put("key", .text("old"))
        let worker = try Worker(["lock", folder.path])
        #expect(try worker.line() == "locked")
        let writing = Task { try await store.put("key", .text("new")) }
        for _ in 0..<20 {
            #expect(try await store.text("key") == "old")
            await Task.yield()
        }
        try worker.closeInput()
        _ = try await writing.value
        #expect(try await store.text("key") == "new")
        #expect(worker.wait() == 0)
    }

    @Test("Where there is no room a write fails, and nothing of it is left")
    func full() async throws {
        let store = try FolderObjectStore(folder.path)
        try await store.put("key", .text("old"))
        let worker = try Worker(["full", folder.path, "key", "500000", "100000"])
        #expect(try worker.rest() == ["object.full"])
        #expect(worker.wait() == 0)
        #expect(try await store.text("key") == "old")
        #expect(try await store.keys() == ["key"])
        #expect(try leftovers() <= 2)
        try await store.put("key", .text("new"))
    }
}

@Suite("Folder store: time")
struct FolderTimeTests {
    private let folder: TemporaryFolder
    private let clock = ManualClock()
    private let store: FolderObjectStore

    init() throws {
        folder = try TemporaryFolder()
        let clock = clock
        store = try quickStore(folder) {
            $0.clock = { clock.now }
            $0.lockTimeout = .seconds(60)
        }
    }

    @Test("A write is judged by the clock when it has the lock, however long it waited")
    func late() async throws {
        try await store.put("key", .text("old"))
        let lock = try FolderLock(folder)
        let limit = clock.now.addingTimeInterval(10)
        let writing = Task { [store] in try await store.put("key", [1], notAfter: limit) }
        clock.advance(seconds: 11)
        lock.release()
        try await expectError(.expired) { _ = try await writing.value }
        #expect(try await store.text("key") == "old")
        try await store.put("key", [1], notAfter: clock.now)
    }

    @Test("While somebody has the lock no answer has a later date than before: what he may do is not over yet")
    func provenDates() async throws {
        let start = clock.now
        #expect(try await store.put("key", []).serverDate == start)
        #expect(try await store.head("key").serverDate == start)
        clock.advance(seconds: 5)
        #expect(try await store.head("key").serverDate == start.addingTimeInterval(5))
        let lock = try FolderLock(folder)
        clock.advance(seconds: 100)
        #expect(try await store.head("key").serverDate == start.addingTimeInterval(5))
        let error = try await expectError(.notFound) { _ = try await store.get("missing") }
        #expect(error.answer.serverDate == start.addingTimeInterval(5))
        for try await page in store.list(ListOptions()).pages {
            #expect(page.answer.serverDate == start.addingTimeInterval(5))
        }
        lock.release()
        #expect(try await store.head("key").serverDate == start.addingTimeInterval(105))
    }

    @Test("A store that has never seen the lock free says no date rather than one it cannot stand for")
    func noDate() async throws {
        try await store.put("key", [])
        let lock = try FolderLock(folder)
        let other = try quickStore(folder)
        #expect(try await other.head("key").serverDate == nil)
        lock.release()
        #expect(try await other.head("key").serverDate != nil)
    }
}
