public import CairnCore

/// The log is what keeps changes: a position is a number in it, and of the hash of that record what tells it from the one that a copy of
/// the store has at this number.
extension ObjectStorage {
    /// Log records that are read at once at most, so that what was read past is not read again.
    private static let pageRecords = 1024

    public func changePosition() async throws -> ChangePosition {
        let engine = try engine()
        let view = try await engine.follower.follow()
        return ObjectStorage.position(engine, view.number, view.hash)
    }

    private static func position(_ engine: Engine, _ number: Int, _ hash: [UInt8]) -> ChangePosition {
        ChangePosition(ObjectStorage.driver, store: engine.tip.storeID, [number, mark(number, hash)])
    }

    /// The first 56 bits of the hash of a record. Before the first one there is none.
    private static func mark(_ number: Int, _ hash: [UInt8]) -> Int {
        number == 0 ? 0 : hash.prefix(7).reduce(0) { $0 << 8 | Int($1) }
    }

    public func keptChanges(
        since position: ChangePosition, _ freshness: Freshness, limit: Int
    ) async throws -> KeptChanges {
        let engine = try engine()
        let numbers = try position.numbers(2, of: ObjectStorage.driver, store: engine.tip.storeID)
        let view = try await engine.view(freshness)
        var page = Page(engine, position, number: numbers[0], mark: numbers[1])
        guard page.last < view.number else {
            guard page.last == view.number, ObjectStorage.mark(view.number, view.hash) == numbers[1] else {
                throw StorageError.foreignPosition(position)
            }
            return KeptChanges(commits: [], end: position, isComplete: true)
        }
        let most = min(view.number - page.last, ObjectStorage.pageRecords) + page.last
        var reader = CommitReader(engine.parts, through: most)
        do {
            while page.last < most, page.count < limit, page.bytes < KeptChanges.pageBytes {
                try Deadline.check()
                let readings = try await reader.next(after: page.last, bytes: KeptChanges.pageBytes - page.bytes)
                for reading in readings { try await page.add(reading) }
            }
        } catch {
            // What comes before is told first; who asks behind it gets the error.
            if page.commits.isEmpty || Task.isCancelled { throw error }
        }
        return KeptChanges(commits: page.commits, end: page.end, isComplete: page.last == view.number)
    }

    /// Commits that are given out together.
    private struct Page {
        private let engine: Engine
        private let position: ChangePosition
        /// What the position says of the record it stands behind.
        private let mark: Int
        private let start: Int
        /// The number of the last record that was looked at, and the place behind it.
        private(set) var last: Int
        private(set) var end: ChangePosition
        private(set) var commits: [KeptCommit] = []
        private(set) var count = 0
        private(set) var bytes = 0

        init(_ engine: Engine, _ position: ChangePosition, number: Int, mark: Int) {
            self.engine = engine
            self.position = position
            self.mark = mark
            start = number
            last = number
            end = position
        }

        /// Adds the next record.
        /// - Throws: `storage.snapshot_expired` where it is gone, or not in the form of the schema, or does not follow what the position
        ///   stands behind; `storage.damaged`; what reading it failed with.
        mutating func add(_ reading: CommitReader.Reading) async throws {
            let found = try await record(reading)
            let record = found.record
            // Each record has the hash of the one before, which for the first may be gone.
            guard last > start || ObjectStorage.mark(start, record.previous) == mark else {
                throw StorageError.foreignPosition(position)
            }
            // What a migration makes of records no operation tells.
            guard record.kind != .schema else {
                throw StorageError.expiredPosition(
                    position, "the schema of the store was changed by commit \(record.number)")
            }
            let place = ObjectStorage.position(engine, record.number, found.hash)
            defer { (last, end) = (record.number, place) }
            let changes = record.transactions.flatMap(\.operations)
                .filter(\.table.options.changes).compactMap(\.change)
            if changes.isEmpty { return }
            count += changes.count
            bytes += found.size
            commits.append(
                KeptCommit(
                    start: ObjectStorage.position(engine, record.number - 1, record.previous), position: place,
                    time: record.time, changes: changes))
        }

        /// The record, as long as the log has it in the form of the schema.
        private func record(_ reading: CommitReader.Reading) async throws -> PastViews.Found {
            do {
                if let found = try reading.found.get() { return found }
                throw try await RecordChanges.absence(of: reading.number, engine.parts)
            } catch let error as StorageError where error.code == .snapshotExpired || error.code == .schemaMismatch {
                throw StorageError.expiredPosition(position, error.message)
            }
        }
    }
}
