import CSQLite
public import CairnCore

extension SQLiteStorage {
    /// The most batches that share one commit, and the most operations they may have together: enough to share the cost
    /// of a commit, few enough that nobody waits long for strangers.
    private static var groupBatches: Int { 2048 }
    private static var groupOperations: Int { 4096 }

    public func commit(_ batch: Batch) async throws -> Receipt {
        try checkWritable()
        switch try await gate.wait(batch) {
        case .done(let result):
            return try result.get()
        case .possession:
            defer { gate.release() }
            return try await lead(batch)
        }
    }

    /// Commits a batch, and with it the batches that wait behind it.
    private func lead(_ batch: Batch) async throws -> Receipt {
        let (schema, commits) = try attached()
        try await beginWriting()
        // From here to the end nothing suspends, so nothing is cancelled half-way.
        var operations = batch.operations.count
        var batches = 1
        let tickets = gate.takeJobs { job in
            operations += job.operations.count
            batches += 1
            return operations <= SQLiteStorage.groupOperations && batches <= SQLiteStorage.groupBatches
        }
        let group = CommitGroup(
            schema: schema, commits: commits, keeper: shared.withLock { $0.keeper }, time: clock(), hub: hub)
        let results = group.run([batch] + tickets.map(\.job), on: writer)
        for (ticket, result) in zip(tickets, results.dropFirst()) { ticket.finish(result) }
        return try results[0].get()
    }
}

/// Several batches in one SQLite transaction. Each succeeds or fails by itself; the commit is for all.
struct CommitGroup {
    let schema: Schema
    let commits: CommitLog
    let keeper: ChangeKeeper?
    let time: Timestamp
    let hub: ChangeHub

    /// Runs batches in a transaction that has begun, and ends it.
    ///
    /// What SQLite refuses without a reason that is known here may be the fault of one batch: those of a group that is undone for
    /// that reason run again, each by itself, so that nobody fails because of a stranger.
    /// - Returns: A result for each batch.
    func run(_ batches: [Batch], on connection: SQLiteConnection) -> [Result<Receipt, any Error>] {
        do {
            return try connection.withLockRaw { access in
                do {
                    return try runTogether(batches, access, connection.place)
                } catch let undone as UndoneGroup {
                    if batches.count == 1 { throw undone.cause }
                    return batches.map { runAlone($0, access, connection.place) }
                }
            }
        } catch {
            return batches.map { _ in .failure(error) }
        }
    }

    /// - Throws: ``UndoneGroup`` when a batch made SQLite fail before anything was decided; what the commit failed with.
    private func runTogether(
        _ batches: [Batch], _ access: SQLiteConnection.Access, _ place: String
    ) throws -> [Result<Receipt, any Error>] {
        let ending = TransactionEnd(access, commits, place: place)
        var writer = SQLiteWriter(access, schema, at: time)
        var results: [Result<Receipt, any Error>] = []
        // Nobody begins to listen before the end: that takes the lock of the connection.
        var report = ChangeReport(hub, at: time)
        let token: OutcomeToken
        do {
            token = try commits.write(access, at: time)
            var kept: Int?
            for batch in batches {
                let recording = report.begin(batch.operations, access)
                results.append(try apply(batch, isAlone: batches.count == 1, &writer, access, token, keptUpTo: &kept))
                if results.last?.isSuccess == true { report.end(recording, access) }
            }
            if let keeper, let kept, results.contains(where: \.isSuccess) {
                try keeper.trim(behind: kept, access, at: time)
            }
        } catch {
            ending.rollback()
            throw UndoneGroup(cause: (error as? SQLiteFailure)?.storageError(at: place) ?? error)
        }
        guard results.contains(where: \.isSuccess) else {
            ending.rollback()
            return results
        }
        try ending.commit(at: time, token, telling: report)
        return results
    }

    private func runAlone(
        _ batch: Batch, _ access: SQLiteConnection.Access, _ place: String
    ) -> Result<Receipt, any Error> {
        do {
            try access.execute("BEGIN IMMEDIATE")
            return try runTogether([batch], access, place)[0]
        } catch let undone as UndoneGroup {
            return .failure(undone.cause)
        } catch {
            return .failure((error as? SQLiteFailure)?.storageError(at: place) ?? error)
        }
    }

