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
    /// Records that were deleted since, and whose values stay away.
    package internal(set) var deleted = 0
    /// What does not fit any more, record by record, and why: only where that was accepted.
    package internal(set) var lost: [String] = []
}

/// Puts back what a migration dropped, into a store between two schemas.
///
/// Everything here may be done again: a value that is there already is not written, nor is a record. Nobody else writes meanwhile, as no
/// program has the schema. What refers to something that is not there yet waits for the end; then what still refers to one another, in
/// circles, is written together.
struct Restorer {
    private let store: Store
    private let storage: any Storage
    private let past: PastMigration
    private let acceptsLoss: Bool
    private let progress: @Sendable (MigrationProgress) -> Void
    private var restored: [RestoredTable] = []
    private var waiting: [Write] = []

    /// A write, and the table it is counted for.
    private struct Write {
        let operation: WriteOperation
        let place: Int
        /// The columns that come back; nil: the whole record does.
        let columns: [Int]?
        /// The values that are there; nil when the record is not.
        let present: [Value]?
    }

    /// Records that are written at once: if they are too large for that, one by one.
    private static let portion = 100

    init(
        _ store: Store, _ storage: any Storage, _ past: PastMigration, acceptsLoss: Bool,
        progress: @escaping @Sendable (MigrationProgress) -> Void
    ) {
        self.store = store
        self.storage = storage
        self.past = past
        self.acceptsLoss = acceptsLoss
        self.progress = progress
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
            let isWhole = whole.contains(old.name)
            restored.append(
                RestoredTable(table: old.name, columns: isWhole ? [] : columns.map { old.columns[$0].name }))
            try await restore(old, table, isWhole ? nil : columns)
        }
        try await writeWaiting()
        return restored
    }

    private mutating func restore(_ old: Table, _ table: Table, _ columns: [Int]?) async throws {
        var total = 0
        try await storage.dropped(by: past, of: old) { total += $0.count }
        let begun = ContinuousClock.now
        var done = 0
        try await storage.dropped(by: past, of: old) { batch in
            for start in stride(from: 0, to: batch.count, by: Restorer.portion) {
                try Deadline.check()
                let records = Array(batch[start..<min(start + Restorer.portion, batch.count)])
                waiting += try await write(try await writes(records, table, columns))
                done += records.count
                progress(
                    MigrationProgress(
                        table: table.name, done: done, total: total, elapsed: ContinuousClock.now - begun))
            }
        }
    }

    /// What is to be written of some records: nothing of those that have it all.
    private mutating func writes(
        _ records: [DroppedRecord], _ table: Table, _ columns: [Int]?
    ) async throws -> [Write] {
        let place = restored.count - 1
        var found = [(values: [Value], revision: Int)?](repeating: nil, count: records.count)
        try await storage.get(table, records.map(\.key)) { place, row in
            found[place] = (try row.values(), row.revision)
        }
        var writes: [Write] = []
        for (record, present) in zip(records, found) {
            switch (columns, present) {
            case (nil, nil):
                writes.append(
                    Write(operation: .insert(table, record.values), place: place, columns: nil, present: nil))
            case (nil, _?): restored[place].records += 1
            case (_?, nil): restored[place].deleted += 1
            case (let columns?, let present?):
                var values = present.values
                for (column, value) in zip(columns, record.values) { values[column] = value }
                if values == present.values {
                    restored[place].records += 1
                } else {
                    writes.append(
                        Write(
                            operation: .update(table, values, expecting: present.revision), place: place,
                            columns: columns, present: present.values))
                }
            }
        }
        return writes
    }

    // MARK: Writing

    /// Writes all, or one by one what can be written.
    /// - Returns: What refers to something that is not there: it may come.
    private mutating func write(_ writes: [Write]) async throws -> [Write] {
        if writes.isEmpty { return [] }
        do {
            try await put(writes)
            return []
        } catch let error as StorageError where Restorer.isAboutRecord(error) {
            if writes.count == 1 {
                if error.code == .reference { return writes }
                try await giveUp(writes[0], error)
                return []
            }
        }
        var left: [Write] = []
        for one in writes { left += try await write([one]) }
        return left
    }

    /// Writes what waited: again and again, as long as some of it can be written; then all that is left at once, without those that
    /// do not fit.
    private mutating func writeWaiting() async throws {
        while !waiting.isEmpty {
            try Deadline.check()
            let left = try await write(waiting)
            if left.count == waiting.count { break }
            waiting = left
        }
        while !waiting.isEmpty {
            try Deadline.check()
            do {
                try await put(waiting)
                return
            } catch let error as StorageError where Restorer.isAboutRecord(error) {
                let named = waiting.firstIndex {
                    $0.operation.table.name == error.details.table
                        && KeyText.encode($0.operation.key) == error.details.id
                }
                try await giveUp(waiting.remove(at: named ?? 0), error)
            }
        }
    }

    private mutating func put(_ writes: [Write]) async throws {
        _ = try await store.session.write(writes.map(\.operation))
        for write in writes { restored[write.place].records += 1 }
    }

    /// Leaves away what does not fit of a record, if that is accepted: the values of those columns that may be null.
    /// - Throws: What is in the way, naming the record.
    private mutating func giveUp(_ write: Write, _ error: StorageError) async throws {
        guard acceptsLoss else { throw refusal(error, write, "with '--accept-loss' it stays away; or ") }
        let id = KeyText.encode(write.operation.key)
        guard let columns = write.columns, var values = write.present,
            case .update(let table, let wanted, var revision) = write.operation
        else {
            restored[write.place].lost.append("record \(id): \(error.message)")
            return
        }
        for column in columns where wanted[column] != values[column] {
            var next = values
            next[column] = wanted[column]
            do {
                let metadata = try await store.session.write([.update(table, next, expecting: revision)])
                values = next
                revision = metadata.first?.revision
            } catch let error as StorageError where Restorer.isAboutRecord(error) {
                let mayBeNull =
                    past.from.table(named: table.name)?.column(named: table.columns[column].name)?.isNullable ?? false
                guard mayBeNull else { throw refusal(error, write, "") }
                restored[write.place].lost.append("'\(table.columns[column].name)' of record \(id): \(error.message)")
            }
        }
        restored[write.place].records += 1
    }

    private static func isAboutRecord(_ error: StorageError) -> Bool {
        [.reference, .duplicate, .invalid, .limit].contains(error.code)
    }

    private func refusal(_ error: StorageError, _ write: Write, _ remedy: String) -> StorageError {
        StorageError(
            error.code,
            "what migration \(past.number) dropped of record \(KeyText.encode(write.operation.key)) of table '\(write.operation.table.name)' does not fit any more: \(error.message)",
            remedy:
                "\(remedy)bring the store forward again with 'cairn migrate apply' and the schema file it had, and mend or delete the record",
            details: error.details)
    }
}
