import CairnCore

/// Tasks that are cancelled, or run out of time, at any point of any call: each call did all or nothing, as it said, and nothing that
/// others need stays taken.
enum CancellationCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l2, "A task cancelled at any statement of a transaction leaves nothing of it") { store in
            let db = try await prepare(store)
            for point in 0...Statement.allCases.count {
                let task = Task {
                    try await db.transaction { tx in
                        for (number, statement) in Statement.allCases.enumerated() {
                            if number == point { cancelThisTask() }
                            try await statement.run(tx)
                        }
                        if point == Statement.allCases.count { cancelThisTask() }
                    }
                }
                try expectCancelled(await task.result, "before statement \(point)")
                try expectEqual(try await marked(mark: Statement.mark, db), 0, "cancelled before statement \(point)")
                try expectEqual(try await baseRows(db.session), baseCount, "cancelled before statement \(point)")
            }
            try await expectFree(db, store)
        },
        ConformanceCase(
            .l2, "A transaction that goes on after its task was cancelled in a savepoint leaves nothing, too"
        ) {
            store in
            let db = try await prepare(store)
            for isBefore in [true, false] {
                let task = Task {
                    try await db.transaction { tx in
                        try await insert(1, count: 1, tx)
                        do {
                            try await tx.savepoint {
                                if isBefore { cancelThisTask() }
                                try await insert(2, count: 1, tx)
                                cancelThisTask()
                                try Task.checkCancellation()
                            }
                        } catch is CancellationError {}
                        try? await insert(3, count: 1, tx)
                    }
                }
                try expectCancelled(await task.result, "in a savepoint")
                for mark in 1...3 { try expectEqual(try await marked(mark: mark, db), 0) }
            }
            try await expectFree(db, store)
        },
        ConformanceCase(.l2, "Calls cancelled at any point each did what they said, all or nothing") { store in
            let db = try await prepare(store)
            var mark = 0
            for round in 0..<25 {
                let calls = start(8, firstMark: mark, Call.allCases, from: round * 3, on: db)
                mark += calls.count
                for (number, call) in calls.enumerated() where (round + number) % 4 != 0 {
                    for _ in 0..<(round * 7 + number * 3) % 5 { await Task.yield() }
                    call.task.cancel()
                }
                try await check(calls, on: db) { $0 is CancellationError }
            }
            try await expectFree(db, store)
        },
        ConformanceCase(.l2, "Calls whose time is over at any point each did what they said, all or nothing") { store in
            let db = try await prepare(store)
            var mark = 0
            for round in 0..<20 {
                let time = Duration.microseconds(100 * round * round)
                let calls = start(8, firstMark: mark, Call.allCases, from: round * 3, within: time, on: db)
                mark += calls.count
                try await check(calls, on: db) { ($0 as? StorageError)?.code == .timeout }
            }
            try await expectFree(db, store)
        },
        ConformanceCase(.l2, "Writers cancelled while they wait for another wrote nothing, and the rest go on") {
            store in
            let db = try await prepare(store)
            var mark = 0
            for round in 0..<10 {
                let (isHeld, isOver) = (Signal(), Signal())
                let holder = Task {
                    try await db.transaction { tx in
                        try await insert(1_000_000 + round, count: 1, tx)
                        isHeld.send()
                        await isOver.wait()
                    }
                }
                await isHeld.wait()
                let calls = start(12, firstMark: mark, Call.writes, from: round, on: db)
                mark += calls.count
                for _ in 0..<round * 5 { await Task.yield() }
                for (number, call) in calls.enumerated() where (round + number) % 3 != 0 { call.task.cancel() }
                isOver.send()
                try await holder.value
                try await check(calls, on: db) { $0 is CancellationError }
                try expectEqual(try await marked(mark: 1_000_000 + round, db), 1)
            }
            try await expectFree(db, store)
        },
        ConformanceCase(.l2, "Readers cancelled while they wait for a place to read take none, and the rest go on") {
            store in
            let db = try await prepare(store)
            for round in 0..<4 {
                try await withPlacesTaken(db, store) {
                    let calls = start(12, firstMark: 0, Call.reads, from: round, on: db)
                    for _ in 0..<round * 5 { await Task.yield() }
                    for (number, call) in calls.enumerated() where (round + number) % 3 != 0 { call.task.cancel() }
                    return calls
                } afterwards: { calls in
                    try await check(calls, on: db) { $0 is CancellationError }
                }
            }
            try await expectFree(db, store)
        },
    ]

    // MARK: Calls

    /// A call under way, by its mark: the value of all records it writes.
    private struct Running {
        let call: Call
        let mark: Int
        let task: Task<Void, any Error>
        let isTimed: Bool
    }

    /// Starts calls in tasks of their own.
    private static func start(
        _ count: Int, firstMark: Int, _ calls: [Call], from first: Int, within time: Duration? = nil, on db: Store
    ) -> [Running] {
        (0..<count).map { number in
            let (call, mark) = (calls[(first + number) % calls.count], firstMark + number + 1)
            let task = Task {
                guard let time else { return try await call.run(db, mark) }
                try await withDeadline(after: time) { try await call.run(db, mark) }
            }
            return Running(call: call, mark: mark, task: task, isTimed: time != nil)
        }
    }

    /// Checks that each call succeeded and did all, or failed as it may and did nothing.
    private static func check(_ calls: [Running], on db: Store, _ mayFail: (any Error) -> Bool) async throws {
        for running in calls {
            var wanted = running.call.rows
            if case .failure(let error) = await running.task.result {
                let hasLost = (error as? StorageError)?.code == .contention
                guard hasLost || running.task.isCancelled || running.isTimed, hasLost || mayFail(error) else {
                    throw error
                }
                wanted = 0
            }
            try expectEqual(try await marked(mark: running.mark, db), wanted, "\(running.call)")
        }
        try expectEqual(try await baseRows(db.session), baseCount)
    }

    private static func expectCancelled(_ result: Result<Void, any Error>, _ what: String) throws {
        guard case .failure(let error) = result, error is CancellationError else {
            throw ConformanceFailure("a task cancelled \(what) ended with \(result)", #fileID, #line)
        }
    }

    /// Cancels the task that runs this.
    private static func cancelThisTask() { withUnsafeCurrentTask { $0?.cancel() } }

    // MARK: Places to read

    /// Takes as many snapshots at once as the store gives out, and lets go of them after `body`.
    private static func withPlacesTaken<Result: Sendable>(
        _ db: Store, _ store: ConformanceStore, _ body: () async throws -> Result,
        afterwards: (Result) async throws -> Void
    ) async throws {
        let count = store.maximumReaders ?? 16
        let releases = (0..<count).map { _ in Signal() }
        let taken = Lock(0)
        let areAllTaken = Signal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { for release in releases { release.send() } }
            for release in releases {
                group.addTask {
                    // A place that somebody forgot to give back must not cost the patience of a whole driver.
                    try await withDeadline(after: .seconds(30)) {
                        try await db.snapshot { snapshot in
                            _ = try await snapshot.records("counters").find(.int(0))
                            let number = taken.withLock { taken in
                                taken += 1
                                return taken
                            }
                            if number == count { areAllTaken.send() }
                            await release.wait()
                        }
                    }
                }
            }
            group.addTask { await areAllTaken.wait() }
            // The first to end is the one that waits for all to have a place; or the one that got none, with its error.
            try await group.next()
            let result = try await body()
            for release in releases { release.send() }
            try await afterwards(result)
            try await group.waitForAll()
        }
    }

    /// Checks that nothing of the store is taken: all places to read, and the writer's.
    private static func expectFree(_ db: Store, _ store: ConformanceStore) async throws {
        try await withPlacesTaken(db, store) {
        } afterwards: { _ in
        }
        try await withDeadline(after: .seconds(30)) {
            try await db.transaction { _ = try await $0.change("counters", .int(0), ["value": .int(-2)]) }
            try await db.session.change("counters", .int(0), ["value": .int(-1)])
        }
    }
}
