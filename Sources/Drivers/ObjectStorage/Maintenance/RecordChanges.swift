public import CairnCore
public import CairnSchema

/// What one commit did to one record.
public struct RecordChange: Sendable, Hashable {
    /// The number of the commit.
    public let commit: Int
    /// When it was decided.
    public let time: Timestamp
    /// The table of the record.
    public let table: Table
    /// The key of the record.
    public let key: Key
    /// The record before; nil when there was none.
    public let before: Record?
    /// The record after; nil when it was deleted.
    public let after: Record?
}

/// The changes of commits, in the order in which they happened: `for try await change in store.changes(since: n) { … }`.
///
/// What a commit did to a record is one change, however often its transaction wrote it; a record that was made and deleted in one
/// transaction is none. Columns that are `sensitive` are in it as they were written.
public struct RecordChanges: AsyncSequence, Sendable {
    /// One change of one record.
    public typealias Element = RecordChange
    /// What reading the log throws.
    public typealias Failure = any Error

    let parts: EngineParts
    /// The number of the commit behind which it begins.
    public let start: Int
    /// The number of the last commit it is about.
    public let end: Int

    init(parts: EngineParts, since start: Int, end: Int) {
        self.parts = parts
        self.start = start
        self.end = end
    }

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Reads on. Not shared between tasks.
    public struct Iterator: AsyncIteratorProtocol {
        private let changes: RecordChanges
        private var reader: CommitReader
        /// The number of the last commit that was read.
        private var number: Int
        private var buffer: [RecordChange] = []
        private var place = 0

        init(_ changes: RecordChanges) {
            self.changes = changes
            reader = CommitReader(changes.parts, through: changes.end)
            number = changes.start
        }

        /// The next change; nil after the last. When it throws, it may be called again.
        public mutating func next() async throws -> RecordChange? {
            while place == buffer.count {
                guard number < changes.end else { return nil }
                try Deadline.check()
                let readings = try await reader.next(after: number)
                var found: [RecordChange] = []
                for reading in readings { found += try await changes.changes(reading) }
                (buffer, place) = (found, 0)
                number += readings.count
            }
            place += 1
            return buffer[place - 1]
        }
    }

    /// The changes of a commit that is known to have been there.
    /// - Throws: `storage.snapshot_expired` when the log no longer has it; `storage.damaged`.
    private func changes(_ reading: CommitReader.Reading) async throws -> [RecordChange] {
        guard let found = try reading.found.get() else {
            throw try await RecordChanges.absence(of: reading.number, parts)
        }
        return RecordChanges.changes(found)
    }

    /// Why a record of the log that is known to have been there is not. One LIST and one GET.
    static func absence(of number: Int, _ parts: EngineParts) async throws -> StorageError {
        guard try await parts.log.isCollected(number) else {
            return StorageError(
                .damaged, "commit record \(number) is missing, and there are later ones",
                remedy: LogReader.mending)
        }
        return StorageError(
            .snapshotExpired, "the log no longer has commit \(number)",
            remedy: "read the records anew, and ask for changes more often: the log is kept for a week")
    }

    private static func changes(_ found: PastViews.Found) -> [RecordChange] {
        found.record.transactions.flatMap(\.operations).compactMap { operation in
            guard let change = operation.change else { return nil }
            return RecordChange(
                commit: found.record.number, time: found.record.time, table: operation.table, key: operation.key,
                before: change.before, after: change.after)
        }
    }
}

extension LoggedOperation {
    /// What became of the record; nil for one that was made and deleted at once.
    var change: Change<Record>? {
        Change(before: before.flatMap { $0.record(of: table) }, after: after.record(of: table))
    }
}

extension RecordImage {
    /// The record it is of; nil for a deleted one.
    fileprivate func record(of table: Table) -> Record? {
        values.map { Record(table, values: $0, metadata: metadata) }
    }
}
