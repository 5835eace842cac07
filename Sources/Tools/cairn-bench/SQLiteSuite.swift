import Cairn
import Foundation

/// Cairn on SQLite against the C interface, in the same run, on the same file system.
struct SQLiteSuite {
    let rows: Rows
    let runner: Runner
    let folder: URL

    init(rows: Rows, rounds: Int, only: String?, folder: URL) {
        self.rows = rows
        runner = Runner(suite: "sqlite", rounds: rounds, only: only)
        self.folder = folder
    }

    func run() async throws -> [Measurement] {
        var measurements: [Measurement] = []
        for synchronous in ["normal", "full"] {
            measurements += try await writes(synchronous)
        }
        measurements += try await reads()
        return measurements
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    private func remove(_ name: String) {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path(name) + suffix) }
    }

    // MARK: Writing

    /// Two databases that are empty before each run.
    private final class Pair {
        var cairn: Bench?
        var baseline: SQLiteBaseline?
    }

    private func renew(_ pair: Pair, _ synchronous: String, filled: Bool) async throws {
        try await pair.cairn?.close()
        pair.cairn = nil
        pair.baseline = nil
        remove("cairn.db")
        remove("baseline.db")
        let cairn = try await Bench.open("sqlite:\(path("cairn.db"))?synchronous=\(synchronous)")
        let baseline = try SQLiteBaseline(path: path("baseline.db"), synchronous: synchronous)
        try baseline.createTable()
        pair.cairn = cairn
        pair.baseline = baseline
        guard filled else { return }
        try await cairn.items.insert(contentsOf: rows.items)
        try baseline.execute("BEGIN IMMEDIATE")
        try baseline.insert(rows.items)
        try baseline.execute("COMMIT")
    }

    private func writes(_ synchronous: String) async throws -> [Measurement] {
        let items = rows.items
        let some = Array(items.prefix(items.count / 10))
        let pair = Pair()
        // The budgets are for NORMAL; FULL is shown beside.
        let isBudgeted = synchronous == "normal"
        let insert = Comparison(
            name: "insert \(items.count), one batch (\(synchronous))", unit: "row", count: items.count,
            limit: isBudgeted ? 1.2 : nil,
            prepare: { try await renew(pair, synchronous, filled: false) },
            baseline: {
                try pair.baseline?.execute("BEGIN IMMEDIATE")
                try pair.baseline?.insert(items)
                try pair.baseline?.execute("COMMIT")
                return items.count
            },
            cairn: { try await pair.cairn?.items.insert(contentsOf: items).count ?? 0 })
        let update = Comparison(
            name: "update \(some.count) by key, one transaction (\(synchronous))", unit: "row", count: some.count,
            limit: isBudgeted ? 1.3 : nil,
            prepare: { try await renew(pair, synchronous, filled: true) },
            baseline: {
                guard let baseline = pair.baseline else { return 0 }
                try baseline.execute("BEGIN IMMEDIATE")
                let changed = try baseline.update(some)
                try baseline.execute("COMMIT")
                return changed
            },
            cairn: {
                try await pair.cairn?.transaction { tx in
                    var changed = 0
                    let stored = RecordMetadata(revision: 1, createdAt: .epoch, updatedAt: .epoch)
                    for item in some {
                        try await tx.items.update(item.stored(as: stored))
                        changed += 1
                    }
                    return changed
                } ?? 0
            })
        let single = Comparison(
            name: "\(some.count) transactions of one row, concurrent (\(synchronous))", unit: "row", count: some.count,
            limit: isBudgeted ? 0.5 : nil,
            prepare: { try await renew(pair, synchronous, filled: false) },
            baseline: {
                guard let baseline = pair.baseline else { return 0 }
                for item in some { try baseline.insert(CollectionOfOne(item)) }
                return some.count
            },
            cairn: {
                guard let cairn = pair.cairn else { return 0 }
                return try await withThrowingTaskGroup { group in
                    for item in some { group.addTask { _ = try await cairn.items.insert(item) } }
                    try await group.waitForAll()
                    return try await cairn.items.count()
                }
            })
        let measurements = try await runner.run([insert, update, single])
        try await pair.cairn?.close()
        return measurements
    }

    // MARK: Reading

    private func reads() async throws -> [Measurement] {
        let pair = Pair()
        try await renew(pair, "normal", filled: true)
        guard let cairn = pair.cairn, let baseline = pair.baseline else { return [] }
        let count = rows.items.count
        let ids = rows.shuffledIDs(count)
        let all = Comparison(
            name: "fetch all \(count) into structs", unit: "row", count: count, limit: 1.1,
            baseline: { try baseline.all().reduce(0) { $0 &+ $1.quantity } },
            cairn: { try await cairn.items.all().reduce(0) { $0 &+ $1.quantity } })
        let gets = Comparison(
            name: "\(count) gets by key, one snapshot", unit: "get", count: count, limit: 1.1,
            baseline: {
                try baseline.execute("BEGIN")
                let sum = try ids.reduce(0) { try $0 &+ (baseline.get($1.value)?.quantity ?? 0) }
                try baseline.execute("COMMIT")
                return sum
            },
            cairn: {
                try await cairn.snapshot { snapshot in
                    var sum = 0
                    for id in ids { sum &+= try await snapshot.items.find(id)?.quantity ?? 0 }
                    return sum
                }
            })
        let width = min(100, count)
        let starts = (0..<1000).map { $0 * 7907 % max(1, count - width) }
        let ranges = Comparison(
            name: "1000 indexed ranges of \(width) rows", unit: "range", count: 1000, limit: 1.15,
            baseline: {
                try starts.reduce(0) { try $0 &+ baseline.range($1, $1 + width).reduce(0) { $0 &+ $1.quantity } }
            },
            cairn: {
                var sum = 0
                for start in starts {
                    let items = try await cairn.items.where { $0.rank >= start && $0.rank < start + width }
                        .order { $0.rank }.all()
                    sum &+= items.reduce(0) { $0 &+ $1.quantity }
                }
                return sum
            })
        let few = Array(ids.prefix(min(count, 10_000)))
        let single: Comparison.Work = { try few.reduce(0) { try $0 &+ (baseline.get($1.value)?.quantity ?? 0) } }
        let fromActor = Comparison(
            name: "one awaited get, from an actor", unit: "get", count: few.count, limit: 2, baseline: single,
            cairn: { try await ActorReader().sum(cairn, few) })
        let fromMain = Comparison(
            name: "one awaited get, from the main actor", unit: "get", count: few.count, limit: 2, baseline: single,
            cairn: { try await MainReader().sum(cairn, few) })
        let measurements = try await runner.run([all, gets, ranges, fromActor, fromMain])
        try await cairn.close()
        return measurements
    }
}

/// Reads from an actor of its own.
actor ActorReader {
    func sum(_ bench: Bench, _ ids: [Item.ID]) async throws -> Int {
        var sum = 0
        for id in ids { sum &+= try await bench.items.find(id)?.quantity ?? 0 }
        return sum
    }
}

/// Reads from the main actor.
@MainActor
final class MainReader {
    nonisolated init() {}

    func sum(_ bench: Bench, _ ids: [Item.ID]) async throws -> Int {
        var sum = 0
        for id in ids { sum &+= try await bench.items.find(id)?.quantity ?? 0 }
        return sum
    }
}
