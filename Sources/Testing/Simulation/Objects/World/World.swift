import CairnCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A machine room in one thread: processes whose tasks run one step at a time, and a time of its own.
///
/// Each process is a task executor that puts the steps of its tasks here instead of on threads. ``run(mostSteps:until:)`` takes
/// one of those that could run, by the seed, and runs it; when none can, time jumps to the next timer. Running costs no time, only
/// waiting does. So one seed is one run, however long it lasts, and a day passes in a millisecond.
///
/// What leaves the room is found: a step that arrives from another thread is counted in ``strays``, because its place in the
/// order would be left to chance.
package final class World: Sendable {
    /// Microseconds since the world began.
    package typealias Moment = Int

    /// A step of a task that can run.
    private struct Step {
        let job: UnownedJob
        let process: Int
    }

    /// A process as the world sees it.
    private struct Inmate {
        let process: SimulatedProcess
        var isDead = false
        var pausedUntil: Moment = 0
        /// Steps of a dead process. They are run when the world is torn down.
        var buried: [UnownedJob] = []
    }

    private struct State {
        var now: Moment = 0
        var random: SeededRandom
        var ready: [Step] = []
        var timers = TimerQueue()
        var inmates: [Inmate] = []
        var steps = 0
        var strays = 0
        /// Steps run since time last passed.
        var stepsOfMoment = 0
        var isTornDown = false

        func canRun(_ process: Int) -> Bool {
            isTornDown || (!inmates[process].isDead && inmates[process].pausedUntil <= now)
        }
    }

    private let state: Lock<State>
    /// The thread it was made by, which runs everything. Compared only.
    private let thread: UInt
    /// What happened, to read and to compare.
    package let trace: Trace
    /// How often what was planned happened.
    package let tally = Tally()

    package init(seed: UInt64, isTracing: Bool = false) {
        state = Lock(State(random: SeededRandom(seed: seed)))
        thread = World.currentThread
        trace = Trace(isOn: isTracing)
    }

    private static var currentThread: UInt { UInt(pthread_self()) }

    // MARK: Time

    package var now: Moment { state.withLock { $0.now } }

    /// How many steps were run.
    package var steps: Int { state.withLock { $0.steps } }

    /// How many steps came from other threads than the one that runs the world. Anything but 0 means that something it
    /// runs uses threads, pauses or tasks of its own.
    package var strays: Int { state.withLock { $0.strays } }

    /// Does something later.
    @discardableResult
    package func after(_ delay: Moment, _ action: @escaping @Sendable () -> Void) -> Int {
        state.withLock { $0.timers.add(due: $0.now + max(0, delay), action) }
    }

    /// Does not do it after all.
    package func cancel(_ timer: Int) { state.withLock { $0.timers.remove(timer) } }

    /// Writes a line of the trace.
    package func note(_ process: SimulatedProcess? = nil, _ text: () -> String) {
        guard trace.isOn else { return }
        trace.add(now, process?.name ?? "world", text())
    }

    // MARK: Processes

    /// A process that did not run before.
    /// - Parameter machine: What it takes itself for; nil: its name. The copy of a machine takes itself for the other one.
    package func process(_ name: String, seed: UInt64, machine: String? = nil) -> SimulatedProcess {
        state.withLock { state in
            let process = SimulatedProcess(name, machine ?? name, id: state.inmates.count, self, seed: seed)
            state.inmates.append(Inmate(process: process))
            return process
        }
    }

    func isDead(_ process: Int) -> Bool { state.withLock { $0.inmates[process].isDead } }

    func isPaused(_ process: Int) -> Bool { state.withLock { $0.inmates[process].pausedUntil > $0.now } }

    func kill(_ process: Int) { state.withLock { $0.inmates[process].isDead = true } }

    func pause(_ process: Int, for duration: Moment) {
        state.withLock { $0.inmates[process].pausedUntil = $0.now + duration }
        // Something must happen when it ends, or time would not come to it.
        after(duration) {}
    }

    /// Lets it go on before its time.
    func resume(_ process: Int) { state.withLock { $0.inmates[process].pausedUntil = $0.now } }

    func enqueue(_ job: UnownedJob, _ process: Int) {
        let isStray = World.currentThread != thread
        state.withLock { state in
            if isStray { state.strays += 1 }
            state.ready.append(Step(job: job, process: process))
        }
    }

    // MARK: Running

    /// How a run ended.
    package enum End: String, Sendable {
        /// What was waited for came to be.
        case done
        /// Nothing can run and nothing is planned: whoever waits, waits for ever.
        case stuck
        /// So many steps were run without any time passing that something must turn in circles.
        case spinning
        /// More steps were run than were allowed.
        case long
    }

    /// How many steps may follow one another before time must pass.
    private static let mostStepsOfMoment = 200_000

    /// Runs steps and timers until `isDone`.
    /// - Parameter mostSteps: How many steps may be run; past that the run is given up.
    package func run(mostSteps: Int = .max, until isDone: () -> Bool) -> End {
        var left = mostSteps
        while !isDone() {
            guard left > 0 else { return .long }
            if let (job, process) = nextStep() {
                left -= 1
                job.runSynchronously(on: process.asUnownedTaskExecutor())
                if state.withLock({ $0.stepsOfMoment }) > World.mostStepsOfMoment { return .spinning }
            } else if let action = nextTimer() {
                action()
            } else {
                return .stuck
            }
        }
        return .done
    }

    /// One of the steps that can run, by the seed. Steps of dead processes are put aside, those of paused ones wait.
    private func nextStep() -> (job: UnownedJob, process: SimulatedProcess)? {
        state.withLock { state in
            if !state.isTornDown { World.bury(&state) }
            let places = state.ready.indices.filter { state.canRun(state.ready[$0].process) }
            guard let first = places.first else { return nil }
            let place = places.count > 1 ? state.random.pick(places, else: first) : first
            state.steps += 1
            state.stepsOfMoment += 1
            let step = state.ready.remove(at: place)
            return (step.job, state.inmates[step.process].process)
        }
    }

    private static func bury(_ state: inout State) {
        guard state.ready.contains(where: { state.inmates[$0.process].isDead }) else { return }
        for step in state.ready where state.inmates[step.process].isDead {
            state.inmates[step.process].buried.append(step.job)
        }
        state.ready = state.ready.filter { !state.inmates[$0.process].isDead }
    }

    private func nextTimer() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard let timer = state.timers.popFirst() else { return nil }
            if timer.due > state.now { state.stepsOfMoment = 0 }
            state.now = max(state.now, timer.due)
            return timer.action
        }
    }

    // MARK: The end

    var isTornDown: Bool { state.withLock { $0.isTornDown } }

    /// Ends all processes: what they wait for fails, what they ask for then fails at once, so that their tasks come to their
    /// ends and their memory comes back. Nothing they do from here on counts.
    /// - Returns: How many tasks did not come to their end.
    @discardableResult
    package func tearDown() -> Int {
        trace.close()
        let processes = state.withLock { state in
            state.isTornDown = true
            state.stepsOfMoment = 0
            for place in state.inmates.indices {
                state.ready += state.inmates[place].buried.map { Step(job: $0, process: place) }
                state.inmates[place].buried = []
            }
            return state.inmates.map(\.process)
        }
        for process in processes { process.release() }
        _ = run(mostSteps: 100_000) { processes.allSatisfy { $0.taskCount == 0 } }
        return processes.reduce(0) { $0 + $1.taskCount }
    }
}
