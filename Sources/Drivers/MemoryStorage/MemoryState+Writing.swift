import CairnCore

extension MemoryState {
    /// Applies an operation, or fails and changes nothing.
    /// - Throws: `storage.duplicate`, `storage.conflict`, `storage.not_found`.
    mutating func apply(_ operation: WriteOperation, at time: Timestamp) throws -> RecordMetadata {
        switch operation {
        case .insert(let table, let values): try insert(table, values, at: time)
        case .update(let table, let values, let revision): try update(table, values, expecting: revision, at: time)
        case .upsert(let table, let values): try upsert(table, values, at: time)
        case .delete(let table, let key, let revision): try delete(table, key, expecting: revision, at: time)
        }
    }

    private mutating func insert(_ table: Table, _ values: [Value], at time: Timestamp) throws -> RecordMetadata {
        let key = tables[table.position].keyLayout.encode(table.key(of: values))
        guard tables[table.position].records.get(key) == nil else {
            let key = table.key(of: values)
            throw StorageError.duplicate(table, key, index: nil, other: key)
        }
        try checkUnique(table, values, key, replacing: nil)
        let revision = tables[table.position].firstRevision(key)
        let metadata = RecordMetadata(revision: revision, createdAt: time, updatedAt: time)
        tables[table.position].put(key, StoredRecord(values: values, metadata: metadata), replacing: nil)
        return metadata
    }

    private mutating func update(
        _ table: Table, _ values: [Value], expecting revision: Int?, at time: Timestamp
    ) throws -> RecordMetadata {
        let key = tables[table.position].keyLayout.encode(table.key(of: values))
        guard let old = tables[table.position].records.get(key) else {
            throw StorageError.notFound(table, table.key(of: values))
        }
        try check(revision, of: old, table) { table.key(of: values) }
        return try replace(old, with: values, key, table, at: time)
    }

    private mutating func upsert(_ table: Table, _ values: [Value], at time: Timestamp) throws -> RecordMetadata {
        let key = tables[table.position].keyLayout.encode(table.key(of: values))
        guard let old = tables[table.position].records.get(key) else { return try insert(table, values, at: time) }
        return try replace(old, with: values, key, table, at: time)
    }

    private mutating func replace(
        _ old: StoredRecord, with values: [Value], _ key: [UInt8], _ table: Table, at time: Timestamp
    ) throws -> RecordMetadata {
        try checkUnique(table, values, key, replacing: old)
        let metadata = RecordMetadata(
            revision: old.metadata.revision + 1, createdAt: old.metadata.createdAt, updatedAt: time)
        tables[table.position].put(key, StoredRecord(values: values, metadata: metadata), replacing: old)
        return metadata
    }

    private mutating func delete(
        _ table: Table, _ key: Key, expecting revision: Int?, at time: Timestamp
    ) throws -> RecordMetadata {
        let bytes = tables[table.position].keyLayout.encode(key)
        guard let old = tables[table.position].records.get(bytes) else { throw StorageError.notFound(table, key) }
        try check(revision, of: old, table) { key }
        tables[table.position].remove(bytes, old)
        return RecordMetadata(revision: old.metadata.revision + 1, createdAt: old.metadata.createdAt, updatedAt: time)
    }

    private func check(_ expected: Int?, of record: StoredRecord, _ table: Table, _ key: () -> Key) throws {
        guard let expected, expected != record.metadata.revision else { return }
        throw StorageError.conflict(table, key(), expected: expected, actual: record.metadata.revision)
    }

    private func checkUnique(_ table: Table, _ values: [Value], _ key: [UInt8], replacing old: StoredRecord?) throws {
        let stored = tables[table.position]
        for index in table.indexes where index.isUnique {
            // Values that did not change were unique already.
            if let old, stored.indexLayouts[index.position].keepsUnique(index, old.values, values) { continue }
            if let owner = stored.owner(of: values, in: index, besides: key) {
                throw StorageError.duplicate(table, table.key(of: values), index: index, other: stored.key(owner))
            }
        }
    }

    /// Puts a record of a file in its place, with the metadata it had.
    /// - Throws: `storage.duplicate`.
    mutating func load(_ operation: WriteOperation, _ metadata: RecordMetadata) throws {
        guard case .insert(let table, let values) = operation else { return }
        let key = tables[table.position].keyLayout.encode(table.key(of: values))
        guard tables[table.position].records.get(key) == nil else {
            throw StorageError.duplicate(table, operation.key, index: nil, other: operation.key)
        }
        try checkUnique(table, values, key, replacing: nil)
        tables[table.position].put(key, StoredRecord(values: values, metadata: metadata), replacing: nil)
    }

    /// Checks every reference of a state that was loaded.
    /// - Throws: `storage.damaged` naming the first that points to nothing.
    func checkReferences(ofEverythingIn path: String) throws {
        do {
            try checkAllReferences()
        } catch let error as StorageError {
            throw StorageError(.damaged, "\(path): \(error.message)", details: error.details)
        }
    }

    /// Checks every reference.
    /// - Parameter isSecret: Whether what a column has is kept out of the error, though the column does not say so itself.
    /// - Throws: `storage.reference` naming the first that points to nothing.
    func checkAllReferences(_ isSecret: (Column, Table) -> Bool = { _, _ in false }) throws {
        for stored in tables where !stored.table.references.isEmpty {
            var records = OrderedMap.Cursor(stored.records, before: nil)
            while let (key, record) = records.next() {
                try checkTargets(of: record, stored.table, stored.key(key), isSecret)
            }
        }
    }

    /// The same records under another order of tables and columns.
    func rearranged(for schema: Schema) -> MemoryState {
        var state = self
        state.tables = schema.tables.map { table in
            let new = MemoryTable(table)
            guard let old = tables.first(where: { $0.table.name == table.name }) else { return new }
            return new.filled(from: old)
        }
        return state
    }

    /// Checks, at the end, that nothing the operations wrote refers to nothing, and nothing they deleted is referred to.
    /// - Throws: `storage.reference` for the first operation at fault.
    func checkReferences(_ operations: some Sequence<WriteOperation>) throws {
        for operation in operations {
            let table = operation.table
            if table.references.isEmpty, table.referrers.isEmpty { continue }
            let key = operation.key
            if let record = tables[table.position].records.get(tables[table.position].keyLayout.encode(key)) {
                try checkTargets(of: record, table, key)
            } else {
                try checkReferrers(of: key, table)
            }
        }
    }

    private func checkTargets(
        of record: StoredRecord, _ table: Table, _ key: Key, _ isSecret: (Column, Table) -> Bool = { _, _ in false }
    ) throws {
        for reference in table.references {
            let value = record.values[reference.column]
            if value.isNull { continue }
            let target = tables[reference.target]
            if target.records.get(target.keyLayout.encode(Key(value))) == nil {
                let column = table.columns[reference.column]
                throw StorageError.danglingReference(
                    table, key, column: column, target: Key(value), isSecret: isSecret(column, table))
            }
        }
    }

    private func checkReferrers(of key: Key, _ table: Table) throws {
        for reference in table.referrers {
            let other = tables[reference.table]
            guard let referrer = other.firstReferrer(reference, key.first) else { continue }
            throw StorageError.stillReferenced(
                table, key, by: other.table, other.key(referrer), column: other.table.columns[reference.column])
        }
    }
}
