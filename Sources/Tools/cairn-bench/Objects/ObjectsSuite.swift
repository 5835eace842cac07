import Cairn
import Foundation
import ObjectStorage
import ObjectStores

/// What operations on an object store take: requests and bytes, which do not depend on the machine, and the time with a store that is at
/// hand and one that is far away.
///
/// The store is one in memory, so that nothing but Cairn and the added latency is measured. Of the rounds the median is taken: now and
/// then one has a checkpoint beside it.
struct ObjectsSuite {
    let rows: Int
    let rounds: Int
    let only: String?
    let latencies: [Duration]

    /// Sizes of the table, up to the rows asked for.
    private var sizes: [Int] { [1_000, 10_000, 100_000, 1_000_000].filter { $0 <= rows } }

    func run() async throws -> [Measurement] {
        var measurements: [Measurement] = []
        for size in sizes {
            let objects = try await ObjectsLoad(size: size).fill()
            for latency in latencies { measurements += try await measure(objects, size, latency) }
        }
        return measurements
    }

    /// What a round took.
    private struct Sample {
        let counts: RequestCounts
        let wall: Double
    }

    private func measure(_ objects: MemoryObjectStore, _ size: Int, _ latency: Duration) async throws -> [Measurement] {
        let at = "of \(size), \(Int(latency / .milliseconds(1))) ms"
        var measurements: [Measurement] = []
        for operation in ObjectsOperation.all(size) where only.map("\(operation.name) \(at)".contains) ?? true {
            var samples: [Sample] = []
            // Each round may leave something behind; the next operation has a store of its own.
            let counting = CountingObjectStore(SlowObjectStore(base: objects.snapshot(), latency: latency))
            if operation.isOpening {
                for round in 1...rounds {
                    samples.append(try await sample(counting) { try await operation.open(counting, round) })
                }
            } else {
                var options = ObjectStorageOptions()
                options.freshness = operation.freshness
                let storage = try await ObjectStorage.open(counting, options)
                let bench = try await Bench.open(on: storage)
                // Once before, so that the parts of the index that it needs each time are known.
                try await operation.work(bench, 0)
                try await storage.flush()
                for round in 1...rounds {
                    samples.append(
                        try await sample(counting) {
                            try await operation.work(bench, round)
                        } after: {
                            try await storage.flush()
                        })
                }
                try await bench.close()
            }
            func add(_ unit: String, _ limit: Double? = nil, _ value: (Sample) -> Double) {
                let middle = samples.map(value).sorted()[samples.count / 2]
                measurements.append(
                    Measurement(
                        suite: "objects", name: "\(operation.name) \(at)", unit: unit, limit: limit,
                        cairn: Cost(wall: middle, cpu: 0)))
            }
            add("requests", operation.requests) { Double($0.counts.total) }
            add("KiB", operation.kibibytes) { Double($0.counts.bytesReceived + $0.counts.bytesSent) / 1024 }
            add("ms") { $0.wall * 1000 }
        }
        return measurements
    }

    /// - Parameter after: What belongs to the work and is not waited for.
    private func sample(
        _ counting: CountingObjectStore, _ work: () async throws -> Void, after: () async throws -> Void = {}
    ) async throws -> Sample {
        let before = counting.counts
        let cost = try await Cost.measured(work)
        try await after()
        return Sample(counts: counting.counts - before, wall: cost.wall)
    }
}

/// Makes a store with rows, all of them in files and indexes.
struct ObjectsLoad {
    let size: Int

    private static let batch = 20_000

    func fill() async throws -> MemoryObjectStore {
        let objects = MemoryObjectStore()
        let storage = try await ObjectStorage.open(objects)
        let bench = try await Bench.open(on: storage)
        let items = Rows(count: size).items
        var progress = ObjectsProgress("rows loaded", of: size)
        for start in stride(from: 0, to: size, by: ObjectsLoad.batch) {
            let range = start..<min(start + ObjectsLoad.batch, size)
            try await bench.items.insert(contentsOf: items[range])
            try await bench.labels.insert(
                contentsOf: range.map { Label(id: Label.ID($0), rank: $0 * 7919 % size, label: "label \($0)") })
            progress.show(range.upperBound)
        }
        // The newest manifest carries what was not written when it was made: one more, after everything is.
        try await storage.flush()
        try await bench.labels.upsert(Label(id: 0, rank: 0, label: "label 0"))
        try await storage.flush()
        _ = try await storage.maintain()
        try await bench.close()
        return objects
    }
}
