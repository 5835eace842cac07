import CairnCore
import ObjectStores

/// Several processes on one bucket: they open the store, work, die, come again, and close it.
///
/// A slot is a place for one process at a time. When its process dies, another one takes the place and what is left to do.
final class Workload: Sendable {
    /// What every account holds in the beginning.
    static let balance = 100

    /// Opens a store of the driver that is simulated.
    typealias Opener = @Sendable (any ObjectStore, SimulatedProcess) async throws -> any Storage

    private struct Slot {
        var left: Int
        var incarnation = 0
        var isDone = false
    }

    /// Why a process is to die at one of its effects.
    private struct Death {
        var effectsLeft: Int
        let verdict: EffectGate.Verdict
    }

    private struct State {
        var random: SeededRandom
        var slots: [Slot]
        var deaths: [String: Death] = [:]
        var sleep = SleepState()
        var epochs = Epochs()
    }

    let world: World
    let bucket: SimulatedBucket
    let faults: FaultSource
    let effects = EffectGate()
    let history: History
    let tables: SimulationSchema
    let plan: WorkloadPlan
    let opener: Opener
    private let state: Lock<State>

    init(
        _ world: World, _ bucket: SimulatedBucket, _ faults: FaultSource, _ tables: SimulationSchema,
        _ plan: WorkloadPlan, seed: UInt64, _ opener: @escaping Opener
    ) {
        self.world = world
        self.bucket = bucket
        self.faults = faults
        self.tables = tables
        self.plan = plan
        self.opener = opener
        history = History(world)
        let slots = (0..<plan.processes).map { _ in Slot(left: plan.deeds) }
        state = Lock(State(random: SeededRandom(seed: seed), slots: slots))
        effects.judge { [weak self] _, process, request in self?.verdict(process, request) ?? .pass }
    }

    /// Whether the driver is told what is not so: it may answer that something is damaged, and no more.
    var mayBeDamaged: Bool {
        bucket.options.listingLag > 0 || world.tally[SimulatedFault.flippedUnseen.rawValue] > 0
    }

    var isDone: Bool { state.withLock { $0.slots.allSatisfy(\.isDone) } }

    func number(_ range: ClosedRange<Int>) -> Int { state.withLock { $0.random.number(range) } }
    func chance(_ percent: Int) -> Bool { state.withLock { $0.random.chance(percent) } }
    func seed() -> UInt64 { state.withLock { $0.random.next() } }

    // MARK: Life and death

    static let second = 1_000_000

    /// Lets processes begin.
    func start() {
        for slot in 0..<plan.processes {
            world.after(number(0...2 * Workload.second)) { [self] in begin(slot) }
        }
        // Without a fence nothing is collected.
        if plan.collects, bucket.options.hasFence {
            Collector(world, bucket, plan.collectorMistakes) { [weak self] number in
                self?.wakeSleeper(before: number) ?? 0
            }.start(every: 2 * 3_600 * Workload.second)
        }
        Visitors(workload: self).start(seed: seed(), within: span)
        // Without a fence nobody can know when the last request of the old store has come.
        if plan.isReplaced, bucket.options.hasFence { planReplacement() }
    }

    /// The stores that there were.
    @discardableResult
    func withEpochs<Result: Sendable>(_ body: (inout Epochs) -> Result) -> Result {
        state.withLock { body(&$0.epochs) }
    }

    /// What is known of who sleeps.
    func withSleep<Result: Sendable>(_ body: (inout SleepState) -> Result) -> Result {
        state.withLock { body(&$0.sleep) }
    }

    /// How long a process is at work, roughly.
    var span: Int { plan.deeds * (plan.thinking / 2 + 300_000) / plan.clients }

    private func begin(_ slot: Int) {
        let incarnation = state.withLock { state in
            state.slots[slot].incarnation += 1
            return state.slots[slot].incarnation
        }
        let process = world.process("p\(slot + 1).\(incarnation)", seed: seed())
        process.onDeath { [self] in
            world.tally.count("crash")
            world.after(number(100_000...60 * Workload.second)) { [self] in begin(slot) }
        }
        if chance(plan.skewed) {
            world.tally.count("clock_skew")
            process.setSkew(number(-86_400...86_400) * Workload.second)
        }
        // Whoever dies again and again gets nothing done.
        if incarnation <= 4, chance(plan.deaths) { planDeath(of: process) }
        if chance(plan.pauses) { planPause(of: process) }
        if plan.copies > 0, chance(plan.copies) { planCopy(of: process, slot) }
        world.note(process) { "begins" }
        process.spawn { [self] in await live(process, slot) }
    }

