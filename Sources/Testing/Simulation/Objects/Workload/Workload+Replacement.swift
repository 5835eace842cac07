import CairnCore

/// The times of one store and of the one that follows it at the same place.
struct Epochs: Sendable {
    /// When somebody began to remove the first store, and when the place was empty for good; nil: nobody has.
    struct Replacement: Sendable {
        /// When the store was removed, and how many changes the bucket had had by then.
        let begin: World.Moment
        let changesBefore: Int
        /// The same, when what came late was removed, too; nil while nobody may come back.
        var end: (time: World.Moment, changes: Int)?
    }

    var replacement: Replacement?
    /// Records and manifests of the first store, by name.
    var relics: [String: [UInt8]] = [:]
    /// Processes that are opening a store, or died at it.
    var openings: [SimulatedProcess] = []

    /// The store that is at the place: 1, then 2.
    var current: Int { replacement?.end == nil ? 1 : 2 }
    /// Whether the place is to stay empty.
    var isBetween: Bool { replacement.map { $0.end == nil } ?? false }
}

/// Somebody removes a store while processes have it open, waits as long as the design says, and lets it be made anew. What the old
/// processes know must do no harm to the new store.
extension Workload {
    /// Half an hour: what relied on a proof of the old store's tip cannot take effect any more.
    private static let quiet = 30 * 60 * second

    func planReplacement() {
        world.after(number(span / 8...span)) { [self] in removeStore() }
    }

    private func removeStore() {
        guard bucket.bytes("_store.json") != nil else {
            if !isDone { world.after(10 * Workload.second) { [self] in removeStore() } }
            return
        }
        if isDone { return }
        let before = bucket.changeCount
        let relics = bucket.contents.filter { Workload.isRelic($0.key) }
        withEpochs { epochs in
            epochs.replacement = Epochs.Replacement(begin: world.now, changesBefore: before)
            epochs.relics = relics
        }
        world.tally.count("store_replaced")
        removeAll()
        world.after(Workload.quiet) { [self] in removeRest() }
    }

    /// Removes what came late, and lets processes come; but only a while after the last one has ceased to make a store.
    private func removeRest() {
        let isOpened = withEpochs { $0.openings }.contains { !$0.isDead }
        // Who began to open before the removal may have made a store since, which others use: it is removed like the first one.
        let isMade = !isOpened && bucket.bytes("_store.json") != nil
        if !isOpened { removeAll() }
        if isOpened || isMade { return _ = world.after(Workload.quiet) { [self] in removeRest() } }
        let changes = bucket.changeCount
        withEpochs { $0.replacement?.end = (world.now, changes) }
        sendStrays(plan.strays)
    }

    // MARK: Strays

    private static func isRelic(_ key: String) -> Bool { key.hasPrefix("_log/") || key.hasPrefix("_checkpoints/") }

    /// Lets a few records and manifests of the old store arrive, as requests do that were under way for longer than anybody waits: where
    /// nothing stands, and when the new store is there.
    private func sendStrays(_ count: Int) {
        if count == 0 || isDone { return }
        guard bucket.bytes("_store.json") != nil else {
            world.after(Workload.second) { [self] in sendStrays(count) }
            return
        }
        if let (key, bytes) = nextStray() {
            bucket.change(key, bytes, by: "the removed store")
            world.tally.count("late_stray")
            world.note { "\(key) of the removed store arrives" }
        }
        world.after(number(0...span / 8)) { [self] in sendStrays(count - 1) }
    }

    /// Something of the old store whose place is free: often what the new store needs next.
    private func nextStray() -> (key: String, bytes: [UInt8])? {
        let relics = withEpochs { $0.relics }
        let free = relics.keys.filter { bucket.bytes($0) == nil }.sorted()
        let records = free.filter { $0.hasPrefix("_log/") }
        // Versions of manifests are complements: the last name is the next version.
        let manifests = free.filter { !$0.hasPrefix("_log/") }
        let some = chance(60) || manifests.isEmpty ? records : manifests.reversed()
        guard !some.isEmpty else { return nil }
        let key = some[chance(50) ? 0 : number(0...some.count - 1)]
        return relics[key].map { (key, $0) }
    }

    private func removeAll() {
        world.note { "all objects are removed" }
        for key in bucket.keys { bucket.change(key, nil, by: "the owner") }
    }

    /// Waits until the place is not to stay empty, and counts those who open.
    func beginOpening(_ process: SimulatedProcess) async {
        while !process.world.isTornDown {
            let mayOpen = withEpochs { epochs in
                if epochs.isBetween { return false }
                epochs.openings.append(process)
                return true
            }
            if mayOpen { return }
            try? await process.sleep(.seconds(30))
        }
    }

    func endOpening(_ process: SimulatedProcess) {
        withEpochs { epochs in epochs.openings.removeAll { $0 === process } }
    }
}

/// What is judged of a run in which a store was replaced: each store by itself.
extension Epochs {
    /// The deeds of one store. What was under way when it went is of no further interest.
    func deeds(_ deeds: [Deed], of epoch: Int) -> [Deed] {
        guard let replacement else { return deeds }
        return deeds.compactMap { deed in
            guard deed.epoch == epoch else { return nil }
            if epoch == 2 { return deed }
            guard deed.begin < replacement.begin else { return nil }
            guard deed.end ?? .max >= replacement.begin else { return deed }
            var cut = deed
            cut.end = nil
            cut.outcome = .pending
            cut.reads = []
            return cut
        }
    }

    /// What processes that had the old store open did with it when the new one was there, and must not.
    func violations(_ deeds: [Deed]) -> [Violation] {
        guard let end = replacement?.end?.time else { return [] }
        let acknowledged = Set(
            deeds.compactMap { deed in
                if case .done = deed.outcome { deed.id } else { nil }
            })
        return deeds.compactMap { deed in
            guard deed.epoch == 1, deed.begin > end, case .done = deed.outcome else { return nil }
            // A batch that was acknowledged to this process is acknowledged again by what it remembers: that is no use of the store.
            if let repeats = deed.repeats, acknowledged.contains(repeats) { return nil }
            let hasRead = !deed.reads.isEmpty && deed.staleness == 0
            guard hasRead || !deed.operations.isEmpty else { return nil }
            return Violation("replaced", "\(deed.text) succeeded on a store that was replaced long ago")
        }
    }
}
