import CairnCore
import CairnSchema

/// Batches: transactions that read nothing but what their writes need.
extension Engine {
    /// How often a batch is evaluated anew because another commit was quicker, before it gives up.
    private static let batchAttempts = 200

    /// Writes all operations of a batch, or none.
    func commit(_ batch: Batch) async throws -> Receipt {
        var last = StorageError.lostRace(nil)
        for _ in 0..<Engine.batchAttempts {
            try Deadline.check()
            let view = try tip.view()
            var workspace = Workspace(view, at: now())
            let results: [RecordMetadata]
            do {
                if let kept = try await keptReceipt(for: batch, in: view) { return kept }
                let lookups = try await preparation.lookups(for: batch.operations, in: workspace)
                results = try batch.operations.map { try workspace.apply($0, lookups) }
                try await preparation.checkReferences(&workspace)
            } catch let error as StorageError {
                // What is in the way must be in the way of the newest view.
                let newest = try await follower.follow()
                // A view that is no longer kept says nothing.
                let isNewer = newest.manifest.manifest.version > view.manifest.manifest.version
                if error.code == .snapshotExpired, isNewer { continue }
                if case .unchanged = try tip.standing(of: workspace.reads, since: view.number, at: newest) {
                    throw error
                }
                continue
            }
            if workspace.isUnchanged, batch.idempotencyKey == nil { return try emptyReceipt(workspace) }
            let idempotency = batch.idempotencyKey.map {
                LoggedTransaction.Idempotency(key: $0, digest: batch.digest, results: results)
            }
            switch try await commit(workspace, idempotency: idempotency) {
            case .committed(let number, let time, let transaction):
                return Receipt(token: token(number, transaction, time), time: time, results: results)
            case .repeated(let kept): return try receipt(kept, for: batch)
            case .conflict(let table): last = StorageError.lostRace(table)
            }
        }
        throw StorageError.contention(attempts: Engine.batchAttempts, last: last)
    }

    /// Nothing was written, so nothing is asked of the log: the last commit stands for it.
    private func emptyReceipt(_ workspace: Workspace) throws -> Receipt {
        Receipt(token: token(max(1, workspace.base), "empty", workspace.time), time: workspace.time, results: [])
    }

    /// The receipt of a batch that was committed before under the same key.
    private func keptReceipt(for batch: Batch, in view: View) async throws -> Receipt? {
        guard let key = batch.idempotencyKey, let kept = try await keptReceipt(key, in: view) else { return nil }
        return try receipt(kept, for: batch)
    }

    private func receipt(_ kept: Manifest.KeptReceipt, for batch: Batch) throws -> Receipt {
        guard kept.digest == batch.digest else { throw StorageError.otherBatch(underKey: kept.key) }
        return Receipt(
            token: token(kept.number, kept.transaction, kept.time), time: kept.time, results: kept.results)
    }

    // MARK: Outcomes

    /// Whether a transaction is in the log.
    ///
    /// Nothing at its number proves nothing: the attempt may still be under way. So the number is taken by a record that does nothing,
    /// and then it is decided.
    func outcome(of token: OutcomeToken) async throws -> CommitOutcome {
        guard let parts = token.parts, Utf8.equal(parts.store, tip.storeID) else {
            throw StorageError.unknownToken(token)
        }
        if Limits.isPast(parts.time, Limits.outcomeLifetime, at: now()) { return .expired }
        if Utf8.equal(parts.transaction, "empty") { return .committed }
        for _ in 0..<10 {
            if let found = try tip.whileOpen({ $0.history[parts.number]?.record }) {
                return outcome(of: parts.transaction, in: found)
            }
            switch try await self.parts.log.standingOfAnyEra(parts.number) {
            case .found(let found): return outcome(of: parts.transaction, in: found.record)
            // A stray is replaced by whoever settles the number.
            case .absent, .stray:
                let view = try await follower.follow()
                if view.number >= parts.number {
                    // It came between the two looks, or it was collected.
                    if parts.number <= view.manifest.manifest.collected { return .expired }
                    continue
                }
                guard view.number + 1 == parts.number else {
                    throw StorageError(
                        .invalid, "the token names commit \(parts.number), and the newest is \(view.number)",
                        remedy: "ask the store that gave the token; a store that was restored has forgotten it")
                }
                guard options.mode != .readOnly else {
                    throw StorageError(
                        .readOnly, "nobody knows yet, and to settle it something must be written",
                        remedy: "ask through a store that was opened for writing, or again later", isRetryable: true)
                }
                try await settle(parts.number)
            }
        }
        throw StorageError(
            .unavailable, "the number of that commit cannot be settled now", remedy: "ask again", isRetryable: true)
    }

    private func outcome(of transaction: String, in record: CommitRecord) -> CommitOutcome {
        record.transactions.contains { Utf8.equal($0.id, transaction) } ? .committed : .notCommitted
    }
}

/// Single records, with the proof of the tip beside the reading.
extension Engine {
    /// The image of a record, current enough. For the latest: two requests side by side, one when the record is cached.
    func newest(_ table: Table, _ key: Key) async throws -> RecordImage? {
        guard options.freshness == .latest else {
            return try await records.image(table, key, in: view(options.freshness))
        }
        let known = try tip.view()
        let bytes = known.tables[table.position].keyLayout.encode(key)
        if records.known(table, bytes, in: known) != nil {
            return try await records.image(table, key, in: follower.follow())
        }
        async let file = records.file(table, key)
        let view = try await follower.follow()
        if let found = records.known(table, bytes, in: view) {
            _ = try? await file
            return found
        }
        // The file was read before the tip was proven: what a newer manifest covers may have been written after.
        guard view.manifest.manifest.covers <= known.number else {
            _ = try? await file
            return try await records.image(table, key, in: view)
        }
        let image = try await records.resolve(await file, table, key, in: view)
        tip.remember(image, table, bytes, for: view)
        return image
    }
}
