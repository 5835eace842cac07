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
    /// What refers to something that is not there, and what was said of it.
    private var waiting: [(write: RestoringWrite, error: StorageError)] = []

    /// How much of what waited is written at once.
    private static let portion = 5000

    init(_ store: Store, _ past: PastMigration, acceptsLoss: Bool) {
        self.store = store
        self.past = past
        self.acceptsLoss = acceptsLoss
    }

    /// Writes all, or what of it can be written.
    mutating func write(_ writes: [RestoringWrite]) async throws {
        guard let first = writes.first else { return }
        do {
            return try await put(writes)
        } catch let error as StorageError where RestoringQueue.isAboutRecord(error) {
            if writes.count == 1 {
                if error.code == .reference {
                    waiting.append((first, error))
                } else if let rest = try without(error, first) {
                    try await write([rest])
                }
                return
            }
        }
        try Deadline.check()
        try await write(Array(writes[..<(writes.count / 2)]))
        try await write(Array(writes[(writes.count / 2)...]))
    }

    /// Writes what waited.
    mutating func writeWaiting() async throws {
        while !waiting.isEmpty {
            let writes = waiting
            waiting = []
            for start in stride(from: 0, to: writes.count, by: RestoringQueue.portion) {
                let end = min(start + RestoringQueue.portion, writes.count)
                try await write(writes[start..<end].map(\.write))
            }
            if waiting.count < writes.count { continue }
            try await writeCircles()
        }
    }

    /// What none of the records that wait will bring is given up. If all of them refer to others that wait, each is written with all that
    /// it leads to; or what does not fit is taken out of it.
    private mutating func writeCircles() async throws {
        let writes = waiting
        waiting = []
        let places = Dictionary(
            writes.enumerated().map { (name($0.element.write.table, $0.element.write.key), $0.offset) },
            uniquingKeysWith: { first, _ in first })
        let targets = writes.map { write, _ in
            write.table.references.compactMap { reference in
                let value = write.values[reference.column]
                return value.isNull ? nil : places[name(store.schema.tables[reference.target], Key(value))]
            }
        }
        if targets.contains(where: \.isEmpty) {
            for (place, (write, error)) in writes.enumerated() {
                if !targets[place].isEmpty {
                    waiting.append((write, error))
                } else if let rest = try without(error, write) {
                    waiting.append((rest, error))
                }
            }
            return
        }
        var met: Set<Int> = []
        for start in writes.indices where met.insert(start).inserted {
            try Deadline.check()
            var circle = [start]
            var next = 0
            while next < circle.count {
                circle += targets[circle[next]].filter { met.insert($0).inserted }
                next += 1
            }
            do {
                try await put(circle.map { writes[$0].write })
            } catch let error as StorageError where RestoringQueue.isAboutRecord(error) {
                let own = Set(circle)
                let leadsOut = circle.contains { !own.isSuperset(of: targets[$0]) }
                // What it leads to was in a circle before, of which something was taken out.
                if leadsOut, error.code == .reference {
                    waiting += circle.map { writes[$0] }
                } else {
                    try takeOut(error, circle.map { writes[$0] })
                }
            }
        }
    }

    /// Takes what does not fit out of records that refer to one another. The others wait again.
    private mutating func takeOut(
        _ error: StorageError, _ circle: [(write: RestoringWrite, error: StorageError)]
    ) throws {
        let named = circle.firstIndex { write, _ in
            write.table.name == error.details.table && KeyText.encode(write.key) == error.details.id
        }
        // What names no record of the circle says nothing about one.
        guard let place = named ?? (circle.count == 1 ? 0 : nil) else {
            throw StorageError(
                error.code,
                "\(circle.count) records that refer to one another cannot be put back at once: \(error.message)",
                remedy: Rollback.forward, details: error.details)
        }
        waiting += circle[..<place] + circle[(place + 1)...]
        if let rest = try without(error, circle[place].write) { waiting.append((rest, error)) }
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
            remedy: "\(remedy)\(Rollback.forward)",
            details: error.details)
    }
}
