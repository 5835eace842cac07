import CairnCore
import CairnSchema

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// What this process knows of the end of the log, shared by all that read and write.
///
/// Knowledge only grows: a record is appended when it is the next one, and ignored when it is known already. Whoever learns of a
/// record (a reader that probes, a writer that lost a number) appends it here.
final class Tip: Sendable {
    /// That a number was the newest, at a moment of the store's clock.
    struct Confirmation: Sendable {
        let number: Int
        /// The store's time; nil for a store that does not say it.
        let date: Date?
        /// This machine's uptime then.
        let uptime: Duration
        /// Microseconds that the store's clock was ahead of this machine's; 0 for a store that does not say its time.
        let ahead: Int64
    }

    /// That the manifest of the newest view was the newest there is, at a moment.
    struct Sighting: Sendable {
        /// The store's time; nil for a store that does not say it.
        var date: Date?
        /// This machine's uptime then.
        var uptime: Duration
    }

    struct State: Sendable {
        var view: View
        var sighting: Sighting
        /// The maintenance window that this process itself has opened, by the number of its record: its own work goes on in it.
        var window: Int?
        var history = CommitHistory()
        var confirmation: Confirmation?
        /// Who else writes, and whose turn it is.
        var turns: Turns
        var cache: RecordCache
        /// Why the handle can no longer be used; nil while it can.
        var end: StorageError?
    }

    private let state: Lock<State>
    /// The store that was opened.
    let storeID: String
    /// What the records that are written through this handle say of their author.
    let author: String
    private let surroundings: Surroundings
    /// Told of each commit as the log goes on: here all of them come by, once and in order.
    private let hub: ChangeHub

    /// - Parameter seen: A moment of the store's clock when the manifest of the view was the newest.
    init(_ view: View, seen: Date? = nil, cacheBytes: Int, _ surroundings: Surroundings, hub: ChangeHub) {
        self.surroundings = surroundings
        self.hub = hub
        storeID = view.manifest.manifest.store
        let sighting = Sighting(date: seen, uptime: surroundings.uptime())
        author = "\(surroundings.process)-\(String(UInt32(truncatingIfNeeded: surroundings.random()), radix: 16))"
        state = Lock(
            State(
                view: view, sighting: sighting, turns: Turns(author: author), cache: RecordCache(bytes: cacheBytes)))
    }

    /// The newest view.
    /// - Throws: `storage.closed`, `storage.replaced`.
    func view() throws -> View { try whileOpen { $0.view } }

    /// The newest view, and when it was proven to be the newest.
    func confirmed() throws -> (view: View, confirmation: Confirmation?) {
        try whileOpen { ($0.view, $0.confirmation) }
    }

    func whileOpen<Result: Sendable>(_ body: (inout State) throws -> Result) throws -> Result {
        try state.withLock { state in
            if let end = state.end { throw end }
            return try body(&state)
        }
    }

    /// Ends the handle. The first reason stays.
    func end(_ error: StorageError) {
        state.withLock { state in
            if state.end == nil { state.end = error }
            state.cache.removeAll()
        }
        hub.finish(error.code == .closed ? nil : error)
    }

    // MARK: Growing

    /// Goes on by a record that was read or written.
    /// - Parameters:
    ///   - size: Bytes of the record and its parts.
    ///   - isOwn: Whether this process wrote it.
    /// - Returns: The newest view.
    /// - Throws: `storage.damaged` when the record does not continue the log.
    @discardableResult
    func append(_ record: CommitRecord, bytes: [UInt8], size: Int, isOwn: Bool = false) throws -> View {
        let hash = SHA256.digest(bytes)
        let now = surroundings.uptime()
        return try whileOpen { state in
            if isOwn { state.turns.wrote(record.number, at: now) }
            guard record.number == state.view.number + 1 else { return state.view }
            try Tip.check(record, follows: state.view)
            if !isOwn { state.turns.heard(of: record, at: now, since: state.confirmation?.uptime) }
            state.view.append(record, hash: hash)
            state.history.append(.init(record: record, hash: hash, size: size))
            for transaction in record.transactions {
                for operation in transaction.operations {
                    let layout = state.view.tables[operation.table.position].keyLayout
                    state.cache.remove(operation.table, layout.encode(operation.key))
                }
            }
            // Under the lock, so that who is told finds the new view, and nobody else comes between.
            hub.tell(record)
            return state.view
        }
    }

    /// Goes on by a record that was read.
    func append(_ found: LogReader.Found) throws { try append(found.record, bytes: found.bytes, size: found.size) }

    /// A PUT of a commit record took so long.
    func keepPace(_ time: Duration) { state.withLock { $0.turns.keepPace(time) } }

    private static func check(_ record: CommitRecord, follows view: View) throws {
        let store = view.manifest.manifest.store
        // One of another store was told from it where it was read: see ``Ownership``.
        guard Utf8.equal(record.store, store) else {
            throw StoredObject.damaged(
                ObjectNames.record(record.number), "it names the store '\(record.store)', and this is '\(store)'")
        }
        guard record.previous == view.hash else {
            throw StorageError(
                .damaged,
                "commit record \(record.number) does not follow record \(view.number): one of them is not what was written",
                remedy: LogReader.mending)
        }
    }

