import Cairn

/// Cairn's memory driver against a Swift dictionary of the same structs.
struct MemorySuite {
    let rows: Rows
    let runner: Runner

    init(rows: Rows, rounds: Int, only: String?) {
        self.rows = rows
        runner = Runner(suite: "memory", rounds: rounds, only: only)
    }

    func run() async throws -> [Measurement] {
        let items = rows.items
        let count = items.count
        let ids = rows.shuffledIDs(count)
        let dictionary = Dictionary(uniqueKeysWithValues: items.map { ($0.id, $0) })
        let bench = try await Bench.open("memory:")
        try await bench.items.insert(contentsOf: items)
        let byRank = items.sorted { $0.rank < $1.rank }
        let width = min(100, count)
        let starts = (0..<1000).map { $0 * 7907 % max(1, count - width) }

        let comparisons = [
            Comparison(
                name: "awaited get by key", unit: "get", count: count, limit: 6,
                baseline: { ids.reduce(0) { $0 &+ (dictionary[$1]?.quantity ?? 0) } },
                cairn: {
                    var sum = 0
                    for id in ids { sum &+= try await bench.items.find(id)?.quantity ?? 0 }
                    return sum
                }),
            Comparison(
                name: "insert \(count) with one index, one batch", unit: "row", count: count, limit: 8,
                baseline: {
                    var dictionary: [Item.ID: Item] = [:]
                    for item in items { dictionary[item.id] = item }
                    return dictionary.count
                },
                cairn: { try await Bench.open("memory:").items.insert(contentsOf: items).count }),
            Comparison(
                name: "1000 indexed ranges of \(width) rows (baseline: a slice of a sorted array)", unit: "range",
                count: 1000, limit: nil,
                baseline: {
                    starts.reduce(0) { sum, start in
                        sum &+ Array(byRank[start..<start + width]).reduce(0) { $0 &+ $1.quantity }
                    }
                },
                cairn: {
                    var sum = 0
                    for start in starts {
                        let found = try await bench.items.where { $0.rank >= start && $0.rank < start + width }
                            .order { $0.rank }.all()
                        sum &+= found.reduce(0) { $0 &+ $1.quantity }
                    }
                    return sum
                }),
        ]
        return try await runner.run(comparisons)
    }
}
