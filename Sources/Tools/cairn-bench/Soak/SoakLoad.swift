import Cairn
import CairnCore

/// The load of a soak, and what must hold all the time.
///
/// The table is a row of slots. Each has one record, under one of two keys; its `rank` is the number of the slot. `quantity` moves
/// between slots. So at every moment there are as many records as slots, and their quantities have the same sum, whatever is
/// written, lost or cancelled. Besides, each task has a record of its own now and then, with a negative rank.
final class SoakLoad: Sendable {
    /// What a load came to.
    struct Result {
        var counts: [SoakWork: Int] = [:]
        /// Operations that lost a race, and were told so.
        var lost = 0
        /// Tasks that were cancelled, or whose time was over, before they had done all.
        var cutShort = 0
        /// How often all rows were counted and added up.
        var looks = 0
    }

    private struct State {
        var result = Result()
        var isOver = false
    }

    let bench: Bench
    let slots: Int
    private let seed: UInt64
    private let state = Lock(State())

    init(_ bench: Bench, rows: Int, seed: UInt64) {
        self.bench = bench
        slots = rows
        self.seed = seed
    }

    var isOver: Bool { state.withLock { $0.isOver } }
    var operations: Int { state.withLock { $0.result.counts.values.reduce(0, +) } }

    func end() { state.withLock { $0.isOver = true } }

    private static let quantity = 100

    func prepare() async throws {
        var random = SplitMix(seed: seed)
        try await bench.items.insert(
            contentsOf: (0..<slots).map { SoakStep.item(of: $0, isSecond: false, quantity: Self.quantity, &random) })
    }

    // MARK: Tasks

    /// Does one operation after the other until the end.
    func work(_ number: Int) async throws {
        defer { end() }
        var random = SplitMix(seed: seed &+ UInt64(number) &+ 1)
        let step = SoakStep(bench: bench, slots: slots, task: number)
        while !isOver {
            let work = SoakWork.pick(&random)
            switch work {
            case .cancelled: try await cancel(step, &random)
            case .late: try await runLate(step, &random)
            default:
                if try await isLost({ try await step.run(work, &random) }) { state.withLock { $0.result.lost += 1 } }
            }
            state.withLock { $0.result.counts[work, default: 0] += 1 }
            await Task.yield()
        }
        try await step.leave()
    }

    /// Whether what lost a race to another task said so.
    private func isLost(_ body: () async throws -> Void) async throws -> Bool {
        do {
            try await body()
            return false
        } catch let error as StorageError
            where [.conflict, .contention, .notFound, .duplicate].contains(error.code)
        {
            return true
        }
    }

    /// Some operations in a task that is cancelled on the way.
    private func cancel(_ step: SoakStep, _ random: inout SplitMix) async throws {
        let seed = random.next()
        let task = Task {
            var random = SplitMix(seed: seed)
            for _ in 0..<20 {
                let work = SoakWork.pick(&random)
                _ = try await isLost { try await step.run(work, &random) }
                try Task.checkCancellation()
            }
        }
        for _ in 0..<random.next() % 20 { await Task.yield() }
        task.cancel()
        do {
            try await task.value
        } catch is CancellationError {
            state.withLock { $0.result.cutShort += 1 }
        }
    }

    /// Some operations with little time.
    private func runLate(_ step: SoakStep, _ random: inout SplitMix) async throws {
        do {
            try await withDeadline(after: .microseconds(Int(random.next() % 20_000))) {
                for _ in 0..<10 {
                    let work = SoakWork.pick(&random)
                    _ = try await isLost { try await step.run(work, &random) }
                }
            }
        } catch let error as StorageError where error.code == .timeout {
            state.withLock { $0.result.cutShort += 1 }
        }
    }

    /// Looks at all rows in a snapshot, and some time later again: nothing may have changed in it.
    func holdSnapshots() async throws {
        defer { end() }
        var random = SplitMix(seed: seed &+ 1_000_000)
        while !isOver {
            let pause = Duration.milliseconds(Int(random.next() % 400))
            try await bench.snapshot { snapshot in
                let first = try await look(at: snapshot.items.all())
                try await Task.sleep(for: pause)
                guard try await look(at: snapshot.items.all()) == first else {
                    throw SoakFailure("a snapshot changed while it was open")
                }
            }
            try await Task.sleep(for: .milliseconds(Int(random.next() % 100)))
        }
    }

    func keepHouse() async throws {
        defer { end() }
        while !isOver {
            try await bench.store.maintain()
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    // MARK: What must hold

    /// Checks that each slot has its record, and the sum of all.
    /// - Returns: The keys and revisions of the slots' records.
    @discardableResult
    private func look(at items: [Item]) throws -> [Item.ID: Int] {
        let records = items.filter { $0.rank >= 0 }
        let sum = records.reduce(0) { $0 + $1.quantity }
        guard Set(records.map(\.rank)) == Set(0..<slots), records.count == slots else {
            throw SoakFailure("there are \(records.count) records for \(slots) slots")
        }
        guard sum == slots * Self.quantity else {
            throw SoakFailure("the quantities add up to \(sum), not to \(slots * Self.quantity)")
        }
        state.withLock { $0.result.looks += 1 }
        return Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0.revision) })
    }

    /// The last look, when nobody works any more.
    func finish() async throws -> Result {
        let items = try await bench.items.all()
        try look(at: items)
        guard items.count == slots else { throw SoakFailure("\(items.count - slots) records were not deleted") }
        return state.withLock { $0.result }
    }
}

/// Data that is not as it must be.
struct SoakFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
