import CairnCore
import CairnSchema
import ObjectStores

/// Commits proposals: validates them at the tip, writes them to the log, and tells their owners.
///
/// One at a time in a process, whatever the number of tasks: proposals that come while a record is being written share the next
/// one. The work runs beside the tasks that wait for it, so that cancelling one of them neither loses nor repeats a decision.
final class Committer: Sendable {
    /// A proposal and who waits for it.
    private struct Entry: Sendable {
        let id: Int
        let proposal: Proposal
        /// The uptime at which its owner gives up.
        let deadline: Duration
        let continuation: CheckedContinuation<Proposal.Outcome, any Error>
    }

    private struct Line {
        var entries: [Entry] = []
        var nextID = 0
        var cancelled: Set<Int> = []
        var isRunning = false
        /// The uptime at which somebody looks next whose time in the line is over; nil when nobody is set to look.
        var nextLook: Duration?
        /// Who waits for the line to be empty.
        var watchers: [CheckedContinuation<Void, Never>] = []

        /// Takes those from the head of the line that have room in a record beside others.
        mutating func take(beside others: [Entry]) -> [Entry] {
            var bytes = others.reduce(0) { $0 + $1.proposal.size }
            var count = 0
            for entry in entries.prefix(max(0, Committer.groupCount - others.count)) {
                bytes += entry.proposal.size
                if count + others.count > 0, bytes > Committer.groupBytes { break }
                count += 1
            }
            defer { entries.removeFirst(count) }
            return Array(entries.prefix(count))
        }
    }

    private let tip: Tip
    private let follower: Follower
    private let log: LogReader
    private let surroundings: Surroundings
    private let now: @Sendable () -> Timestamp
    private let faults: ObjectStorageFaults
    private let line = Lock(Line())
    /// Hears of each record of this process that was committed.
    private let committed: @Sendable (CommitRecord, View) -> Void

    init(_ parts: EngineParts, committed: @escaping @Sendable (CommitRecord, View) -> Void) {
        tip = parts.tip
        follower = parts.follower
        log = parts.log
        surroundings = parts.surroundings
        now = parts.now
        faults = parts.faults
        self.committed = committed
    }

    /// Transactions of one record.
    private static let groupCount = 256
    /// Bytes of the transactions of one record, unless it is a single one.
    private static let groupBytes = 1 << 20
    /// Seconds of the store's clock after a confirmation past which no request that relied on it may take effect.
    static let fence: Double = 900

    // MARK: Waiting

