import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// Tasks that share proofs of where the log ends.
@Suite("Sharing proofs")
struct FollowerTests {
    /// A store whose next proof hangs until the gate is opened.
    private struct Setting {
        let gate = Gate()
        let storage: ObjectStorage

        init() async throws {
            let objects = HookedStore(MemoryObjectStore())
            storage = try await World.open(objects)
            _ = try await storage.currentCommit()
            objects.onBefore { [gate] call in
                if call.operation == .get, call.key.hasPrefix(ObjectNames.log) { await gate.pass() }
            }
        }

        var follower: Follower { get throws { try storage.engine().follower } }

        /// A task that proves, and one after the other some that wait for it.
        func tasks(_ waiting: Int) async throws -> [Task<Int, any Error>] {
            let follower = try follower
            var tasks = [Task { try await follower.follow().number }]
            await gate.arrival()
            for count in 1...waiting {
                tasks.append(Task { try await follower.follow().number })
                while follower.waiterCount < count { await Task.yield() }
            }
            return tasks
        }
    }

    @Test("Who waits for the proof of another task waits no longer than it has time", .timeLimit(.minutes(2)))
    func deadline() async throws {
        let setting = try await Setting()
        let tasks = try await setting.tasks(1)
        await failing(.timeout) {
            try await withDeadline(after: .milliseconds(20)) { _ = try await setting.follower.follow() }
        }
        #expect(try setting.follower.waiterCount == 1)
        setting.gate.open()
        for task in tasks { #expect(try await task.value == 0) }
        try await setting.storage.close()
    }

    @Test(
        "Who is cancelled leaves the line at once, also the one who was to make the next proof, and disturbs nobody",
        .timeLimit(.minutes(2)))
    func cancellation() async throws {
        let setting = try await Setting()
        let tasks = try await setting.tasks(3)
        tasks[1].cancel()
        await #expect(throws: CancellationError.self) { try await tasks[1].value }
        #expect(try setting.follower.waiterCount == 2)
        setting.gate.open()
        for task in [tasks[0], tasks[2], tasks[3]] { #expect(try await task.value == 0) }
        #expect(try setting.follower.waiterCount == 0)
        #expect(try await setting.follower.follow().number == 0)
        try await setting.storage.close()
    }

    @Test("A task that is cancelled already does not wait for a proof", .timeLimit(.minutes(2)))
    func cancelledBefore() async throws {
        let setting = try await Setting()
        let tasks = try await setting.tasks(1)
        let follower = try setting.follower
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await follower.follow().number
        }
        await #expect(throws: CancellationError.self) { try await late.value }
        setting.gate.open()
        for task in tasks { #expect(try await task.value == 0) }
        try await setting.storage.close()
    }
}
