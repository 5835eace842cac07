import CairnCore
import CairnSchema
import MemoryStorage

/// What a transaction has made of a view: its own writes on top, and all it has read.
///
/// A value without input and output: what must be known of the store to apply a write has been looked up before
/// (``Lookups``). So a savepoint is a copy, and a repetition begins with another one.
struct Workspace: Sendable {
    /// The view with the transaction's own writes.
    private(set) var view: View
    /// The number of the view it began with.
    let base: Int
    /// The time its records carry.
    let time: Timestamp
    /// Everything that was read, also by writes.
    var reads = ReadSet()
    private var written: [RecordID: LoggedOperation] = [:]
    private var order: [RecordID] = []

    /// Names a record of any table.
    struct RecordID: Hashable, Sendable {
        let table: Int
        let key: [UInt8]
    }

    init(_ view: View, at time: Timestamp) {
        self.view = view
        base = view.number
        // Times of a store never run backwards.
        self.time = max(time, view.time)
    }

    /// What was written, one operation for each record, in the order in which they were first written.
    var operations: [LoggedOperation] { order.compactMap { written[$0] } }
    var isUnchanged: Bool { order.isEmpty }

    /// Whether the transaction wrote a record.
    func hasWritten(_ id: RecordID) -> Bool { written[id] != nil }

    /// The same writes and reads on a newer view. Only when nothing it read was touched between the two.
    func rebased(on newer: View) -> Workspace {
        var rebased = Workspace(newer, at: time)
        rebased.reads = reads
        rebased.order = order
        for id in order {
            guard var operation = written[id] else { continue }
            operation.after.commit = rebased.base + 1
            rebased.written[id] = operation
            rebased.view.apply(operation)
        }
        return rebased
    }

    // MARK: Writing

    /// Applies an operation, or fails and changes nothing.
    /// - Throws: `storage.duplicate`, `storage.conflict`, `storage.not_found`.
    mutating func apply(_ operation: WriteOperation, _ lookups: Lookups) throws -> RecordMetadata {
        let table = operation.table
        let id = self.id(table, operation.key)
        reads.add(table, key: id.key)
        let current = image(id, lookups)
        let live = current?.isLive == true ? current : nil
        switch operation {
        case .insert(_, let values):
            guard live == nil else {
                throw StorageError.duplicate(table, operation.key, index: nil, other: operation.key)
            }
            return try put(values, table, id, over: current, lookups)
        case .update(_, let values, let revision):
            guard let live else { throw StorageError.notFound(table, operation.key) }
            try check(revision, of: live, operation)
            return try put(values, table, id, over: live, lookups)
        case .upsert(_, let values): return try put(values, table, id, over: current, lookups)
        case .delete(_, let key, let revision):
            guard let live else { throw StorageError.notFound(table, key) }
            try check(revision, of: live, operation)
            let metadata = RecordMetadata(
                revision: live.metadata.revision + 1, createdAt: live.metadata.createdAt, updatedAt: time)
            write(table, key, id, before: live, after: RecordImage(values: nil, metadata: metadata, commit: base + 1))
            return metadata
        }
    }

    private mutating func put(
        _ values: [Value], _ table: Table, _ id: RecordID, over current: RecordImage?, _ lookups: Lookups
    ) throws -> RecordMetadata {
        let live = current?.isLive == true ? current : nil
        try checkUnique(values, table, id, replacing: live?.values, lookups)
        // Where nothing is known, a purge may have forgotten a deleted record.
        let last = current?.metadata.revision ?? view.tables[table.position].revisionFloor
        let metadata = RecordMetadata(
            revision: last + 1, createdAt: live?.metadata.createdAt ?? time,
            updatedAt: time)
        write(
            table, table.key(of: values), id, before: current,
            after: RecordImage(values: values, metadata: metadata, commit: base + 1))
        return metadata
    }

    /// Gives a record that was inserted the times it had where it comes from.
    mutating func setTimes(_ id: RecordID, created: Timestamp, updated: Timestamp) {
        guard var operation = written[id] else { return }
        let inserted = operation.after
        operation.after.metadata.createdAt = created
        operation.after.metadata.updatedAt = updated
        written[id] = operation
        view.apply(
            LoggedOperation(table: operation.table, key: operation.key, before: inserted, after: operation.after))
    }

