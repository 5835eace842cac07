import CairnCore
import CairnSchema

/// A record that comes back, or gets columns back.
struct RestoringWrite {
    let table: Table
    /// The values it is to have.
    fileprivate(set) var values: [Value]
    /// The columns that come back.
    let columns: [Int]
    /// The place of its table in the report.
    let place: Int
    /// The values that are there, and their revision; nil when the record is not.
    let present: (values: [Value], revision: Int)?

    init(_ table: Table, _ values: [Value], _ columns: [Int], place: Int, present: (values: [Value], revision: Int)?) {
        self.table = table
        self.values = values
        self.columns = columns
        self.place = place
        self.present = present
    }

    fileprivate var operation: WriteOperation {
        present.map { .update(table, values, expecting: $0.revision) } ?? .insert(table, values)
    }

    fileprivate var key: Key { table.key(of: values) }
}

/// Writes what comes back.
///
/// What refers to something that is not there waits: it may come. At the end all that waits is tried again and again, as long as some of it
/// can be written; then what refers to one another in circles is written together. What does not fit any more is an error, or stays
/// away where that is accepted, as little of it as can be.
struct RestoringQueue {
    private let store: Store
    private let past: PastMigration
    private let acceptsLoss: Bool
    /// What came back so far, table by table.
    var restored: [RestoredTable] = []
    private var waiting: [RestoringWrite] = []

    init(_ store: Store, _ past: PastMigration, acceptsLoss: Bool) {
        self.store = store
        self.past = past
        self.acceptsLoss = acceptsLoss
    }

    /// Writes all, or one by one what can be written.
    mutating func write(_ writes: [RestoringWrite]) async throws {
        if writes.isEmpty { return }
        do {
            return try await put(writes)
        } catch let error as StorageError where RestoringQueue.isAboutRecord(error) {
            if let write = writes.first, writes.count == 1 {
                if error.code == .reference {
                    waiting.append(write)
                } else if let rest = try without(error, write) {
                    try await self.write([rest])
                }
                return
            }
        }
        for one in writes { try await write([one]) }
    }

    /// Writes what waited.
    mutating func writeWaiting() async throws {
        while !waiting.isEmpty {
            try Deadline.check()
            let count = waiting.count
            let writes = waiting
            waiting = []
            try await write(writes)
            if waiting.count < count { continue }
            try await writeCircle()
        }
    }

    /// Writes the first record that waits with all that it leads to and that waits too; or takes out of it what does not fit.
    private mutating func writeCircle() async throws {
        var places: [String: Int] = [:]
        for (place, write) in waiting.enumerated() { places[name(write.table, write.key)] = place }
        var circle: [Int] = [0]
        var met: Set<Int> = [0]
        var next = 0
        while next < circle.count {
            let write = waiting[circle[next]]
            next += 1
            for reference in write.table.references where !write.values[reference.column].isNull {
                let target = store.schema.tables[reference.target]
                guard let place = places[name(target, Key(write.values[reference.column]))],
                    met.insert(place).inserted
                else { continue }
                circle.append(place)
            }
        }
        do {
            try await put(circle.map { waiting[$0] })
            waiting = waiting.indices.filter { !met.contains($0) }.map { waiting[$0] }
        } catch let error as StorageError where RestoringQueue.isAboutRecord(error) {
            // What names no record of the circle says nothing about one.
            let named = circle.first { place in
                waiting[place].table.name == error.details.table
                    && KeyText.encode(waiting[place].key) == error.details.id
            }
            guard let place = named ?? (circle.count == 1 ? 0 : nil) else { throw error }
            let rest = try without(error, waiting[place])
            waiting.remove(at: place)
            if let rest { waiting.append(rest) }
        }
    }

    private func name(_ table: Table, _ key: Key) -> String { "\(table.name)/\(KeyText.encode(key))" }

    private mutating func put(_ writes: [RestoringWrite]) async throws {
        _ = try await store.session.write(writes.map(\.operation))
        for write in writes { restored[write.place].records += 1 }
    }

    // MARK: What does not fit

    /// A write without what an error is about, if it may stay away: columns that may be null, or else the whole record.
    /// - Returns: nil when nothing of it is left.
    /// - Throws: What is in the way, naming the record.
    private mutating func without(_ error: StorageError, _ write: RestoringWrite) throws -> RestoringWrite? {
        guard acceptsLoss else { throw refusal(error, write, "with '--accept-loss' it stays away; or ") }
        let id = KeyText.encode(write.key)
        var rest = write
        var names: [String] = []
        for place in columns(of: error, write) {
            let column = write.table.columns[place]
            let isNullable =
                past.from.table(named: write.table.name)?.column(named: column.name)?.isNullable ?? false
            guard isNullable else {
                names = []
                break
            }
            rest.values[place] = write.present?.values[place] ?? .null
            names.append("'\(column.name)'")
        }
        if names.isEmpty {
            if write.present != nil { throw refusal(error, write, "") }
            restored[write.place].lost.append("record \(id): \(error.message)")
            return nil
        }
        restored[write.place].lost.append("\(names.joined(separator: ", ")) of record \(id): \(error.message)")
        if let present = write.present, present.values == rest.values {
            restored[write.place].records += 1
            return nil
        }
        return rest
    }

    /// The columns an error is about, of those that come back.
    private func columns(of error: StorageError, _ write: RestoringWrite) -> [Int] {
        var columns: [Int] = []
        if let column = error.details.column.flatMap(write.table.column(named:)) {
            columns = [column.position]
        } else if let index = error.details.index.flatMap(write.table.index(named:)) {
            columns = index.parts.map(\.column)
        }
        let key = write.table.key
        return columns.filter { column in
            write.columns.contains(column) && !key.contains(column) && !write.values[column].isNull
                && write.present?.values[column] != write.values[column]
        }
    }

    private static func isAboutRecord(_ error: StorageError) -> Bool {
        [.reference, .duplicate, .invalid, .limit].contains(error.code)
    }

    private func refusal(_ error: StorageError, _ write: RestoringWrite, _ remedy: String) -> StorageError {
        StorageError(
            error.code,
            "what migration \(past.number) dropped of record \(KeyText.encode(write.key)) of table '\(write.table.name)' does not fit any more: \(error.message)",
            remedy:
                "\(remedy)bring the store forward again with 'cairn migrate apply' and the schema file it had, and mend or delete the record",
            details: error.details)
    }
}
