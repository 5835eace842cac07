import Cairn
import Foundation

/// What it costs on SQLite to keep the changes of a table: the same writes with `"changes": true` and without, both by Cairn.
struct SQLiteChangesSuite {
    let rows: Rows
    let runner: Runner
    let folder: URL

    init(rows: Rows, rounds: Int, only: String?, folder: URL) {
        self.rows = rows
        runner = Runner(suite: "sqlite", rounds: rounds, only: only)
        self.folder = folder
    }

    /// Two stores that are new before each run.
    private final class Pair {
        var plain: Bench?
        var followed: Followed?

        func close() async throws {
            try await plain?.close()
            try await followed?.close()
            plain = nil
            followed = nil
        }
    }

    private func address(_ name: String) -> String {
        let path = folder.appending(path: name).path(percentEncoded: false)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        return "sqlite:\(path)?synchronous=normal"
    }

    private func renew(_ pair: Pair, filledWith items: [FollowedItem] = []) async throws {
        try await pair.close()
        let plain = try await Bench.open(address("plain.db"))
        let followed = try await Followed.open(address("followed.db"))
        pair.plain = plain
        pair.followed = followed
        guard !items.isEmpty else { return }
        try await plain.items.insert(contentsOf: rows.items)
        try await followed.followedItems.insert(contentsOf: items)
    }

    func run() async throws -> [Measurement] {
        let items = rows.items
        let followed = items.map(FollowedItem.init)
        let some = Array(items.prefix(items.count / 10))
        let someFollowed = Array(followed.prefix(items.count / 10))
        let stored = RecordMetadata(revision: 1, createdAt: .epoch, updatedAt: .epoch)
        let pair = Pair()
        let insert = Comparison(
            name: "insert \(items.count), one batch, changes kept", unit: "row", count: items.count, limit: nil,
            prepare: { try await renew(pair) },
            baseline: { try await pair.plain?.items.insert(contentsOf: items).count ?? 0 },
            cairn: { try await pair.followed?.followedItems.insert(contentsOf: followed).count ?? 0 })
        let update = Comparison(
            name: "update \(some.count) by key, one transaction, changes kept", unit: "row", count: some.count,
            limit: nil,
            prepare: { try await renew(pair, filledWith: followed) },
            baseline: {
                try await pair.plain?.transaction { tx in
                    for item in some { try await tx.items.update(item.stored(as: stored)) }
                    return some.count
                } ?? 0
            },
            cairn: {
                try await pair.followed?.transaction { tx in
                    for item in someFollowed { try await tx.followedItems.update(item.stored(as: stored)) }
                    return someFollowed.count
                } ?? 0
            })
        let single = Comparison(
            name: "\(some.count) transactions of one row, concurrent, changes kept", unit: "row", count: some.count,
            limit: nil,
            prepare: { try await renew(pair) },
            baseline: {
                guard let plain = pair.plain else { return 0 }
                try await withThrowingTaskGroup { group in
                    for item in some { group.addTask { _ = try await plain.items.insert(item) } }
                    try await group.waitForAll()
                }
                return some.count
            },
            cairn: {
                guard let store = pair.followed else { return 0 }
                try await withThrowingTaskGroup { group in
                    for item in someFollowed { group.addTask { _ = try await store.followedItems.insert(item) } }
                    try await group.waitForAll()
                }
                return someFollowed.count
            })
        let measurements = try await runner.run([insert, update, single])
        try await pair.close()
        return measurements
    }
}

extension FollowedItem {
    /// The same row in a table whose changes are kept.
    fileprivate init(_ item: Item) {
        self.init(
            id: ID(item.id.value), title: item.title, author: item.author, city: item.city, note: item.note,
            quantity: item.quantity, rank: item.rank, price: item.price, isOpen: item.isOpen, seenAt: item.seenAt)
    }
}
