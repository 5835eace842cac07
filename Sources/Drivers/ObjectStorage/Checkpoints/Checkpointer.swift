import CairnCore
import CairnSchema
import MemoryStorage
import ObjectStores

/// Makes manifests: writes what the log changed in the indexes since the last one, and says which files may not be written yet.
///
/// Beside the commits, one at a time in a process. Two processes that make the same version do no harm: the manifest is created
/// once, and the loser takes the winner's.
final class Checkpointer: Sendable {
    private struct State {
        var isRunning = false
        /// Whether another one is wanted when the one under way has ended.
        var isWanted = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Receipts that checkpoints left out which nobody asked for, since somebody did.
        var forgotten = 0
    }

    private let parts: EngineParts
    private let materialiser: Materialiser
    private let options: ObjectStorageOptions
    private let state = Lock(State())
    private let turnstile = Turnstile()

    /// The writer of every number that is a multiple of this makes a manifest.
    private static let interval = 16
    /// Commits without a manifest at which anyone makes one.
    private static let overdue = 32
    /// Bytes of log without a manifest at which anyone makes one.
    private static let overdueBytes = 512 << 10

    init(_ parts: EngineParts, _ materialiser: Materialiser, _ options: ObjectStorageOptions) {
        self.parts = parts
        self.materialiser = materialiser
        self.options = options
    }

    // MARK: When

    /// A record of this process was committed.
    func heard(of record: CommitRecord, _ view: View) {
        let covers = view.manifest.manifest.covers
        let tail = view.number - covers
        let bytes = (try? parts.tip.whileOpen { $0.history.bytes(after: covers) }) ?? 0
        let isDue =
            record.number.isMultiple(of: Checkpointer.interval) || bytes >= Checkpointer.overdueBytes
            // Not all at once.
            || tail >= Checkpointer.overdue + Int(parts.surroundings.random() % UInt64(Checkpointer.interval))
        if isDue { request() }
    }

    private func request() {
        let starts = state.withLock { state in
            if state.isRunning {
                state.isWanted = true
                return false
            }
            state.isRunning = true
            return true
        }
        if starts { parts.surroundings.spawn { [self] in await run() } }
    }

    private func run() async {
        while true {
            do {
                try await checkpoint(forgetting: nil)
            } catch {
                options.verbose?("no checkpoint was made: \(StoreAccess.translated(error))")
            }
            let (goesOn, waiting) = state.withLock { state in
                let goesOn = state.isWanted
                state.isWanted = false
                state.isRunning = goesOn
                let waiting = goesOn ? [] : state.waiting
                if !goesOn { state.waiting = [] }
                return (goesOn, waiting)
            }
            for continuation in waiting { continuation.resume() }
            if !goesOn { return }
        }
    }

