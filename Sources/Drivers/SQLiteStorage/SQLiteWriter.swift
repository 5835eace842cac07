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
            try updateIfPresent(table, values, expecting: nil) ?? insertInUpsert(table, values)
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

    /// Inserts a record that an update did not find.
    private mutating func insertInUpsert(_ table: Table, _ values: [Value]) throws -> RecordMetadata {
        do {
            return try insert(table, values)
        } catch let error as StorageError where error.code == .duplicate && error.details.index == "primary" {
            // It is there, so what kept the update from it is what is wrong with it.
            throw try absence(of: table.key(of: values), table, expecting: nil)
        }
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
        if let metadata = try updateIfPresent(table, values, expecting: revision) { return metadata }
        throw try absence(of: table.key(of: values), table, expecting: revision)
    }

    /// Updates a record; nil when there is none, or none of the revision.
    private func updateIfPresent(
        _ table: Table, _ values: [Value], expecting revision: Int?
    ) throws -> RecordMetadata? {
        let statements = access.statements(of: table)
        let statement =
            try revision == nil
            ? statements.statement(.update, access.handle) : statements.updateChecked(access.handle)
        statement.beginBinding()
        var index: Int32 = 0
        for column in statements.sql.updatedColumns {
            index += 1
            statement.add(values[column], at: index)
        }
        statement.add(Int(time.microseconds), at: index + 1)
        index += 1
        for column in table.key {
            index += 1
            statement.add(values[column], at: index)
        }
        if let revision { statement.add(revision, at: index + 1) }
        statement.endBinding()
        do {
            return try returned(by: statement)
        } catch let failure as SQLiteFailure where failure.isDuplicate {
            throw try duplicate(table, values, isInsert: false) ?? failure
        }
    }

    /// Runs a statement that returns revision and creation of the record it wrote; nil when it wrote none.
    private func returned(by statement: SQLiteStatement) throws -> RecordMetadata? {
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let revision = Int(sqlite3_column_int64(statement.handle, 0))
        let created = Timestamp(microseconds: sqlite3_column_int64(statement.handle, 1)) ?? .epoch
        while try statement.step() {}
        return RecordMetadata(revision: revision, createdAt: created, updatedAt: time)
    }

    /// Why an update or a delete found nothing: the record is not there, has another revision, or one that cannot be.
    private func absence(of key: Key, _ table: Table, expecting revision: Int?) throws -> StorageError {
        let statement = try access.statements(of: table).statement(.revision, access.handle)
        statement.bind(key.values)
        defer { statement.reset() }
        guard try statement.step() else { return .notFound(table, key) }
        let actual = try Revisions.checked(Int(sqlite3_column_int64(statement.handle, 0)), of: table)
        return revision.map { .conflict(table, key, expected: $0, actual: actual) } ?? .notFound(table, key)
    }

    // MARK: Delete

    private mutating func delete(_ table: Table, _ key: Key, expecting revision: Int?) throws -> RecordMetadata {
        let statements = access.statements(of: table)
        let statement = try statements.statement(revision == nil ? .delete : .deleteChecked, access.handle)
        statement.bind(key.values + (revision.map { [.int($0)] } ?? []))
        guard var metadata = try returned(by: statement) else {
            throw try absence(of: key, table, expecting: revision)
        }
        metadata.revision += 1
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
        if isInsert, try owners(table, columns: table.key, values).contains(key) {
            return .duplicate(table, key, index: nil, other: key)
        }
        for index in table.indexes where index.isUnique {
            let columns = index.parts.map(\.column)
            if columns.contains(where: { values[$0].isNull }) { continue }
            if let other = try owners(table, columns: columns, values).first(where: { $0 != key }) {
                return .duplicate(table, key, index: index, other: other)
            }
        }
        return nil
    }

    /// The keys of records that have the same values in columns; at most two.
    private func owners(_ table: Table, columns: [Int], _ values: [Value]) throws -> [Key] {
        let sql = access.statements(of: table).sql.owner(by: columns)
        return try access.with(sql, columns.map { values[$0] }) { statement in
            let row = SQLiteKeyRow(table: table, statement: statement.handle)
            var keys: [Key] = []
            while try statement.step() { keys.append(try row.key) }
            return keys
        }
    }
}

extension WriteOperation {
    /// Whether SQLite undoes it whole if it fails. A delete also writes down the revision.
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
