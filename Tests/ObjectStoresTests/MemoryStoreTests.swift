import Foundation
import ObjectStores
import Testing

@Suite("Memory store")
struct MemoryStoreTests {
    @Test("A snapshot has what there was, and neither sees what is written to the other")
    func snapshots() async throws {
        let store = MemoryObjectStore()
        for number in 0..<2000 { try await store.put("key-\(number)", .text("\(number)")) }
        let upload = try await store.beginUpload("parts", ObjectAttributes())
        let part = try await store.uploadPart(1, of: upload, .text("part"))
        let copy = store.snapshot()
        try await store.put("key-7", .text("changed"))
        try await store.delete("key-8")
        try await copy.put("key-9", .text("other"))
        #expect(try await copy.text("key-7") == "7")
        #expect(try await copy.text("key-8") == "8")
        #expect(try await store.text("key-9") == "9")
        #expect(try await store.keys().count == 1999)
        #expect(try await copy.keys().count == 2000)
        _ = try await copy.completeUpload(upload, [part], CompleteOptions())
        #expect(try await copy.text("parts") == "part")
        #expect(try await store.parts(of: upload) == [part])
    }

    @Test("Two stores that were one give different bytes different ETags")
    func forks() async throws {
        let one = MemoryObjectStore()
        let other = one.snapshot()
        #expect(try await one.put("key", .text("one")).etag != other.put("key", .text("two")).etag)
    }

    @Test("A write takes effect up to its notAfter by the store's clock, and not past it")
    func fence() async throws {
        let clock = ManualClock()
        var options = MemoryObjectStore.Options()
        options.clock = { clock.now }
        let store = MemoryObjectStore(options)
        let limit = clock.now.addingTimeInterval(10)
        try await store.put("a", [1], notAfter: limit)
        clock.advance(seconds: 10)
        let info = try await store.put("b", [1], notAfter: limit)
        #expect(info.serverDate == limit)
        #expect(info.lastModified == limit)
        clock.advance(seconds: 0.001)
        let error = try await expectError(.expired) { try await store.put("c", [1], notAfter: limit) }
        #expect(error.answer.serverDate == clock.now)
        #expect(try await store.keys() == ["a", "b"])
    }

    @Test("A body that takes its time is judged by the clock when it is there")
    func lateBody() async throws {
        let clock = ManualClock()
        var options = MemoryObjectStore.Options()
        options.clock = { clock.now }
        let store = MemoryObjectStore(options)
        let slow = ByteStream {
            var chunks = 3
            return {
                clock.advance(seconds: 60)
                chunks -= 1
                return chunks > 0 ? [1] : nil
            }
        }
        let limit = clock.now.addingTimeInterval(100)
        try await expectError(.expired) {
            _ = try await store.put("key", .stream(slow), PutOptions(notAfter: limit))
        }
        #expect(try await !store.exists("key"))
    }
}
