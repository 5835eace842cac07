import CairnCore

/// Who sleeps, and what it slept over.
struct SleepState: Sendable {
    /// Who waits to be woken when the records behind a number go.
    var sleeper: (process: SimulatedProcess, number: Int)?
    /// Whether somebody has slept before a manifest.
    private var hasSlept = false

    /// Whoever has written an index file while the store was at work falls asleep before its manifest, once.
    mutating func verdict(
        _ process: SimulatedProcess, _ request: SimulatedRequest, _ random: inout SeededRandom
    ) -> EffectGate.Verdict? {
        guard !hasSlept, !process.isDead, request.key.hasPrefix("_index/main/"), process.name.hasPrefix("p1.") else {
            return nil
        }
        hasSlept = true
        process.world.tally.count(WorkloadPlan.Sleep.beforeManifest.rawValue)
        // Index files that no manifest names go after a day, and collectors come by every two hours.
        return .sleepAfter(random.number(27...40) * 3_600 * Workload.second, isSeen: random.chance(50))
    }
}

/// A process that sleeps for days at the worst moment, knows what was true before, and acts on it.
///
/// These are the moments that the design's dates and ages are for. Few random runs meet them: one must fall asleep between two
/// requests, for longer than something is kept, and wake when it is gone or just going.
extension Workload {
    /// What the first process does in place of random deeds.
    func sleepAndWork(_ process: SimulatedProcess) async {
        guard let (storage, store, epoch) = await open(process) else { return }
        await furnish(process, storage, store, epoch)
        let client = client(process, storage, store, epoch, seed: seed())
        switch plan.sleep {
        case .betweenDeeds: for _ in 0..<2 { await sleepBetweenDeeds(client) }
        case .beforeManifest: await writeUntilManifest(client)
        case nil: break
        }
        await close(store, process)
    }

    private func sleepBetweenDeeds(_ client: Client) async {
        let process = client.process
        await client.writeOwnNote()
        await client.readEverything()
        let isWoken = chance(60)
        // An idle machine that does not see it sleep believes all it knew.
        let isSeen = chance(30)
        let days = isWoken ? 40 : number(8...14)
        withSleep { $0.sleeper = isWoken ? (process, newestNumber) : nil }
        world.tally.count(WorkloadPlan.Sleep.betweenDeeds.rawValue)
        process.pause(for: days * 86_400 * Workload.second, isSeen: isSeen)
        try? await process.sleep(.microseconds(1))
        if chance(50) {
            await client.readEverything()
            await client.writeOwnNote()
        } else {
            await client.writeOwnNote()
            await client.readEverything()
        }
    }

    /// Writes until a manifest is due, and a little more.
    private func writeUntilManifest(_ client: Client) async {
        for _ in 0..<40 {
            await client.writeOwnNote()
            try? await client.process.sleep(.milliseconds(200))
        }
        await client.readEverything()
    }

    /// The newest number in the log.
    private var newestNumber: Int {
        bucket.keys.last { $0.hasPrefix("_log/main/") }.flatMap { Int($0.dropFirst(10).dropLast(5)) } ?? 0
    }

    /// Wakes who sleeps while the records go that it would read next.
    /// - Parameter number: Records up to this one go.
    /// - Returns: Microseconds until they do.
    func wakeSleeper(before number: Int) -> Int {
        let process = withSleep { sleep -> SimulatedProcess? in
            guard let sleeper = sleep.sleeper, number >= sleeper.number + 2 else { return nil }
            sleep.sleeper = nil
            return sleeper.process
        }
        guard let process else { return 0 }
        world.tally.count("woken_at_collection")
        process.wake()
        return self.number(0...150_000)
    }
}

extension Client {
    /// Writes a record that nobody else writes, and that this process therefore knows without asking.
    fileprivate func writeOwnNote() async {
        _ = await write("own_note") { stamp in [.upsert(tables.notes, tables.note(900, "mine", stamp: stamp))] }
    }

    /// Reads all tables as of one moment, but none that somebody edits by hand.
    func readEverything() async {
        await deed("everything") { deed in
            let snapshot = try await storage.snapshot(.latest)
            do {
                for table in tables.schema.tables where !plan.hasEditor || table !== tables.notes {
                    try await read(snapshot, Query(table), &deed)
                }
                await snapshot.close()
            } catch {
                await snapshot.close()
                throw error
            }
            return nil
        }
    }
}
