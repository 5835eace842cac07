import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("The cache of index blocks")
struct IndexCacheTests {
    /// Index files whose reads wait until they are let through.
    private final class Gate: IndexFileSource {
        private struct State {
            var isOpen = false
            var arrived = 0
            var waiting: [CheckedContinuation<Void, any Error>] = []
        }

        private let files: ObjectIndexFiles
        private let state = Lock(State())

        init(_ shelf: IndexShelf) { files = ObjectIndexFiles(shelf.memory) }

        /// How many reads came so far.
        var arrived: Int { state.withLock { $0.arrived } }

        func bytes(file: String, range: Range<Int>) async throws -> [UInt8] {
            try await withCheckedThrowingContinuation { continuation in
                let isOpen = state.withLock { state in
                    state.arrived += 1
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
            return try await files.bytes(file: file, range: range)
        }

        /// Lets through all that wait and all that come, or fails those that wait.
        func open(failing error: (any Error)? = nil) {
            let waiting = state.withLock { state in
                state.isOpen = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting {
                if let error { continuation.resume(throwing: error) } else { continuation.resume() }
            }
        }
    }

    /// A run behind a gate, and the cache of its reader.
    private struct Setting {
        let gate: Gate
        let cache = IndexBlockCache()
        let reader: IndexReader
        let run: IndexRun
        let entry = IndexEntry(key: [5], .present(included: [1]))

        init() async throws {
            let shelf = IndexShelf()
            run = try await shelf.add([entry], file: "f")
            gate = Gate(shelf)
            reader = IndexReader(gate, cache: cache)
        }

        /// Tasks that look for the entry; one of them reads, and the others wait for it.
        func readers(_ count: Int) async -> [Task<IndexEntry?, any Error>] {
            let tasks = (0..<count).map { _ in Task { try await reader.find(entry.key, in: [run]) } }
            while gate.arrived < 1 || cache.waiterCount < count - 1 { await Task.yield() }
            return tasks
        }
    }

    private struct Failure: Error {}

    @Test("Tasks that want the same block share one request")
    func sharing() async throws {
        let setting = try await Setting()
        let tasks = await setting.readers(5)
        setting.gate.open()
        for task in tasks { #expect(try await task.value == setting.entry) }
        #expect(setting.gate.arrived == 1)
        #expect(setting.cache.waiterCount == 0)
    }

    @Test("When a read fails, those who waited for it read for themselves")
    func failure() async throws {
        let setting = try await Setting()
        let tasks = await setting.readers(3)
        setting.gate.open(failing: Failure())
        var failures = 0
        for task in tasks {
            do {
                #expect(try await task.value == setting.entry)
            } catch is Failure {
                failures += 1
            }
        }
        #expect(failures == 1)
        #expect(try await setting.reader.find(setting.entry.key, in: [setting.run]) == setting.entry)
        #expect(setting.gate.arrived == 3)
    }

    @Test("A task that waits for another's read is cancelled at once, and disturbs nobody")
    func cancellation() async throws {
        let setting = try await Setting()
        let first = Task { try await setting.reader.find(setting.entry.key, in: [setting.run]) }
        while setting.gate.arrived < 1 { await Task.yield() }
        let cancelled = Task { try await setting.reader.find(setting.entry.key, in: [setting.run]) }
        let patient = Task { try await setting.reader.find(setting.entry.key, in: [setting.run]) }
        while setting.cache.waiterCount < 2 { await Task.yield() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(setting.cache.waiterCount == 1)
        setting.gate.open()
        #expect(try await first.value == setting.entry)
        #expect(try await patient.value == setting.entry)
        #expect(setting.gate.arrived == 1)
    }

    @Test("A task that waits for another's read waits no longer than it has time", .timeLimit(.minutes(2)))
    func deadline() async throws {
        let setting = try await Setting()
        let first = Task { try await setting.reader.find(setting.entry.key, in: [setting.run]) }
        while setting.gate.arrived < 1 { await Task.yield() }
        await failing(.timeout) {
            try await withDeadline(after: .milliseconds(20)) {
                _ = try await setting.reader.find(setting.entry.key, in: [setting.run])
            }
        }
        #expect(setting.cache.waiterCount == 0)
        setting.gate.open()
        #expect(try await first.value == setting.entry)
        #expect(setting.gate.arrived == 1)
    }

    @Test("A task that is cancelled already does not wait")
    func cancelledBefore() async throws {
        let setting = try await Setting()
        let first = Task { try await setting.reader.find(setting.entry.key, in: [setting.run]) }
        while setting.gate.arrived < 1 { await Task.yield() }
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await setting.reader.find(setting.entry.key, in: [setting.run])
        }
        await #expect(throws: CancellationError.self) { try await late.value }
        setting.gate.open()
        #expect(try await first.value == setting.entry)
    }

    @Test("A scan of several runs asks for the first of each at the same time")
    func together() async throws {
        let shelf = IndexShelf()
        var runs: [IndexRun] = []
        for number in 0..<5 {
            let entries = [IndexEntry(key: [UInt8(number)], .present(included: [])), IndexEntry(key: [9], .removed)]
            runs.append(try await shelf.add(entries, file: "f\(number)"))
        }
        let gate = Gate(shelf)
        let scan = Task { [runs] in
            var cursor = IndexReader(gate).merged(runs)
            return try await cursor.all()
        }
        while gate.arrived < runs.count { await Task.yield() }
        gate.open()
        #expect(try await scan.value.map(\.key) == (0..<5).map { [$0] })
    }

    @Test("Scans in many tasks at once see what they must, and read each block about once")
    func manyTasks() async throws {
        var random = IndexRandom(43)
        let entries = IndexSamples.entries(1000, payload: 2000..<3000, &random)
        let shelf = IndexShelf()
        let run = try await shelf.add(entries, file: "f")
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    var cursor = shelf.reader.merged([run], isReversed: number.isMultiple(of: 2), readAhead: .growing)
                    let found = try await cursor.all()
                    return found == entries.between(.all, isReversed: number.isMultiple(of: 2))
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(shelf.objects.counts.bytesReceived == run.bytes)
    }

    // MARK: What stays

    @Test("What is kept costs no more than the limit, and the least recently used goes first", arguments: 0..<10)
    func leastRecentlyUsed(_ seed: UInt64) {
        var random = IndexRandom(seed)
        let limit = 50
        var kept = LeastRecentlyUsed<Int, Int>(limit: limit)
        // The model: the most recently used last.
        var model: [(key: Int, value: Int, cost: Int)] = []
        for step in 0..<5000 {
            let key = random.below(20)
            if random.below(2) == 0 {
                let place = model.firstIndex { $0.key == key }
                #expect(kept.has(key) == (place != nil), "seed \(seed), step \(step)")
                #expect(kept.value(key) == place.map { model[$0].value }, "seed \(seed), step \(step)")
                if let place { model.append(model.remove(at: place)) }
            } else {
                let cost = random.below(12) == 0 ? limit + random.below(2) : random.below(15)
                kept.keep(step, cost: cost, at: key)
                model.removeAll { $0.key == key }
                guard cost <= limit else { continue }
                while model.reduce(cost, { $0 + $1.cost }) > limit { model.removeFirst() }
                model.append((key, step, cost))
            }
            #expect(kept.cost == model.reduce(0) { $0 + $1.cost }, "seed \(seed), step \(step)")
            #expect(kept.count == model.count, "seed \(seed), step \(step)")
        }
    }

    @Test("A cache stays within its bytes however much is read through it")
    func bounded() async throws {
        var random = IndexRandom(47)
        let limit = 300_000
        let cache = IndexBlockCache(bytes: limit)
        let shelf = IndexShelf()
        let run = try await shelf.add(IndexSamples.entries(400, payload: 2000..<3000, &random), file: "f")
        let reader = IndexReader(ObjectIndexFiles(shelf.objects), cache: cache)
        for _ in 0..<3 {
            _ = try await reader.count([run])
            #expect(cache.cost <= limit)
        }
        #expect(cache.cost > limit / 2)
    }
}
