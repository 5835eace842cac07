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
        package private(set) var violations: [Violation]
        /// How often what may happen happened, by name.
        package let tally: [String: Int]
        /// What happened, line by line, if it was asked for.
        package var trace: [String]
        /// Commit records.
        package let commits: Int
        /// Virtual microseconds it lasted.
        package let duration: Int

        /// Finds fault with a run in which not the same happened, though it was of the same seed.
        package mutating func compare(with again: Outcome) {
            guard trace != again.trace || tally != again.tally else { return }
            let place = zip(trace, again.trace).prefix { $0 == $1 }.count
            let lines = [trace, again.trace].map { place < $0.count ? $0[place] : "its end" }
            violations.append(
                Violation("determinism", "the same seed again: line \(place + 1) is '\(lines[1])', was '\(lines[0])'"))
        }
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
        /// Requests are on their way for long, and what is sent after them is refused.
        case refusals
        /// The store is replaced, and much of the old one comes late.
        case strays
        /// A process sleeps at a bad moment, and little else goes wrong.
        case sleep(WorkloadPlan.Sleep)
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
        var mix = FaultMix.random(&random)
        var plan = WorkloadPlan.random(&random, processes: processes)
        // Of chances of their own: what is added here changes nothing in the runs that have none of it.
        var rare = SeededRandom(seed: ~seed)
        plan.addRarities(&rare)
        plan.collectorMistakes = collectorMistakes
        focus.apply(to: &plan, &options)
        if plan.sleep != nil { options.hasFence = true }
        if plan.crowd > 0 { options.pageLimit = ObjectLimits.pageEntries }
        let bucket = SimulatedBucket(world, options)
        if let rates = focus.rates { mix.rates = rates }
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
    /// What goes wrong; nil: by the seed.
    fileprivate var rates: [(fault: SimulatedFault, rate: Int)]? {
        switch self {
        case .none, .quarrel, .collection, .strays: nil
        case .refusals: [(.late, 600), (.denied, 1500)]
        case .sleep: []
        }
    }

    fileprivate func apply(to plan: inout WorkloadPlan, _ options: inout SimulatedBucket.Options) {
        switch self {
        case .none: break
        case .refusals:
            plan.retries = false
            plan.sleep = nil
        case .quarrel:
            plan.clients = 3
            plan.deeds = 40
            plan.users = 2
            plan.thinking = 30_000
        case .collection:
            plan.collects = true
            plan.tidies = false
            plan.thinking = 100_000_000_000
            plan.deeds = 40
            plan.pauses = 80
            options.hasFence = true
        case .strays:
            plan.replace(strays: 8)
            plan.clients = 2
            plan.deeds = 60
            options.hasFence = true
        case .sleep(let sleep):
            plan.letSleep(sleep)
            options.listingLag = 0
        }
    }
}

extension Surroundings {
    /// Those of a simulated process.
    package init(of process: SimulatedProcess) {
        self.init(
            now: { process.timeOfDay }, uptime: { process.uptime }, sleep: { try await process.sleep($0) },
            spawn: { process.spawn($0) }, random: { process.random() }, process: process.machine)
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
    /// Longer than anything is kept that a manifest has announced or replaced.
    private static let longRest = 26 * 3_600 * 1_000_000

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
    func judgeEffects(_ judge: @escaping EffectGate.Judge) { workload.effects.judge(judge) }

    private func rest() {
        faults.follow(.none)
        workload.effects.judge(nil)
        pass(ObjectRun.rest)
        guard problems.isEmpty else { return }
        visit("last")
        // Somebody was killed: what the first visit has announced or replaced in its collection, the second one removes.
        if workload.plan.isScripted { pass(ObjectRun.longRest) }
        visit("after")
    }

    /// Lets time pass.
    private func pass(_ duration: World.Moment) {
        let morning = world.now + duration
        world.after(duration) {}
        advance("rest") { world.now >= morning }
    }

    /// Lets a new process look at everything.
    private func visit(_ name: String) {
        let visit = LastVisit(workload, world.process(name, seed: UInt64(name.utf8.count)))
        visit.start()
        advance(name) { visit.isDone }
    }

    private func advance(_ what: String, until isDone: () -> Bool) {
        let end = world.run(mostSteps: ObjectRun.mostSteps, until: isDone)
        guard end != .done else { return }
        problems.append(
            Violation("liveness", "\(what) did not come to its end: \(end.rawValue) at \(Trace.text(world.now))"))
    }

    /// Says which promises were broken.
    func judge() -> [Violation] {
        let epochs = workload.withEpochs { $0 }
        let (changes, deeds) = (bucket.changes, workload.history.all)
        var found: [Violation] = epochs.violations(deeds)
        var rest = changes[...]
        if let replacement = epochs.replacement {
            var old = self.judge(Array(changes[..<replacement.changesBefore]), epochs.deeds(deeds, of: 1))
            found += old.judge()
            count(old.collected)
            rest = changes[(replacement.end?.changes ?? changes.count)...]
        }
        var judge = self.judge(Array(rest), epochs.deeds(deeds, of: epochs.current))
        found += judge.judge()
        count(judge.collected)
        if judge.strays > 0 { world.tally.count("stray", by: judge.strays) }
        // Who was shown old listings may have taken an old manifest for the newest.
        if problems.isEmpty, bucket.options.listingLag == 0 { found += judge.judgeRest(bucket.contents) }
        judged = judge
        if world.strays > 0 {
            problems.append(Violation("determinism", "\(world.strays) steps came from other threads"))
        }
        return problems + workload.history.violations + found
    }

    /// Counts what the driver itself has collected.
    private func count(_ collected: [String: Int]) {
        for (name, amount) in collected { world.tally.count(name, by: amount) }
    }

    private func judge(_ changes: [SimulatedBucket.Change], _ deeds: [Deed]) -> Judge {
        Judge(
            tables, changes, deeds, mayBeDamaged: workload.mayBeDamaged,
            isCalm: faults.isCalm && bucket.options.isLikeS3)
    }
}
