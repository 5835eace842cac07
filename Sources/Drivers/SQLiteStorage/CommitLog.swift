import CSQLite
import CairnCore

/// Numbers the commits of one open store, so that the outcome of each can be known later.
///
/// The problem: when the disk fails at a commit, SQLite cannot say whether it will be there after a restart. The idea: each
/// open store has a row of its own, and every commit writes its number there as part of itself. If the row has the
/// number, the commit happened. The numbers of one row must have no gap that a later commit could cover: after a failed
/// commit the store first writes its row anew (`settle`). If that succeeds, the failed commit is not there and, its part of
/// the log being overwritten, never will be. If it fails too, nobody knows yet, and the store goes on under a new row.
final class CommitLog: Sendable {
    private struct State {
        var writerID: String
        var sequence = 0
    }

    private let storeID: String
    private let state: Lock<State>

    init(storeID: String, writerID: String) {
        self.storeID = storeID
        state = Lock(State(writerID: writerID))
    }

    /// Writes the number of the commit that is about to happen, and gives its token.
    func write(_ access: SQLiteConnection.Access, at time: Timestamp) throws -> OutcomeToken {
        let current = state.withLock { $0 }
        try put(access, current.writerID, current.sequence + 1, time)
        return OutcomeToken(
            rawValue: "sqlite:\(storeID):\(current.writerID):\(current.sequence + 1):\(time.microseconds)")
    }

    private func put(_ access: SQLiteConnection.Access, _ writer: String, _ sequence: Int, _ time: Timestamp) throws {
        try access.run(
            "INSERT OR REPLACE INTO \"_cairn_commits\" (\"writer\", \"sequence\", \"at\") VALUES (?, ?, ?)",
            [.string(writer), .int(sequence), .timestamp(time)])
    }

    /// Writes the row as it is: a commit that changes nothing but the log it stands in.
    func touch(_ access: SQLiteConnection.Access, at time: Timestamp) throws {
        let current = state.withLock { $0 }
        try put(access, current.writerID, current.sequence, time)
    }

    /// The commit happened.
    func advance() {
        state.withLock { $0.sequence += 1 }
    }

    /// Finds out what became of a commit that failed.
    /// - Returns: nil when nobody knows yet.
    func settle(_ failed: SQLiteFailure, _ access: SQLiteConnection.Access, at time: Timestamp) -> CommitOutcome? {
        let current = state.withLock { $0 }
        do {
            try access.execute("BEGIN IMMEDIATE")
            if try sequence(access, of: current.writerID) ?? 0 > current.sequence {
                try access.execute("ROLLBACK")
                advance()
                return .committed
            }
            try put(access, current.writerID, current.sequence, time)
        } catch {
            return giveUp(access)
        }
        do {
            try access.execute("COMMIT")
            return .notCommitted
        } catch {
            // This row goes to the place in the log where the failed commit began. Where it finds no room, nothing of that is.
            let isFull = failed.isFull && (error as? SQLiteFailure)?.isFull == true
            return isFull ? roll(access, back: .notCommitted) : giveUp(access)
        }
    }

    /// Nobody knows yet: the store goes on under a new row, so that no later commit covers the failed one.
    private func giveUp(_ access: SQLiteConnection.Access) -> CommitOutcome? {
        state.withLock { state in
            state.writerID += "+"
            state.sequence = 0
        }
        return roll(access, back: nil)
    }

    private func roll(_ access: SQLiteConnection.Access, back outcome: CommitOutcome?) -> CommitOutcome? {
        if access.isInTransaction { try? access.execute("ROLLBACK") }
        return outcome
    }

    private func sequence(_ access: SQLiteConnection.Access, of writer: String) throws -> Int? {
        try access.with("SELECT \"sequence\" FROM \"_cairn_commits\" WHERE \"writer\" = ?", [.string(writer)]) {
            statement in
            try statement.step() ? Int(sqlite3_column_int64(statement.handle, 0)) : nil
        }
    }

    /// Whether a commit happened, by its token.
    /// - Throws: `storage.invalid` for the token of another store.
    func outcome(of token: OutcomeToken, _ access: SQLiteConnection.Access, at now: Timestamp) throws -> CommitOutcome {
        let parts = token.rawValue.split(separator: ":").map(String.init)
        guard parts.count == 5, parts[0] == "sqlite", parts[1] == storeID, let number = Int(parts[3]),
            let time = Int64(parts[4]).flatMap({ Timestamp(microseconds: $0) })
        else { throw StorageError.unknownToken(token) }
        if Limits.isPast(time, Limits.outcomeLifetime, at: now) { return .expired }
        guard let last = try sequence(access, of: parts[2]) else { return .notCommitted }
        return number <= last ? .committed : .notCommitted
    }

    /// Forgets the rows of stores that committed nothing for so long that nobody may ask.
    func removeExpired(_ access: SQLiteConnection.Access, at now: Timestamp) throws {
        let oldest = now.microseconds - Limits.outcomeLifetime.components.seconds * 1_000_000
        try access.run(
            "DELETE FROM \"_cairn_commits\" WHERE \"at\" < ? AND \"writer\" <> ?",
            [.int(Int(oldest)), .string(state.withLock { $0.writerID })])
    }
}

/// Receipts kept for their idempotency keys.
struct Receipts {
    private let access: SQLiteConnection.Access

    init(_ access: SQLiteConnection.Access) {
        self.access = access
    }

    /// The receipt of a batch that was committed before under the same key.
    /// - Throws: `storage.invalid` when it was another batch.
    func find(_ batch: Batch, at now: Timestamp) throws -> Receipt? {
        guard let key = batch.idempotencyKey else { return nil }
        let sql = "SELECT \"digest\", \"receipt\", \"at\" FROM \"_cairn_receipts\" WHERE \"key\" = ?"
        return try access.with(sql, [.string(key)]) { statement in
            guard try statement.step(),
                let time = Timestamp(microseconds: sqlite3_column_int64(statement.handle, 2)),
                !Limits.isPast(time, Limits.receiptLifetime, at: now)
            else { return nil }
            let count = Int(sqlite3_column_bytes(statement.handle, 0))
            let digest = Array(UnsafeRawBufferPointer(start: sqlite3_column_blob(statement.handle, 0), count: count))
            guard digest == batch.digest else { throw StorageError.otherBatch(underKey: key) }
            guard let text = sqlite3_column_text(statement.handle, 1),
                let receipt = ReceiptJSON.decode(String(cString: text))
            else { throw StorageError(.damaged, "the receipt of idempotency key '\(key)' cannot be read") }
            return receipt
        }
    }

    func keep(_ receipt: Receipt, of batch: Batch) throws {
        guard let key = batch.idempotencyKey else { return }
        try access.run(
            "INSERT OR REPLACE INTO \"_cairn_receipts\" (\"key\", \"digest\", \"receipt\", \"at\") VALUES (?, ?, ?, ?)",
            [.string(key), .bytes(batch.digest), .string(ReceiptJSON.encode(receipt)), .timestamp(receipt.time)])
    }

    /// - Returns: How many were removed.
    func removeExpired(at now: Timestamp) throws -> Int {
        let oldest = now.microseconds - Limits.receiptLifetime.components.seconds * 1_000_000
        try access.run("DELETE FROM \"_cairn_receipts\" WHERE \"at\" < ?", [.int(Int(oldest))])
        return access.changes
    }
}
