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
        var waiting: [CheckedContinuation<Turn, Never>] = []
    }

    /// What waiting for a proof ends with.
    private enum Turn: Sendable {
        /// To make the proof, also for others.
        case lead([CheckedContinuation<Turn, Never>])
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

    private func shareProof() async throws -> View {
        let turn = await withCheckedContinuation { continuation in
            let leads = line.withLock { line in
                if line.isRunning {
                    line.waiting.append(continuation)
                    return false
                }
                line.isRunning = true
                return true
            }
            if leads { continuation.resume(returning: .lead([])) }
        }
        switch turn {
        case .done(let result): return try result.get()
        case .lead(let others): return try await lead(others)
        }
    }

    private func lead(_ others: [CheckedContinuation<Turn, Never>]) async throws -> View {
        do {
            let view = try await proveOrEnd()
            passOn()
            for other in others { other.resume(returning: .done(.success(view))) }
            return view
        } catch  where Task.isCancelled || (Deadline.current.map { $0 <= .now } ?? false) {
            // The others were not cancelled, and have time: one of them begins anew.
            if let next = others.first {
                next.resume(returning: .lead(Array(others.dropFirst())))
            } else {
                passOn()
            }
            throw error
        } catch {
            passOn()
            for other in others { other.resume(returning: .done(.failure(error))) }
            throw error
        }
    }

    /// Lets the first of those who wait make the next proof, for all that wait.
    private func passOn() {
        let waiting = line.withLock { line in
            let waiting = line.waiting
            line.waiting = []
            if waiting.isEmpty { line.isRunning = false }
            return waiting
        }
        waiting.first?.resume(returning: .lead(Array(waiting.dropFirst())))
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
