import CairnCore
package import ObjectStorage
package import ObjectStores

/// Runs several processes with the object driver on one simulated bucket, in one thread, and judges what came of it. One seed is one
/// run.
package struct ObjectSimulation: Sendable {
    /// What a run came to.
    package struct Outcome: Sendable {
        package let seed: UInt64
        /// The promises that were broken; empty when all were kept.
        package let violations: [Violation]
        /// How often what may happen happened, by name.
        package let tally: [String: Int]
        /// What happened, line by line, if it was asked for.
        package let trace: [String]
        /// Commit records.
        package let commits: Int
        /// Virtual microseconds it lasted.
        package let duration: Int
    }

    /// Processes at a time; nil: by the seed.
    package var processes: Int?
    /// Mistakes planted in the driver.
    package var driverFaults: ObjectStorageFaults = []
    /// Mistakes planted between the driver and the bucket.
    package var wrap: (@Sendable (any ObjectStore) -> any ObjectStore)?
    /// What goes wrong; nil: by the seed.
    package var mix: FaultMix?
    /// What is done; nil: by the seed.
    package var plan: WorkloadPlan?

    /// Mistakes of the collector.
    var collectorMistakes: Collector.Mistakes = []
    /// What runs are mostly about.
    var focus = Focus.none

    /// What runs are mostly about, for finding what seldom shows.
    enum Focus: Sendable {
        case none
        /// Many work on little at once.
        case quarrel
        /// Weeks pass, and much is collected.
        case collection
    }

    package init() {}

    /// Runs one seed.
    package func run(seed: UInt64, isTracing: Bool = false) throws -> Outcome {
        var random = SeededRandom(seed: seed)
        let world = World(seed: random.next(), isTracing: isTracing)
        var options = SimulatedBucket.Options()
        options.hasMD5 = random.chance(70)
        options.hasFence = random.chance(85)
        options.deletesConditionally = random.chance(80)
        options.pageLimit = random.pick([1, 2, 7, 1000, 1000], else: 1000)
        options.listingLag = random.chance(8) ? 20_000_000 : 0
        let mix = FaultMix.random(&random)
        var plan = WorkloadPlan.random(&random, processes: processes)
        plan.collectorMistakes = collectorMistakes
        focus.apply(to: &plan, &options)
        let bucket = SimulatedBucket(world, options)
        let faults = FaultSource(world, seed: random.next(), self.mix ?? mix)
        let run = ObjectRun(
            world, bucket, faults, try SimulationSchema(), self.plan ?? plan, seed: random.next(), opener())
        run.go()
        let violations = run.judge()
        let outcome = Outcome(
            seed: seed, violations: violations, tally: world.tally.all, trace: world.trace.lines,
            commits: run.commitCount, duration: world.now)
        world.tearDown()
        return outcome
    }

    /// Opens the driver in a process.
    func opener() -> Workload.Opener {
        { [driverFaults, wrap] objects, process in
            try await ObjectStorage.open(
                wrap?(objects) ?? objects, ObjectStorageOptions(), surroundings: Surroundings(of: process),
                faults: driverFaults)
        }
    }
}

extension ObjectSimulation.Focus {
    fileprivate func apply(to plan: inout WorkloadPlan, _ options: inout SimulatedBucket.Options) {
        switch self {
        case .none: break
        case .quarrel:
            plan.clients = 3
            plan.deeds = 40
            plan.users = 2
            plan.thinking = 30_000
        case .collection:
            plan.collects = true
            plan.thinking = 100_000_000_000
            plan.deeds = 40
            plan.pauses = 80
            options.hasFence = true
        }
    }
}

extension Surroundings {
    /// Those of a simulated process.
    package init(of process: SimulatedProcess) {
        self.init(
            now: { process.timeOfDay }, uptime: { process.uptime }, sleep: { try await process.sleep($0) },
            spawn: { process.spawn($0) }, random: { process.random() }, process: process.name)
    }
}

/// One run: work, rest, a last look, judgement.
final class ObjectRun {
    private let world: World
    private let bucket: SimulatedBucket
    private let faults: FaultSource
    private let workload: Workload
    private let tables: SimulationSchema
    private var problems: [Violation] = []
    private var judged: Judge?

    init(
        _ world: World, _ bucket: SimulatedBucket, _ faults: FaultSource, _ tables: SimulationSchema,
        _ plan: WorkloadPlan, seed: UInt64, _ opener: @escaping Workload.Opener
    ) {
        self.world = world
        self.bucket = bucket
        self.faults = faults
        self.tables = tables
        workload = Workload(world, bucket, faults, tables, plan, seed: seed, opener)
    }

    /// Steps of a run at most: far more than any needs.
    private static let mostSteps = 5_000_000
    /// Longer than any request is under way.
    private static let rest = 25 * 60 * 1_000_000

    var commitCount: Int { judged?.replay.newest ?? 0 }

    /// Lets processes work until all is done, waits until nothing is under way, and looks at everything with new processes.
    /// - Returns: How many effects there were until all was done.
    @discardableResult
    func go() -> Int {
        workload.start()
        advance("work") { workload.isDone }
        let effects = workload.effects.count
        if problems.isEmpty { rest() }
        return effects
    }

    /// Decides what happens at each effect of the work.
    func judgeEffects(_ judge: @escaping @Sendable (Int, SimulatedProcess) -> EffectGate.Verdict) {
        workload.effects.judge(judge)
    }

    private func rest() {
        faults.follow(.none)
        workload.effects.judge(nil)
        let morning = world.now + ObjectRun.rest
        world.after(ObjectRun.rest) {}
        advance("rest") { world.now >= morning }
        guard problems.isEmpty else { return }
        for name in ["last", "after"] {
            let visit = LastVisit(workload, world.process(name, seed: UInt64(name.utf8.count)))
            visit.start()
            advance(name) { visit.isDone }
        }
    }

    private func advance(_ what: String, until isDone: () -> Bool) {
        let end = world.run(mostSteps: ObjectRun.mostSteps, until: isDone)
        guard end != .done else { return }
        problems.append(
            Violation("liveness", "\(what) did not come to its end: \(end.rawValue) at \(Trace.text(world.now))"))
    }

    /// Says which promises were broken.
    func judge() -> [Violation] {
        let mayBeDamaged = workload.mayBeDamaged
        var judge = Judge(tables, bucket.changes, workload.history.all, mayBeDamaged: mayBeDamaged)
        _ = judge.judge()
        // Who was shown old listings may have taken an old manifest for the newest.
        if problems.isEmpty, bucket.options.listingLag == 0 { judge.checkRest(bucket.contents) }
        judged = judge
        if world.strays > 0 {
            problems.append(Violation("determinism", "\(world.strays) steps came from other threads"))
        }
        return problems + workload.history.violations + judge.violations
    }
}
