public import CairnSchema

/// The records of one table that can be read and written: in a store or a transaction.
///
/// In a store each call is a commit of its own; in a transaction it is part of it. Before anything is written, values are
/// checked against the schema: `storage.invalid` names the column and the rule, `storage.limit` what is too large.
public protocol WritableRepository<Item>: ReadableRepository {}

extension WritableRepository {
    // MARK: Insert

    /// Stores a new record.
    /// - Returns: The record with its revision and times.
    /// - Throws: `storage.duplicate` when the id, or the value of a unique index, exists; `storage.reference` when it
    ///   refers to nothing.
    @discardableResult @inlinable
    public func insert(_ item: Item) async throws -> Item {
        let table = table
        let results = try await session.write([.insert(table, item.values(count: table.columns.count))])
        return item.stored(as: results[0])
    }

    /// Stores new records, in order, all or none.
    /// - Returns: The records with their revisions and times.
    /// - Throws: as ``insert(_:)``; `storage.limit` for more than 100,000 records or 64 MiB.
    @discardableResult @inlinable
    public func insert(contentsOf items: some Collection<Item>) async throws -> [Item] {
        let table = table
        return try await write(items) { .insert(table, $0.values(count: table.columns.count)) }
    }

    // MARK: Update

    /// Stores new values of a record that was read before.
    /// - Returns: The record with its new revision.
    /// - Throws: `storage.conflict` when someone changed it meanwhile; `storage.not_found` when someone deleted it;
    ///   `storage.duplicate`; `storage.reference`.
    @discardableResult @inlinable
    public func update(_ item: Item) async throws -> Item {
        let table = table
        try refuseUnstored(item)
        let values = item.values(count: table.columns.count)
        let results = try await session.write([.update(table, values, expecting: item.revision)])
        return item.stored(as: results[0])
    }

    /// Stores new values of records that were read before, in order, all or none.
    /// - Throws: as ``update(_:)``.
    @discardableResult @inlinable
    public func update(contentsOf items: some Collection<Item>) async throws -> [Item] {
        let table = table
        return try await write(items) { item in
            try refuseUnstored(item)
            return .update(table, item.values(count: table.columns.count), expecting: item.revision)
        }
    }

    /// Reads a record, changes it and stores it; again from the reading when someone changed it meanwhile.
    /// - Returns: The record as stored.
    /// - Throws: `storage.not_found`; `storage.contention` after ``Limits/transactionAttempts`` lost races; what `change`
    ///   throws.
    @discardableResult
    public func update(_ id: Item.ID, _ change: (inout Item) throws -> Void) async throws -> Item {
        var backoff = Backoff(first: .milliseconds(1), largest: .milliseconds(200))
        var attempts = 0
        while true {
            var item = try await get(id)
            try change(&item)
            do {
                return try await update(item)
            } catch let error as StorageError where error.code == .conflict && session.isStore {
                attempts += 1
                guard attempts < Limits.transactionAttempts else {
                    throw StorageError.contention(attempts: attempts, last: error)
                }
                try await Backoff.sleep(backoff.next())
            }
        }
    }

    // MARK: Upsert

    /// Stores a record whether it exists or not, and whatever its revision.
    /// - Returns: The record as stored: `createdAt` is that of the first insert.
    /// - Throws: `storage.duplicate` when the value of a unique index exists in another record; `storage.reference`.
    @discardableResult @inlinable
    public func upsert(_ item: Item) async throws -> Item {
        let table = table
        let results = try await session.write([.upsert(table, item.values(count: table.columns.count))])
        return item.stored(as: results[0])
    }

    /// Stores records whether they exist or not, in order, all or none.
    /// - Throws: as ``upsert(_:)``.
    @discardableResult @inlinable
    public func upsert(contentsOf items: some Collection<Item>) async throws -> [Item] {
        let table = table
        return try await write(items) { .upsert(table, $0.values(count: table.columns.count)) }
    }

    // MARK: Delete

    /// Deletes the record of an id, whatever its revision.
    /// - Throws: `storage.not_found` when there is none; `storage.reference` when others refer to it.
    @inlinable
    public func delete(_ id: Item.ID) async throws {
        _ = try await session.write([.delete(table, id.key, expecting: nil)])
    }

    /// Deletes a record that was read before.
    /// - Throws: `storage.conflict` when someone changed it meanwhile; as ``delete(_:)-(Item.ID)``.
    @inlinable
    public func delete(_ item: Item) async throws {
        try refuseUnstored(item)
        _ = try await session.write([.delete(table, item.id.key, expecting: item.revision)])
    }

    /// Deletes the records of several ids, in order, all or none.
    /// - Throws: as ``delete(_:)-(Item.ID)``.
    @inlinable
    public func delete(contentsOf ids: some Collection<Item.ID>) async throws {
        let table = table
        _ = try await session.write(ids.map { .delete(table, $0.key, expecting: nil) })
    }

    // MARK: Helpers

    @usableFromInline
    func refuseUnstored(_ item: Item) throws {
        try Revisions.refuseUnstored(item.revision, table)
    }

    @inlinable
    func write(_ items: some Collection<Item>, _ operation: (Item) throws -> WriteOperation) async throws -> [Item] {
        guard !items.isEmpty else { return [] }
        let results = try await session.write(items.map(operation))
        return zip(items, results).map { item, metadata in item.stored(as: metadata) }
    }
}
