import CairnSchema

/// Checks whole batches.
package struct BatchCheck: Sendable {
    private let schema: Schema
    private let checks: [RecordCheck]

    package init(_ schema: Schema) {
        self.schema = schema
        checks = schema.tables.map(RecordCheck.init)
    }

    /// Checks that a table belongs to the store: by its position another's would do for one of ours.
    /// - Throws: `storage.invalid`.
    @inline(__always)
    package func check(_ table: Table) throws {
        if table.position < schema.tables.count, schema.tables[table.position] === table { return }
        try checkOther(table)
    }

    private func checkOther(_ table: Table) throws {
        if schema.tables.indices.contains(table.position), schema.tables[table.position].isAlike(table) { return }
        throw StorageError(
            .invalid, "the table '\(table.name)' is not one of the database '\(schema.database)' as it was opened",
            remedy: "take tables from the schema of the store")
    }

    /// Checks operations and brings their values to their stored form.
    /// - Returns: The bytes of their values.
    /// - Throws: `storage.invalid`, `storage.limit`.
    package func check(_ operations: inout [WriteOperation]) throws -> Int {
        try BatchCheck.checkSize(operations: operations.count, bytes: 0, what: "a batch")
        var bytes = 0
        for index in operations.indices {
            let (size, changed) = try check(operations[index])
            bytes += size
            // Seldom; to touch the list for nothing would copy it, because the caller has it too.
            if let changed { operations[index] = changed }
        }
        try BatchCheck.checkSize(operations: operations.count, bytes: bytes, what: "a batch")
        return bytes
    }

    /// Checks the size of a batch, or of all that a transaction wrote.
    /// - Throws: `storage.limit`.
    static func checkSize(operations: Int, bytes: Int, what: String) throws {
        guard operations <= Limits.batchOperations else {
            throw StorageError.limit(
                "\(what) has \(operations) operations; the limit is \(Limits.batchOperations)",
                remedy: "write in several parts")
        }
        guard bytes <= Limits.batchBytes else {
            throw StorageError.limit(
                "\(what) has \(bytes) bytes; the limit is \(Limits.batchBytes)", remedy: "write in several parts")
        }
    }

    /// The bytes of an operation's values, and the operation with their stored form when that is another.
    private func check(_ operation: WriteOperation) throws -> (size: Int, changed: WriteOperation?) {
        try check(operation.table)
        switch operation {
        case .insert(let table, let values):
            let checked = try checks[table.position].check(values)
            return (checked.size, checked.changed.map { .insert(table, $0) })
        case .update(let table, let values, let revision):
            let checked = try checks[table.position].check(values)
            return (checked.size, checked.changed.map { .update(table, $0, expecting: revision) })
        case .upsert(let table, let values):
            let checked = try checks[table.position].check(values)
            return (checked.size, checked.changed.map { .upsert(table, $0) })
        case .delete(let table, let key, _):
            try table.check(key)
            try checks[table.position].checkKey(key)
            return (0, nil)
        }
    }
}
