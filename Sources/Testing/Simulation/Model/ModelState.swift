import CairnCore

/// What a store holds, as plainly as it can be said: a dictionary of records for each table, and the rules of writing as loops
/// over all of them.
///
/// It shares nothing with the drivers but the core's values: no key encoding, no index, no planner. So a fault that two drivers
/// share because they share code is a difference from this one.
struct ModelState: Sendable {
    /// A record and its metadata.
    struct Row: Sendable {
        var values: [Value]
        var metadata: RecordMetadata

        func record(_ table: Table) -> Record { Record(table, values: values, metadata: metadata) }
    }

    /// What is kept for an idempotency key.
    struct Kept: Sendable {
        var digest: [UInt8]
        var receipt: Receipt
    }

    let schema: Schema
    private(set) var tables: [[Key: Row]]
    /// The last revisions of deleted records: one inserted again goes on from there.
    private var deleted: [[Key: Int]]
    var receipts: [[UInt8]: Kept] = [:]
    var commitCount = 0

    init(_ schema: Schema) {
        self.schema = schema
        tables = schema.tables.map { _ in [:] }
        deleted = schema.tables.map { _ in [:] }
    }

    /// What became of each record since another state, table by table, in the order of the keys as text.
    func changes(from old: ModelState?) -> [Change<Record>] {
        schema.tables.flatMap { table -> [Change<Record>] in
            let before = old?.tables[table.position] ?? [:]
            let after = tables[table.position]
            let keys = Set(before.keys).union(after.keys).sorted { KeyText.encode($0) < KeyText.encode($1) }
            return keys.compactMap { key in
                let (old, new) = (before[key], after[key])
                guard old?.metadata != new?.metadata else { return nil }
                return Change(before: old.map { $0.record(table) }, after: new.map { $0.record(table) })
            }
        }
    }

    /// What operations did to records of another state, each once, in the order in which they were first written.
    func changes(from old: ModelState?, by operations: [WriteOperation]) -> [Change<Record>] {
        var seen = schema.tables.map { _ in Set<Key>() }
        return operations.compactMap { operation in
            let (table, key) = (operation.table, operation.key)
            guard seen[table.position].insert(key).inserted else { return nil }
            let (before, after) = (old?.tables[table.position][key], tables[table.position][key])
            guard before?.metadata != after?.metadata else { return nil }
            return Change(before: before?.record(table), after: after?.record(table))
        }
    }

    // MARK: Writing

    /// Applies operations in order, or none; deletes that stand next to one another together, with what they take along.
    /// - Returns: The metadata of their records, and all operations there were.
    mutating func apply(
        _ operations: [WriteOperation], at time: Timestamp
    ) throws -> (results: [RecordMetadata], operations: [WriteOperation]) {
        var copy = self
        var results: [RecordMetadata] = []
        var applied: [WriteOperation] = []
        var deletes: [WriteOperation] = []
        func end() throws {
            let consequences = copy.consequences(of: deletes)
            for operation in deletes { results.append(try copy.apply(operation, at: time)) }
            for operation in consequences { _ = try copy.apply(operation, at: time) }
            applied += deletes + consequences
            deletes = []
        }
        for operation in operations {
            if case .delete = operation {
                deletes.append(operation)
                continue
            }
            try end()
            results.append(try copy.apply(operation, at: time))
            applied.append(operation)
        }
        try end()
        self = copy
        return (results, applied)
    }

    /// What deletes take along by `on_delete`: the records that go, those nearest first, then those that lose a reference.
    private func consequences(of deletes: [WriteOperation]) -> [WriteOperation] {
        var gone = schema.tables.map { _ in Set<Key>() }
        var level = deletes.map { ($0.table, $0.key) }
        for (table, key) in level { gone[table.position].insert(key) }
        var operations: [WriteOperation] = []
        repeat {
            var next: [(Table, Key)] = []
            for table in schema.tables {
                let found = rows(Query(table)).filter { row in
                    !gone[table.position].contains(table.key(of: row.values))
                        && table.references.contains { reference in
                            reference.onDelete == .cascade
                                && level.contains { target, key in
                                    target.position == reference.target && row.values[reference.column] == key.first
                                }
                        }
                }
                next += found.map { (table, table.key(of: $0.values)) }
            }
            for (table, key) in next {
                gone[table.position].insert(key)
                operations.append(.delete(table, key, expecting: nil))
            }
            level = next
        } while !level.isEmpty
        for table in schema.tables {
            for row in rows(Query(table)) where !gone[table.position].contains(table.key(of: row.values)) {
                var values = row.values
                for reference in table.references where reference.onDelete == .setNull {
                    let value = values[reference.column]
                    if !value.isNull, gone[reference.target].contains(Key(value)) { values[reference.column] = .null }
                }
                if values != row.values { operations.append(.update(table, values, expecting: nil)) }
            }
        }
        return operations
    }

