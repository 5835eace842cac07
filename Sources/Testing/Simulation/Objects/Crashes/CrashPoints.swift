import CairnCore
import ObjectStorage

/// A process that works through a fixed list of deeds, killed at every effect it has on the bucket, in every way; or left alive without
/// an answer.
///
/// Another process comes after it each time, and everything is judged as in any run.
package struct CrashPoints: Sendable {
    /// How an effect ends, and the process with it.
    package enum Way: String, Sendable, CaseIterable {
        /// The request never does its work.
        case before
        /// The request has done its work, and nobody heard of it.
        case after
        /// The request does its work while the next process opens the store.
        case soon
        /// The request does its work minutes later.
        case late
        /// The request is lost, and the process lives and hears nothing.
        case lost
        /// The request does its work, and the process lives and hears nothing.
        case unheard
    }

    /// One point.
    package struct Point: Sendable, Hashable, CustomStringConvertible {
        package let effect: Int
        package let way: Way
        /// Which of several kinds of buckets and company.
        package let variant: Int

        package var description: String { "\(way.rawValue) effect \(effect), variant \(variant)" }
    }

    /// With and without ETags of content, with and without a fence, alone and with another process at work.
    package static let variants = 8

    package init() {}

    /// All points. Runs the list of deeds once for each variant, and nobody is killed, to see its effects.
    package func survey() throws -> Survey {
        let kinds = Lock<Set<String>>([])
        var survey = Survey()
        for variant in 0..<CrashPoints.variants {
            let (violations, effects) = try run(variant) { _, _, request in
                if let kind = CrashPoints.kind(of: request) { kinds.withLock { _ = $0.insert(kind) } }
                return .pass
            }
            survey.violations += violations
            for effect in 1...max(1, effects) {
                survey.points += Way.allCases.map { Point(effect: effect, way: $0, variant: variant) }
            }
        }
        survey.kinds = kinds.withLock { $0 }
        return survey
    }

    /// Runs one point.
    /// - Returns: The promises that were broken.
    package func run(_ point: Point) throws -> [Violation] {
        try run(point.variant) { number, _, _ in number == point.effect ? point.verdict : .pass }.violations
    }

    private func run(
        _ variant: Int, _ verdict: @escaping EffectGate.Judge
    ) throws -> (violations: [Violation], effects: Int) {
        let world = World(seed: 1)
        var options = SimulatedBucket.Options()
        options.hasMD5 = variant & 1 == 0
        options.hasFence = variant & 2 == 0
        let bucket = SimulatedBucket(world, options)
        var plan = WorkloadPlan()
        plan.processes = variant & 4 == 0 ? 1 : 2
        plan.isScripted = true
        plan.deeds = 12
        plan.clients = 1
        // Its megabytes take longer than all else, and are the same in every variant.
        plan.heavy = variant == 0 ? 100 : 0
        let run = ObjectRun(
            world, bucket, FaultSource(world, seed: 1, .none), try SimulationSchema(), plan, seed: 1,
            ObjectSimulation().opener())
        run.judgeEffects(verdict)
        let effects = run.go()
        let violations = run.judge()
        world.tearDown()
        return (violations, effects)
    }
}

extension CrashPoints.Point {
    fileprivate var verdict: EffectGate.Verdict {
        switch way {
        case .before: .dieBefore
        case .after: .dieAfter
        case .soon: .dieAndLand(after: 5_000_000)
        case .late: .dieAndLand(after: 200_000_000)
        case .lost: .vanish
        case .unheard: .passUnheard
        }
    }
}
