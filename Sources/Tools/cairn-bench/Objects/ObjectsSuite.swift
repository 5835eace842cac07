import Cairn
import Foundation
import ObjectStorage
import ObjectStores

/// What tables on an object store cost: requests and bytes, which do not depend on the machine, and the time with a store that is
/// at hand and one that is 20 ms away.
///
/// The store is one in memory, so that nothing but Cairn and the added latency is measured.
struct ObjectsSuite {
    let rows: Int
    let rounds: Int
    let only: String?

    private static let latencies: [(name: String, duration: Duration)] = [
        ("0 ms", .zero), ("20 ms", .milliseconds(20)),
    ]

    /// Sizes of the table, up to the rows asked for.
    private var sizes: [Int] { [1_000, 10_000, 100_000, 1_000_000].filter { $0 <= max(rows, 1_000) } }

    func run() async throws -> [Measurement] {
        var measurements: [Measurement] = []
        for size in sizes {
            let objects = try await fill(size)
            for latency in ObjectsSuite.latencies {
                measurements += try await measure(objects, size, latency)
            }
        }
        for latency in ObjectsSuite.latencies {
            for writers in [1, 2, 4, 8, 16] { measurements += try await race(writers, latency) }
        }
        return measurements
    }

    // MARK: Operations

    /// A store with rows, all of them in files and indexes.
    private func fill(_ size: Int) async throws -> MemoryObjectStore {
        let objects = MemoryObjectStore()
        let storage = try await ObjectStorage.open(objects)
        let bench = try await Bench.open(on: storage)
        let items = Rows(count: size).items
        for start in stride(from: 0, to: size, by: 20_000) {
            try await bench.items.insert(contentsOf: items[start..<min(size, start + 20_000)])
        }
        _ = try await storage.maintain()
        try await bench.close()
        return objects
    }

    /// One operation, and how many requests it may make.
    private struct Operation {
        let name: String
        let limit: Double?
        /// Gets a number of its own each time, so that nothing it asks for is cached.
        let work: (Bench, Int) async throws -> Void
    }

    private func operations(_ size: Int) -> [Operation] {
        let items = Rows(count: size).items
        func item(_ number: Int) -> Item { items[number * 7_907 % size] }
        return [
            Operation(name: "get by id", limit: 2) { bench, number in
                guard try await bench.items.find(item(number).id) != nil else { throw wrong("get by id") }
            },
            Operation(name: "the first 10 by an index", limit: 19) { bench, number in
                let rows = try await bench.items.where { $0.rank >= number * 31 % size / 2 }.order { $0.rank }.limit(10)
                    .all()
                guard rows.count == 10 else { throw wrong("first 10") }
            },
            Operation(name: "count of the table", limit: 1) { bench, _ in
                guard try await bench.items.count() >= size / 2 else { throw wrong("count") }
            },
            Operation(name: "count of 100 by an index", limit: 9) { bench, number in
                let first = number * 31 % size / 2
                _ = try await bench.items.where { $0.rank >= first && $0.rank < first + 100 }.count()
            },
            Operation(name: "insert one", limit: 3) { bench, number in
                var new = item(number)
                new = Item(
                    id: Item.ID("\(new.id.value)-\(UUID().uuidString)"), title: new.title, author: new.author,
                    city: new.city,
                    note: new.note, quantity: new.quantity, rank: new.rank, price: new.price, isOpen: new.isOpen,
                    seenAt: new.seenAt)
                try await bench.items.insert(new)
            },
            Operation(name: "update one, read before", limit: 5) { bench, number in
                try await bench.items.update(item(number + 1_000_003).id) { $0.quantity += 1 }
            },
            Operation(name: "transaction of 3 updates", limit: 11) { bench, number in
                try await bench.transaction { tx in
                    for offset in 0..<3 {
                        try await tx.items.update(item(3 * number + offset + 2_000_003).id) { $0.quantity += 1 }
                    }
                }
            },
        ]
    }

