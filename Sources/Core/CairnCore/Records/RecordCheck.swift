import CairnSchema

/// Checks records before any driver sees them, and brings values to their one stored form.
///
/// Every value is of its column's type; null stands only where it may; doubles are finite and `-0.0` becomes `0.0`; a JSON
/// `null` in a column that may be null is null; bounds, lengths and enums hold; key and record are within the limits.
package struct RecordCheck: Sendable {
    private let table: Table
    private let columns: [ColumnRule]

    /// What to check for one column, prepared once.
    private struct ColumnRule: Sendable {
        let column: Column
        let isKey: Bool
        let hasRules: Bool
        /// The values of an enum, for texts of any bytes; nil for other columns.
        let cases: Set<Value>?
    }

    package init(_ table: Table) {
        self.table = table
        columns = table.columns.map { column in
            var cases: Set<Value>?
            if case .enumeration(let values) = column.type { cases = Set(values.map(Value.string)) }
            return ColumnRule(
                column: column, isKey: table.isKey(column.position), hasRules: !column.rules.isEmpty, cases: cases)
        }
    }

    /// What checking a record gives.
    package struct Checked {
        /// The bytes of its values.
        package var size = 0
        /// The values in their stored form, when that differs from the form they came in. It rarely does, and not touching
        /// the values saves copying them.
        package var changed: [Value]?
    }

    /// Checks the values of a record.
    /// - Throws: `storage.invalid` naming column and rule; `storage.limit`.
    package func check(_ values: [Value]) throws -> Checked {
        guard values.count == columns.count else {
            throw StorageError(
                .invalid, "a record of table '\(table.name)' has \(columns.count) values, found \(values.count)")
        }
        var checked = Checked()
        for index in columns.indices {
            let (size, changed) = try check(values[index], columns[index])
            checked.size += size
            if let changed {
                var copy = checked.changed ?? values
                copy[index] = changed
                checked.changed = copy
            }
        }
        try checkKey(table.key(of: values))
        guard checked.size <= Limits.recordBytes else {
            throw StorageError.limit(
                "a record of table '\(table.name)' has \(checked.size) bytes; the limit is \(Limits.recordBytes)",
                table: table, remedy: "keep large data outside and its address here")
        }
        return checked
    }

    /// Checks the lengths of a key.
    /// - Throws: `storage.limit` naming the column.
    package func checkKey(_ key: Key) throws {
        var total = key.count - 1
        for index in 0..<key.count {
            let count = KeyText.longestCount(key[index])
            guard count <= Limits.keyPartBytes else {
                let column = table.columns[table.key[index]]
                throw StorageError.limit(
                    "the key column '\(column.name)' of table '\(table.name)' has \(count) bytes as the name of an object; the limit is \(Limits.keyPartBytes)",
                    table: table, column: column,
                    remedy: "use a shorter key, such as a uuid; characters outside a-z 0-9 - _ count three bytes each")
            }
            total += count
        }
        guard total <= Limits.keyBytes else {
            throw StorageError.limit(
                "a key of table '\(table.name)' has \(total) bytes as the name of an object; the limit is \(Limits.keyBytes)",
                table: table, remedy: "use fewer or shorter key columns")
        }
    }

    /// The size of a value, and its stored form when that is another.
    private func check(_ value: Value, _ rule: ColumnRule) throws -> (size: Int, changed: Value?) {
        let column = rule.column
        var size = 8
        var changed: Value?
        switch (column.valueType, value) {
        case (.string, .string(let text)):
            size = text.utf8.count
            if let cases = rule.cases, !cases.contains(value) { throw StorageError.unknownCase(text, table, column) }
        case (.int, .int), (.timestamp, .timestamp), (.date, .date), (.bool, .bool): break
        case (.double, .double(let double)):
            try checkFinite(double, column)
            if double == 0, double.sign == .minus { changed = .double(0) }
        case (.uuid, .uuid), (.decimal, .decimal): size = 16
        case (.bytes, .bytes(let bytes)): size = bytes.count
        case (.json, .json(.null)) where column.isNullable: return (0, .null)
        case (.json, .json(let json)): size = try JSONCheck(table: table, column: column).size(json, depth: 1)
        case (.array(let element), .array(let elements)):
            (size, changed) = try check(elements, of: element, column)
        case (_, .null):
            guard column.isNullable else {
                throw StorageError.invalid(table, column, "a value is missing: it may not be null")
            }
            return (0, nil)
        default:
            throw StorageError.invalid(
                table, column, "a value of type \(column.valueType) is expected, found \(RecordCheck.kind(of: value))")
        }
        if rule.hasRules, let broken = ColumnCheck.brokenRule(value, column.rules) {
            throw StorageError.invalid(table, column, broken)
        }
        return (size, changed)
    }

    private func check(
        _ elements: [Value], of type: ValueType, _ column: Column
    ) throws -> (size: Int, changed: Value?) {
        var size = 8 * elements.count
        var hasNegativeZero = false
        for element in elements {
            switch (type, element) {
            case (.string, .string(let text)): size += text.utf8.count
            case (.bytes, .bytes(let bytes)): size += bytes.count
            case (.double, .double(let double)):
                try checkFinite(double, column)
                if double == 0, double.sign == .minus { hasNegativeZero = true }
            case (.json, .json(let json)): size += try JSONCheck(table: table, column: column).size(json, depth: 2)
            case (let type, let value) where type.holds(value): break
            case (_, let value):
                throw StorageError.invalid(
                    table, column, "elements are of type \(type), found \(RecordCheck.kind(of: value))")
            }
        }
        guard hasNegativeZero else { return (size, nil) }
        return (size, .array(elements.map { $0 == .double(0) ? .double(0) : $0 }))
    }

    private func checkFinite(_ double: Double, _ column: Column) throws {
        guard double.isFinite else {
            throw StorageError.invalid(
                table, column, "\(double) cannot be stored", remedy: "store null, or a finite number")
        }
    }

    /// The type of a value, for messages.
    private static func kind(of value: Value) -> String {
        switch value {
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .uuid: "uuid"
        case .timestamp: "timestamp"
        case .date: "date"
        case .decimal: "decimal"
        case .json: "json"
        case .array: "an array"
        }
    }
}

