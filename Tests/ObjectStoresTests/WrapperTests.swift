import Foundation
import Testing

@testable import CairnCore
@testable import ObjectStores

/// A stream that gives its chunks when it is told to.
private final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream<Void>.makeStream()
    }

    func open() { continuation.finish() }

    func wait() async { for await _ in stream {} }
}

/// A store whose calls wait until a gate opens.
private struct GatedStore: ObjectStoreWrapper {
    let base: any ObjectStore
    let gate = Gate()
    let arrived = Lock([String]())
    var ignoresCancellation = false

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        arrived.withLock { $0.append(call.key) }
        await gate.wait()
        if !ignoresCancellation { try Task.checkCancellation() }
        // In a task of its own, which nobody cancels.
        return try await ignoresCancellation ? Task { try await body() }.value : body()
    }

    func waitForArrivals(_ count: Int) async {
        while arrived.withLock({ $0.count }) < count { await Task.yield() }
    }
}

@Suite("Time limits")
struct TimeLimitTests {
    private let memory = MemoryObjectStore()

    @Test("A call that takes too long is cancelled; a write may have happened, and a read needs no such caution")
    func timeout() async throws {
        func limited() -> TimeLimitedObjectStore {
            let gated = GatedStore(base: memory)
            return TimeLimitedObjectStore(gated, limit: .seconds(5)) { _ in await gated.waitForArrivals(1) }
        }
        let write = try await expectError(.timeout) { try await limited().put("key", [1]) }
        let read = try await expectError(.timeout) { _ = try await limited().get("key") }
        #expect(write.mayHaveTakenEffect && write.isRetryable)
        #expect(!read.mayHaveTakenEffect && read.isRetryable)
        #expect(write.key == "key")
    }

    @Test("A result that comes although time is up is handed out, and so is an answer that is sure")
    func lateResult() async throws {
        var gated = GatedStore(base: memory)
        gated.ignoresCancellation = true
        let gate = gated.gate
        let store = TimeLimitedObjectStore(gated, limit: .seconds(5)) { _ in gate.open() }
        // The gate opens when time is up, and the call goes on.
        try await store.put("key", .text("text"))
        #expect(try await memory.text("key") == "text")
        try await expectError(.preconditionFailed) { try await store.put("key", [], mode: .create) }
        try await expectError(.notFound) { _ = try await store.get("missing") }
    }

    @Test("The deadline of the task counts when it is earlier")
    func deadline() async throws {
        let limits = Lock([Duration]())
        let store = TimeLimitedObjectStore(memory, limit: .seconds(500)) { limit in
            limits.withLock { $0.append(limit) }
            try await Task.sleep(for: .seconds(1000))
        }
        try await withDeadline(after: .seconds(100)) { _ = try await store.put("key", []) }
        #expect(limits.withLock { $0 }.allSatisfy { $0 <= .seconds(100) })
        try await store.put("key", [])
        let error = try await expectError(.timeout) {
            try await Deadline.$current.withValue(.now - .seconds(1)) { _ = try await store.put("late", []) }
        }
        #expect(!error.mayHaveTakenEffect)
        #expect(try await memory.keys() == ["key"])
    }

