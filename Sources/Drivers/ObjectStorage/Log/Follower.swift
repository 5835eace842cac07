import CairnCore
import CairnSchema

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// Follows the log to its end.
///
/// One GET of the next number proves the tip when it is not there. Callers that come while a proof is under way cannot use it,
/// since it may have looked before they came; they share the next one, so any number of readers cost one request at a time.
final class Follower: Sendable {
    private struct Line {
        var isRunning = false
        /// Those the proof under way is for, beside the one who makes it.
        var sharing: [Waiter] = []
        /// Those who came after it began.
        var waiting: [Waiter] = []
        /// Those who want to wait no longer, and did not stand in the line when they said so.
        var gone: [Int: any Error] = [:]
        var nextID = 0
    }

    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<Turn, any Error>
    }

    /// What waiting for a proof ends with.
    private enum Turn: Sendable {
        /// To make the proof, also for others.
        case lead
        case done(Result<View, any Error>)
    }

    let tip: Tip
    let log: LogReader
    let surroundings: Surroundings
    private let faults: ObjectStorageFaults
    private let line = Lock(Line())
    /// The store's date when `_store.json` was last read.
    private let storeRead: Lock<Date?>

    /// - Parameter storeRead: The store's date when `_store.json` was read.
    init(
        _ tip: Tip, _ log: LogReader, _ surroundings: Surroundings, storeRead: Date?, faults: ObjectStorageFaults = []
    ) {
        self.faults = faults
        self.tip = tip
        self.log = log
        self.surroundings = surroundings
        self.storeRead = Lock(storeRead)
    }

    /// Seconds of the store's clock after which a confirmation proves nothing about an absence: the records behind it may have come
    /// and gone.
    private static let trust: Double = 600
    /// Seconds of the store's clock for which a reading of `_store.json` is good.
    private static let storeTrust: Double = 600
    /// Hits before the log is listed instead of asked for number by number.
    private static let hitsBeforeListing = 4
    /// Commits of tail at which a reader looks for a newer manifest.
    private static let longTail = 128
    /// Numbers that are looked at side by side at most.
    static let longestLook = 8

    /// The view at the end of the log, proven after the call began. One GET, and one for each commit that arrived meanwhile.
    func follow() async throws -> View {
        // Of a proof that is shared each has a part, and nobody's budget ends it for the others.
        try RequestBudget.take()
        return try await RequestBudget.$current.withValue(nil) { try await shareProof() }
    }

    /// How many wait for a proof of another task.
    var waiterCount: Int { line.withLock { $0.sharing.count + $0.waiting.count } }

    private func shareProof() async throws -> View {
        switch try await turn() {
        case .done(let result): return try result.get()
        case .lead: return try await lead()
        }
    }

    private func lead() async throws -> View {
        do {
            let view = try await proveOrEnd()
            passOn(.success(view))
            return view
        } catch  where Task.isCancelled || (Deadline.current.map { $0 <= .now } ?? false) {
            // The others were not cancelled, and have time: one of them begins anew.
            passOn(nil)
            throw error
        } catch {
            passOn(.failure(error))
            throw error
        }
    }

    /// Lets the first of those who wait make the next proof, for all that wait.
    /// - Parameter result: What those get who share the proof that ends; nil: they share the next one.
    private func passOn(_ result: Result<View, any Error>?) {
        let (done, next) = line.withLock { line -> ([Waiter], Waiter?) in
            var done: [Waiter] = []
            if result != nil { swap(&done, &line.sharing) }
            line.sharing += line.waiting
            line.waiting = []
            guard line.sharing.isEmpty else { return (done, line.sharing.removeFirst()) }
            line.isRunning = false
            return (done, nil)
        }
        next?.continuation.resume(returning: .lead)
        guard let result else { return }
        for waiter in done { waiter.continuation.resume(returning: .done(result)) }
    }

    // MARK: Waiting

    /// Waits for a turn: no longer than the task has time, and is not cancelled.
    private func turn() async throws -> Turn {
        let id = line.withLock { line -> Int? in
            guard line.isRunning else {
                line.isRunning = true
                return nil
            }
            line.nextID += 1
            return line.nextID
        }
        guard let id else { return .lead }
        defer { line.withLock { _ = $0.gone.removeValue(forKey: id) } }
        return try await Deadline.wait(surroundings.sleep, expire: { [self] in leave(id, StorageError.timeout()) }) {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { enqueue(Waiter(id: id, continuation: $0)) }
            } onCancel: {
                leave(id, CancellationError())
            }
        }
    }

    private func enqueue(_ waiter: Waiter) {
        let turn = line.withLock { line -> Result<Turn, any Error>? in
            if let error = line.gone[waiter.id] { return .failure(error) }
            guard line.isRunning else {
                line.isRunning = true
                return .success(.lead)
            }
            line.waiting.append(waiter)
            return nil
        }
        if let turn { waiter.continuation.resume(with: turn) }
    }

    /// Takes one out of the line who waits no longer. One whose turn has come has left it: the proof looks at the time itself.
    private func leave(_ id: Int, _ error: any Error) {
        let waiter = line.withLock { line -> Waiter? in
            if let place = line.waiting.firstIndex(where: { $0.id == id }) { return line.waiting.remove(at: place) }
            if let place = line.sharing.firstIndex(where: { $0.id == id }) { return line.sharing.remove(at: place) }
            line.gone[id] = error
            return nil
        }
        waiter?.continuation.resume(throwing: error)
    }

    // MARK: Proof

    /// As ``prove()``; a store that was migrated ends the handle, so that nothing more is read by a schema that no longer holds, and
    /// so does another store at its place.
    private func proveOrEnd() async throws -> View {
        do {
            return try await prove()
        } catch let error as StorageError where error.code == .schemaMismatch || error.code == .replaced {
            tip.end(error)
            throw error
        }
    }

    private func prove() async throws -> View {
        var hits = 0
        while true {
            try Deadline.check()
            let view = try tip.view()
            let asked = surroundings.uptime()
            switch try await log.next(view.number + 1, after: view.hash) {
            case .found(let found):
                try tip.append(found)
                hits += 1
                if faults.contains(.hitConfirms) {
                    tip.confirm(found.record.number, found.date, asked: asked)
                }
                if hits == Follower.hitsBeforeListing { try await catchUp() }
            case .absent(let date):
                if try await isProven(view, date) { return try await confirm(view, date, asked) }
            }
        }
    }

    /// Looks at the next numbers, side by side, and goes on by the records that are there. As many GETs; proves the tip when there is none.
    func look(ahead count: Int) async throws {
        let view = try tip.view()
        let asked = surroundings.uptime()
        let readings = try await (1...max(1, count)).map { view.number + $0 }.concurrently(LogReader.width) {
            [log] in try await log.standing($0)
        }
        for (place, reading) in readings.enumerated() {
            switch reading {
            case .found(let found): try tip.append(found)
            // It takes a closer look, which is for the next proof.
            case .stray: return
            case .absent(let date):
                // Of others that are there, the confirmation knows nothing.
                if place == 0, try await isProven(view, date) { _ = try await confirm(view, date, asked) }
                return
            }
        }
    }

    /// Whether the absence of the number behind a view proves that the view is the newest.
    ///
    /// Log records are collected after days. A process that slept longer finds the next number absent because it is gone, not
    /// because it never was.
    private func isProven(_ view: View, _ date: Date?) async throws -> Bool {
        if faults.contains(.trustsAbsence) { return true }
        if let date, let before = try tip.confirmed().confirmation?.date,
            abs(date.timeIntervalSince(before)) <= Follower.trust
        {
            return true
        }
        let (manifest, seen) = try await log.newestManifest()
        try tip.adopt(manifest, seen: seen)
        return manifest.collected <= view.number
    }

    private func confirm(_ view: View, _ date: Date?, _ asked: Duration) async throws -> View {
        tip.confirm(view.number, date, asked: asked)
        try await checkStore(date)
        if try view.number - view.manifest.manifest.covers >= Follower.longTail || isManifestOld(at: date) {
            try await adoptNewest()
        }
        // Our own commits may have come meanwhile; what is newer is as good.
        return try tip.view()
    }

    /// Whether `_store.json` must be read again before anything is written.
    func isStoreReadingOld(at date: Date?) -> Bool {
        guard let date else { return false }
        return storeRead.withLock { $0.map { abs(date.timeIntervalSince($0)) > Follower.storeTrust } ?? true }
    }

    /// Reads `_store.json` again when the last reading is old.
    private func checkStore(_ date: Date?) async throws {
        guard let date, isStoreReadingOld(at: date) else { return }
        let found = try await log.storeID()
        guard Utf8.equal(found, tip.storeID) else {
            let error = StorageError.replaced(found: found, opened: tip.storeID)
            tip.end(error)
            throw error
        }
        storeRead.withLock { $0 = date }
    }

    /// Reads many commits at once: lists what is there, and fetches it side by side.
    private func catchUp() async throws {
        let view = try tip.view()
        let numbers = try await log.numbers(after: view.number)
        // A manifest that covers them is less to read than they are.
        if numbers.count >= Follower.longTail {
            try await adoptNewest()
            if try tip.view().number > view.number { return }
        }
        try await read(numbers)
    }

    /// Goes on by the records of numbers that follow one another, some at a time: each may be large.
    func read(_ numbers: [Int]) async throws {
        for start in stride(from: 0, to: numbers.count, by: LogReader.width) {
            let some = Array(numbers[start..<min(start + LogReader.width, numbers.count)])
            let found = try await log.read(some)
            for found in found { try tip.append(found) }
            // They were collected, or are of another store.
            if found.count < some.count { return }
        }
    }
}
