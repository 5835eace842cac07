import CairnCore

/// Looks at what happened in a run, and says which promises were broken.
///
/// It takes the bucket's own record of changes for the truth, reads the log in it as JSON, and replays it in plain dictionaries. Nothing
/// of the driver has a part in it. What came late from a store that was removed before counts as nothing: ``withoutStrays(_:)``.
///
/// Where each invariant of the design is looked at:
///
/// | | what must hold | where |
/// |---|---|---|
/// | I1 | an acknowledged commit is in every later reader's past | ``checkOutcomes()`` (it is in the log), ``checkReads()`` (no read is older than what was acknowledged before it) |
/// | I2 | a commit stands at one number, and once | ``Replay``: ids of commits and transactions; `replay`: no record is written over; ``isTwice(_:)``: keys of batches |
/// | I3 | numbers follow one another | ``Replay``: each record is the next one, and has the hash of the one before; ``checkManifests()`` |
/// | I4 | what is unique is unique at each number | ``Replay``, after each transaction |
/// | I5 | indexes are what files, pending images and tail say | ``checkManifests()`` (what a manifest covers is in the files or pending), ``LastVisit`` (reads by every index, both ways, compared in ``checkReads()``) |
/// | I6 | a read equals the replay up to one number | ``checkReads()``, ``ListCheck`` |
/// | I7 | `commit` in a file never decreases | ``checkFiles()`` |
/// | I8 | nothing is removed that can be reached | ``checkCollection()``, ``checkFiles()`` (record files) |
/// | I9 | versions of manifests and what they say of the log only grow | ``checkManifests()`` |
/// | I10 | at rest the files are the replay | ``checkRest(_:)`` |
/// | I11 | no error after a commit, no silent unknown | ``checkOutcomes()``, ``checkFailures()``, ``LastVisit`` (asks what became of what was unknown) |
/// | I12 | requests stay in their budget | ``checkRequests()`` |
struct Judge {
    let tables: SimulationSchema
    let changes: [SimulatedBucket.Change]
    let deeds: [Deed]
    let replay: Replay
    /// The deeds that stand in the log: by number, the places of their transactions.
    let places: [Int: [Replay.Place]]
    /// The files that somebody edited by hand: what is said of them is not judged.
    let edited: Set<String>
    /// Whether answers came damaged to the driver, so that it may say so.
    let mayBeDamaged: Bool
    /// Whether nothing went wrong with requests, so that none had to be made again.
    let isCalm: Bool
    /// How many commit records and manifests came late from a store that was there before.
    let strays: Int
    /// How often the driver itself has removed what nobody needs any more, by what it was, and announced it.
    var collected: [String: Int] = [:]
    /// Where the transactions stand, by their ids.
    private let transactions: [String: Replay.Place]
    private(set) var violations: [Violation] = []

    init(
        _ tables: SimulationSchema, _ changes: [SimulatedBucket.Change], _ deeds: [Deed], mayBeDamaged: Bool = false,
        isCalm: Bool = false
    ) {
        self.tables = tables
        let (changes, strays) = Judge.withoutStrays(changes)
        self.changes = changes
        self.strays = strays
        self.deeds = deeds
        self.mayBeDamaged = mayBeDamaged
        self.isCalm = isCalm
        edited = Set(changes.lazy.filter { $0.process == Judge.hand }.map(\.key))
        let (replay, violations) = Judge.replay(tables, changes, edited: Set(edited.map(Judge.record)))
        self.replay = replay
        self.violations = violations + replay.violations
        places = Judge.places(of: replay)
        transactions = Dictionary(replay.happened.map { ($0.transaction.id, $0.place) }) { first, _ in first }
    }

    /// Judges all of it.
    mutating func judge() -> [Violation] {
        checkFiles()
        checkManifests()
        checkCollection()
        checkOutcomes()
        checkReads()
        checkFailures()
        // Each look at a stray takes some more.
        if isCalm, strays == 0 { checkRequests() }
        violations += ListCheck(deeds, tables, replay.states[replay.newest]).violations
        return violations
    }

    /// Judges what is left when all is done.
    /// - Returns: What was found in addition.
    mutating func judgeRest(_ contents: [String: [UInt8]]) -> [Violation] {
        let before = violations.count
        checkRest(contents)
        return Array(violations[before...])
    }

    mutating func found(_ rule: String, _ message: String) { violations.append(Violation(rule, message)) }

    // MARK: The log

    private static let log = "_log/main/"

    /// Who edits by hand.
    static let hand = "hand"

    private static func replay(
        _ tables: SimulationSchema, _ changes: [SimulatedBucket.Change], edited: Set<String>
    ) -> (Replay, [Violation]) {
        var replay = Replay(tables.schema, edited: edited)
        var violations: [Violation] = []
        var parts: [String: [UInt8]] = [:]
        for change in changes {
            if change.key.hasPrefix("_parts/") { parts[change.key] = change.bytes ?? parts[change.key] }
            guard change.key.hasPrefix(log) else { continue }
            guard let bytes = change.bytes else { continue }
            if change.before != nil {
                violations.append(Violation("I2", "\(change.key) was written over by \(change.process)"))
                continue
            }
            do {
                let commit = try LoggedCommit(bytes) { parts[$0] }
                if !change.key.hasSuffix("/\(Judge.padded(commit.number)).json") {
                    violations.append(Violation("log", "\(change.key) says it is number \(commit.number)"))
                }
                replay.append(commit, at: change.time)
            } catch {
                violations.append(Violation("log", "\(change.key) cannot be read: \(error)"))
            }
        }
        return (replay, violations)
    }