    /// SQLite failed for a reason that no batch is known to have given, and nothing of the group is there.
    private struct UndoneGroup: Error {
        let cause: any Error
    }

    /// Applies one batch. What is wrong with the batch is its result; what is wrong with the database is thrown.
    /// - Parameter kept: The newest row of kept changes before the transaction; nil as long as no batch has any to keep.
    private func apply(
        _ batch: Batch, isAlone: Bool, _ writer: inout SQLiteWriter, _ access: SQLiteConnection.Access,
        _ token: OutcomeToken, keptUpTo kept: inout Int?
    ) throws -> Result<Receipt, any Error> {
        // A batch that fails alone, or at its only statement, needs nothing to be undone beside others.
        let needsSavepoint = !isAlone && (!batch.isOneStatement || batch.operations[0].table.options.changes)
        if needsSavepoint { try access.run("SAVEPOINT batch") }
        do {
            let receipt = try apply(batch, &writer, access, token, keptUpTo: &kept)
            if needsSavepoint { try access.run("RELEASE batch") }
            return .success(receipt)
        } catch let error as StorageError {
            if needsSavepoint {
                try access.run("ROLLBACK TO batch")
                try access.run("RELEASE batch")
                writer.forgetDeletions()
            }
            return .failure(error)
        }
    }

    private func apply(
        _ batch: Batch, _ writer: inout SQLiteWriter, _ access: SQLiteConnection.Access, _ token: OutcomeToken,
        keptUpTo kept: inout Int?
    ) throws -> Receipt {
        let receipts = Receipts(access)
        // Before the changes are looked at: a batch that was written has its answer, also where nothing can be kept any more.
        if let receipt = try receipts.find(batch, at: time) { return receipt }
        let names = keeper == nil ? [] : ChangeKeeper.names(batch.operations)
        if let keeper, kept == nil, !names.isEmpty { kept = try keeper.newest(access) }
        let before = try access.records(names)
        var results: [RecordMetadata] = []
        results.reserveCapacity(batch.operations.count)
        for operation in batch.operations { results.append(try writer.apply(operation)) }
        try ReferenceCheck(access, schema).check(batch.operations)
        try keeper?.keep(names, before: before, access, at: time)
        let receipt = Receipt(token: token, time: time, results: results)
        try receipts.keep(receipt, of: batch)
        return receipt
    }
}

extension Batch {
    /// Whether SQLite undoes all of it if it fails: one operation that no reference is checked after, and no receipt to keep.
    fileprivate var isOneStatement: Bool {
        guard operations.count == 1, idempotencyKey == nil, let only = operations.first else { return false }
        return only.isOneStatement && only.table.references.isEmpty && only.table.referrers.isEmpty
    }
}

/// How a transaction ends, whatever the disk does.
struct TransactionEnd {
    private let access: SQLiteConnection.Access
    private let commits: CommitLog
    private let place: String

    init(_ access: SQLiteConnection.Access, _ commits: CommitLog, place: String) {
        self.access = access
        self.commits = commits
        self.place = place
    }

    func rollback() {
        // It fails only when SQLite has rolled back by itself.
        if access.isInTransaction { try? access.execute("ROLLBACK") }
    }

    /// Commits, and tells those who listen.
    /// - Throws: `storage.full` or `storage.io` when the commit did not happen; `storage.outcome_unknown`.
    func commit(at time: Timestamp, _ token: OutcomeToken, telling report: ChangeReport) throws {
        do {
            try access.execute("COMMIT")
            commits.advance()
            report.tell()
        } catch let failure as SQLiteFailure {
            rollback()
            // Also where there was no room: the log is written over and over, and what stood there may complete a commit.
            switch commits.settle(failure, access, at: time) {
            case .committed: report.tell()
            case .some: throw failure.storageError(at: place)
            case nil:
                report.tellUnknown()
                throw StorageError.outcomeUnknown(token, failure.message)
            }
        }
    }
}

extension Result {
    fileprivate var isSuccess: Bool {
        if case .success = self { return true }
        return false
    }
}
