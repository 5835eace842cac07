import CairnCore
import CairnSchema

/// What came back of a table.
package struct RestoredTable: Sendable, Hashable {
    /// The table, by its name of before and now again.
    package let table: String
    /// The columns that came back; empty for a whole table.
    package let columns: [String]
    /// Records that have what they had, or what of it fits.
    package internal(set) var records = 0
    /// Records that were deleted since, though others may have their keys, and whose values stay away.
    package internal(set) var deleted = 0
    /// What does not fit any more, record by record, and why: only where that was accepted.
    package internal(set) var lost: [String] = []
}

/// Puts back what a migration dropped, into a store between two schemas.
///
/// Everything here may be done again: a value that is there already is not written, nor is a record. Nobody else writes meanwhile, as no
/// program has the schema. What refers to something that is not there yet waits for the end (``RestoringQueue``).
struct Restorer {
    private let store: Store
    private let storage: any Storage
    private let undoing: Undoing
    private let progress: @Sendable (MigrationProgress) -> Void
    private var queue: RestoringQueue

    private var past: PastMigration { undoing.past }

    /// Records that are written at once: if they are too large for that, half of them at a time.
    private static let portion = 100

    init(
        _ store: Store, _ storage: any Storage, _ undoing: Undoing, acceptsLoss: Bool,
        progress: @escaping @Sendable (MigrationProgress) -> Void
    ) {
        self.store = store
        self.storage = storage
        self.undoing = undoing
        self.progress = progress
        queue = RestoringQueue(store, undoing.past, acceptsLoss: acceptsLoss)
    }

    /// - Throws: `storage.reference`, `storage.duplicate` and others for a record that does not fit any more, naming it.
    mutating func run() async throws -> [RestoredTable] {
        let whole = Set(past.diff.dropped.map(\.name))
        // Records before columns, which may refer to them; and what is referred to first.
        let order = past.from.referredFirst
        for old in order.filter({ whole.contains($0.name) }) + order.filter({ !whole.contains($0.name) }) {
            guard let columns = past.dropped.first(where: { $0.table === old })?.columns,
                let table = store.schema.table(named: old.name)
            else { continue }
            let names = columns.map { old.columns[$0].name }
            let isWhole = whole.contains(old.name)
            queue.restored.append(RestoredTable(table: old.name, columns: isWhole ? [] : names))
            // The store may have its columns in another order.
            try await restore(old, table, names.compactMap { table.column(named: $0)?.position }, isWhole: isWhole)
        }
        try await queue.writeWaiting()
        return queue.restored
    }

    private mutating func restore(_ old: Table, _ table: Table, _ columns: [Int], isWhole: Bool) async throws {
        var total = 0
        try await storage.dropped(by: past, of: old) { total += $0.count }
        let begun = ContinuousClock.now
        var done = 0
        try await storage.dropped(by: past, of: old) { batch in
            for start in stride(from: 0, to: batch.count, by: Restorer.portion) {
                try Deadline.check()
                let records = Array(batch[start..<min(start + Restorer.portion, batch.count)])
                try await queue.write(try await writes(records, table, columns, isWhole: isWhole))
                done += records.count
                progress(
                    MigrationProgress(
                        table: table.name, done: done, total: total, elapsed: ContinuousClock.now - begun))
            }
        }
    }

    /// What is to be written of some records: nothing of those that have it all.
    private mutating func writes(
        _ records: [DroppedRecord], _ table: Table, _ columns: [Int], isWhole: Bool
    ) async throws -> [RestoringWrite] {
        let place = queue.restored.count - 1
        var found = [(values: [Value], metadata: RecordMetadata)?](repeating: nil, count: records.count)
        try await storage.get(table, records.map(\.key)) { place, row in
            found[place] = (try row.values(), row.metadata)
        }
        var writes: [RestoringWrite] = []
        for (record, present) in zip(records, found) {
            var values = present?.values ?? [Value](repeating: .null, count: table.columns.count)
            for (column, value) in zip(columns, record.values) { values[column] = value }
            if isWhole {
                if present == nil {
                    writes.append(RestoringWrite(table, values, columns, place: place, present: nil))
                } else {
                    queue.restored[place].records += 1
                }
            } else if let present, undoing.isSame(record, createdAt: present.metadata.createdAt, in: table.name) {
                if values == present.values {
                    queue.restored[place].records += 1
                } else {
                    writes.append(
                        RestoringWrite(
                            table, values, columns, place: place, present: (present.values, present.metadata.revision)))
                }
            } else {
                queue.restored[place].deleted += 1
            }
        }
        return writes
    }
}
