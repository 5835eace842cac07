import CairnCore

/// The log applied to an empty store, one transaction after the other: what is true at each moment.
///
/// It believes the log nothing: images must continue one another, numbers follow, unique values be unique, references
/// lead somewhere.
struct Replay: Sendable {
    /// Where a transaction stands: the number of its record, and its place in it.
    struct Place: Sendable, Hashable, Comparable {
        let number: Int
        let index: Int

        static func < (left: Place, right: Place) -> Bool {
            (left.number, left.index) < (right.number, right.index)
        }
    }

    /// A transaction that happened.
    struct Happened: Sendable {
        let place: Place
        let transaction: LoggedCommit.Transaction
        /// What was true just before.
        let before: ModelState
    }

    /// The last thing that became of a record.
    struct Last: Sendable {
        let image: LoggedCommit.Image
        let commit: Int
    }

    let schema: Schema
    /// Records whose files somebody edited: what a commit found of them is not judged.
    private let edited: Set<String>
    private(set) var commits: [LoggedCommit] = []
    /// When each record came to be: the n-th is that of number n + 1.
    private(set) var times: [World.Moment] = []
    /// What is true after each record; the first is the empty store.
    private(set) var states: [ModelState]
    private(set) var happened: [Happened] = []
    /// What became last of each record ever written, by table and id, after each number it was changed by.
    private(set) var histories: [String: [Last]] = [:]
    private(set) var violations: [Violation] = []
    private var transactionIDs: Set<String> = []
    private var commitIDs: Set<String> = []

    init(_ schema: Schema, edited: Set<String> = []) {
        self.schema = schema
        self.edited = edited
        states = [ModelState(schema)]
    }

    /// The number of the newest record.
    var newest: Int { commits.count }

    /// The names of the parts of each record that has some, by the name of the record.
    var partNames: [String: [String]] {
        var names: [String: [String]] = [:]
        for commit in commits where !commit.parts.isEmpty {
            names["_log/main/\(Judge.padded(commit.number)).json"] = commit.parts
        }
        return names
    }

    /// The number of the newest record at a moment.
    func newest(at time: World.Moment) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Goes on by one record.
    mutating func append(_ commit: LoggedCommit, at time: World.Moment) {
        let number = newest + 1
        if commit.number != number {
            violations.append(Violation("I3", "record \(commit.number) was created when \(number) was next"))
        }
        let truth = World.epoch.microseconds + Int64(time)
        if commit.time.microseconds > truth + 120_000_000 {
            violations.append(Violation("clock", "record \(number) says it is of \(commit.time), which is to come"))
        }
        let previous = commits.last?.hash ?? String(repeating: "0", count: 64)
        if commit.previous != previous {
            violations.append(Violation("chain", "record \(commit.number) does not follow the one before it"))
        }
        if !commitIDs.insert(commit.commit).inserted {
            violations.append(Violation("I2", "commit id \(commit.commit) stands at two numbers"))
        }
        var state = states[states.count - 1]
        for (index, transaction) in commit.transactions.enumerated() {
            if !transactionIDs.insert(transaction.id).inserted {
                violations.append(Violation("I2", "transaction \(transaction.id) stands in the log twice"))
            }
            happened.append(
                Happened(place: Place(number: number, index: index), transaction: transaction, before: state))
            do {
                try apply(transaction, &state, number)
            } catch {
                violations.append(Violation("I6", "record \(number), transaction \(transaction.id): \(error)"))
            }
        }
        commits.append(commit)
        times.append(time)
        states.append(state)
    }

    private mutating func apply(
        _ transaction: LoggedCommit.Transaction, _ state: inout ModelState, _ number: Int
    ) throws {
        var touched: Set<String> = []
        for operation in transaction.operations {
            guard let table = schema.table(named: operation.table) else {
                throw Unreadable("there is no table '\(operation.table)'")
            }
            let name = "\(operation.table)/\(operation.id)"
            let last = histories[name]?.last
            if !edited.contains(name) { try Replay.check(operation, follows: last, name) }
            if !touched.insert(name).inserted { throw Unreadable("\(name) is changed twice by one transaction") }
            histories[name, default: []].append(Last(image: operation.after, commit: number))
            let key = try KeyText.decode(operation.id, of: table)
            let row = try operation.after.values(table).map {
                ModelState.Row(values: $0, metadata: operation.after.metadata)
            }
            state.set(row, key, in: table)
        }
        try check(state, touched: transaction.operations)
    }

    private static func check(_ operation: LoggedCommit.Operation, follows last: Last?, _ name: String) throws {
        guard let before = operation.before else {
            if last != nil { throw Unreadable("\(name) is new though it was there before") }
            return
        }
        guard let last else { throw Unreadable("\(name) is said to have been there before, and was not") }
        if before.commit != last.commit || before.metadata != last.image.metadata || before.fields != last.image.fields
        {
            throw Unreadable(
                "\(name) is said to come from commit \(before.commit ?? 0), revision \(before.metadata.revision); it was \(last.commit), \(last.image.metadata.revision)"
            )
        }
        let revision = operation.after.metadata.revision
        if revision <= last.image.metadata.revision {
            throw Unreadable("\(name) goes from revision \(last.image.metadata.revision) to \(revision)")
        }
    }

    /// Unique values are unique, and references lead somewhere.
    private func check(_ state: ModelState, touched: [LoggedCommit.Operation]) throws {
        for table in schema.tables where touched.contains(where: { Utf8.equal($0.table, table.name) }) {
            for index in table.indexes where index.isUnique {
                var seen: Set<[Value]> = []
                for row in state.tables[table.position].values {
                    if let condition = index.condition, !condition.isTrue(of: row.values) { continue }
                    let values = index.parts.map { row.values[$0.column] }
                    if values.contains(where: \.isNull) || seen.insert(values).inserted { continue }
                    throw Unreadable("I4: index '\(index.name)' of '\(table.name)' has \(values) twice")
                }
            }
        }
        for table in schema.tables {
            for reference in table.references {
                for row in state.tables[table.position].values {
                    let value = row.values[reference.column]
                    if value.isNull || state.tables[reference.target][Key(value)] != nil { continue }
                    throw Unreadable("a record of '\(table.name)' refers to \(value), which is not there")
                }
            }
        }
    }
}
