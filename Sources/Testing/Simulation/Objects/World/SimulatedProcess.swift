import CairnCore
package import CairnSchema

/// A process of a ``World``: an executor for its tasks, clocks that may be wrong, and an end.
///
/// It may be paused, as a machine is that sleeps: none of its steps run, while the requests it sent go their way. It may die:
/// none of its steps ever run again.
package final class SimulatedProcess: TaskExecutor {
    /// What it is called in traces: slot and incarnation, `p2.1`.
    package let name: String
    /// What it takes itself for: the id of the process and of the machine's start.
    package let machine: String
    package let world: World
    private let id: Int
    private let state: Lock<State>

    private struct State {
        var random: SeededRandom
        /// Microseconds its time of day is ahead.
        var skew = 0
        /// Microseconds its uptime did not count.
        var unseen = 0
        /// When it goes on that stands still, and whether its uptime counts that.
        var pause: (end: World.Moment, isSeen: Bool)?
        var tasks: [Int: Task<Void, Never>] = [:]
        var waiting: [Int: @Sendable () -> Void] = [:]
        var nextID = 0
        var onDeath: (@Sendable () -> Void)?

        mutating func takeID() -> Int {
            nextID += 1
            return nextID
        }
    }

    init(_ name: String, _ machine: String, id: Int, _ world: World, seed: UInt64) {
        self.name = name
        self.machine = machine
        self.id = id
        self.world = world
        state = Lock(State(random: SeededRandom(seed: seed)))
    }

    package func enqueue(_ job: consuming ExecutorJob) { world.enqueue(UnownedJob(job), id) }

    // MARK: Life

    /// Whether it died.
    package var isDead: Bool { world.isDead(id) }
    /// Whether it stands still.
    package var isPaused: Bool { world.isPaused(id) }

    /// Ends it without a word: no step of it ever runs again. Requests it sent may still arrive.
    package func kill() {
        if isDead { return }
        world.note(self) { "dies" }
        world.kill(id)
        state.withLock { $0.onDeath }?()
    }

    /// What follows when it dies.
    package func onDeath(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.onDeath = action } }

    /// Lets it stand still.
    /// - Parameter isSeen: Whether its uptime counts the pause: not all machines' does when they sleep.
    package func pause(for duration: World.Moment, isSeen: Bool) {
        world.note(self) { "stands still for \(Trace.text(duration))" + (isSeen ? "" : ", unseen") }
        state.withLock { state in
            if !isSeen { state.unseen += duration }
            state.pause = (world.now + duration, isSeen)
        }
        world.pause(id, for: duration)
    }

    /// Lets it go on before its pause is over.
    package func wake() {
        guard isPaused else { return }
        world.note(self) { "is woken" }
        state.withLock { state in
            guard let pause = state.pause else { return }
            if !pause.isSeen { state.unseen -= max(0, pause.end - world.now) }
            state.pause = nil
        }
        world.resume(id)
    }

    /// Runs a task in it.
    package func spawn(_ work: @escaping @Sendable () async -> Void) {
        let number = state.withLock { $0.takeID() }
        // Registered before a step of it can run: steps run only in the loop of the world.
        let task = Task.detached(executorPreference: self) { [self] in
            await work()
            _ = state.withLock { $0.tasks.removeValue(forKey: number) }
        }
        state.withLock { $0.tasks[number] = task }
    }

    /// How many tasks it has that did not end.
    var taskCount: Int { state.withLock { $0.tasks.count } }

    // MARK: Clocks and chance

    /// Sets its time of day.
    package func setSkew(_ microseconds: Int) { state.withLock { $0.skew = microseconds } }

    /// The time of day, as it believes.
    package var timeOfDay: Timestamp {
        let skew = state.withLock { $0.skew }
        return World.epoch.adding(microseconds: Int64(world.now + skew)) ?? .max
    }

    /// Time that only passes, as it sees it.
    package var uptime: Duration {
        let unseen = state.withLock { $0.unseen }
        return .microseconds(max(0, world.now - unseen))
    }

    /// Seconds that passed without its uptime counting them, rounded up.
    package var unseenSeconds: Int { state.withLock { ($0.unseen + 999_999) / 1_000_000 } }

    /// Eight random bytes.
    package func random() -> UInt64 { state.withLock { $0.random.next() } }

    /// Waits; fails when the task is cancelled.
    package func sleep(_ duration: Duration) async throws {
        let (seconds, attoseconds) = duration.components
        let microseconds = Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
        let waiter = Waiter<Void>(self)
        let timer = world.after(microseconds) { waiter.finish(.success(())) }
        defer { world.cancel(timer) }
        try await waiter.value()
    }

    // MARK: The end

    /// Something waits: it is to be ended when the world is.
    func register(_ end: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            let id = state.takeID()
            state.waiting[id] = end
            return id
        }
    }

    func unregister(_ id: Int) { state.withLock { state in _ = state.waiting.removeValue(forKey: id) } }

    /// Cancels its tasks and ends what they wait for.
    func release() {
        let (tasks, waiting) = state.withLock { ($0.tasks.values.map { $0 }, $0.waiting.values.map { $0 }) }
        for task in tasks { task.cancel() }
        for end in waiting { end() }
    }
}

extension World {
    /// When worlds begin.
    package static let epoch = Timestamp("2026-11-20T15:06:01.870549Z") ?? .epoch

    /// The true time of day.
    package var timeOfDay: Timestamp { World.epoch.adding(microseconds: Int64(now)) ?? .max }
}