    private func check(_ expected: Int?, of image: RecordImage, _ operation: WriteOperation) throws {
        guard let expected, expected != image.metadata.revision else { return }
        throw StorageError.conflict(
            operation.table, operation.key, expected: expected, actual: image.metadata.revision)
    }

    private mutating func write(
        _ table: Table, _ key: Key, _ id: RecordID, before: RecordImage?, after: RecordImage
    ) {
        // The overlay is changed from the image this operation found; the log gets one operation from the first image on.
        view.apply(LoggedOperation(table: table, key: key, before: before, after: after))
        if written[id] == nil {
            order.append(id)
            written[id] = LoggedOperation(table: table, key: key, before: before, after: after)
        } else {
            written[id]?.after = after
        }
    }

    // MARK: Unique indexes

    private mutating func checkUnique(
        _ values: [Value], _ table: Table, _ id: RecordID, replacing old: [Value]?, _ lookups: Lookups
    ) throws {
        for index in table.indexes where index.isUnique {
            // Values that did not change were unique already.
            let layout = view.tables[table.position].indexLayouts[index.position]
            if let old, layout.keepsUnique(index, old, values) { continue }
            guard let prefix = uniquePrefix(of: values, index, table) else { continue }
            reads.add(table, index, [(prefix, KeyBytes.end(ofPrefix: prefix))])
            guard let owner = owner(of: prefix, index, table, besides: id.key, lookups) else { continue }
            reads.add(table, key: owner)
            let overlay = view.tables[table.position]
            throw StorageError.duplicate(
                table, table.key(of: values), index: index, other: overlay.key(owner) ?? table.key(of: values))
        }
    }

    /// What the entries begin with that have the same values in a unique index; nil when one of them is null, and for a record that is
    /// not in it.
    func uniquePrefix(of values: [Value], _ index: Index, _ table: Table) -> [UInt8]? {
        let layout = view.tables[table.position].indexLayouts[index.position]
        guard layout.has(values) else { return nil }
        var prefix: [UInt8] = []
        for (place, part) in index.parts.enumerated() {
            let value = values[part.column]
            if value.isNull { return nil }
            layout.append(value, part: place, to: &prefix)
        }
        return prefix
    }

    /// The key of another record whose entry begins with a prefix.
    private func owner(
        of prefix: [UInt8], _ index: Index, _ table: Table, besides key: [UInt8], _ lookups: Lookups
    ) -> [UInt8]? {
        let entries = view.tables[table.position].indexes[index.position]
        if lookups.isStale { return lookups.entries(table, index, prefix).first { $0.key != key }?.key }
        var cursor = OrderedMap.Cursor(entries, before: prefix)
        while let (entry, owner) = cursor.next(), entry.starts(with: prefix) {
            if let owner, owner != key { return owner }
        }
        for found in lookups.entries(table, index, prefix) where found.key != key {
            // What the overlay says of an entry is newer.
            if entries.get(found.entry) == nil { return found.key }
        }
        return nil
    }

    // MARK: Looking

    func id(_ table: Table, _ key: Key) -> RecordID {
        RecordID(table: table.position, key: view.tables[table.position].keyLayout.encode(key))
    }

    /// The image of a record; it was looked up if the view does not have it.
    func image(_ id: RecordID, _ lookups: Lookups) -> RecordImage? {
        view.tables[id.table].records.get(id.key) ?? lookups.images[id] ?? nil
    }
}

/// What was looked up in the store for writes to come.
struct Lookups: Sendable {
    /// Records by table and key; nil where there never was one.
    var images: [Workspace.RecordID: RecordImage?] = [:]
    private var found: [Prefix: [Entry]] = [:]
    /// Whether nothing but what was looked up counts for unique values: one of ``ObjectStorageFaults``.
    var isStale = false

    struct Entry: Sendable {
        let entry: [UInt8]
        /// The encoded key of its record.
        let key: [UInt8]
    }

    private struct Prefix: Hashable, Sendable {
        let table: Int
        let index: Int
        let bytes: [UInt8]
    }

    /// The entries of the index files that begin with a prefix.
    func entries(_ table: Table, _ index: Index, _ prefix: [UInt8]) -> [Entry] {
        found[Prefix(table: table.position, index: index.position, bytes: prefix)] ?? []
    }

    mutating func set(_ entries: [Entry], _ table: Table, _ index: Index, _ prefix: [UInt8]) {
        found[Prefix(table: table.position, index: index.position, bytes: prefix)] = entries
    }
}