    private func planDeath(of process: SimulatedProcess) {
        guard chance(plan.deathsAtEffect) else {
            world.after(number(0...span)) { if !process.isDead { process.kill() } }
            return
        }
        let verdict: EffectGate.Verdict =
            switch number(0...2) {
            case 0: .dieBefore
            case 1: .dieAfter
            default: .dieAndLand(after: number(1...300 * Workload.second))
            }
        let death = Death(effectsLeft: number(0...40), verdict: verdict)
        state.withLock { $0.deaths[process.name] = death }
    }

    private func verdict(_ process: SimulatedProcess, _ request: SimulatedRequest) -> EffectGate.Verdict {
        state.withLock { state in
            if plan.sleep == .beforeManifest, let verdict = state.sleep.verdict(process, request, &state.random) {
                return verdict
            }
            guard var death = state.deaths[process.name] else { return .pass }
            if process.isDead { return .pass }
            death.effectsLeft -= 1
            state.deaths[process.name] = death
            return death.effectsLeft < 0 ? death.verdict : .pass
        }
    }

    private func planPause(of process: SimulatedProcess) {
        let longest = plan.thinking > 1_000 * Workload.second ? 20 * 86_400 : 200_000
        let length = number(1...4) == 1 ? number(3_600...longest) : number(1...1_800)
        let isSeen = chance(50)
        world.after(number(0...span)) { [self] in
            if process.isDead || isDone { return }
            world.tally.count(
                length < 3_600 ? "pause_of_minutes" : length < 86_400 ? "pause_of_hours" : "pause_of_days")
            process.pause(for: length * Workload.second, isSeen: isSeen)
        }
    }

    /// Somebody copies the machine of a process: what goes on in the copy has the same name, and the same work to do.
    private func planCopy(of process: SimulatedProcess, _ slot: Int) {
        let seed = seed()
        world.after(number(0...span)) { [self] in
            if process.isDead || isDone { return }
            world.tally.count("copied_machine")
            let copy = world.process("\(process.name)'", seed: seed, machine: process.machine)
            world.note(copy) { "is a copy" }
            copy.spawn { [self] in await visit(copy, slot, downTo: 0) }
        }
    }

    // MARK: What a process does

    /// A connection of a process to the bucket.
    func connect(_ process: SimulatedProcess) -> any ObjectStore {
        let store = SimulatedObjectStore(bucket, process, faults, effects)
        guard plan.retries else { return store }
        return RetryingObjectStore(
            store, random: { Double(process.random() >> 11) / Double(1 << 53 - 1) },
            sleep: { try await process.sleep($0) })
    }

    /// Attempts to open the store after which nothing goes wrong with them any more, and those that may fail then: another process
    /// may just be making the store.
    private static let (stormyOpenings, quietOpenings) = (60, 10)

    /// Opens the store, however often it takes.
    ///
    /// Where half of all requests fail, opening may fail for ever: that is no broken promise. But when nothing goes wrong for a
    /// process it must come in.
    func open(_ process: SimulatedProcess) async -> (storage: any Storage, store: Store, epoch: Int)? {
        defer { faults.spare(process, false) }
        for attempt in 0..<(Workload.stormyOpenings + Workload.quietOpenings) {
            if attempt == Workload.stormyOpenings {
                world.tally.count("spared_opening")
                faults.spare(process, true)
            }
            await beginOpening(process)
            defer { endOpening(process) }
            do {
                let storage = try await opener(connect(process), process)
                let store = try await Store.open(storage, schema: tables.schema)
                return (storage, store, withEpochs { $0.current })
            } catch {
                noteProblem(error, "open", process)
                if process.world.isTornDown { return nil }
                try? await process.sleep(.milliseconds(200 + min(attempt, 50) * 200))
            }
        }
        history.complain("liveness", "\(process.name) could not open the store though nothing went wrong any more")
        return nil
    }

    /// Whether a process has work left that it could not do because its store went.
    private func goesOn(_ slot: Int) -> Bool {
        state.withLock { $0.epochs.replacement != nil && $0.slots[slot].left > 0 } && !world.isTornDown
    }

