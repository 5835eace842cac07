import CairnSchema

/// Writes of a program, completed to records of the expanded schema.
///
/// A write that changes a record reads it first, in the same transaction, or asks when it is committed that it is the same still: so what
/// the program does not know stays, and nobody comes between. What goes with a deleted record is found by the references of the expanded schema.
struct WindowWriter: Sendable {
    let view: WindowView
    /// The store with the expanded schema.
    let core: StoreCore

    /// Writes a batch of the store.
    func write(_ batch: Batch) async throws -> Receipt {
        let deletes = batch.operations.contains { if case .delete = $0 { true } else { false } }
        // What goes with a deleted record is known in a transaction only, and a batch under a key is none.
        guard deletes, batch.idempotencyKey == nil, batch.operations.contains(where: needsStored) else {
            return try await writeSettled(batch)
        }
        let (results, receipt) = try await core.transactionWithReceipt { try await write(batch.operations, $0) }
        return Receipt(token: receipt.token, time: receipt.time, results: results)
    }

    private var session: Session { Session(core: core, reader: core.storage, mode: .store) }

    /// Whether an operation can only be completed by the record that is there.
    private func needsStored(_ operation: WriteOperation) -> Bool {
        switch operation {
        case .update(let table, _, _), .upsert(let table, _):
            (try? view.table(table))?.records?.needsStored ?? false
        case .insert, .delete: false
        }
    }

    /// An operation on the expanded table.
    /// - Parameter stored: The record that is there.
    private func expanded(_ operation: WriteOperation, over stored: [Value]?) throws -> WriteOperation {
        let table = try view.table(operation.table)
        func whole(_ values: [Value]) throws -> [Value] {
            if let records = table.records { return try records.expanded(values, over: stored) }
            var record = Array(repeating: Value.null, count: table.expanded.columns.count)
            for (place, value) in zip(table.places, values) { record[place] = value }
            return record
        }
        switch operation {
        case .insert(_, let values): return .insert(table.expanded, try whole(values))
        case .update(_, let values, let revision):
            return .update(table.expanded, try whole(values), expecting: revision)
        case .upsert(_, let values): return .upsert(table.expanded, try whole(values))
        case .delete(_, let key, let revision): return .delete(table.expanded, key, expecting: revision)
        }
    }

    // MARK: In a transaction

    /// A session of a transaction for one call: what it may write in all is counted by that of the program.
    func session(in transaction: any StorageTransaction) -> Session {
        Session(core: core, reader: transaction, mode: .transaction(transaction))
    }

    /// Writes operations in order, or none of them.
    /// - Parameter session: Of a transaction.
    func write(_ operations: [WriteOperation], _ session: Session) async throws -> [RecordMetadata] {
        let runs = runs(of: operations)
        guard runs.count > 1 else { return try await write(operations[...], session) }
        return try await session.savepoint {
            var results: [RecordMetadata] = []
            for run in runs { results += try await write(run, session) }
            return results
        }
    }

    /// Cuts operations so that none needs a record that one before it in the same run writes or takes along.
    private func runs(of operations: [WriteOperation]) -> [ArraySlice<WriteOperation>] {
        var runs: [ArraySlice<WriteOperation>] = []
        var start = 0
        var written: Set<RecordName> = []
        var deletes = false
        for (place, operation) in operations.enumerated() {
            let name = RecordName(operation)
            if needsStored(operation), deletes || written.contains(name) {
                runs.append(operations[start..<place])
                (start, written, deletes) = (place, [], false)
            }
            written.insert(name)
            if case .delete = operation { deletes = true }
        }
        return runs + [operations[start...]]
    }

    private func write(_ run: ArraySlice<WriteOperation>, _ session: Session) async throws -> [RecordMetadata] {
        let stored = try await stored(of: run, session.reader)
        let operations = try run.map { operation in
            try completed(operation, stored[RecordName(operation)]) ?? expanded(operation, over: nil)
        }
        return try await view.presenting { try await session.write(operations) }
    }

    /// An operation that changes a record; nil for any other, and for one that finds none.
    private func completed(_ operation: WriteOperation, _ stored: Stored?) throws -> WriteOperation? {
        guard needsStored(operation) else { return nil }
        let table = try view.table(operation.table)
        guard let stored else {
            if case .update(_, let values, _) = operation {
                throw StorageError.notFound(table.presented, table.presented.key(of: values))
            }
            return nil
        }
        // Whether the values fit is not asked of a record that somebody changed meanwhile.
        if case .update(_, let values, let revision?) = operation, revision != stored.revision {
            throw StorageError.conflict(
                table.presented, table.presented.key(of: values), expected: revision, actual: stored.revision)
        }
        return try expanded(operation, over: stored.values)
    }

