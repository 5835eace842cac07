package import CairnCore
import Simulation

/// One of many who change the same lists and accounts at once, in transactions of every kind, and write down what they saw.
package struct HistoryClient: Sendable {
    /// The schema of the stores it works on.
    package static let schema = """
        { "database": "history", "tables": {
          "accounts": { "columns": { "id": "int", "balance": "int" }, "key": "id", "indexes": { "by_balance": ["balance"] } },
          "lists": { "columns": { "id": "int", "items": "[int]", "length": "int" }, "key": "id",
                     "indexes": { "by_length": ["length"] } } } }
        """

    /// How many lists there are: few, so that clients meet.
    package static let lists = 6
    /// How many accounts.
    package static let accounts = 5
    /// What an account begins with.
    package static let balance = 100

    /// Values that a client has for each run of its process.
    private static let valuesOfRun = 10_000

    private let store: Store
    private let client: Int
    /// Gets each try of a transaction before it is committed.
    private let attempted: @Sendable (HistoryTransaction) throws -> Void
    private var random: SeededRandom
    /// The next value to append, of those that are this client's.
    private var next: Int

    /// - Parameters:
    ///   - run: How many times the process of this client was started before.
    ///   - attempted: Gets each try of a transaction before it is committed.
    package init(
        _ client: Int, on store: Store, seed: UInt64, run: Int = 0,
        attempted: @escaping @Sendable (HistoryTransaction) throws -> Void = { _ in }
    ) {
        self.store = store
        self.client = client
        self.attempted = attempted
        random = SeededRandom(seed: seed &+ UInt64(client) << 32 &+ UInt64(run) << 48)
        next = client * 1_000_000 + run * Self.valuesOfRun
    }

    /// Makes the accounts, unless they are there.
    package static func prepare(_ store: Store) async throws {
        let table = store.schema.tables[0]
        try await store.transaction { tx in
            guard try await tx.count(Query(table)) == 0 else { return }
            _ = try await tx.write((0..<accounts).map { .insert(table, [.int($0), .int(balance)]) })
        }
    }

    /// Runs transactions until so many were committed, and until the end.
    /// - Parameters:
    ///   - isOver: Whether to end when so many were committed.
    ///   - note: Gets each transaction when it has ended, whichever way.
    package mutating func run(
        _ count: Int, until isOver: () -> Bool = { true }, _ note: (HistoryTransaction) throws -> Void
    ) async throws {
        var committed = 0
        while committed < count || !isOver() {
            let transaction = await transaction()
            try note(transaction)
            if transaction.outcome == .committed { committed += 1 }
        }
    }

    /// What a transaction saw and did the last time its body ran.
    private struct Attempt {
        var began = HistoryTransaction.time()
        var operations: [HistoryTransaction.Operation] = []
    }

    private mutating func transaction() async -> HistoryTransaction {
        let plan = plan()
        let last = Lock(Attempt())
        let outcome = await outcome {
            try await run(plan, last)
        }
        let attempt = last.withLock { $0 }
        return HistoryTransaction(
            client: client, began: attempt.began, ended: HistoryTransaction.time(), outcome: outcome, attempt.operations
        )
    }

    /// How a call ended. What is unknown is asked for.
    private func outcome(_ body: () async throws -> Void) async -> HistoryTransaction.Outcome {
        do {
            try await body()
            return .committed
        } catch let error as StorageError where error.code == .outcomeUnknown {
            guard let token = error.details.token else { return .unknown }
            for _ in 0..<20 {
                switch try? await store.outcome(of: token) {
                case .committed: return .committed
                case .notCommitted: return .failed
                case .expired, nil: continue
                }
            }
            return .unknown
        } catch {
            return .failed
        }
    }

    // MARK: Plans

    /// What to do, decided before the body runs: it may run several times.
    private enum Plan {
        /// Reads some lists by key, and appends to some of them.
        case lists(read: [Int], append: [(list: Int, value: Int)])
        /// Reads all lists, and appends to the shortest.
        case shortest(value: Int)
        /// Reads all lists at one moment.
        case look
        case transfer(from: Int, to: Int, amount: Int)
        case audit(byBalance: Bool, isSnapshot: Bool)
    }

    private mutating func plan() -> Plan {
        switch random.below(20) {
        case 0..<8:
            let lists = (0..<1 + random.below(3)).map { _ in random.below(Self.lists) }
            return .lists(read: lists, append: lists.filter { _ in random.chance(70) }.map { ($0, value()) })
        case 8..<10: return .shortest(value: value())
        case 10..<12: return .look
        case 12..<14: return .lists(read: (0..<3).map { _ in random.below(Self.lists) }, append: [])
        case 14..<18:
            let from = random.below(Self.accounts)
            return .transfer(
                from: from, to: (from + 1 + random.below(Self.accounts - 1)) % Self.accounts,
                amount: random.number(1...20))
        default: return .audit(byBalance: random.chance(50), isSnapshot: random.chance(50))
        }
    }

    private mutating func value() -> Int {
        next += 1
        return next
    }

    private func run(_ plan: Plan, _ last: Lock<Attempt>) async throws {
        switch plan {
        // A snapshot is of a moment before its body begins: its time is that of the call.
        case .look: _ = try await store.snapshot { try await look($0, last) }
        case .audit(let byBalance, true): try await store.snapshot { try await audit(byBalance, $0, last) }
        case .audit(let byBalance, false):
            try await store.transaction { tx in
                try await audit(byBalance, tx, begin(last))
                try end(last)
            }
        case .lists(let read, let append):
            try await store.transaction { tx in
                let last = begin(last)
                for list in read { _ = try await self.read(list, tx, last) }
                for (list, value) in append { try await self.append(value, to: list, tx, last) }
                try end(last)
            }
        case .shortest(let value):
            try await store.transaction { tx in
                let last = begin(last)
                let found = try await look(tx, last)
                let shortest = (0..<Self.lists).min { found[$0, default: []].count < found[$1, default: []].count }
                try await append(value, to: shortest ?? 0, tx, last)
                try end(last)
            }
        case .transfer(let from, let to, let amount):
            try await store.transaction { tx in
                let last = begin(last)
                for (account, change) in [(from, -amount), (to, amount)] {
                    try await self.change(account, by: change, tx, last)
                }
                try end(last)
            }
        }
    }

    /// The body runs, maybe once more: what it saw before does not count.
    private func begin(_ last: Lock<Attempt>) -> Lock<Attempt> {
        last.withLock { $0 = Attempt() }
        return last
    }

    /// The body has run, and what it did is about to be committed.
    private func end(_ last: Lock<Attempt>) throws {
        let attempt = last.withLock { $0 }
        try attempted(
            HistoryTransaction(
                client: client, began: attempt.began, ended: HistoryTransaction.time(), outcome: .unknown,
                attempt.operations))
    }

    // MARK: Lists

    private var lists: Table { store.schema.tables[1] }

    private func read(_ list: Int, _ session: Session, _ last: Lock<Attempt>) async throws -> [Int] {
        var items: [Int] = []
        try await session.get(lists, Key(.int(list))) { items = try Self.items($0) }
        last.withLock { $0.operations.append(.read(list: list, items)) }
        return items
    }

    private func append(_ value: Int, to list: Int, _ session: Session, _ last: Lock<Attempt>) async throws {
        let items = try await read(list, session, last) + [value]
        _ = try await session.write([.upsert(lists, [.int(list), .array(items.map(Value.int)), .int(items.count)])])
        last.withLock { $0.operations.append(.append(list: list, value)) }
    }

    /// Reads all lists by their length.
    private func look(_ session: Session, _ last: Lock<Attempt>) async throws -> [Int: [Int]] {
        let found = try await Self.lists(of: session)
        last.withLock { last in
            for list in 0..<Self.lists { last.operations.append(.read(list: list, found[list, default: []])) }
        }
        return found
    }

    /// All lists, read by their length.
    package static func lists(of session: Session) async throws -> [Int: [Int]] {
        var found: [Int: [Int]] = [:]
        let order = [OrderTerm(column: 2)]
        try await session.read(Query(session.schema.tables[1], order: order)) { row in
            found[try row.int(0)] = try items(row)
            return true
        }
        return found
    }

    private static func items(_ row: RowReader) throws -> [Int] { try row.array(1, of: Int.self) }

    // MARK: Accounts

    private func change(_ account: Int, by amount: Int, _ session: Session, _ last: Lock<Attempt>) async throws {
        let table = store.schema.tables[0]
        var (balance, revision) = (0, 0)
        try await session.get(table, Key(.int(account))) { (balance, revision) = (try $0.int(1), $0.revision) }
        let results = try await session.write([
            .update(table, [.int(account), .int(balance + amount)], expecting: revision)
        ])
        last.withLock { last in
            last.operations.append(.see(account: account, balance: balance, revision: revision))
            last.operations.append(
                .set(account: account, balance: balance + amount, revision: results.first?.revision ?? 0))
        }
    }

    private func audit(_ byBalance: Bool, _ session: Session, _ last: Lock<Attempt>) async throws {
        let accounts = try await Self.accounts(of: session, byBalance: byBalance)
        last.withLock { last in
            for (account, state) in accounts {
                last.operations.append(.see(account: account, balance: state.balance, revision: state.revision))
            }
            last.operations.append(.audit(sum: accounts.values.reduce(0) { $0 + $1.balance }))
        }
    }

    /// All accounts, read by their key or by their balance.
    package static func accounts(
        of session: Session, byBalance: Bool = false
    ) async throws -> [Int: (balance: Int, revision: Int)] {
        var accounts: [Int: (balance: Int, revision: Int)] = [:]
        let order = byBalance ? [OrderTerm(column: 1)] : []
        try await session.read(Query(session.schema.tables[0], order: order)) { row in
            accounts[try row.int(0)] = (try row.int(1), row.revision)
            return true
        }
        return accounts
    }
}
