import CairnCore

/// Finds out which reference is broken, once SQLite says that one is.
struct ReferenceCheck {
    private let access: SQLiteConnection.Access
    private let schema: Schema

    init(_ access: SQLiteConnection.Access, _ schema: Schema) {
        self.access = access
        self.schema = schema
    }

    /// Checks that nothing the operations wrote refers to nothing, and nothing they deleted is referred to.
    /// - Throws: `storage.reference` for the first operation at fault.
    func check(_ operations: some Sequence<WriteOperation>) throws {
        // SQLite counts broken references as it goes; at zero there is nothing to look for.
        guard access.hasBrokenReferences else { return }
        for operation in operations {
            let table = operation.table
            if table.references.isEmpty, table.referrers.isEmpty { continue }
            let key = operation.key
            if let values = try values(table, key) {
                try checkTargets(of: values, table, key)
            } else {
                try checkReferrers(of: key, table)
            }
        }
        throw StorageError(.reference, "a reference would point to nothing", remedy: "insert what it refers to first")
    }

    private func values(_ table: Table, _ key: Key) throws -> [Value]? {
        let (statement, row) = try access.statements(of: table).select(access.handle)
        statement.bind(key.values)
        defer { statement.reset() }
        return try statement.step() ? row.values() : nil
    }

    private func checkTargets(of values: [Value], _ table: Table, _ key: Key) throws {
        for reference in table.references {
            let value = values[reference.column]
            if value.isNull { continue }
            if try self.values(schema.tables[reference.target], Key(value)) == nil {
                throw StorageError.danglingReference(
                    table, key, column: table.columns[reference.column], target: Key(value))
            }
        }
    }

    private func checkReferrers(of key: Key, _ table: Table) throws {
        for reference in table.referrers {
            let other = schema.tables[reference.table]
            let sql = access.statements(of: other).sql.owner(by: [reference.column])
            try access.with(sql, [key.first]) { statement in
                guard try statement.step() else { return }
                throw StorageError.stillReferenced(
                    table, key, by: other, try SQLiteKeyRow(table: other, statement: statement.handle).key,
                    column: other.columns[reference.column])
            }
        }
    }
}