    /// A number was proven to be the newest.
    /// - Parameters:
    ///   - date: The store's time of the proof.
    ///   - asked: This machine's uptime when the store was asked: the proof holds for then, not for when the answer came.
    func confirm(_ number: Int, _ date: Date?, asked: Duration) {
        let local = surroundings.now()
        let ahead = date.flatMap(Timestamp.init).map { $0.microseconds - local.microseconds } ?? 0
        state.withLock { state in
            // An answer that was long under way says less than one to a later question.
            if let known = state.confirmation, (number, asked) < (known.number, known.uptime) { return }
            state.confirmation = Confirmation(number: number, date: date, uptime: asked, ahead: ahead)
        }
    }

    /// Takes a newer manifest as the base of the newest view.
    ///
    /// Views that exist keep theirs. If the log was followed up to what the manifest covers, nothing is read again; otherwise the
    /// process jumps to it and forgets what it had cached.
    /// - Parameter seen: A moment of the store's clock when the manifest was the newest.
    /// - Throws: `storage.replaced` for a manifest of another store, which ends the handle.
    func adopt(_ manifest: Manifest, seen: Date?) throws {
        let sighting = Sighting(date: seen, uptime: surroundings.uptime())
        guard Utf8.equal(manifest.store, storeID) else {
            let error = StorageError.replaced(found: manifest.store, opened: storeID)
            end(error)
            throw error
        }
        try whileOpen { state in
            guard manifest.version > state.view.manifest.manifest.version else {
                if manifest.version == state.view.manifest.manifest.version { state.sighting = sighting }
                return
            }
            let newest = state.view.number
            var view = View(manifest, state.view.schema)
            if manifest.covers <= newest, state.history.reaches(manifest.covers, newest: newest) {
                for commit in state.history.commits(after: manifest.covers) {
                    view.append(commit.record, hash: commit.hash)
                }
                state.history.trim(covered: manifest.covers)
            } else {
                guard manifest.covers > newest else { return }
                state.history.removeAll()
                state.cache.removeAll()
            }
            state.view = view
            state.sighting = sighting
            if view.number > newest {
                hub.interrupt(
                    StorageError.changesMissed(
                        "this process was so far behind that it took up the log at commit \(view.number)", after: newest
                    ))
            }
        }
    }

    // MARK: Validating

    /// Whether what was read at a number is the same at a later view.
    enum Standing: Sendable {
        case unchanged
        /// It is not, or nobody knows any more; of this table, if it is known.
        case changed(Table?)
    }

    /// Compares what was read with the commits since.
    func standing(of reads: ReadSet, since base: Int, at view: View) throws -> Standing {
        if base >= view.number { return .unchanged }
        let commits = try whileOpen { state in
            state.history.reaches(base, newest: state.view.number)
                ? Array(state.history.commits(after: base)) : nil
        }
        // What is older than the process remembers cannot be validated.
        guard let commits else { return .changed(nil) }
        for commit in commits where commit.number <= view.number {
            // A maintenance window may have changed what is behind an absence, which no operation tells.
            if commit.record.kind == .open { return .changed(nil) }
            for transaction in commit.record.transactions {
                if let table = reads.firstTouched(by: transaction.operations, view.tables) { return .changed(table) }
            }
        }
        return .unchanged
    }

    /// The receipt of an idempotency key that a commit behind a number gave; nil when none did, as far as this process remembers:
    /// where it does not, `standing` says so.
    func receipt(_ key: String, since base: Int, at view: View) throws -> Manifest.KeptReceipt? {
        if base >= view.number { return nil }
        let commits = try whileOpen { state in
            state.history.reaches(base, newest: state.view.number) ? Array(state.history.commits(after: base)) : []
        }
        for commit in commits.reversed() where commit.number <= view.number {
            for transaction in commit.record.transactions {
                guard let kept = transaction.idempotency, Utf8.equal(kept.key, key) else { continue }
                return Manifest.KeptReceipt(transaction, of: commit.record)
            }
        }
        return nil
    }

    // MARK: Cache

    /// A record that was read for a view, if it is still the newest one then.
    func remember(_ image: RecordImage?, _ table: Table, _ key: [UInt8], for view: View) {
        state.withLock { state in
            guard view.number == state.view.number, state.end == nil else { return }
            state.cache.set(table, key, image)
        }
    }

    /// A record as of a view, if it is known.
    func cached(_ table: Table, _ key: [UInt8], for view: View) -> RecordImage?? {
        state.withLock { state in
            guard view.number <= state.view.number, let found = state.cache.get(table, key) else { return nil }
            if let image = found, image.commit > view.number { return nil }
            return .some(found)
        }
    }
}

extension StorageError {
    /// The store at this place is not the one that was opened.
    static func replaced(found: String, opened: String) -> StorageError {
        StorageError(
            .replaced, "the store is '\(found)' now, and was '\(opened)' when it was opened",
            remedy: "it was deleted and made anew, or restored: open it again, if that was meant")
    }
}