    /// Commits a proposal.
    /// - Parameter timeout: How long to try.
    /// - Throws: `storage.outcome_unknown` when it may have been committed; otherwise it was not.
    func commit(_ proposal: Proposal, timeout: Duration) async throws -> Proposal.Outcome {
        let id = line.withLock { line in
            line.nextID += 1
            return line.nextID
        }
        defer { line.withLock { line in _ = line.cancelled.remove(id) } }
        let deadline = surroundings.uptime() + timeout
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(Entry(id: id, proposal: proposal, deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func enqueue(_ entry: Entry) {
        let (isCancelled, starts, looks) = line.withLock { line in
            if line.cancelled.remove(entry.id) != nil { return (true, false, false) }
            line.entries.append(entry)
            let starts = !line.isRunning
            line.isRunning = true
            let looks = line.nextLook.map { entry.deadline < $0 } ?? true
            if looks { line.nextLook = entry.deadline }
            return (false, starts, looks)
        }
        if isCancelled { return entry.continuation.resume(throwing: CancellationError()) }
        if starts { surroundings.spawn { [self] in await run() } }
        if looks { surroundings.spawn { [self] in await watch(from: entry.deadline) } }
    }

    /// Lets those go whose time in the line is over: one task while anyone waits, not one for each.
    private func watch(from first: Duration) async {
        var look: Duration? = first
        while let due = look {
            let pause = max(.zero, due - surroundings.uptime())
            guard (try? await surroundings.sleep(pause)) != nil else { return }
            let (expired, next) = line.withLock { line -> ([Entry], Duration?) in
                let now = surroundings.uptime()
                let expired = line.entries.filter { $0.deadline <= now }
                line.entries.removeAll { $0.deadline <= now }
                // Another task looks earlier.
                guard line.nextLook == due else { return (expired, nil) }
                line.nextLook = line.entries.map(\.deadline).min()
                return (expired, line.nextLook)
            }
            for entry in expired { entry.continuation.resume(throwing: StorageError.timeout()) }
            look = next
        }
    }

    /// A proposal that nobody has begun to write is taken back; a decision under way is waited for.
    private func cancel(_ id: Int) {
        let entry = line.withLock { line -> Entry? in
            guard let place = line.entries.firstIndex(where: { $0.id == id }) else {
                line.cancelled.insert(id)
                return nil
            }
            return line.entries.remove(at: place)
        }
        entry?.continuation.resume(throwing: CancellationError())
    }

    private func run() async {
        while let group = take() { await commit(group) }
        let watchers = line.withLock { line -> [CheckedContinuation<Void, Never>] in
            if line.isRunning { return [] }
            defer { line.watchers = [] }
            return line.watchers
        }
        for watcher in watchers { watcher.resume() }
    }

    /// Waits until nothing is being committed.
    func finish() async {
        await withCheckedContinuation { continuation in
            let isIdle = line.withLock { line in
                if line.isRunning { line.watchers.append(continuation) }
                return !line.isRunning
            }
            if isIdle { continuation.resume() }
        }
    }

    /// The next proposals that may share a record; nil, and the end of the run, when none waits.
    private func take() -> [Entry]? {
        line.withLock { line in
            let entries = line.take(beside: [])
            if entries.isEmpty { line.isRunning = false }
            return entries.isEmpty ? nil : entries
        }
    }

    /// Puts entries back to the head of the line: they go into the next record.
    private func putBack(_ entries: [Entry]) {
        if !entries.isEmpty { line.withLock { $0.entries.insert(contentsOf: entries, at: 0) } }
    }

    // MARK: Deciding

    /// Commits those of a group that still may, in one record, and those who come while it is not yet their turn.
    private func commit(_ group: [Entry]) async {
        var rest = group
        var losses = 0
        var lateness = 0
        var waiting = Waiting()
        while true {
            rest = dismiss(rest)
            guard !rest.isEmpty else { return }
            do {
                let confirmation = try await follower.recentProof()
                var view = try tip.view()
                // It may have been opened again since anybody looked.
                if view.closing != nil { view = try await follower.follow() }
                if let closing = view.closing { throw StorageError.underMaintenance(closing.note) }
                if losses == 0 || !faults.contains(.skipsLoser) { rest = try validate(rest, at: view) }
                guard !rest.isEmpty else { return }
                guard try await isTurn(at: view, &waiting) else {
                    rest += line.withLock { $0.take(beside: rest) }
                    continue
                }
                let record = record(rest.map(\.proposal), after: view)
                let (bytes, parts) = CommitParts.split(record)
                try await write(parts)
                let deadline = rest.map(\.deadline).max() ?? .zero
                var isWithdrawn = false
                let (end, isUncertain) = await claim(record, bytes, confirmation, deadline, isContested: losses > 0) {
                    isUncertain in
                    if isUncertain {
                        rest = giveUp(rest, record, nil)
                    } else {
                        isWithdrawn = hasLate(rest)
                    }
                    return !isWithdrawn
                }
                switch end {
                case .won:
                    // Decided: nothing that goes wrong from here on is told to the owners.
                    let size = parts.reduce(bytes.count) { $0 + $1.bytes.count }
                    if let view = try? tip.append(record, bytes: bytes, size: size, isOwn: true) {
                        committed(record, view)
                    }
                    for entry in rest {
                        entry.continuation.resume(
                            returning: .committed(number: record.number, time: entry.proposal.time))
                    }
                    return
                case .lost(let bytes):
                    guard try await append(bytes, record) else {
                        let error = Committer.undecided(record.number)
                        // Where each attempt was refused, there is nothing of it that could stand there.
                        guard isUncertain else { throw error }
                        _ = giveUp(rest, record, error)
                        return
                    }
                    losses += 1
                    // Who is behind would lose every number in between.
                    if try tip.view().number > record.number { _ = try await follower.follow() }
                    rest += line.withLock { $0.take(beside: rest) }
                case .refused(let error) where isWithdrawn:
                    // Nothing of it stands or can. The others go on, in a record without those whose time is over.
                    rest = refuse(rest, error)
                case .refused(let error):
                    // The proof it relied on was older than this machine believed: make another one.
                    guard error is ExpiredClaim, lateness < 3 else { throw error }
                    lateness += 1
                    _ = try await follower.follow()
                case .unknown(let error):
                    _ = giveUp(rest, record, error)
                    return
                }
            } catch {
                let error = StoreAccess.translated(error)
                for entry in rest { entry.continuation.resume(throwing: error) }
                return
            }
        }
    }

    /// Since when one waits for those whose turn comes before.
    private struct Waiting {
        /// The newest number then.
        var number = 0
        /// The uptime when it was first seen.
        var since = Duration.zero
    }

    /// Whether the next number is for this process to try. If not, time has passed, and the log may have gone on.
    private func isTurn(at view: View, _ waiting: inout Waiting) async throws -> Bool {
        let now = surroundings.uptime()
        if waiting.number != view.number { waiting = Waiting(number: view.number, since: now) }
        let waited = now - waiting.since
        let (place, step, rest) = try tip.whileOpen { state -> (Int, Duration, Duration?) in
            let place = state.turns.place(at: now)
            if place > 0, waited >= state.turns.patience(place) {
                state.turns.miss(at: now)
                return (0, .zero, nil)
            }
            return (place, state.turns.step, place == 0 ? state.turns.rest(at: now) : nil)
        }
        if let rest { try await surroundings.sleep(rest) }
        if place == 0 { return true }
        // Each of those before takes about a step; what they have written by then is read at once.
        let near = min(place, Follower.longestLook)
        let due = near == 1 ? step / 2 : step * (near - 1)
        try await surroundings.sleep(max(due - waited, step / 8))
        // Whatever is wrong with the store, the PUT will tell.
        try? await follower.look(ahead: near)
        return false
    }

    /// Lets those go who were cancelled, and those whose time is over, while nothing of theirs is under way.
    private func dismiss(_ entries: [Entry]) -> [Entry] {
        let now = surroundings.uptime()
        let cancelled = line.withLock { $0.cancelled }
        return entries.filter { entry in
            if cancelled.contains(entry.id) {
                entry.continuation.resume(throwing: CancellationError())
                return false
            }
            if entry.deadline <= now {
                entry.continuation.resume(throwing: StorageError.timeout())
                return false
            }
            return true
        }
    }

    /// Goes on by a record that another process wrote.
    /// - Parameter lost: The record that was to stand at its number.
    /// - Returns: Whether the number is decided. Not, when a stray stands there that could not be told from a record a moment ago: then an
    ///   attempt that was uncertain still is, and no other record may be tried at the number.
    /// - Throws: `storage.replaced`, `storage.damaged` for one that must not be replaced, and says why.
    private func append(_ bytes: [UInt8], _ lost: CommitRecord) async throws -> Bool {
        switch try await log.meaning(of: bytes, lost.number, nil) {
        case .found(let found):
            try tip.append(found)
            return true
        case .stray(let stray, _): _ = try await log.passes(stray, lost.number, after: lost.previous)
        case .absent: break
        }
        return false
    }

    private static func undecided(_ number: Int) -> StorageError {
        StorageError(
            .unavailable, "the store gave different answers about commit record \(number)",
            remedy: "look what stands at the number, and try again", isRetryable: true)
    }

    /// Whether bytes at a number are of another store, and may be replaced by a record.
    private func isStray(_ bytes: [UInt8], for record: CommitRecord) async throws -> Bool {
        guard let stray = try await log.owner?.stray(ObjectNames.record(record.number), bytes) else { return false }
        guard try await log.passes(stray, record.number, after: record.previous) else {
            // It was replaced meanwhile: the next look tells.
            throw Committer.undecided(record.number)
        }
        return true
    }

    /// Those that may still be committed at a view and share a record; tells the others, and puts back who must come later.
    private func validate(_ entries: [Entry], at view: View) throws -> [Entry] {
        // Whatever may fail comes before anybody is told anything.
        let standings = try entries.map { try standing(of: $0.proposal, at: view) }
        var accepted: [Entry] = []
        var later: [Entry] = []
        var written: [LoggedOperation] = []
        var keys: Set<[UInt8]> = []
        for (entry, standing) in zip(entries, standings) {
            if let standing {
                entry.continuation.resume(returning: standing)
                continue
            }
            let proposal = entry.proposal
            let key = proposal.idempotency.map { Array($0.key.utf8) }
            let isFree = key.map { !keys.contains($0) } ?? true
            guard
                faults.contains(.groupsUnordered)
                    || isFree && proposal.reads.firstTouched(by: written, view.tables) == nil
            else {
                later.append(entry)
                continue
            }
            accepted.append(entry)
            written += proposal.operations
            if let key { keys.insert(key) }
        }
        putBack(later)
        return accepted
    }

    /// How a proposal ends without being written; nil when it may be.
    private func standing(of proposal: Proposal, at view: View) throws -> Proposal.Outcome? {
        // The machine stood still since it took the time, and its clock did not know: the receipt would be past too early.
        if proposal.idempotency != nil, Limits.isPast(proposal.time, .seconds(Committer.fence), at: now()) {
            return .conflict(nil)
        }
        // Its owner looked for a receipt up to the base.
        if let wanted = proposal.idempotency,
            let kept = try tip.receipt(wanted.key, since: proposal.base, at: view), !kept.isPast(at: proposal.time)
        {
            return .repeated(kept)
        }
        let reads = faults.contains(.noRangeCheck) ? proposal.reads.withoutRanges : proposal.reads
        return switch try tip.standing(of: reads, since: proposal.base, at: view) {
        case .unchanged: nil
        case .changed(let table): .conflict(table)
        }
    }

    private func record(_ proposals: [Proposal], after view: View) -> CommitRecord {
        record(
            .commit, view.number + 1, after: view, at: proposals.map(\.time).max(),
            proposals.map { $0.logged(view.number + 1) })
    }

    private func record(
        _ kind: CommitRecord.Kind, _ number: Int, after view: View, at time: Timestamp?,
        _ transactions: [LoggedTransaction] = []
    ) -> CommitRecord {
        let random = (0..<2).map { _ in Hex.encode(withUnsafeBytes(of: surroundings.random().bigEndian, Array.init)) }
        return CommitRecord(
            store: tip.storeID, number: number, previous: view.hash,
            commit: "\(tip.author)-\(random.joined())", schema: view.schema.id,
            time: max(view.time, time ?? view.time), kind: kind, transactions: transactions)
    }

    private func write(_ parts: [CommitParts.Part]) async throws {
        guard !parts.isEmpty else { return }
        let (access, surroundings) = (log.access, surroundings)
        let notAfter = try tip.confirmed().confirmation?.date?.addingTimeInterval(Committer.fence)
        let ends = try await parts.concurrently(LogReader.width) { part in
            // Names hold the random bytes of the record, so nobody else writes them.
            try await access.create(part.name, part.bytes, notAfter: notAfter, surroundings)
        }
        for case .expired in ends { throw ExpiredClaim() }
    }

    /// Tells owners that nobody knows. The number stays open: the next record is for the same one, and settles it.
    /// - Parameter error: Why it is given up; nil: only those whose own time is over are told, and the others wait on.
    /// - Returns: Those who were not told.
    private func giveUp(_ entries: [Entry], _ record: CommitRecord, _ error: (any Error)?) -> [Entry] {
        let now = surroundings.uptime()
        return entries.filter { entry in
            if error == nil, entry.deadline > now { return true }
            let token = OutcomeToken(
                store: record.store, number: record.number, transaction: entry.proposal.transaction,
                time: entry.proposal.time)
            let reason = error.map { "\(StoreAccess.translated($0))" } ?? "the deadline passed while it was under way"
            entry.continuation.resume(throwing: StorageError.outcomeUnknown(token, reason))
            return false
        }
    }

    /// Whether the time of somebody is over.
    private func hasLate(_ entries: [Entry]) -> Bool {
        let now = surroundings.uptime()
        return entries.contains { $0.deadline <= now }
    }

    /// Tells owners whose time is over why nothing was written.
    /// - Returns: Those who were not told.
    private func refuse(_ entries: [Entry], _ error: any Error) -> [Entry] {
        let now = surroundings.uptime()
        let error = StoreAccess.translated(error)
        return entries.filter { entry in
            if entry.deadline > now { return true }
            entry.continuation.resume(throwing: error)
            return false
        }
    }

    /// Puts a record that does nothing at a number, if that is the next one, so that an uncertain attempt at it can never land.
    func settle(_ number: Int) async throws {
        let view = try await follower.follow()
        guard view.number + 1 == number else { return }
        let record = record(.empty, number, after: view, at: nil)
        let bytes = CommitRecordJSON.encode(record)
        var timeout = Duration.seconds(60)
        if let deadline = Deadline.current { timeout = min(timeout, ContinuousClock.now.duration(to: deadline)) }
        let confirmation = try tip.confirmed().confirmation
        switch await claim(record, bytes, confirmation, surroundings.uptime() + timeout).end {
        case .won: try tip.append(record, bytes: bytes, size: bytes.count, isOwn: true)
        case .lost(let bytes): guard try await append(bytes, record) else { throw Committer.undecided(number) }
        case .refused(let error), .unknown(let error): throw StoreAccess.translated(error)
        }
    }

    /// Puts a record that closes or opens the store at the next number.
    /// - Parameter check: Looks at the newest view; throws when the record must not be written.
    /// - Returns: Its number.
    /// - Throws: what `check` throws; `storage.unavailable` when nobody knows whether it is written: ask the newest view.
    func mark(
        _ kind: CommitRecord.Kind, _ note: MaintenanceNote?, at time: Timestamp, timeout: Duration,
        completing complete: (inout CommitRecord) -> Void = { _ in }, _ check: (View) throws -> Void
    ) async throws -> (number: Int, record: CommitRecord, bytes: [UInt8]) {
        let deadline = surroundings.uptime() + timeout
        while true {
            try Deadline.check()
            let view = try await follower.follow()
            try check(view)
            var record = record(kind, view.number + 1, after: view, at: time)
            record.note = note
            if kind == .open { record.floors = view.floors }
            complete(&record)
            let bytes = CommitRecordJSON.encode(record)
            let confirmation = try tip.confirmed().confirmation
            switch await claim(record, bytes, confirmation, deadline).end {
            case .won:
                try tip.append(record, bytes: bytes, size: bytes.count, isOwn: true)
                return (record.number, record, bytes)
            case .lost(let bytes):
                guard try await append(bytes, record) else { throw Committer.undecided(record.number) }
            case .refused(let error):
                guard error is ExpiredClaim, surroundings.uptime() < deadline else {
                    throw StoreAccess.translated(error)
                }
            case .unknown(let error):
                throw StorageError(
                    .unavailable,
                    "the store may or may not be \(kind == .open ? "open" : kind == .schema ? "migrated" : "closed") now: \(error)",
                    remedy: "look, and try again", isRetryable: true)
            }
        }
    }

    // MARK: The number

    /// Tries to put a record at its number, until that is decided or the time is over.
    /// - Parameters:
    ///   - isContested: Whether others are likely to write it, too. Then it and the number behind it are looked at beside: who loses
    ///     knows at once by whom, and does not try next for a number that is taken, too.
    ///   - goesOn: Asked now and then while it is not; hears whether an attempt may have taken effect. If it says no, and none has, that is
    ///     the end.
    /// - Returns: How it ended, and whether some attempt may have taken effect by then, or still may.
    private func claim(
        _ record: CommitRecord, _ bytes: [UInt8], _ confirmation: Tip.Confirmation?, _ deadline: Duration,
        isContested: Bool = false, goesOn: (Bool) -> Bool = { _ in true }
    ) async -> (end: NumberClaim.End, isUncertain: Bool) {
        let number = record.number
        let name = ObjectNames.record(number)
        var claim = NumberClaim(bytes, trustsRefusals: faults.contains(.trustsRefusals))
        var backoff = Duration.milliseconds(20)
        let notAfter = faults.contains(.noFence) ? nil : confirmation?.date?.addingTimeInterval(Committer.fence)
        async let beside = isContested ? log.glance([number, number + 1]) : []
        while true {
            switch claim.step {
            case .end(let end):
                if case .lost = end { for found in await beside { _ = try? tip.append(found) } }
                return (end, claim.isUncertain)
            case .put:
                let start = surroundings.uptime()
                let event = await log.access.claim(name, bytes, claim.mode, notAfter: notAfter)
                switch event {
                case .written(let date):
                    // It is the newest number there is.
                    tip.confirm(number, date, asked: start)
                    tip.keepPace(surroundings.uptime() - start)
                case .exists: tip.keepPace(surroundings.uptime() - start)
                case .unclear(let error) where faults.contains(.lostIsFailed):
                    claim.take(.refused(error))
                    continue
                default: break
                }
                claim.take(event)
            case .read:
                // What was seen at a number stays there.
                let seen = await beside.first.map { NumberClaim.Event.found($0.bytes) }
                if let seen {
                    claim.take(seen)
                } else {
                    claim.take(await log.access.look(name) { try await isStray($0, for: record) })
                }
            case .pause:
                if !goesOn(claim.isUncertain) || surroundings.uptime() >= deadline {
                    claim.take(.late)
                    continue
                }
                do {
                    try await surroundings.sleep(backoff)
                    backoff = min(backoff * 2, .seconds(2))
                    claim.take(.paused)
                } catch {
                    claim.take(.late)
                }
            }
        }
    }
}
