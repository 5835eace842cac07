import CairnCore
import ObjectStores

/// The maintenance window that this process holds, if it does.
///
/// From the record that closes the store on, no commit is possible: whoever wins a later number has read that record. What may
/// still arrive are requests that were under way: record files, index files, manifests, pins, removals. Each was signed by a proof
/// of the tip from before the closing, and takes effect within a quarter of an hour of it or never. So ``quiet`` seconds of
/// the store's clock later nobody changes anything but the process that holds the window.
///
/// The same holds the other way round. What this process removes in the window must not arrive after it, not even for the second time: the
/// window ends only when no removal can take effect any more, whether it was answered or not. And who ends the window of another process,
/// which may be at work still, first closes the store anew, which takes the window from it, and waits as long as at the beginning.
final class MaintenanceWindows: Sendable {
    /// Seconds of the store's clock after which no request from before a closing can take effect.
    static let quiet: Double = 1800

    private struct Held {
        /// The number of the record that closed the store.
        let number: Int
        /// When it was there, by the store's clock, and by this machine's uptime.
        let date: StoreDate?
        let uptime: Duration
        /// Our own removals; nil while there are none.
        var removals: Removals?
    }

    /// What this process has removed in a window.
    private struct Removals {
        /// The store's time past which none of them can take effect; nil when that of one is not known.
        var end: StoreDate?
        /// This machine's uptime when the last of them was about to be sent.
        var uptime: Duration
    }

    private let parts: EngineParts
    private let held = Lock<Held?>(nil)

    init(_ parts: EngineParts) {
        self.parts = parts
    }

    /// Whether this process holds a window, as far as it knows.
    var isHeld: Bool { held.withLock { $0 != nil } }

    /// The number of the record by which this process holds a window.
    var number: Int? { held.withLock { $0?.number } }

    // MARK: Holding

    /// This process has closed the store.
    func hold(_ number: Int) throws {
        try parts.tip.whileOpen { $0.window = number }
        // A proof of the closing, or from after it; without one the uptime must do.
        let proof = try parts.tip.confirmed().confirmation
        let date = proof.flatMap { $0.number >= number ? $0.date : nil }
        let uptime = parts.surroundings.uptime()
        held.withLock { $0 = Held(number: number, date: date, uptime: uptime) }
    }

    /// The window is over, or another process has taken it.
    func release() {
        held.withLock { $0 = nil }
        try? parts.tip.whileOpen { $0.window = nil }
    }

    /// This process is about to remove files, which may happen until a time of the store's; nil: nobody knows until when.
    func noteRemoval(effectiveUntil date: StoreDate?) {
        let uptime = parts.surroundings.uptime()
        held.withLock { held in
            guard let known = held?.removals else {
                held?.removals = Removals(end: date, uptime: uptime)
                return
            }
            let end = known.end.flatMap { end in date.map { max(end, $0) } }
            held?.removals = Removals(end: end, uptime: uptime)
        }
    }

    /// - Throws: `storage.invalid` when this process has opened no window; `storage.maintenance` when another one has taken it;
    ///   `storage.busy` when somebody has ended it.
    func check() throws {
        guard let number else {
            throw StorageError.misuse(
                "this can only be done in a maintenance window", remedy: "do it in withMaintenanceWindow { … }")
        }
        guard let closing = try parts.tip.view().closing else {
            throw StorageError(
                .busy, "somebody has ended the maintenance window of this process",
                remedy: "find out who, and begin another one", isRetryable: true)
        }
        if closing.number != number { throw StorageError.underMaintenance(closing.note) }
    }

    // MARK: Waiting

    /// Waits until nobody but this process can change anything: half an hour from the closing on.
    /// - Throws: as ``check()``.
    func awaitQuiet() async throws {
        guard let held = held.withLock({ $0 }) else { return try check() }
        try await wait {
            try check()
            let uptime = parts.surroundings.uptime() - held.uptime
            guard let date = held.date, let now = try parts.tip.confirmed().confirmation?.date else {
                return MaintenanceWindows.quiet - uptime.inSeconds
            }
            return MaintenanceWindows.quiet - now.timeIntervalSince(date)
        }
    }

    /// Waits until no removal of this process can take effect any more: by the store's clock, and where that was not told, half an hour by
    /// the uptime, as at the beginning of a window.
    func awaitRemovals() async throws {
        guard let removals = held.withLock({ $0?.removals }) else { return }
        try await wait {
            guard let end = removals.end, let now = try parts.tip.confirmed().confirmation?.date else {
                return MaintenanceWindows.quiet - (parts.surroundings.uptime() - removals.uptime).inSeconds
            }
            return end.timeIntervalSince(now)
        }
    }

    /// Waits as long as `rest` gives seconds, after a proof of the tip each time.
    private func wait(_ rest: () throws -> Double) async throws {
        while true {
            try Deadline.check()
            _ = try await parts.follower.follow()
            let seconds = try rest()
            if seconds <= 0 { return }
            MaintenanceWait.heard?(seconds)
            try await parts.surroundings.sleep(.seconds(min(seconds, MaintenanceWindows.step)))
        }
    }

    /// Seconds after which it is looked again whether the window still is ours.
    private static let step: Double = 300
}