    /// The records that operations change, as they are.
    private func stored(
        of operations: some Sequence<WriteOperation>, _ reader: any StorageReader
    ) async throws -> [RecordName: Stored] {
        var keys: [Int: [Key]] = [:]
        for operation in operations where needsStored(operation) {
            keys[operation.table.position, default: []].append(operation.key)
        }
        var stored: [RecordName: Stored] = [:]
        for (position, keys) in keys.sorted(by: { $0.key < $1.key }) {
            let table = try view.table(at: position)
            try await reader.get(table.expanded, keys) { place, row in
                stored[RecordName(table: position, key: keys[place])] =
                    Stored(values: try row.values(), revision: row.revision)
            }
        }
        return stored
    }

    // MARK: As a batch

    /// Writes a batch as one: the newest records are read first, and that they are the same still is asked when it is committed.
    private func writeSettled(_ batch: Batch) async throws -> Receipt {
        var backoff = Backoff(first: .milliseconds(1), largest: .milliseconds(200))
        var attempts = 0
        while true {
            var expanded = Batch([], idempotencyKey: batch.idempotencyKey)
            if batch.idempotencyKey != nil { expanded.origin = batch.digest }
            do {
                expanded.operations = try await settled(batch.operations)
            } catch let error as StorageError where batch.idempotencyKey != nil {
                // It may have been done before, and records have changed since.
                return try await receipt(of: expanded, for: batch, otherwise: error)
            }
            do {
                // Which deletes may be under a key the program's own schema has said. What only the other one knows is not taken along.
                return try await view.presenting {
                    try await batch.idempotencyKey == nil
                        ? session.checkedWrite(expanded) : session.writeKeyed(expanded)
                }
            } catch let error as StorageError where isRace(error, batch.operations) {
                attempts += 1
                guard attempts < Limits.transactionAttempts else {
                    throw StorageError.contention(attempts: attempts, last: error)
                }
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    /// The operations on expanded tables, each of which asks that its record is still the one it was completed by.
    private func settled(_ operations: [WriteOperation]) async throws -> [WriteOperation] {
        var stored = try await stored(of: operations, core.storage)
        var written: Set<RecordName> = []
        return try operations.map { operation in
            let name = RecordName(operation)
            let isFirst = written.insert(name).inserted
            let found = stored[name]
            var settled = try completed(operation, found) ?? expanded(operation, over: nil)
            if needsStored(operation), isFirst {
                switch settled {
                case .update(let table, let values, nil):
                    settled = .update(table, values, expecting: found?.revision)
                case .upsert(let table, let values):
                    settled = found.map { .update(table, values, expecting: $0.revision) } ?? .insert(table, values)
                default: break
                }
            }
            switch settled {
            // Revisions are those of before: a later operation of the batch that expects one fails where it is committed.
            case .insert(_, let values), .upsert(_, let values): stored[name] = Stored(values: values, revision: 1)
            case .update(_, let values, _):
                stored[name] = Stored(values: values, revision: (found?.revision ?? 0) + 1)
            case .delete: stored[name] = nil
            }
            return settled
        }
    }

    /// Whether somebody changed a record between reading and writing, though the program did not ask that nobody does.
    private func isRace(_ error: StorageError, _ operations: [WriteOperation]) -> Bool {
        guard let id = error.details.id, let name = error.details.table else { return false }
        let operation = operations.first { operation in
            operation.table.name == name && KeyText.encode(operation.key) == id && needsStored(operation)
        }
        return switch (operation, error.code) {
        case (.update(_, _, nil)?, .conflict), (.upsert?, .conflict), (.upsert?, .notFound): true
        case (.upsert?, .duplicate): error.details.index == "primary"
        default: false
        }
    }

    /// The receipt of a batch that was committed before.
    /// - Parameter error: Why it is not committed now.
    private func receipt(of keyed: Batch, for batch: Batch, otherwise error: StorageError) async throws -> Receipt {
        guard let first = batch.operations.first else { throw error }
        var asking = keyed
        // No record has such a revision, so nothing is ever written by it.
        asking.operations = [
            .delete(try view.table(first.table).expanded, first.key, expecting: Revisions.largest)
        ]
        do {
            return try await core.storage.commit(asking)
        } catch let failure as StorageError where [.notFound, .conflict].contains(failure.code) {
            throw error
        }
    }

    /// A record of the store as it is.
    private struct Stored {
        let values: [Value]
        let revision: Int
    }

    /// A record by the position of its table and its key.
    private struct RecordName: Hashable {
        let table: Int
        let key: Key

        init(table: Int, key: Key) {
            self.table = table
            self.key = key
        }

        init(_ operation: WriteOperation) {
            self.init(table: operation.table.position, key: operation.key)
        }
    }
}
