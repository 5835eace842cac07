#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What one run took.
struct Cost {
    /// Time by the clock.
    var wall: Double
    /// Time of the processor, user and system, of all threads and of processes that have ended.
    var cpu: Double

    /// What `work` takes, in seconds.
    static func measured(_ work: () async throws -> Void) async throws -> Cost {
        let cpu = processorTime()
        let start = ContinuousClock.now
        try await work()
        let wall = start.duration(to: .now) / .seconds(1)
        return Cost(wall: wall, cpu: processorTime() - cpu)
    }

    /// The medians of some costs, at least one.
    static func median(_ costs: [Cost], scale: Double) -> Cost {
        func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] * scale }
        return Cost(wall: middle(costs.map(\.wall)), cpu: middle(costs.map(\.cpu)))
    }

    private static func processorTime() -> Double {
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        return [RUSAGE_SELF, RUSAGE_CHILDREN].reduce(0) { sum, who in
            var usage = rusage()
            getrusage(__rusage_who_t(who.rawValue), &usage)
            return sum + seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
    }
}

/// One piece of work, done by Cairn and by what it is compared with.
struct Comparison {
    /// One side of a comparison. Gives a number that both sides must agree on.
    typealias Work = () async throws -> Int

    let name: String
    let unit: String
    /// How many units one run does.
    let count: Int
    /// The largest allowed ratio of Cairn to the baseline; nil when there is none.
    let limit: Double?
    /// Done before each run, not measured.
    var prepare: () async throws -> Void = {}
    let baseline: Work
    let cairn: Work
}

/// A result: medians over the rounds.
struct Measurement {
    let suite: String
    let name: String
    /// What the costs count: microseconds for one row, seconds.
    let unit: String
    /// The largest allowed ratio of Cairn to the baseline, or the largest value when there is no baseline; nil: none.
    let limit: Double?
    let cairn: Cost
    /// What Cairn is compared with; nil when there is nothing to compare it with.
    var baseline: Cost?
    /// What the limit is about: the clock, or the processor.
    var judged: KeyPath<Cost, Double> = \.wall

    var ratio: Double? { ratio(\.wall) }
    var cpuRatio: Double? { ratio(\.cpu) }
    var isWithinLimit: Bool { limit.map { (ratio(judged) ?? cairn[keyPath: judged]) <= $0 } ?? true }

    private func ratio(_ side: KeyPath<Cost, Double>) -> Double? {
        baseline.flatMap { $0[keyPath: side] > 0 ? cairn[keyPath: side] / $0[keyPath: side] : nil }
    }
}

/// Two sides gave different results: the benchmark measures something else than it says.
struct ResultMismatch: Error, CustomStringConvertible {
    let description: String
}

/// Runs comparisons: both sides in turn, several rounds, medians.
struct Runner {
    let suite: String
    let rounds: Int
    /// Only comparisons whose name has this text; nil: all.
    let only: String?

    func run(_ comparisons: [Comparison]) async throws -> [Measurement] {
        var measurements: [Measurement] = []
        for comparison in comparisons where only.map(comparison.name.contains) ?? true {
            measurements.append(try await run(comparison))
        }
        return measurements
    }

    private func run(_ comparison: Comparison) async throws -> Measurement {
        var cairn: [Cost] = []
        var baseline: [Cost] = []
        // One round to warm up, then the rounds that count. The side that goes first changes, so neither has the warm caches.
        for round in 0...rounds {
            var results: [Int] = []
            for side in round.isMultiple(of: 2) ? [true, false] : [false, true] {
                try await comparison.prepare()
                let (cost, result) = try await measure(side ? comparison.cairn : comparison.baseline)
                results.append(result)
                guard round > 0 else { continue }
                if side { cairn.append(cost) } else { baseline.append(cost) }
            }
            guard results[0] == results[1] else {
                throw ResultMismatch(
                    description: "\(suite) \(comparison.name): the two sides gave \(results[0]) and \(results[1])")
            }
        }
        let scale = 1_000_000 / Double(comparison.count)
        return Measurement(
            suite: suite, name: comparison.name, unit: "us per \(comparison.unit)", limit: comparison.limit,
            cairn: .median(cairn, scale: scale), baseline: .median(baseline, scale: scale))
    }

    private func measure(_ work: Comparison.Work) async throws -> (Cost, Int) {
        var result = 0
        let cost = try await Cost.measured { result = try await work() }
        return (cost, result)
    }
}
