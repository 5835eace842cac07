import CairnCore
import Simulation

/// One step of a writer: reads the rows of the writer, and makes the change that their state and the random numbers of the step
/// ask for.
struct StepWork {
    let store: Store
    let writer: Int
    /// The first key of the writer's own accounts.
    let base: Int
    let number: Int
    let size: WriterProgram.Size
    var random: SeededRandom

    private var table: Table { store.schema.accounts }

    /// Undoes a savepoint.
    private struct Undo: Error {}

    /// A step that must fail did not.
    private struct WasNotRefused: Error {}

    mutating func run() async throws -> OutcomeToken? {
        let accounts = try await read(Account.query(table, from: base))
        switch random.weighted([3, 3, 2, 3, 4, 4, 3, 2, 2, 2, 1]) {
        case 0: try await insert(accounts)
        case 1: try await update(accounts)
        case 2: try await deleteEmpty(accounts)
        case 3: return try await writeBatch(accounts)
        case 4: try await move(accounts)
        case 5: try await pay(accounts)
        case 6: try await swapLabels(accounts)
        case 7: try await closeAccount(accounts)
        case 8: try await writeRefused(accounts)
        case 9: try await writeNotes(accounts)
        default: try await store.maintain()
        }
        return nil
    }

    private func read(_ query: Query) async throws -> [Account] {
        var accounts: [Account] = []
        try await store.session.read(query) { row in
            accounts.append(try Account(row))
            return true
        }
        return accounts
    }

    // MARK: Choices

    /// Keys of the writer that no account has.
    private func free(_ accounts: [Account]) -> [Int] {
        let used = Set(accounts.map(\.id))
        return (base..<base + WriterProgram.ownAccounts).filter { !used.contains($0) }
    }

    /// A label no account of the writer has.
    private mutating func freeLabel(_ accounts: [Account]) -> String? {
        let used = Set(accounts.compactMap(\.label))
        return random.pick((0..<6).map { "\(writer)-\($0)" }.filter { !used.contains($0) })
    }

    private mutating func note() -> String {
        let letter = random.pick(["a", "b", "c", "d"], else: "a")
        return String(repeating: letter, count: random.below(size.noteLength))
    }

    /// Two different places in a list of at least two.
    private mutating func pair(_ count: Int) -> (Int, Int) {
        let first = random.below(count)
        return (first, (first + 1 + random.below(count - 1)) % count)
    }

    // MARK: Single writes

    private mutating func insert(_ accounts: [Account]) async throws {
        guard let id = random.pick(free(accounts)) else { return try await update(accounts) }
        let account = Account(id: id, owner: writer, label: freeLabel(accounts), note: note())
        _ = try await store.session.write([.insert(table, account.values)])
    }

    private mutating func update(_ accounts: [Account]) async throws {
        guard var account = random.pick(accounts) else { return }
        account.note = note()
        account.label = freeLabel(accounts)
        _ = try await store.session.write([.update(table, account.values, expecting: account.revision)])
    }

    private mutating func deleteEmpty(_ accounts: [Account]) async throws {
        guard let account = random.pick(accounts.filter { $0.balance == 0 }) else { return try await insert(accounts) }
        _ = try await store.session.write([.delete(table, Key(.int(account.id)), expecting: account.revision)])
    }

    // MARK: Batches

    /// Several writes in one commit, now and then under an idempotency key.
    private mutating func writeBatch(_ accounts: [Account]) async throws -> OutcomeToken? {
        var operations: [WriteOperation] = []
        var sum = 0
        for id in free(accounts).prefix(1 + random.below(4)) {
            var account = Account(id: id, owner: writer, note: note())
            account.balance = random.number(-100...100)
            sum += account.balance
            operations.append(.insert(table, account.values))
        }
        if var first = accounts.first {
            first.balance -= sum
            operations.append(.update(table, first.values, expecting: first.revision))
        } else {
            operations.append(.insert(table, Account(id: base + 500, owner: writer, balance: -sum).values))
        }
        let key = random.chance(50) ? "step \(writer)-\(number)" : nil
        let receipt = try await send(operations, key)
        if key != nil, size.resends, try await send(operations, key).token != receipt.token { throw WasNotRefused() }
        return receipt.token
    }

