package import CairnCore
import Simulation

/// What a writer does to a store, step by step, the same for the same seed: what a writer left that was killed, or whose disk
/// failed, can be compared with what its steps make of a store that nothing ever happened to.
///
/// Each step is one commit or none. A writer changes rows of its own, and besides only the balances of the accounts all writers
/// share. Money only moves from account to account, so the sum of all balances is 0 at every moment.
package struct WriterProgram: Sendable {
    /// The schema of the stores it writes to.
    package static let schema = """
        { "database": "bank", "tables": {
          "owners": { "columns": { "id": "int", "name": { "type": "string", "unique": true } }, "key": "id" },
          "accounts": {
            "columns": { "id": "int", "owner": { "references": "owners" }, "balance": "int",
                         "label": { "type": "string?", "unique": true }, "note": "string" },
            "key": "id", "indexes": { "by_balance": ["balance"], "by_owner": ["owner", "balance desc"] } } } }
        """

    /// How many accounts all writers share; their keys begin at 0.
    static let sharedAccounts = 4
    /// How many accounts a writer has at most: few, so that keys are deleted and used again.
    static let ownAccounts = 24

    /// Which of several writers it is, from 1.
    package let writer: Int
    private let seed: UInt64
    private let size: Size

    /// How much the steps write.
    package enum Size: Sendable {
        /// Many pages, and batches with an idempotency key are sent twice.
        case large
        /// Few pages, and no call after the one that commits.
        case small

        /// The largest text of a note.
        var noteLength: Int { self == .large ? 3000 : 600 }
        var resends: Bool { self == .large }
    }

    package init(writer: Int, seed: UInt64, size: Size = .large) {
        self.writer = writer
        self.seed = seed
        self.size = size
    }

    /// The first key of the writer's own accounts.
    private var base: Int { writer * 1000 }

    /// Takes a step.
    /// - Returns: The token of its commit, where the call that committed gave one.
    @discardableResult
    package func step(_ number: Int, on store: Store) async throws -> OutcomeToken? {
        if number == 0 { return try await begin(store) }
        var work = StepWork(
            store: store, writer: writer, base: base, number: number, size: size,
            random: SeededRandom(seed: seed &+ UInt64(writer) << 40 &+ UInt64(number)))
        return try await work.run()
    }

    /// Makes the shared accounts, unless another writer did, and the first ones of its own.
    private func begin(_ store: Store) async throws -> OutcomeToken? {
        let (owners, accounts) = (store.schema.owners, store.schema.accounts)
        try await store.transaction { tx in
            var operations: [WriteOperation] = []
            if try await tx.count(Query(owners)) == 0 {
                operations.append(.insert(owners, [.int(0), .string("all")]))
                operations += (0..<Self.sharedAccounts).map { .insert(accounts, Account.new($0, owner: 0).values) }
            }
            operations.append(.insert(owners, [.int(writer), .string("writer \(writer)")]))
            operations += (0..<4).map { .insert(accounts, Account.new(base + $0, owner: writer).values) }
            _ = try await tx.write(operations)
        }
        return nil
    }

    // MARK: Looking

    /// The rows of this writer with their revisions, one text for each.
    package func rows(of session: Session) async throws -> [String] {
        let (owners, accounts) = (session.schema.owners, session.schema.accounts)
        var lines: [String] = []
        try await session.read(Query(owners, where: .compare(column: 0, .equal, .int(writer)))) { row in
            lines.append("owner \(try row.string(1)) revision \(row.revision)")
            return true
        }
        try await session.read(Account.query(accounts, from: base)) { row in
            lines.append("\(try Account(row)) revision \(row.revision)")
            return true
        }
        return lines
    }

    /// The sum of all balances: 0, whenever it is asked for.
    package static func sum(of session: Session) async throws -> Int {
        var sum = 0
        try await session.read(Query(session.schema.accounts)) { row in
            sum += try Account(row).balance
            return true
        }
        return sum
    }
}