    static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 20 - text.utf8.count)) + text
    }

    private static func places(of replay: Replay) -> [Int: [Replay.Place]] {
        var places: [Int: [Replay.Place]] = [:]
        for happened in replay.happened {
            for id in happened.transaction.deeds { places[id, default: []].append(happened.place) }
        }
        return places
    }

    // MARK: Outcomes

    /// What succeeded is in the log once, what failed is not, and what was unknown is what `outcome(of:)` says.
    private mutating func checkOutcomes() {
        // A batch that failed may be written by one that repeats it.
        let repeated = Set(deeds.compactMap(\.repeats))
        for deed in deeds {
            let isAlone = deed.isWriting && deed.repeats == nil && !repeated.contains(deed.id)
            let found = places[deed.repeats ?? deed.id] ?? []
            if isTwice(found) { self.found("I2", "\(deed.text) stands in the log \(found.count) times") }
            switch deed.outcome {
            case .done(let receipt):
                guard !deed.operations.isEmpty else { break }
                guard let place = place(of: deed), found.contains(place) else {
                    self.found("I1", "\(deed.text) succeeded and is not in the log")
                    continue
                }
                if let end = deed.end, replay.times[place.number - 1] > end {
                    self.found("I1", "\(deed.text) was acknowledged before record \(place.number) was created")
                }
                if let receipt { check(receipt, of: deed, at: place) }
            case .failed(let error):
                if isAlone, let place = found.first {
                    self.found("I11", "\(deed.text) failed (\(error.code)), and is record \(place.number)")
                }
            case .cancelled:
                if isAlone, let place = found.first {
                    self.found("I11", "\(deed.text) was cancelled, and is record \(place.number)")
                }
            case .strange(let text): self.found("error", "\(deed.text) threw \(text)")
            case .unknown(let token):
                if token == nil { self.found("I11", "\(deed.text): an unknown outcome without a token") }
                if !deed.isWriting { self.found("I11", "\(deed.text) has an unknown outcome, and writes nothing") }
            case .pending: break
            }
            checkTold(deed)
        }
    }

    /// Where the transaction stands that a token names.
    private func place(of token: OutcomeToken) -> Replay.Place? {
        token.rawValue.split(separator: ":").lazy.compactMap { transactions[String($0)] }.first
    }

    /// Where the transaction stands that a deed was told of; nil when there is none.
    ///
    /// A batch that is sent again is told of the first one, or, a day later, of another: then there are two, and the receipt says which.
    func place(of deed: Deed) -> Replay.Place? {
        deed.token.flatMap(place) ?? places[deed.repeats ?? deed.id]?.first
    }

    /// Whether a deed happened more than once within the time for which its idempotency key counts.
    private func isTwice(_ places: [Replay.Place]) -> Bool {
        let day = 86_400 * 1_000_000
        return zip(places, places.dropFirst()).contains { one, next in
            replay.times[next.number - 1] - replay.times[one.number - 1] < day - 600_000_000
        }
    }

    /// What was said of a transaction whose token was asked for is so. The token names it by its id.
    private mutating func checkTold(_ deed: Deed) {
        guard !deed.told.isEmpty, let token = deed.token else { return }
        let isCommitted = place(of: token) != nil
        for told in deed.told {
            switch told {
            case .committed where !isCommitted:
                found("I11", "\(deed.text) is not in the log, and is said to be committed")
            case .notCommitted where isCommitted: found("I11", "\(deed.text) is in the log, and is said not to be")
            default: break
            }
        }
    }

    /// The receipt tells what the log says.
    private mutating func check(_ receipt: Receipt, of deed: Deed, at place: Replay.Place) {
        guard !receipt.results.isEmpty,
            let happened = replay.happened.first(where: { $0.place == place })
        else { return }
        guard receipt.results.count == deed.operations.count else {
            return found("receipt", "\(deed.text) has \(receipt.results.count) results of \(deed.operations.count)")
        }
        var last: [String: RecordMetadata] = [:]
        for (operation, result) in zip(deed.operations, receipt.results) {
            last["\(operation.table.name)/\(KeyText.encode(operation.key))"] = result
        }
        for operation in happened.transaction.operations {
            let name = "\(operation.table)/\(operation.id)"
            if let told = last[name], told != operation.after.metadata {
                found(
                    "receipt",
                    "\(deed.text): \(name) has \(operation.after.metadata) in the log, the receipt says \(told)")
            }
        }
    }
}

extension LoggedCommit.Transaction {
    /// The deeds whose work this is: those whose stamp it writes, or whose key it has.
    var deeds: Set<Int> {
        var deeds: Set<Int> = []
        if let key = idempotencyKey, key.hasPrefix("op-"), let id = Int(key.dropFirst(3)) { deeds.insert(id) }
        for operation in operations {
            if case .int(let stamp)? = operation.after.fields?["stamp"] { deeds.insert(stamp) }
        }
        return deeds
    }
}

extension Deed {
    /// For messages.
    var text: String { "op \(id) (\(kind) of \(process))" }
}