    private func send(_ operations: [WriteOperation], _ key: String?) async throws -> Receipt {
        try await store.write(idempotencyKey: key) { batch in
            for operation in operations { batch.append(operation) }
        }
    }

    /// A batch whose last write is refused, so that nothing of it happens.
    private mutating func writeRefused(_ accounts: [Account]) async throws {
        guard var first = accounts.first, let last = accounts.last else { return }
        first.balance += 1
        do {
            _ = try await store.session.write([
                .update(table, first.values, expecting: first.revision),
                .insert(table, Account.new(last.id, owner: writer).values),
            ])
        } catch let error as StorageError where error.code == .duplicate {
            return
        }
        throw WasNotRefused()
    }

    /// Many pages in one commit.
    private mutating func writeNotes(_ accounts: [Account]) async throws {
        _ = try await store.session.write(
            accounts.map { account in
                var account = account
                account.note = note()
                return .update(table, account.values, expecting: account.revision)
            })
    }

    // MARK: Transactions

    private mutating func move(_ accounts: [Account]) async throws {
        guard accounts.count > 1 else { return try await insert(accounts) }
        let (from, to) = pair(accounts.count)
        try await transfer(random.number(1...50), from: accounts[from].id, to: accounts[to].id)
    }

    /// Moves money between an account of the writer and one that others use, too.
    private mutating func pay(_ accounts: [Account]) async throws {
        guard let own = random.pick(accounts) else { return try await insert(accounts) }
        try await transfer(random.number(-50...50), from: own.id, to: random.below(WriterProgram.sharedAccounts))
    }

    private func transfer(_ amount: Int, from: Int, to: Int) async throws {
        try await store.transaction { tx in
            for (id, change) in [(from, -amount), (to, amount)] {
                var account = try await get(id, tx)
                account.balance += change
                _ = try await tx.write([.update(table, account.values, expecting: account.revision)])
            }
        }
    }

    private func get(_ id: Int, _ tx: Session) async throws -> Account {
        var found: Account?
        try await tx.get(table, Key(.int(id))) { found = try Account($0) }
        guard let found else { throw StorageError.notFound(table, Key(.int(id))) }
        return found
    }

    /// Two accounts exchange their unique labels through a third value, and a savepoint is undone on the way.
    private mutating func swapLabels(_ accounts: [Account]) async throws {
        guard accounts.count > 1 else { return try await insert(accounts) }
        let (left, right) = pair(accounts.count)
        let (first, second) = (accounts[left], accounts[right])
        let free = free(accounts).first
        try await store.transaction { tx in
            for (id, label) in [(first.id, "\(writer)-third"), (second.id, first.label), (first.id, second.label)] {
                var account = try await get(id, tx)
                account.label = label
                _ = try await tx.write([.update(table, account.values, expecting: account.revision)])
            }
            guard let free else { return }
            do {
                try await tx.savepoint {
                    _ = try await tx.write([.insert(table, Account(id: free, owner: writer, balance: 1).values)])
                    throw Undo()
                }
            } catch is Undo {}
        }
    }

    /// Moves what an account has to another, and deletes it.
    private mutating func closeAccount(_ accounts: [Account]) async throws {
        guard accounts.count > 1 else { return try await insert(accounts) }
        let (from, to) = pair(accounts.count)
        let (closed, heir) = (accounts[from], accounts[to])
        try await store.transaction { tx in
            var account = try await get(heir.id, tx)
            account.balance += try await get(closed.id, tx).balance
            _ = try await tx.write([
                .update(table, account.values, expecting: account.revision),
                .delete(table, Key(.int(closed.id)), expecting: closed.revision),
            ])
        }
    }
}
