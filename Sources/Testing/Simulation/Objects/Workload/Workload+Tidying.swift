import CairnCore

/// Processes that stay when their work is done, let days pass, and let the driver remove what nobody needs any more.
///
/// The ``Collector`` sees the true time, makes no request, and never dies. Where it is at work it leaves nothing to the driver; where
/// this is done, it is not. Here the driver's own collection meets what everything else meets: requests that are lost, late and
/// doubled, the death of its process, and another one that does the same at the same moment.
extension Workload {
    /// Hours that pass before each collection: a week and more, until log records may be announced to go; some, until they go; a day,
    /// until manifests go that were replaced, and index files that only they name. Then what others wrote meanwhile may follow.
    private static let tidyingHours = [8 * 24, 2, 26, 2]
    /// Processes that do this: two collectors at once must do no harm.
    private static let tidyingSlots = 2

    /// Whether a process stays. Without a fence the driver removes nothing.
    func tidies(_ slot: Int) -> Bool { plan.tidies && bucket.options.hasFence && slot < Workload.tidyingSlots }

    /// Lets the driver collect, days later and again, and looks at everything.
    func tidyUp(_ process: SimulatedProcess, _ slot: Int) async {
        guard let (storage, store, epoch) = await open(process) else { return }
        let client = client(process, storage, store, epoch, seed: process.random())
        if plan.leavesParts, slot == 0 {
            world.tally.count("heavy_batch")
            _ = await client.write("heavy") { client.heavy(stamp: $0) }
        }
        // What a manifest covers before is what is old enough after.
        await client.collect()
        for hours in Workload.tidyingHours {
            await client.letPass(hours: hours)
            await client.collect()
        }
        await client.readEverything()
        _ = await client.write("tidied") { stamp in
            [.upsert(tables.users, tables.user(998, handle: "tidied", age: nil, stamp: stamp))]
        }
        await client.readEverything()
        await close(store, process)
    }
}

extension Client {
    private static let hour = 3_600 * Workload.second

    /// Waits so many hours and until the next full one, so that those who wait go on at the same moment.
    func letPass(hours: Int) async {
        let now = process.world.now
        let end = (now / Client.hour + hours + 1) * Client.hour
        try? await process.sleep(.microseconds(end - now))
    }

    /// Lets the driver collect, and some more times if that fails.
    fileprivate func collect() async {
        for _ in 0..<4 {
            if case .done = await maintain() { return }
            try? await process.sleep(.seconds(60))
        }
    }
}
