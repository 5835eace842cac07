public import CairnCore

/// The log is what keeps changes: a position is a number in it.
extension ObjectStorage {
    public func changePosition() async throws -> ChangePosition {
        let engine = try engine()
        return ObjectStorage.position(engine, try await engine.follower.follow().number)
    }

    private static func position(_ engine: Engine, _ number: Int) -> ChangePosition {
        ChangePosition(ObjectStorage.driver, store: engine.tip.storeID, [number])
    }

    public func keptChanges(
        since position: ChangePosition, _ freshness: Freshness, limit: Int
    ) async throws -> KeptChanges {
        let engine = try engine()
        let number = try position.numbers(1, of: ObjectStorage.driver, store: engine.tip.storeID)[0]
        let newest = try await engine.view(freshness).number
        guard number <= newest else { throw StorageError.foreignPosition(position) }
        var page = KeptChanges(commits: [], end: position, isComplete: true)
        var (last, count) = (number, 0)
        while last < newest, count < limit {
            try Deadline.check()
            let numbers = last + 1...min(newest, last + LogReader.width)
            for found in try await ObjectStorage.records(numbers, engine, behind: position) {
                let changes = found.record.transactions.flatMap(\.operations)
                    .filter(\.table.options.changes).compactMap(\.change)
                if changes.isEmpty { continue }
                count += changes.count
                page.commits.append(
                    KeptCommit(
                        start: ObjectStorage.position(engine, found.record.number - 1),
                        position: ObjectStorage.position(engine, found.record.number), time: found.record.time,
                        changes: changes))
            }
            last = numbers.upperBound
        }
        page.end = ObjectStorage.position(engine, last)
        page.isComplete = last == newest
        return page
    }

    /// Records of the log, as long as they are in the form of the schema.
    private static func records(
        _ numbers: ClosedRange<Int>, _ engine: Engine, behind position: ChangePosition
    ) async throws -> [PastViews.Found] {
        let records: [PastViews.Found]
        do {
            records = try await RecordChanges.records(numbers, engine.parts)
        } catch let error as StorageError where error.code == .snapshotExpired || error.code == .schemaMismatch {
            throw StorageError.expiredPosition(position, error.message)
        }
        // What a migration makes of records no operation tells.
        if let migration = records.first(where: { $0.record.kind == .schema }) {
            throw StorageError.expiredPosition(
                position, "the schema of the store was changed by commit \(migration.record.number)")
        }
        return records
    }
}