    private func live(_ process: SimulatedProcess, _ slot: Int) async {
        // Whoever comes after the one that follows the list does nothing.
        if plan.isScripted, slot == 0, state.withLock({ $0.slots[slot].incarnation }) > 1 {
            return finish(process, slot)
        }
        if plan.sleep != nil, slot == 0 {
            await sleepAndWork(process)
            return finish(process, slot)
        }
        let quota = state.withLock { $0.slots[slot].left }
        let reopens = chance(plan.reopenings) ? quota / 2 : 0
        if reopens > 0 {
            world.tally.count("reopen")
            await visit(process, slot, downTo: quota - reopens)
        }
        await visit(process, slot, downTo: 0)
        if goesOn(slot) { await visit(process, slot, downTo: 0) }
        if tidies(slot) { await tidyUp(process, slot) }
        finish(process, slot)
    }

    private func finish(_ process: SimulatedProcess, _ slot: Int) {
        if world.isTornDown { return }
        state.withLock { $0.slots[slot].isDone = true }
        world.note(process) { "has nothing left to do" }
    }

    /// Opens the store, works, and mostly closes it.
    private func visit(_ process: SimulatedProcess, _ slot: Int, downTo rest: Int) async {
        guard let (storage, store, epoch) = await open(process) else { return }
        if slot == 0 { await furnish(process, storage, store, epoch) }
        if plan.isScripted, slot == 0 {
            await client(process, storage, store, epoch, seed: 1).followScript()
            return await close(store, process)
        }
        if chance(plan.hasty) {
            world.tally.count("hasty_close")
            world.after(number(0...span)) { [self] in process.spawn { [self] in await close(store, process) } }
        }
        let seeds = (0..<plan.clients).map { _ in seed() }
        await withTaskGroup(of: Void.self) { group in
            for seed in seeds {
                let client = client(process, storage, store, epoch, seed: seed)
                group.addTask { [self] in await client.work { takeDeed(slot, downTo: rest) } }
            }
        }
        if chance(80) { await close(store, process) }
    }

    func client(
        _ process: SimulatedProcess, _ storage: any Storage, _ store: Store, _ epoch: Int, seed: UInt64
    ) -> Client {
        Client(process, storage, store, tables, plan, history, seed: seed, epoch: epoch) { [self] in
            withEpochs { $0.replacement == nil || epoch == 2 }
        }
    }

    func close(_ store: Store, _ process: SimulatedProcess) async {
        do {
            try await store.close()
        } catch {
            noteProblem(error, "close", process)
        }
    }

    private func takeDeed(_ slot: Int, downTo rest: Int) -> Bool {
        state.withLock { state in
            guard state.slots[slot].left > rest else { return false }
            state.slots[slot].left -= 1
            return true
        }
    }

    /// Puts money into accounts, once: whoever comes first does it.
    func furnish(_ process: SimulatedProcess, _ storage: any Storage, _ store: Store, _ epoch: Int) async {
        let client = client(process, storage, store, epoch, seed: 1)
        for _ in 0..<50 {
            let outcome = await client.deed("furnish") { deed in
                deed.isWriting = true
                if try await client.read(storage, tables.accounts, Key(.int(0)), &deed) != nil { return nil }
                deed.operations = (0..<plan.accounts).map { id in
                    let values = tables.account(id, owner: "o\(id % 2)", balance: Workload.balance, stamp: deed.id)
                    return WriteOperation.insert(tables.accounts, values)
                }
                return try await store.write { writes in for operation in deed.operations { writes.append(operation) } }
            }
            if case .done = outcome { return }
            if case .failed(let error) = outcome, error.code == .duplicate { return }
            try? await process.sleep(.seconds(1))
        }
    }

    /// Something failed that may fail: it is looked at whether it fails in the right way.
    func noteProblem(_ error: any Error, _ what: String, _ process: SimulatedProcess) {
        if world.isTornDown { return }
        world.note(process) { "\(what) failed: \(error)" }
        world.tally.count("failed_\(what)")
        switch error {
        case let error as StorageError:
            if error.code == .damaged, mayBeDamaged || withEpochs({ $0.isBetween }) { return }
            if [.damaged, .invalid, .schemaMismatch, .upgradeRequired].contains(error.code) {
                history.complain("error", "\(process.name) \(what): \(error)")
            }
        case is CancellationError: break
        default: history.complain("error", "\(process.name) \(what) threw \(type(of: error)): \(error)")
        }
    }
}
