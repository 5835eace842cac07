import CairnCore

/// Everything a memory store holds at one moment. Copying it costs a few references.
struct MemoryState: Sendable {
    var tables: [MemoryTable] = []
    /// Counts commits: two states of one store with the same version are the same.
    var version = 0
    /// Receipts by the bytes of the idempotency key: as strings, keys in two forms of Unicode would be one.
    var receipts: [[UInt8]: KeptReceipt] = [:]

    /// A receipt kept for its idempotency key.
    struct KeptReceipt: Sendable {
        let digest: [UInt8]
        let receipt: Receipt
    }
}

/// A record as it is stored.
struct StoredRecord: Sendable {
    let values: [Value]
    let metadata: RecordMetadata
}

/// One table: its records by encoded key, and its indexes.
struct MemoryTable: Sendable {
    let table: Table
    let keyLayout: KeyLayout
    let indexLayouts: [KeyLayout]
    /// The records by encoded key.
    private(set) var records = OrderedMap<StoredRecord>()
    /// For each index, the encoded keys of the records by encoded entry.
    private(set) var indexes: [OrderedMap<[UInt8]>]
    /// The last revisions of deleted records, so that no revision of a key is used twice.
    private(set) var deleted = OrderedMap<Int>()

    init(_ table: Table) {
        self.table = table
        keyLayout = KeyLayout(keyOf: table)
        indexLayouts = table.indexes.map { KeyLayout($0, of: table) }
        indexes = table.indexes.map { _ in OrderedMap() }
    }

    func layout(of index: Index?) -> KeyLayout { index.map { indexLayouts[$0.position] } ?? keyLayout }

    /// The key that an encoded key stands for.
    func key(_ bytes: [UInt8]) -> Key {
        let values = keyLayout.decode(bytes) ?? [.null]
        return Key(values[0], Array(values.dropFirst()))
    }

    // MARK: Writing

    /// Adds a record that must not exist, or replaces one that must. Unique indexes were checked.
    mutating func put(_ key: [UInt8], _ record: StoredRecord, replacing old: StoredRecord?) {
        records.set(key, record)
        for (position, layout) in indexLayouts.enumerated() {
            let entry = layout.entry(of: record.values)
            if let oldEntry = old.flatMap({ layout.entry(of: $0.values) }) {
                if oldEntry == entry { continue }
                indexes[position].remove(oldEntry)
            }
            if let entry { indexes[position].set(entry, key) }
        }
    }

    mutating func remove(_ key: [UInt8], _ record: StoredRecord) {
        records.remove(key)
        deleted.set(key, record.metadata.revision + 1)
        for (position, layout) in indexLayouts.enumerated() {
            if let entry = layout.entry(of: record.values) { indexes[position].remove(entry) }
        }
    }

    /// This table with the records of another that has the same columns in another order.
    func filled(from old: MemoryTable) -> MemoryTable {
        var new = self
        let places = table.columns.map { column in old.table.column(named: column.name)?.position ?? 0 }
        var records = OrderedMap.Cursor(old.records, before: nil)
        while let (key, record) = records.next() {
            // Keys are encoded in the order of the key, which both share.
            new.put(
                key, StoredRecord(values: places.map { record.values[$0] }, metadata: record.metadata), replacing: nil)
        }
        new.deleted = old.deleted
        return new
    }

    /// This table with the records of the one it was, made new one by one.
    /// - Parameter lookUp: Gives what a record of another table had.
    /// - Throws: What stands in the way, naming the record.
    func migrated(
        from old: MemoryTable, by migration: RecordMigration, lookUp: RecordMigration.LookUp
    ) throws -> MemoryTable {
        var new = self
        var records = OrderedMap.Cursor(old.records, before: nil)
        while let (key, record) = records.next() {
            let values = try migration.migrate(record.values, lookUp: lookUp)
            // Keys stay as they are in a migration, and are encoded in the order of the key.
            for index in table.indexes where index.isUnique {
                if let owner = new.owner(of: values, in: index, besides: key) {
                    throw StorageError.duplicate(table, table.key(of: values), index: index, other: new.key(owner))
                }
            }
            new.put(key, StoredRecord(values: values, metadata: record.metadata), replacing: nil)
        }
        new.deleted = old.deleted
        return new
    }

    /// What the record has that has a value in a column in which no two have the same; nil when there is none.
    func found(_ lookup: RowLookup, _ value: Value) -> Value? {
        guard let index = lookup.index else {
            return records.get(keyLayout.encode(Key(value)))?.values[lookup.result.position]
        }
        var values = [Value](repeating: .null, count: table.columns.count)
        values[lookup.unique.position] = value
        return owner(of: values, in: index, besides: []).flatMap { records.get($0)?.values[lookup.result.position] }
    }

    /// The revision of the record of a key, negative when it is deleted; 0 when there never was one.
    func revision(of key: [UInt8]) -> Int {
        records.get(key)?.metadata.revision ?? -(deleted.get(key) ?? 0)
    }

    /// The revision of a new record: one more than that of a deleted one with the same key.
    mutating func firstRevision(_ key: [UInt8]) -> Int {
        if deleted.count == 0 { return 1 }
        return (deleted.remove(key) ?? 0) + 1
    }

    /// Restores the memory of a deleted record, when a store is loaded.
    mutating func remember(deleted key: [UInt8], revision: Int) {
        deleted.set(key, revision)
    }

    /// The encoded key of another record that has the same values in a unique index.
    func owner(of values: [Value], in index: Index, besides key: [UInt8]) -> [UInt8]? {
        let layout = indexLayouts[index.position]
        guard layout.has(values) else { return nil }
        var prefix: [UInt8] = []
        for (place, part) in index.parts.enumerated() {
            let value = values[part.column]
            if value.isNull { return nil }
            layout.append(value, part: place, to: &prefix)
        }
        var cursor = OrderedMap.Cursor(indexes[index.position], before: prefix)
        while let (entry, owner) = cursor.next(), entry.starts(with: prefix) {
            if owner != key { return owner }
        }
        return nil
    }

    /// The encoded key of a record whose column has a value, by the index or key that begins with it.
    func firstReferrer(_ reference: Reference, _ value: Value) -> [UInt8]? {
        var prefix: [UInt8] = []
        guard let index = reference.index else {
            keyLayout.append(value, part: 0, to: &prefix)
            var cursor = OrderedMap.Cursor(records, before: prefix)
            return cursor.next().flatMap { $0.key.starts(with: prefix) ? $0.key : nil }
        }
        indexLayouts[index].append(value, part: 0, to: &prefix)
        var cursor = OrderedMap.Cursor(indexes[index], before: prefix)
        return cursor.next().flatMap { $0.key.starts(with: prefix) ? $0.value : nil }
    }
}