    private mutating func apply(_ operation: WriteOperation, at time: Timestamp) throws -> RecordMetadata {
        let table = operation.table
        let key = operation.key
        let old = tables[table.position][key]
        switch operation {
        case .insert(_, let values):
            if old != nil { throw StorageError.duplicate(table, key, index: nil, other: key) }
            return try put(values, key, table, replacing: nil, at: time)
        case .update(_, let values, let revision):
            guard let old else { throw StorageError.notFound(table, key) }
            try check(revision, old, key, table)
            return try put(values, key, table, replacing: old, at: time)
        case .upsert(_, let values):
            return try put(values, key, table, replacing: old, at: time)
        case .delete(_, _, let revision):
            guard let old else { throw StorageError.notFound(table, key) }
            try check(revision, old, key, table)
            tables[table.position][key] = nil
            let last = old.metadata.revision + 1
            deleted[table.position][key] = last
            return RecordMetadata(revision: last, createdAt: old.metadata.createdAt, updatedAt: time)
        }
    }

    private func check(_ expected: Int?, _ row: Row, _ key: Key, _ table: Table) throws {
        guard let expected, expected != row.metadata.revision else { return }
        throw StorageError.conflict(table, key, expected: expected, actual: row.metadata.revision)
    }

    private mutating func put(
        _ values: [Value], _ key: Key, _ table: Table, replacing old: Row?, at time: Timestamp
    ) throws -> RecordMetadata {
        for index in table.indexes where index.isUnique {
            func counts(_ values: [Value]) -> Bool { index.condition?.isTrue(of: values) ?? true }
            let mine = index.parts.map { values[$0.column] }
            if mine.contains(where: \.isNull) || !counts(values) { continue }
            for (other, row) in tables[table.position] where other != key {
                if index.parts.map({ row.values[$0.column] }) == mine, counts(row.values) {
                    throw StorageError.duplicate(table, key, index: index, other: other)
                }
            }
        }
        let last = old?.metadata.revision ?? deleted[table.position][key] ?? 0
        let metadata = RecordMetadata(
            revision: last + 1, createdAt: old?.metadata.createdAt ?? time, updatedAt: time)
        tables[table.position][key] = Row(values: values, metadata: metadata)
        deleted[table.position][key] = nil
        return metadata
    }

    /// Puts a record in place, or removes it, without a question: it is known to be so.
    mutating func set(_ row: Row?, _ key: Key, in table: Table) { tables[table.position][key] = row }

    // MARK: References

    /// Checks that nothing written refers to nothing, and nothing deleted is referred to.
    /// - Throws: `storage.reference` for the first operation at fault.
    func checkReferences(_ operations: [WriteOperation]) throws {
        for operation in operations {
            let table = operation.table
            if let row = tables[table.position][operation.key] {
                try checkTargets(of: row, operation.key, table)
            } else {
                try checkReferrers(of: operation.key, table)
            }
        }
    }

    private func checkTargets(of row: Row, _ key: Key, _ table: Table) throws {
        for reference in table.references {
            let value = row.values[reference.column]
            if value.isNull || tables[reference.target][Key(value)] != nil { continue }
            throw StorageError.danglingReference(
                table, key, column: table.columns[reference.column], target: Key(value))
        }
    }

    private func checkReferrers(of key: Key, _ table: Table) throws {
        for reference in table.referrers {
            let other = schema.tables[reference.table]
            guard let found = tables[other.position].first(where: { $0.value.values[reference.column] == key.first })
            else { continue }
            throw StorageError.stillReferenced(
                table, key, by: other, found.key, column: other.columns[reference.column])
        }
    }

    // MARK: Reading

    /// The rows of a query, in its order.
    func rows(_ query: Query) -> [Row] {
        let terms = query.totalOrder
        var rows = Array(tables[query.table.position].values)
        if let condition = query.condition {
            rows = rows.filter { ModelCondition.holds(condition, $0.values, in: self) == true }
        }
        var sorted = rows.map { row in (row: row, values: terms.map { value($0, of: row) }) }
        if let after = query.after {
            sorted = sorted.filter { ModelOrder.compare($0.values, after.values, terms) > 0 }
        }
        sorted.sort { ModelOrder.compare($0.values, $1.values, terms) < 0 }
        return sorted.prefix(query.limit ?? .max).map(\.row)
    }

    /// What a row is ordered by: null behind a reference that is null, or that names no record.
    private func value(_ term: OrderTerm, of row: Row) -> Value {
        var values = row.values
        for step in term.path {
            guard !values[step.column].isNull,
                let record = tables[step.table.position][Key(values[step.column])]
            else { return .null }
            values = record.values
        }
        return values[term.column]
    }

    /// How many rows a query has, wherever it goes on.
    func count(_ query: Query) -> Int {
        var query = query
        query.after = nil
        return rows(query).count
    }
}
