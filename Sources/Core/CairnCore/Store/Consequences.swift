import CairnSchema

/// What else is written when records are deleted, by `on_delete` of the references to them.
///
/// The problem: `cascade` and `set_null` reach from table to table, in circles too, and every driver must end with the same
/// records, revisions and errors. The idea: they are found here, above the drivers, and become operations like any other, so that
/// a driver has nothing to do but to write them. Deletes that stand next to one another happen together:
///
/// 1. All records that go are found first, level by level: those that refer by `cascade` to a record that goes, go.
/// 2. Then those that stay and refer by `set_null` to a record that goes: each is updated once, all such columns null.
/// 3. Written are the deletes asked for, in their order; the other deletes, level by level, in the order of tables and keys; the
///    updates, in the order of tables and keys. Each record is written once, so its revision grows by one.
///
/// `restrict` is no part of it: whoever still refers to a record that went is found at the commit, on every driver.
struct Consequences {
    private let schema: Schema
    private let reader: any StorageReader

    init(_ schema: Schema, _ reader: any StorageReader) {
        self.schema = schema
        self.reader = reader
    }

    /// Whether deleting a record of a table can have consequences.
    static func concern(_ operation: WriteOperation) -> Bool {
        guard case .delete(let table, _, _) = operation else { return false }
        return table.referrers.contains { $0.onDelete != .restrict }
    }

    /// How many keys one query asks for.
    private static let portion = 500

    /// The operations to write after deletes that happen together.
    /// - Parameters:
    ///   - deletes: Deletes, of any tables; their records need not exist.
    ///   - room: How many operations there may be.
    /// - Throws: `storage.limit` when there are more.
    func operations(of deletes: [WriteOperation], room: Int) async throws -> [WriteOperation] {
        var going = Going(schema, deletes.map { ($0.table, $0.key) })
        var level = Dictionary(grouping: deletes.map { ($0.table.position, $0.key) }, by: \.0).mapValues { $0.map(\.1) }
        var operations: [WriteOperation] = []
        while !level.isEmpty {
            let next = try await referrers(of: level, going)
            for (table, key) in next {
                going.add(schema.tables[table], key)
                operations.append(.delete(schema.tables[table], key, expecting: nil))
            }
            try Consequences.check(operations.count, room)
            level = Dictionary(grouping: next, by: \.0).mapValues { $0.map(\.1) }
        }
        return try await operations + updates(going, room: room - operations.count)
    }

    private static func check(_ count: Int, _ room: Int) throws {
        guard count <= room else {
            throw StorageError.limit(
                "a delete takes so many records along that the write has more than \(Limits.batchOperations) operations",
                remedy: "delete the records that refer to it first, in several parts")
        }
    }

    /// Which records go, and which of them were found.
    private struct Going {
        private let layouts: [KeyLayout]
        private var encoded: [Set<[UInt8]>]
        private(set) var keys: [[Key]]

        init(_ schema: Schema, _ records: [(Table, Key)]) {
            layouts = schema.tables.map { KeyLayout(keyOf: $0) }
            encoded = schema.tables.map { _ in [] }
            keys = schema.tables.map { _ in [] }
            for (table, key) in records { add(table, key) }
        }

        mutating func add(_ table: Table, _ key: Key) {
            if encoded[table.position].insert(bytes(table, key)).inserted { keys[table.position].append(key) }
        }

        func contains(_ table: Table, _ key: Key) -> Bool { encoded[table.position].contains(bytes(table, key)) }
        func bytes(_ table: Table, _ key: Key) -> [UInt8] { layouts[table.position].encode(key) }
    }

    // MARK: Cascade

    /// The records that refer by `cascade` to some that go, and were not known to go; in the order of tables and keys.
    private func referrers(of level: [Int: [Key]], _ going: Going) async throws -> [(Int, Key)] {
        var found = going
        for (position, keys) in level {
            for reference in schema.tables[position].referrers where reference.onDelete == .cascade {
                let table = schema.tables[reference.table]
                try await read(table, reference, keys, columns: Set(table.key)) { row in
                    found.add(table, try row.key())
                }
            }
        }
        return schema.tables.flatMap { table in
            found.keys[table.position].dropFirst(going.keys[table.position].count)
                .map { (bytes: found.bytes(table, $0), key: $0) }
                .sorted { KeyBytes.isLess($0.bytes, $1.bytes) }
                .map { (table.position, $0.key) }
        }
    }

    /// Reads the records that refer to some keys.
    private func read(
        _ table: Table, _ reference: Reference, _ keys: [Key], columns: Set<Int>?, _ body: (RowReader) throws -> Void
    ) async throws {
        for start in stride(from: 0, to: keys.count, by: Consequences.portion) {
            let values = keys[start..<min(start + Consequences.portion, keys.count)].map(\.first)
            var query = Query(table, where: .isIn(column: reference.column, values))
            query.columns = columns
            let cursor = try await reader.rows(query)
            defer { cursor.close() }
            func take(_ row: RowReader) throws -> Bool {
                try body(row)
                return true
            }
            while try await cursor.next(Session.portion, take) { try Deadline.check() }
        }
    }

    // MARK: Set null

    /// The updates of records that stay and refer by `set_null` to some that go.
    private func updates(_ going: Going, room: Int) async throws -> [WriteOperation] {
        var updates: [(table: Int, key: [UInt8], values: [Value])] = []
        for table in schema.tables {
            var places: [[UInt8]: Int] = [:]
            for reference in table.references where reference.onDelete == .setNull {
                try await read(table, reference, going.keys[reference.target], columns: nil) { row in
                    let key = try row.key()
                    if going.contains(table, key) { return }
                    let bytes = going.bytes(table, key)
                    if places[bytes] == nil {
                        places[bytes] = updates.count
                        updates.append((table.position, bytes, try row.values()))
                        try Consequences.check(updates.count, room)
                    }
                    if let place = places[bytes] { updates[place].values[reference.column] = .null }
                }
            }
        }
        return updates.sorted { left, right in
            left.table == right.table ? KeyBytes.isLess(left.key, right.key) : left.table < right.table
        }
        .map { .update(schema.tables[$0.table], $0.values, expecting: nil) }
    }
}