/// Checks that a JSON value can be written and read back.
private struct JSONCheck {
    let table: Table
    let column: Column

    /// About how many bytes its text has.
    func size(_ json: JSONValue, depth: Int) throws -> Int {
        switch json {
        case .null, .bool: return 4
        case .int: return 8
        case .double(let double):
            guard double.isFinite else {
                throw StorageError.invalid(table, column, "\(double) is not a number of JSON")
            }
            return 8
        case .string(let text): return text.utf8.count + 2
        case .array(let elements):
            try check(depth)
            return try elements.reduce(2) { try $0 + size($1, depth: depth + 1) + 1 }
        case .object(let object):
            try check(depth)
            return try object.members.reduce(2) { total, member in
                try total + member.name.utf8.count + size(member.value, depth: depth + 1) + 4
            }
        }
    }

    private func check(_ depth: Int) throws {
        guard depth <= Limits.jsonDepth else {
            throw StorageError.limit(
                "the JSON of column '\(column.name)' of table '\(table.name)' nests more than \(Limits.jsonDepth) deep",
                table: table, column: column, remedy: "keep what is deeper as text")
        }
    }
}

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
        for index in operations.indices { bytes += try check(&operations[index]) }
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

    private func check(_ operation: inout WriteOperation) throws -> Int {
        try check(operation.table)
        switch operation {
        case .insert(let table, let values):
            let checked = try checks[table.position].check(values)
            if let changed = checked.changed { operation = .insert(table, changed) }
            return checked.size
        case .update(let table, let values, let revision):
            let checked = try checks[table.position].check(values)
            if let changed = checked.changed { operation = .update(table, changed, expecting: revision) }
            return checked.size
        case .upsert(let table, let values):
            let checked = try checks[table.position].check(values)
            if let changed = checked.changed { operation = .upsert(table, changed) }
            return checked.size
        case .delete(let table, let key, _):
            try table.check(key)
            try checks[table.position].checkKey(key)
            return 0
        }
    }
}