    private func wrong(_ name: String) -> ResultMismatch { ResultMismatch(description: "objects: \(name)") }

    private func measure(
        _ objects: MemoryObjectStore, _ size: Int, _ latency: (name: String, duration: Duration)
    ) async throws -> [Measurement] {
        let at = "of \(size), \(latency.name)"
        let counting = CountingObjectStore(SlowObjectStore(base: objects.snapshot(), latency: latency.duration))
        var measurements: [Measurement] = []
        func add(_ name: String, _ unit: String, _ value: Double, limit: Double? = nil) {
            guard only.map(name.contains) ?? true else { return }
            measurements.append(
                Measurement(
                    suite: "objects", name: "\(name) \(at)", unit: unit, limit: limit,
                    cairn: Cost(wall: value, cpu: 0)))
        }
        var opened: (ObjectStorage, Bench)?
        let opening = try await Cost.measured {
            let storage = try await ObjectStorage.open(counting)
            let bench = try await Bench.open(on: storage)
            _ = try await bench.items.where { $0.rank == 5 }.all()
            opened = (storage, bench)
        }
        guard let (storage, bench) = opened else { throw wrong("opening") }
        add("open and query", "requests", Double(counting.counts.total), limit: 25)
        add("open and query", "KiB", Double(counting.counts.bytesReceived) / 1024, limit: 2048)
        add("open and query", "ms", opening.wall * 1000)
        for operation in operations(size) where only.map(operation.name.contains) ?? true {
            // Once before, so that the index it needs is known.
            try await operation.work(bench, 0)
            try await storage.flush()
            let before = counting.counts
            var costs: [Cost] = []
            for round in 1...max(1, rounds) {
                costs.append(try await Cost.measured { try await operation.work(bench, round) })
            }
            try await storage.flush()
            let used = counting.counts - before
            let count = Double(max(1, rounds))
            add(operation.name, "requests", Double(used.total) / count, limit: operation.limit)
            add(operation.name, "KiB", Double(used.bytesReceived + used.bytesSent) / 1024 / count)
            add(operation.name, "ms", Cost.median(costs, scale: 1000).wall)
        }
        try await bench.close()
        return measurements
    }

    // MARK: Writers

    /// Commits of several processes that write at once, each one record at a time: how many a second, and how unequal.
    private func race(_ writers: Int, _ latency: (name: String, duration: Duration)) async throws -> [Measurement] {
        let name = "commits of \(writers) writers, \(latency.name)"
        guard only.map(name.contains) ?? true else { return [] }
        let objects = MemoryObjectStore()
        try await Bench.open(on: ObjectStorage.open(objects)).close()
        let slow = SlowObjectStore(base: objects, latency: latency.duration)
        var benches: [Bench] = []
        for _ in 0..<writers { benches.append(try await Bench.open(on: ObjectStorage.open(slow))) }
        let each = max(4, 64 / writers)
        let items = Rows(count: writers * each).items
        let start = ContinuousClock.now
        let ends = try await withThrowingTaskGroup(of: Double.self) { group in
            for (writer, bench) in benches.enumerated() {
                group.addTask {
                    for step in 0..<each { try await bench.items.insert(items[writer * each + step]) }
                    return start.duration(to: .now) / .seconds(1)
                }
            }
            return try await group.reduce(into: [Double]()) { $0.append($1) }
        }
        guard try await benches[0].items.count() == writers * each else { throw wrong("a commit was lost") }
        for bench in benches { try await bench.close() }
        let (first, last) = (ends.min() ?? 0, ends.max() ?? 0)
        return [
            Measurement(
                suite: "objects", name: name, unit: "a second", limit: nil,
                cairn: Cost(wall: Double(writers * each) / last, cpu: 0)),
            Measurement(
                suite: "objects", name: name, unit: "last / first", limit: nil, cairn: Cost(wall: last / first, cpu: 0)),
        ]
    }
}
