import Cairn
import Foundation
import ObjectStorage
import ObjectStores

/// One operation on a store with rows, and what it may take at most: a line of the design's table of requests.
struct ObjectsOperation {
    let name: String
    /// The most requests; nil: no limit.
    var requests: Double?
    /// The most KiB, both ways.
    var kibibytes: Double?
    var freshness = Freshness.latest
    /// Whether it is done on a store that is opened for it.
    var isOpening = false
    /// Gets the number of the round, so that nothing it asks for is cached but what every round needs.
    let work: (Bench, Int) async throws -> Void

    /// Opens a store, and does the work.
    func open(_ objects: any ObjectStore, _ round: Int) async throws {
        let bench = try await Bench.open(on: ObjectStorage.open(objects))
        try await work(bench, round)
    }

    /// The operations of a table with so many rows.
    static func all(_ size: Int) -> [ObjectsOperation] {
        let rows = Rows(count: size).items
        return reads(size, rows) + writes(size, rows) + [
            ObjectsOperation(name: "open and query", requests: 25, kibibytes: 2048, isOpening: true) { bench, round in
                try expect(await bench.items.where { $0.rank == round * 31 % size }.all().count == 1)
            },
            ObjectsOperation(name: "nothing, for a second", requests: 0) { _, _ in
                try await Task.sleep(for: .seconds(1))
            },
        ]
    }

    private static func expect(_ isRight: Bool) throws {
        guard isRight else { throw ResultMismatch(description: "objects: an operation gave other rows than there are") }
    }

    private static func reads(_ size: Int, _ rows: [Item]) -> [ObjectsOperation] {
        func row(_ number: Int) -> Item { rows[number * 7_907 % size] }
        func first(_ round: Int) -> Int { round * 3_331 % (size / 2) }
        return [
            ObjectsOperation(name: "get by id", requests: 2) { bench, round in
                try expect(await bench.items.get(row(round).id).rank == row(round).rank)
            },
            ObjectsOperation(name: "get by id, at most a minute old", requests: 1, freshness: .bounded(seconds: 60)) {
                bench, round in
                try expect(await bench.items.get(row(round).id).rank == row(round).rank)
            },
            ObjectsOperation(name: "get by id, known", requests: 0, freshness: .cached) { bench, _ in
                try expect(await bench.items.get(row(1).id).rank == row(1).rank)
            },
            ObjectsOperation(name: "10 rows by an index", requests: 1 + 8 + 10) { bench, round in
                let first = first(round)
                let found = try await bench.items.where { $0.rank >= first && $0.rank < first + 10 }.all()
                try expect(found.count == 10)
            },
            ObjectsOperation(name: "10 rows that an index has whole", requests: 1 + 8) { bench, round in
                let first = first(round)
                let found = try await bench.labels.where { $0.rank >= first && $0.rank < first + 10 }.all()
                try expect(found.count == 10)
            },
            ObjectsOperation(name: "the first 10 in the order of an index", requests: 1 + 8 + 10) { bench, round in
                let first = first(round)
                let found = try await bench.items.where { $0.rank >= first }.order { $0.rank }.limit(10).all()
                try expect(found.map(\.rank) == (0..<10).map { first + $0 })
            },
            ObjectsOperation(name: "count of the table", requests: 1) { bench, _ in
                try expect(await bench.items.count() == size)
            },
            ObjectsOperation(name: "count of 100 by an index", requests: 1 + 8) { bench, round in
                let first = first(round)
                try expect(await bench.items.where { $0.rank >= first && $0.rank < first + 100 }.count() == 100)
            },
        ]
    }

    private static func writes(_ size: Int, _ rows: [Item]) -> [ObjectsOperation] {
        func id(_ number: Int) -> Item.ID { rows[(number + 5) * 7_907 % size].id }
        /// A row with a key behind all others, or somewhere between them.
        func new(_ number: Int, isLast: Bool = false) -> Item {
            let like = rows[number * 7_907 % size]
            let key = isLast ? "z\(1_000_000 + number)" : "\(like.id.value)-\(number)"
            return Item(
                id: Item.ID(key), title: like.title, author: like.author, city: like.city, note: like.note,
                quantity: like.quantity, rank: size + number, price: like.price, isOpen: like.isOpen,
                seenAt: like.seenAt)
        }
        // What is changed is also looked up in the index, which knows whether somebody has edited the file: a block for each record, of
        // many records at most 8.
        return [
            ObjectsOperation(name: "insert one behind the last key", requests: 2) { bench, round in
                try await bench.items.insert(new(round, isLast: true))
            },
            ObjectsOperation(name: "insert one", requests: 3) { bench, round in
                try await bench.items.insert(new(round))
            },
            ObjectsOperation(name: "update one, read before", requests: 5 + 1) { bench, round in
                try await bench.items.update(id(round)) { $0.quantity += 1 }
            },
            ObjectsOperation(name: "delete one", requests: 4 + 1) { bench, round in
                try await bench.items.delete(id(round))
            },
            ObjectsOperation(name: "insert 100 at once", requests: 1 + 100 + 1) { bench, round in
                try await bench.items.insert(contentsOf: (0..<100).map { new(100 * round + $0, isLast: true) })
            },
            // In a large table each stands in another block of the index.
            ObjectsOperation(name: "delete 50 at once", requests: 1 + 3 * 50 + 50) { bench, round in
                try await bench.items.delete(contentsOf: (0..<50).map { id(50 * round + $0) })
            },
            ObjectsOperation(name: "transaction of 3 updates", requests: 1 + 3 + 1 + 2 * 3 + 3) { bench, round in
                try await bench.transaction { tx in
                    for offset in 0..<3 { try await tx.items.update(id(3 * round + offset)) { $0.quantity += 1 } }
                }
            },
        ]
    }
}
