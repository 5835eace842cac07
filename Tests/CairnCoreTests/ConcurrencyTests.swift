import Testing

@testable import CairnCore

@Suite("The fair queue")
struct FairQueueTests {
    private typealias Queue = FairQueue

    /// Waits until `count` tasks stand in the line.
    private func waitForLine(_ queue: Queue, _ count: Int) async {
        while queue.lineCount < count { await Task.yield() }
    }

    @Test("One has possession; the others get it in the order they came")
    func order() async throws {
        let queue = Queue(timeout: .seconds(60))
        #expect(queue.takeIfFree())
        #expect(!queue.takeIfFree())
        let order = Lock([Int]())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<5 {
                group.addTask {
                    _ = try await queue.wait(nil)
                    order.withLock { $0.append(number) }
                    queue.release()
                }
                await waitForLine(queue, number + 1)
            }
            queue.release()
            try await group.waitForAll()
        }
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
        #expect(queue.takeIfFree())
    }

    @Test("The one in possession may do the jobs at the head of the line, up to one without a job")
    func jobs() async throws {
        let queue = Queue(timeout: .seconds(60))
        #expect(queue.takeIfFree())
        let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
            for (index, job) in ["1", "2", nil, "3"].enumerated() {
                group.addTask {
                    switch try await queue.wait(job.map { Batch([], idempotencyKey: $0) }) {
                    case .done(let outcome): return "done \(try outcome.get().token)"
                    case .possession:
                        queue.release()
                        return "possession"
                    }
                }
                await waitForLine(queue, index + 1)
            }
            let tickets = queue.takeJobs { _ in true }
            #expect(tickets.map(\.job.idempotencyKey) == ["1", "2"])
            for ticket in tickets {
                let token = OutcomeToken(rawValue: "\(ticket.job.idempotencyKey ?? "")0")
                ticket.finish(.success(Receipt(token: token, time: .epoch, results: [])))
            }
            queue.release()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.sorted() == ["done 10", "done 20", "possession", "possession"])
    }

    @Test("A waiter that is cancelled leaves the line and blocks nobody")
    func cancellation() async throws {
        let queue = Queue(timeout: .seconds(60))
        #expect(queue.takeIfFree())
        let waiter = Task { _ = try await queue.wait(nil) }
        await waitForLine(queue, 1)
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        queue.release()
        #expect(queue.takeIfFree())
    }

    @Test("A task that was cancelled before it waits does not wait")
    func cancelledBefore() async throws {
        let queue = Queue(timeout: .seconds(60))
        #expect(queue.takeIfFree())
        let waiter = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await queue.wait(nil)
        }
        await #expect(throws: CancellationError.self) { try await waiter.value }
    }

    @Test("Waiting ends with the queue's own time, as busy, and with the task's deadline, as timeout")
    func deadlines() async throws {
        let queue = Queue(timeout: .milliseconds(20))
        #expect(queue.takeIfFree())
        let busy = await #expect(throws: StorageError.self) { _ = try await queue.wait(nil) }
        #expect(busy?.code == .busy)
        let slow = Queue(timeout: .seconds(60))
        #expect(slow.takeIfFree())
        // A long wait stands in the line already; the short one must not have to wait for its end.
        let long = Task { _ = try await slow.wait(nil) }
        await waitForLine(slow, 1)
        let timeout = await #expect(throws: StorageError.self) {
            try await withDeadline(after: .milliseconds(20)) { _ = try await slow.wait(nil) }
        }
        #expect(timeout?.code == .timeout)
        long.cancel()
        _ = await long.result
    }

    @Test("Several places are given out, and no more")
    func places() {
        let queue = Queue(timeout: .seconds(1), places: 3)
        #expect((0..<4).map { _ in queue.takeIfFree() } == [true, true, true, false])
        queue.release()
        #expect(queue.takeIfFree())
    }

    @Test("A thousand tasks, some cancelled, all end, and possession is free again")
    func storm() async throws {
        let queue = Queue(timeout: .seconds(60))
        let inside = Lock(0)
        let tasks = (0..<1000).map { number in
            Task {
                _ = try await queue.wait(nil)
                let count = inside.withLock { inside in
                    inside += 1
                    return inside
                }
                #expect(count == 1)
                if number.isMultiple(of: 3) { await Task.yield() }
                inside.withLock { $0 -= 1 }
                queue.release()
            }
        }
        for (number, task) in tasks.enumerated() where number.isMultiple(of: 7) { task.cancel() }
        for task in tasks { _ = await task.result }
        #expect(queue.takeIfFree())
    }
}

@Suite("The waiting line")
struct WaitingLineTests {
    @Test("It keeps the order through appends, pops and leaves")
    func order() {
        var line = WaitingLine<Int>()
        for number in 0..<300 { line.append(number) }
        for number in 0..<150 { #expect(line.popFirst() == number) }
        #expect(line.removeFirst { $0 == 200 } == 200)
        #expect(line.removeFirst { $0 == 10 } == nil)
        #expect(line.removeAll { $0.isMultiple(of: 2) }.count == 74)
        #expect(Array(line) == (150..<300).filter { !$0.isMultiple(of: 2) })
        #expect(line.first == 151)
        while line.popFirst() != nil {}
        #expect(line.isEmpty)
    }
}

@Suite("Deadlines")
struct DeadlineTests {
    @Test("The earlier of nested deadlines counts")
    func nested() async throws {
        try await withDeadline(after: .seconds(1000)) {
            let outer = try #require(Deadline.current)
            try await withDeadline(after: .seconds(2000)) { #expect(Deadline.current == outer) }
            try await withDeadline(after: .seconds(1)) {
                let inner = try #require(Deadline.current)
                #expect(inner < outer)
            }
        }
        #expect(Deadline.current == nil)
    }

    @Test("A deadline that passed fails the check")
    func passed() async throws {
        let error = await #expect(throws: StorageError.self) {
            try await withDeadline(after: .zero) { try Deadline.check() }
        }
        #expect(error?.code == .timeout)
    }
}