    @Test("Cancelling the caller is no timeout")
    func cancelled() async throws {
        let gated = GatedStore(base: memory)
        let store = TimeLimitedObjectStore(gated, limit: .seconds(1000))
        let task = Task { try await store.put("key", []) }
        await gated.waitForArrivals(1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

@Suite("Concurrency limits")
struct ConcurrencyLimitTests {
    private let memory = MemoryObjectStore()

    @Test("Only so many calls are under way; the others come in their order")
    func order() async throws {
        let gated = GatedStore(base: memory)
        let store = ConcurrencyLimitedObjectStore(gated, limit: 2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask { try await store.put("\(number)", []) }
                await number < 2 ? gated.waitForArrivals(number + 1) : waitForLine(store, number - 1)
            }
            #expect(gated.arrived.withLock { $0 } == ["0", "1"])
            gated.gate.open()
            try await group.waitForAll()
        }
        #expect(gated.arrived.withLock { $0 }.sorted() == ["0", "1", "2", "3", "4", "5"])
        #expect(gated.arrived.withLock { $0 }.prefix(2) == ["0", "1"])
        #expect(store.queue.lineCount == 0)
    }

    private func waitForLine(_ store: ConcurrencyLimitedObjectStore, _ count: Int) async {
        while store.queue.lineCount < count { await Task.yield() }
    }

    @Test("Who is cancelled leaves the line, and no place is lost with him")
    func cancelled() async throws {
        let gated = GatedStore(base: memory)
        let store = ConcurrencyLimitedObjectStore(gated, limit: 1)
        let first = Task { try await store.put("first", []) }
        await gated.waitForArrivals(1)
        let second = Task { try await store.put("second", []) }
        await waitForLine(store, 1)
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        gated.gate.open()
        _ = try await first.value
        try await store.put("third", [])
        #expect(gated.arrived.withLock { $0 } == ["first", "third"])
    }

    @Test("A GET is under way until its body is read, or nobody holds it")
    func bodies() async throws {
        let folder = try TemporaryFolder()
        let files = try quickStore(folder)
        try await files.put("key", [UInt8](repeating: 1, count: 1 << 20))
        let store = ConcurrencyLimitedObjectStore(files, limit: 1)
        for _ in 0..<3 {
            let got = try await store.get("key")
            #expect(!store.queue.takeIfFree())
            #expect(try await got.bytes().count == 1 << 20)
            #expect(store.queue.takeIfFree())
            store.queue.release()
        }
        do {
            let unread = try await store.get("key")
            #expect(unread.info.size == 1 << 20)
            #expect(!store.queue.takeIfFree())
        }
        #expect(store.queue.takeIfFree())
        store.queue.release()
        try await expectError(.notFound) { _ = try await store.get("missing") }
        try await store.put("small", [1])
        let small = try await store.get("small")
        #expect(store.queue.takeIfFree())
        #expect(small.info.size == 1)
    }

    @Test("Who waits longer than he may is told so")
    func patience() async throws {
        let gated = GatedStore(base: memory)
        let store = ConcurrencyLimitedObjectStore(gated, limit: 1, patience: .milliseconds(10))
        let first = Task { try await store.put("first", []) }
        await gated.waitForArrivals(1)
        let error = try await expectError(.timeout) { try await store.put("second", []) }
        #expect(!error.mayHaveTakenEffect)
        gated.gate.open()
        _ = try await first.value
    }
}

@Suite("Counting, logging, faults")
struct ObserverTests {
    private let memory = MemoryObjectStore()

    @Test("Requests, failures and bytes are counted by kind, and cost what the table says")
    func counts() async throws {
        let store = CountingObjectStore(memory)
        for number in 0..<25 { try await store.put("key-\(number)", [UInt8](repeating: 0, count: 100)) }
        try await store.put("stream", .stream(ByteStream(chunks: [[1, 2], [3]])))
        _ = try await store.bytes("key-1")
        _ = try await store.bytes("key-1", range: .closed(0...9))
        _ = try await store.exists("missing")
        var entries = 0
        for try await _ in store.list(ListOptions(pageSize: 10)) { entries += 1 }
        let counts = store.counts
        #expect(entries == 26)
        #expect(counts.requests == [.put: 26, .get: 2, .head: 1, .list: 3])
        #expect(counts.failures == [.head: 1])
        #expect(counts.bytesSent == 2503)
        #expect(counts.bytesReceived == 110)
        #expect(counts.total == 32)
        #expect(counts.dollars() == Double(29 * 5000 + 3 * 400) / 1e9)
        #expect(counts.description == "get 2, head 1, list 3, put 26")
        try await store.delete("key-1")
        #expect((store.counts - counts).requests == [.delete: 1])
        #expect((store.counts - counts).dollars() == 0)
        let prices = PriceTable(name: "dear", nanodollars: [.delete: 1_000_000_000], nanodollarsPerGiBReceived: 1 << 30)
        #expect((store.counts - counts).dollars(prices) == 1)
        #expect(store.counts.dollars(prices) == 1 + 110 / 1e9)
    }

    @Test("Bytes of a body are counted as far as they are read")
    func streamedBytes() async throws {
        let folder = try TemporaryFolder()
        let store = CountingObjectStore(try quickStore(folder))
        try await store.put("key", [UInt8](repeating: 1, count: 1 << 20))
        var body = try await store.get("key").body.makeAsyncIterator()
        let chunk = try #require(try await body.next())
        #expect(store.counts.bytesReceived == chunk.count)
        #expect(chunk.count < 1 << 20)
    }

    @Test("Counting inside of retrying counts attempts")
    func attempts() async throws {
        let counting = CountingObjectStore(
            FaultInjectingObjectStore(memory, .script(.put, [.failBefore, .failBefore])))
        try await RetryingObjectStore(counting, sleep: { _ in }).put("key", [1, 2])
        #expect(counting.counts.requests == [.put: 3])
        #expect(counting.counts.failures == [.put: 2])
        #expect(counting.counts.bytesSent == 6)
    }

    @Test("Every call is logged, with its outcome, and nothing of what is stored")
    func log() async throws {
        let lines = Lock([String]())
        let store = LoggingObjectStore(memory) { record in lines.withLock { $0.append(record.description) } }
        let secret = ObjectAttributes(metadata: ["token": "hush"])
        _ = try await store.put("a/b", .text("secret"), PutOptions(attributes: secret))
        _ = try? await store.get("missing")
        _ = try await store.keys(prefix: "a/")
        let found = lines.withLock { $0 }
        #expect(found.count == 3)
        #expect(found[0].hasPrefix("put a/b ") && found[0].hasSuffix(" ms ok"))
        #expect(found[1].hasPrefix("get missing ") && found[1].contains("object.not_found"))
        #expect(found[2].hasPrefix("list a/ "))
        #expect(!found.joined().contains("hush") && !found.joined().contains("secret"))
    }

    @Test("A line of the log has the bytes of either way, and what the call costs")
    func logOfCosts() async throws {
        let lines = Lock([String]())
        let store = LoggingObjectStore(memory) { record in lines.withLock { $0.append(record.line(.s3Standard)) } }
        try await store.put("a/b", [1, 2, 3])
        _ = try await store.put("c", .stream(ByteStream(chunks: [[1, 2], [3, 4]])), PutOptions())
        _ = try await store.get("a/b", range: .from(1))
        _ = try? await store.head("missing")
        try await store.delete("c")
        let found = lines.withLock { $0 }.map { $0.replacing(/[0-9.]+ ms/, with: "T") }
        #expect(
            found == [
                "put a/b, 3 bytes, T, $0.000005", "put c, 4 bytes, T, $0.000005", "get a/b, 2 bytes, T, $0.0000004",
                "head missing, 0 bytes, T, $0.0000004, object.not_found", "delete c, 0 bytes, T, $0",
            ])
        let dear = PriceTable(name: "dear", nanodollars: [.get: 2_000_000_000], nanodollarsPerGiBReceived: 1 << 30)
        let record = ObjectCallRecord(call: ObjectCall(.get, "k"), duration: .zero, error: nil, bytesReceived: 5)
        #expect(record.line(dear) == "get k, 5 bytes, 0.0 ms, $2.000000005")
        #expect(dear.dollars(record) == 2.000000005)
    }

    @Test("Each fault does what it says")
    func faults() async throws {
        func lost(_ error: ObjectStoreError) -> Bool { error.mayHaveTakenEffect && error.isRetryable }
        let slept = Lock([Duration]())
        let store = FaultInjectingObjectStore(memory, .none) { pause in slept.withLock { $0.append(pause) } }

        store.follow(.script(.put, [.dropRequest]))
        #expect(lost(try await expectError(.network) { try await store.put("a", [1]) }))
        #expect(try await !memory.exists("a"))

        store.follow(.script(.put, [.dropAnswer]))
        #expect(lost(try await expectError(.network) { try await store.put("a", [1]) }))
        #expect(try await memory.exists("a"))

        store.follow(.script(.put, [.failBefore, .failAfter]))
        #expect(lost(try await expectError(.unavailable) { try await store.put("b", [1]) }))
        #expect(try await !memory.exists("b"))
        #expect(lost(try await expectError(.unavailable) { try await store.put("b", [1]) }))
        #expect(try await memory.exists("b"))

        store.follow(.script(.put, [.throttle(retryAfter: .seconds(7))]))
        let throttled = try await expectError(.throttled) { try await store.put("c", [1]) }
        #expect(throttled.retryAfter == .seconds(7))
        #expect(!throttled.mayHaveTakenEffect)

        store.follow(.script(.put, [.delay(.seconds(60))]))
        try await store.put("c", [1])
        #expect(slept.withLock { $0 } == [.seconds(60)])

        store.follow(.script(.get, [.truncate]))
        let error = try await expectError(.network) { _ = try await store.bytes("a").count }
        #expect(error.isRetryable)
        #expect(
            store.fired == [
                .dropRequest: 1, .dropAnswer: 1, .failBefore: 1, .failAfter: 1, .throttle: 1, .delay: 1, .truncate: 1,
            ])
    }

