import CairnSchema

extension Session {
    /// Refuses deletes under an idempotency key that may take records along: which, would not be the same when it is sent again.
    static func check(idempotencyKeyOf batch: Batch) throws {
        guard batch.idempotencyKey != nil, batch.operations.contains(where: Consequences.concern) else { return }
        throw StorageError.misuse(
            "a batch with an idempotency key cannot delete records of a table that others refer to with on_delete cascade or set_null",
            remedy: "delete in a transaction; to delete what is gone is storage.not_found, never a second delete")
    }

    /// Writes a batch of the store whose deletes may have consequences: as a transaction, since they must be read first.
    func writeWithConsequences(_ batch: Batch) async throws -> Receipt {
        let (results, receipt) = try await core.transactionWithReceipt { session in
            try await session.checkedWrite(batch).results
        }
        return Receipt(token: receipt.token, time: receipt.time, results: results)
    }

    /// Writes operations in a transaction, and the consequences of their deletes, all or none.
    /// - Returns: The metadata of the records of the operations, not of the consequences.
    func writeWithConsequences(
        _ operations: [WriteOperation], in transaction: any StorageTransaction
    ) async throws -> [RecordMetadata] {
        let parts = WritePart.parts(of: operations, core.mayHaveConsequences)
        guard parts.count > 1 else { return try await write(parts[0], in: transaction) }
        return try await savepoint {
            var results: [RecordMetadata] = []
            for part in parts { results += try await write(part, in: transaction) }
            return results
        }
    }

    private func write(_ part: WritePart, in transaction: any StorageTransaction) async throws -> [RecordMetadata] {
        var consequences = try await Consequences(schema, transaction)
            .operations(of: part.deletes, room: Limits.batchOperations)
        let bytes = try core.check.check(&consequences)
        try count(operations: consequences.count, bytes: bytes)
        let results = try await transaction.write(part.deletes + consequences + part.others)
        return Array(results[..<part.deletes.count] + results[(part.deletes.count + consequences.count)...])
    }
}

/// Operations that can be written at once, because what their deletes reach is known before.
private struct WritePart {
    /// Deletes that happen together.
    var deletes: [WriteOperation] = []
    /// What follows them, without consequences.
    var others: [WriteOperation] = []

    /// Cuts operations before each run of deletes that may have consequences.
    static func parts(of operations: [WriteOperation], _ mayHaveConsequences: (WriteOperation) -> Bool) -> [WritePart] {
        var parts: [WritePart] = []
        var place = 0
        while place < operations.count {
            let run = operations[place...].prefix { $0.isDelete }
            if run.contains(where: mayHaveConsequences) || parts.isEmpty {
                parts.append(WritePart(deletes: Array(run)))
            } else {
                parts[parts.count - 1].others += run
            }
            place += run.count
            let rest = operations[place...].prefix { !$0.isDelete }
            parts[parts.count - 1].others += rest
            place += rest.count
        }
        return parts
    }
}

extension WriteOperation {
    fileprivate var isDelete: Bool {
        if case .delete = self { return true }
        return false
    }
}

extension StoreCore {
    /// Whether the core must find out what else an operation writes.
    func mayHaveConsequences(_ operation: WriteOperation) -> Bool {
        !storage.capabilities.hasReferenceActions && Consequences.concern(operation)
    }
}
