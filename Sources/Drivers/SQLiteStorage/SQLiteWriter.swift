import CSQLite
import CairnCore

/// Applies operations on the writing connection, inside a transaction.
struct SQLiteWriter {
    private let access: SQLiteConnection.Access
    private let schema: Schema
    private let time: Timestamp
    /// For each table, whether any of its keys was deleted; asked once for each batch.
    private var tablesWithDeleted: [Int: Bool] = [:]

    init(_ access: SQLiteConnection.Access, _ schema: Schema, at time: Timestamp) {
        self.access = access
        self.schema = schema
        self.time = time
    }

    /// Applies an operation, or fails and changes nothing.
    /// - Throws: `storage.duplicate`, `storage.conflict`, `storage.not_found`; failures of SQLite.
    mutating func apply(_ operation: WriteOperation) throws -> RecordMetadata {
        switch operation {
        case .insert(let table, let values): try insert(table, values)
        case .update(let table, let values, let revision): try update(table, values, expecting: revision)
        case .upsert(let table, let values):
            if let stored = try stored(table, { values[$0] }) {
                try replace(stored, table, values)
            } else {
                try insert(table, values)
            }
        case .delete(let table, let key, let revision): try delete(table, key, expecting: revision)
        }
    }

    /// Deletions were rolled back: what is known of them may be wrong.
    mutating func forgetDeletions() { tablesWithDeleted = [:] }

    // MARK: Insert

    private mutating func insert(_ table: Table, _ values: [Value]) throws -> RecordMetadata {
        let statements = access.statements(of: table)
        let last = try lastRevision(table, values, statements)
        let metadata = RecordMetadata(revision: try Revisions.next(last, of: table), createdAt: time, updatedAt: time)
        let statement = try statements.insert(access.handle)
        statement.beginBinding()
        for (index, value) in values.enumerated() { statement.add(value, at: Int32(index + 1)) }
        let system = Int32(values.count)
        statement.add(metadata.revision, at: system + 1)
        statement.add(Int(time.microseconds), at: system + 2)
        statement.add(Int(time.microseconds), at: system + 3)
        statement.endBinding()
        do {
            try statement.run()
        } catch let failure as SQLiteFailure where failure.isDuplicate {
            throw try duplicate(table, values, isInsert: true) ?? failure
        }
        // Only now that the key is in use again may its last revision be forgotten.
        if last > 0 { try forgetDeleted(table, values, statements) }
        return metadata
    }

    /// The last revision of a deleted record with the same key; 0 when there was none.
    private mutating func lastRevision(_ table: Table, _ values: [Value], _ statements: TableStatements) throws -> Int {
        if try !hasDeleted(table, statements) { return 0 }
        let key = statements.sql.keyLayout.encode(table.key(of: values))
        return try access.with(SQLiteWriter.deletedRevision, [.string(table.name), .bytes(key)]) { statement in
            try statement.step() ? Int(sqlite3_column_int64(statement.handle, 0)) : 0
        }
    }

    private static let deletedRevision =
        "SELECT \"revision\" FROM \"_cairn_deleted\" WHERE \"table\" = ? AND \"key\" = ?"

    private func forgetDeleted(_ table: Table, _ values: [Value], _ statements: TableStatements) throws {
        let key = statements.sql.keyLayout.encode(table.key(of: values))
        let statement = try statements.statement(.forgetDeleted, access.handle)
        statement.bind([.bytes(key)])
        try statement.run()
    }

    private mutating func hasDeleted(_ table: Table, _ statements: TableStatements) throws -> Bool {
        if let known = tablesWithDeleted[table.position] { return known }
        let statement = try statements.statement(.hasDeleted, access.handle)
        defer { statement.reset() }
        let has = try statement.step()
        tablesWithDeleted[table.position] = has
        return has
    }

    // MARK: Update

    private func update(_ table: Table, _ values: [Value], expecting revision: Int?) throws -> RecordMetadata {
        guard let stored = try stored(table, { values[$0] }) else {
            throw StorageError.notFound(table, table.key(of: values))
        }
        if let revision, revision != stored.revision {
            throw StorageError.conflict(table, table.key(of: values), expected: revision, actual: stored.revision)
        }
        return try replace(stored, table, values)
    }

