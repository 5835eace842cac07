import CairnSchema

extension Session {
    /// Changes columns of all records of a query, in one transaction.
    /// - Returns: How many records it changed.
    public func update(_ query: Query, _ assignments: [Assignment]) async throws -> Int {
        try check(assignments, query.table)
        guard !assignments.isEmpty else { return try await count(query) }
        return try await writeAll(query) { row in
            var values = try row.values()
            for assignment in assignments { values[assignment.column] = assignment.value }
            return .update(query.table, values, expecting: row.revision)
        }
    }

    /// Deletes all records of a query, in one transaction.
    /// - Returns: How many records it deleted.
    public func delete(_ query: Query) async throws -> Int {
        try await writeAll(query) { row in .delete(query.table, try row.key(), expecting: row.revision) }
    }

    /// Reads all rows first, then writes: a row that the change moves in the order must not be met again.
    private func writeAll(_ query: Query, _ operation: (RowReader) throws -> WriteOperation) async throws -> Int {
        if isStore { return try await core.transaction { try await $0.writeAll(query, operation) } }
        var operations: [WriteOperation] = []
        try await read(query) { row in
            operations.append(try operation(row))
            try BatchCheck.checkSize(operations: operations.count, bytes: 0, what: "an update or delete of a query")
            return true
        }
        if !operations.isEmpty { _ = try await write(operations) }
        return operations.count
    }

    private func check(_ assignments: [Assignment], _ table: Table) throws {
        var columns: Set<Int> = []
        for assignment in assignments {
            guard table.columns.indices.contains(assignment.column) else {
                throw StorageError(.query, "table '\(table.name)' has no column at position \(assignment.column)")
            }
            let column = table.columns[assignment.column]
            if table.isKey(column.position) {
                throw StorageError.invalid(
                    table, column, "it is part of the key, which never changes",
                    remedy: "insert a record with the new key and delete this one")
            }
            guard columns.insert(assignment.column).inserted else {
                throw StorageError.invalid(table, column, "it is set twice")
            }
        }
    }
}