    /// Waits for a checkpoint that is under way.
    func finish() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.isRunning { state.waiting.append(continuation) }
                return !state.isRunning
            }
            if isIdle { continuation.resume() }
        }
    }

    // MARK: What

    /// Makes a manifest of the newest view, if the log went on since the last one or receipts have expired.
    /// - Parameters:
    ///   - time: Receipts older than their lifetime then are left out and make a manifest necessary; nil: those that are old go
    ///     along with the next one.
    ///   - collecting: Log records up to this number may be removed from an hour after the manifest on. Makes one necessary
    ///     if that is more than before.
    /// - Returns: How many receipts were left out.
    /// - Throws: `storage.maintenance` when another process has closed the store.
    @discardableResult
    func checkpoint(forgetting time: Timestamp?, collecting: Int = 0) async throws -> Int {
        do {
            return try await turnstile.run { try await makeCheckpoint(forgetting: time, collecting) }
        } catch {
            throw StoreAccess.translated(error)
        }
    }

    private func makeCheckpoint(forgetting time: Timestamp?, _ collecting: Int) async throws -> Int {
        _ = try await parts.follower.permission()
        let view = try parts.tip.view()
        let manifest = view.manifest.manifest
        let now = time ?? view.time
        let hasExpired = ReceiptUpdate(parts, at: now).hasExpired(view, isThorough: time != nil)
        let collected = max(manifest.collected, min(collecting, view.number))
        guard view.number > manifest.covers || (time != nil && hasExpired) || collected > manifest.collected else {
            return forgotten(time == nil ? 0 : nil)
        }
        let pending = try await pending(view)
        let update = try await IndexUpdate(parts, view).write(at: now, isThorough: time != nil)
        let expired = update.receipts.expired
        let next = Manifest(
            store: manifest.store, version: manifest.version + 1, covers: view.number, head: view.hash,
            collected: collected, schema: view.schema.id, time: max(view.time, parts.now()), tables: update.tables,
            receiptRuns: update.receipts.runs, pending: pending, closing: view.closing,
            eras: manifest.eras)
        try await publish(next, introduced: update.written)
        return forgotten(time == nil ? expired : nil) + (time == nil ? 0 : expired)
    }

    /// Counts receipts that were left out; nil asks how many those were, and begins anew.
    private func forgotten(_ more: Int?) -> Int {
        state.withLock { state in
            state.forgotten += more ?? 0
            guard more == nil else { return 0 }
            defer { state.forgotten = 0 }
            return state.forgotten
        }
    }

    /// Publishes the newest manifest with a change, for maintenance: it covers no more than before.
    /// - Parameters:
    ///   - version: The manifest that the change was made for.
    ///   - introduced: As for `publish`.
    /// - Returns: Whether that was done: not, when another manifest was quicker.
    func amend(
        _ version: Int, introduced: StoreDate?, _ change: @Sendable (inout Manifest) -> Void
    ) async throws -> Bool {
        do {
            return try await turnstile.run {
                var next = try parts.tip.view().manifest.manifest
                guard next.version == version else { return false }
                next.version += 1
                next.time = max(next.time, parts.now())
                change(&next)
                return try await publish(next, introduced: introduced)
            }
        } catch {
            throw StoreAccess.translated(error)
        }
    }

    /// What the manifest must carry: records changed up to the view whose files are not known to be written.
    private func pending(_ view: View) async throws -> [Manifest.PendingRecord] {
        if parts.faults.contains(.noPending) { return [] }
        // What a manifest carried before is written by whoever makes the next one, if nobody has.
        materialiser.take(view.manifest.manifest.pending, view)
        var pending = unwritten(view)
        if pending.reduce(0, { $0 + ValueSize.bytes($1.image.values ?? []) }) > Materialiser.byteLimit
            || pending.count > Materialiser.limit
        {
            materialiser.take(pending, view)
            _ = await materialiser.flush()
            pending = unwritten(view)
        }
        return pending
    }

    private func unwritten(_ view: View) -> [Manifest.PendingRecord] {
        var records: [Workspace.RecordID: (Table, Key)] = [:]
        for record in view.manifest.manifest.pending {
            records[id(record.table, record.key, view)] = (record.table, record.key)
        }
        let covers = view.manifest.manifest.covers
        let commits = (try? parts.tip.whileOpen { Array($0.history.commits(after: covers)) }) ?? []
        for commit in commits where commit.number <= view.number {
            for transaction in commit.record.transactions {
                for operation in transaction.operations {
                    records[id(operation.table, operation.key, view)] = (operation.table, operation.key)
                }
            }
        }
        let unwritten = records.compactMap { id, record -> ([UInt8], Manifest.PendingRecord)? in
            guard let image = view.tables[id.table].records.get(id.key),
                !materialiser.isWritten(id, image.commit)
            else { return nil }
            return (id.key, Manifest.PendingRecord(table: record.0, key: record.1, image: image))
        }
        return unwritten.sorted { left, right in
            left.1.table.position == right.1.table.position
                ? KeyBytes.isLess(left.0, right.0) : left.1.table.position < right.1.table.position
        }.map(\.1)
    }

    private func id(_ table: Table, _ key: Key, _ view: View) -> Workspace.RecordID {
        Workspace.RecordID(table: table.position, key: view.tables[table.position].keyLayout.encode(key))
    }

    // MARK: Publishing

    /// - Parameter introduced: A moment of the store's clock before the oldest index file was written that the manifest is the first
    ///   to name.
    /// - Returns: Whether it is published: not, when another one was quicker, or it came too late.
    @discardableResult
    private func publish(_ manifest: Manifest, introduced: StoreDate?) async throws -> Bool {
        let proof = try await parts.follower.permission()
        let (base, sighting) = try parts.tip.whileOpen { ($0.view.manifest.manifest.version, $0.sighting) }
        guard manifest.version == base + 1 else { return false }
        // Each nil where the store does not say its time.
        let limits = [
            proof?.date?.addingTimeInterval(Committer.fence),
            // Files that nothing names yet are collected after a day: a manifest that comes so late must not name them.
            introduced?.addingTimeInterval(Checkpointer.publishWithin),
            // A manifest is the successor of one that is there.
            sighting.date?.addingTimeInterval(Follower.relianceOnManifest),
        ]
        var notAfter = limits.compactMap { $0 }.min()
        if parts.faults.contains(.noFence) { notAfter = nil }
        let name = ObjectNames.manifest(manifest.version)
        let end = try await parts.access.create(
            name, ManifestJSON.encode(manifest), notAfter: notAfter, of: parts.log.owner, parts.surroundings)
        switch end {
        case .created:
            try parts.tip.adopt(manifest, seen: proof?.date)
            materialiser.forget(upTo: manifest.covers)
            return true
        case .taken: try await parts.follower.adoptNewest()
        case .expired: break
        }
        return false
    }

    /// Seconds of the store's clock from the writing of an index file within which a manifest may name it.
    static let publishWithin: Double = 12 * 3600
}