    /// The metadata of a record; nil when there is none. It stays as it is until this writer changes it.
    /// - Parameter value: The value of a column of the key.
    /// - Throws: `storage.damaged` for a revision that Cairn did not write.
    private func stored(_ table: Table, _ value: (Int) -> Value) throws -> RecordMetadata? {
        let statement = try access.statements(of: table).metadata(access.handle)
        statement.beginBinding()
        for (index, column) in table.key.enumerated() { statement.add(value(column), at: Int32(index + 1)) }
        statement.endBinding()
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return RecordMetadata(
            revision: try Revisions.checked(Int(sqlite3_column_int64(statement.handle, 0)), of: table),
            createdAt: Timestamp(microseconds: sqlite3_column_int64(statement.handle, 1)) ?? .epoch, updatedAt: time)
    }

    /// Writes new values of a record that is there.
    private func replace(_ stored: RecordMetadata, _ table: Table, _ values: [Value]) throws -> RecordMetadata {
        var metadata = stored
        metadata.revision = try Revisions.next(stored.revision, of: table)
        let statements = access.statements(of: table)
        let statement = try statements.update(access.handle)
        statement.beginBinding()
        var index: Int32 = 1
        for column in statements.sql.updatedColumns {
            statement.add(values[column], at: index)
            index += 1
        }
        statement.add(metadata.revision, at: index)
        statement.add(Int(time.microseconds), at: index + 1)
        index += 2
        for column in table.key {
            statement.add(values[column], at: index)
            index += 1
        }
        statement.endBinding()
        do {
            try statement.run()
        } catch let failure as SQLiteFailure where failure.isDuplicate {
            throw try duplicate(table, values, isInsert: false) ?? failure
        }
        return metadata
    }

    // MARK: Delete

    private mutating func delete(_ table: Table, _ key: Key, expecting revision: Int?) throws -> RecordMetadata {
        guard var metadata = try stored(table, { column in table.key.firstIndex(of: column).map { key[$0] } ?? .null })
        else { throw StorageError.notFound(table, key) }
        if let revision, revision != metadata.revision {
            throw StorageError.conflict(table, key, expected: revision, actual: metadata.revision)
        }
        metadata.revision = try Revisions.next(metadata.revision, of: table)
        let statements = access.statements(of: table)
        let statement = try statements.statement(.delete, access.handle)
        statement.bind(key.values)
        try statement.run()
        let remember = try statements.statement(.putDeleted, access.handle)
        remember.bind([.bytes(statements.sql.keyLayout.encode(key)), .int(metadata.revision)])
        try remember.run()
        tablesWithDeleted[table.position] = true
        return metadata
    }

    // MARK: Errors

    /// The record that has the same key or the same unique values, as an error; nil when there is none.
    private func duplicate(_ table: Table, _ values: [Value], isInsert: Bool) throws -> StorageError? {
        let key = table.key(of: values)
        if isInsert, try owners(table, columns: table.key, where: nil, values).contains(key) {
            return .duplicate(table, key, index: nil, other: key)
        }
        for index in table.indexes where index.isUnique {
            let columns = index.parts.map(\.column)
            if columns.contains(where: { values[$0].isNull }) { continue }
            if let condition = index.condition, !condition.isTrue(of: values) { continue }
            if let other = try owners(table, columns: columns, where: index.condition, values).first(where: {
                $0 != key
            }) {
                return .duplicate(table, key, index: index, other: other)
            }
        }
        return nil
    }

    /// The keys of records that have the same values in columns; at most two.
    private func owners(
        _ table: Table, columns: [Int], where condition: IndexCondition?, _ values: [Value]
    ) throws -> [Key] {
        let sql = access.statements(of: table).sql.owner(by: columns, where: condition)
        return try access.with(sql, columns.map { values[$0] }) { statement in
            let row = SQLiteKeyRow(table: table, statement: statement.handle)
            var keys: [Key] = []
            while try statement.step() { keys.append(try row.key) }
            return keys
        }
    }
}

extension WriteOperation {
    /// Whether SQLite undoes it whole if it fails: it changes one row at most. A delete also writes down the revision.
    var isOneStatement: Bool {
        if case .delete = self { return false }
        return true
    }
}

/// Reads the current row of a statement that selects the columns of a key in order.
struct SQLiteKeyRow {
    private let table: Table
    private let row: SQLiteRow
    private let columns: [(column: Int, place: Int)]

    init(table: Table, statement: OpaquePointer) {
        self.table = table
        row = SQLiteRow(table: table, statement: statement)
        columns = table.key.enumerated().map { ($0.element, $0.offset) }
    }

    /// The key of the row.
    var key: Key {
        get throws {
            let values = try columns.map { try row.value(at: $0.place, of: table.columns[$0.column].valueType) }
            return Key(values[0], Array(values.dropFirst()))
        }
    }
}
