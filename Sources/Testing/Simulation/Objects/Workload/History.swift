import CairnCore

/// Something that was read.
struct ReadNote: Sendable {
    enum What: Sendable {
        case key(Table, Key)
        case query(Query)
        case count(Query)
    }

    enum Result: Sendable {
        case rows([ModelState.Row])
        case count(Int)
    }

    let what: What
    let result: Result
}

/// What one client did at one time: a write, a transaction, a read, a snapshot.
struct Deed: Sendable {
    enum Outcome: Sendable {
        /// Its process died, or it was never answered.
        case pending
        /// It succeeded; a receipt where there is one.
        case done(Receipt?)
        /// It failed for sure.
        case failed(StorageError)
        /// Nobody knows; what to ask with.
        case unknown(OutcomeToken?)
        /// Its task was cancelled.
        case cancelled
        /// It threw what no store may throw.
        case strange(String)
    }

    /// Its number; what it writes carries it in the column `stamp`.
    let id: Int
    let process: String
    let kind: String
    let begin: World.Moment
    /// Which of the stores at the place it was done on.
    var epoch = 1
    var end: World.Moment?
    var outcome = Outcome.pending
    /// Whether it writes.
    var isWriting = false
    /// What it read, all of one moment.
    var reads: [ReadNote] = []
    /// Seconds by which what it reads may be old; nil: any age.
    var staleness: Int? = 0
    /// What it wanted to write, for judging why it could not.
    var operations: [WriteOperation] = []
    /// The deed whose batch it sends again.
    var repeats: Int?
    /// Requests it made itself; what went on beside it is not counted.
    var requests = 0
    /// What `outcome(of:)` said later.
    var told: [CommitOutcome] = []
}

/// What all clients did.
final class History: Sendable {
    private let deeds = Lock<[Deed]>([])
    private let world: World
    private let wrongs = Lock<[Violation]>([])

    init(_ world: World) {
        self.world = world
    }

    var all: [Deed] { deeds.withLock { $0 } }
    /// What clients themselves found to be wrong.
    var violations: [Violation] { wrongs.withLock { $0 } }

    func complain(_ rule: String, _ message: String) { wrongs.withLock { $0.append(Violation(rule, message)) } }

    func begin(_ kind: String, _ process: SimulatedProcess, _ epoch: Int) -> Deed {
        let now = world.now
        let deed = deeds.withLock { deeds in
            let deed = Deed(id: deeds.count + 1, process: process.name, kind: kind, begin: now, epoch: epoch)
            deeds.append(deed)
            return deed
        }
        world.note(process) { "op \(deed.id) \(kind)" }
        return deed
    }

    /// Says which deed another one does again, as it begins: the process may die before it ends.
    func note(_ deed: Deed, repeats number: Int) {
        deeds.withLock { $0[deed.id - 1].repeats = number }
    }

    func end(_ deed: Deed, _ outcome: Deed.Outcome, _ process: SimulatedProcess) {
        if world.isTornDown { return }
        var ended = deed
        ended.end = world.now
        ended.outcome = outcome
        let final = ended
        deeds.withLock { $0[deed.id - 1] = final }
        world.note(process) { "op \(deed.id) \(deed.kind): \(final.outcomeText)" }
        world.tally.count("op_\(final.outcomeName)")
    }

    func tell(_ id: Int, _ outcome: CommitOutcome) {
        deeds.withLock { $0[id - 1].told.append(outcome) }
    }
}

extension Deed {
    /// What to ask with what became of it.
    var token: OutcomeToken? {
        switch outcome {
        case .unknown(let token): token
        case .done(let receipt?) where !receipt.token.rawValue.isEmpty: receipt.token
        default: nil
        }
    }

    var outcomeName: String {
        switch outcome {
        case .pending: "pending"
        case .done: "done"
        case .failed: "failed"
        case .unknown: "unknown"
        case .cancelled: "cancelled"
        case .strange: "strange"
        }
    }

    var outcomeText: String {
        switch outcome {
        case .failed(let error): "failed, \(error)"
        case .strange(let text): "strange: \(text)"
        case .unknown(let token): "unknown, \(token?.rawValue ?? "no token")"
        case .done(let receipt): "done" + (receipt.map { ", \($0.token)" } ?? "")
        case .pending, .cancelled: outcomeName
        }
    }
}