    @Test("A request that is held up, or doubled, takes effect when it is delivered, over what came meanwhile")
    func late() async throws {
        let store = FaultInjectingObjectStore(memory, .script(.put, [.holdRequest, nil, .duplicate]))
        try await expectError(.network) { try await store.put("a", Array("late".utf8)) }
        try await store.put("a", .text("meanwhile"))
        try await store.put("b", .text("first"))
        try await memory.put("b", .text("newer"))
        #expect(try await memory.text("a") == "meanwhile")
        await store.deliver()
        #expect(try await memory.text("a") == "late")
        #expect(try await memory.text("b") == "first")
        #expect(store.fired == [.holdRequest: 1, .duplicate: 1])
    }

    @Test("What is held up past its time has no effect any more")
    func fencedLate() async throws {
        let clock = ManualClock()
        var options = MemoryObjectStore.Options()
        options.clock = { clock.now }
        let memory = MemoryObjectStore(options)
        let store = FaultInjectingObjectStore(memory, .script(.put, [.holdRequest]))
        let limit = clock.now.addingTimeInterval(900)
        try await expectError(.network) { try await store.put("a", [1], mode: .create, notAfter: limit) }
        clock.advance(seconds: 901)
        await store.deliver()
        #expect(try await !memory.exists("a"))
    }

    @Test("Random faults are the same for the same seed, and about as frequent as asked for")
    func seeds() async throws {
        func faults(_ seed: UInt64) async throws -> ([Bool], [Fault.Kind: Int]) {
            let store = FaultInjectingObjectStore(
                MemoryObjectStore(), .random(seed: seed, [(.dropRequest, 10), (.throttle(retryAfter: nil), 20)]))
            var outcomes: [Bool] = []
            for _ in 0..<1000 { outcomes.append((try? await store.put("key", [])) != nil) }
            return (outcomes, store.fired)
        }
        let first = try await faults(1)
        #expect(try await faults(1).0 == first.0)
        #expect(try await faults(2).0 != first.0)
        #expect((60...140).contains(first.1[.dropRequest] ?? 0))
        #expect((150...250).contains(first.1[.throttle] ?? 0))
    }
}
