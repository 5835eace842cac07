import CairnCore
package import CairnSchema

/// What the driver has from the machine it runs on: time, pauses, chance, and tasks of its own.
///
/// Everything it does beside its calls to the object store goes through here, so that a simulation can run many processes
/// in one thread, with a time of its own, from one seed.
package struct Surroundings: Sendable {
    /// The time of day, as this machine believes it. Never relied upon where the store says the time.
    package var now: @Sendable () -> Timestamp
    /// Time that only passes: what intervals are measured by.
    package var uptime: @Sendable () -> Duration
    /// Waits; fails when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// Runs work beside the caller's, to its end.
    package var spawn: @Sendable (@escaping @Sendable () async -> Void) -> Void
    /// Eight random bytes.
    package var random: @Sendable () -> UInt64
    /// What this process is called in the log: its id and that of the machine's start.
    package var process: String

    package init(
        now: @escaping @Sendable () -> Timestamp, uptime: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        spawn: @escaping @Sendable (@escaping @Sendable () async -> Void) -> Void,
        random: @escaping @Sendable () -> UInt64, process: String
    ) {
        self.now = now
        self.uptime = uptime
        self.sleep = sleep
        self.spawn = spawn
        self.random = random
        self.process = process
    }

    /// Those of a real machine.
    package static func machine(now: @escaping @Sendable () -> Timestamp = { .now }) -> Surroundings {
        let start = ContinuousClock.now
        return Surroundings(
            now: now, uptime: { start.duration(to: .now) }, sleep: { try await Task.sleep(for: $0) },
            spawn: { work in Task.detached { await work() } }, random: { .random(in: 0...UInt64.max) },
            process: Machine.name)
    }
}
