import CairnSchema

/// Checks records before any driver sees them, and brings values to their one stored form.
///
/// Every value is of its column's type; null stands only where it may; doubles are finite and `-0.0` becomes `0.0`; a JSON
/// `null` in a column that may be null is null; bounds, lengths and enums hold; key and record are within the limits.
package struct RecordCheck: Sendable {
    private let table: Table
    /// For each column the quick look, which decides almost all values.
    private let looks: [QuickLook]
    private let columns: [ColumnRule]

    /// What to check for one column, prepared once.
    private struct ColumnRule: Sendable {
        let column: Column
        let hasRules: Bool
        /// The values of an enum, for texts of any bytes; nil for other columns.
        let cases: Set<Value>?
        /// The pattern of a text column, read once.
        let pattern: RegularExpression?
    }

    package init(_ table: Table) {
        self.table = table
        columns = table.columns.map { column in
            var cases: Set<Value>?
            if case .enumeration(let values) = column.type { cases = Set(values.map(Value.string)) }
            return ColumnRule(
                column: column, hasRules: !column.rules.isEmpty, cases: cases,
                pattern: column.rules.pattern.flatMap { try? RegularExpression($0) })
        }
        looks = columns.map { QuickLook($0.column, isFree: !$0.hasRules && $0.cases == nil) }
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
            if let size = looks[index].size(of: values[index]) {
                checked.size += size
                continue
            }
            let (size, changed) = try check(values[index], columns[index])
            checked.size += size
            if let changed {
                var copy = checked.changed ?? values
                copy[index] = changed
                checked.changed = copy
            }
        }
        if !isShort(keyOf: values) { try checkKey(table.key(of: values)) }
        guard checked.size <= Limits.recordBytes else {
            throw StorageError.limit(
                "a record of table '\(table.name)' has \(checked.size) bytes; the limit is \(Limits.recordBytes)",
                table: table, remedy: "keep large data outside and its address here")
        }
        return checked
    }

    /// Whether the key is within the limits however it is written: no byte becomes more than three.
    private func isShort(keyOf values: [Value]) -> Bool {
        guard table.key.count == 1, case .string(let text) = values[table.key[0]] else { return false }
        return text.utf8.count <= Limits.keyPartBytes / 3
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
        if rule.hasRules, let broken = ColumnCheck.brokenRule(value, column.rules, rule.pattern) {
            throw StorageError.invalid(table, column, broken, remedy: "change the value")
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

/// What can be seen of a value without looking at its column, which takes longer than most checks.
private struct QuickLook: Sendable {
    private enum Kind: Sendable { case string, int, double, bool, uuid, timestamp, date, decimal, other }

    private let kind: Kind
    private let isNullable: Bool

    /// - Parameter isFree: Whether every value of the type will do.
    init(_ column: Column, isFree: Bool) {
        isNullable = column.isNullable
        kind =
            switch column.valueType {
            case _ where !isFree: .other
            case .string: .string
            case .int: .int
            case .double: .double
            case .bool: .bool
            case .uuid: .uuid
            case .timestamp: .timestamp
            case .date: .date
            case .decimal: .decimal
            case .bytes, .json, .array: .other
            }
    }

    /// The size of a value that is as it should be; nil for one that needs more than a look.
    func size(of value: Value) -> Int? {
        switch value {
        case .null: isNullable ? 0 : nil
        case .string(let text): kind == .string ? text.utf8.count : nil
        // Zero may be the negative one.
        case .double(let double): kind == .double && double.isFinite && double != 0 ? 8 : nil
        case .int: kind == .int ? 8 : nil
        case .bool: kind == .bool ? 8 : nil
        case .timestamp: kind == .timestamp ? 8 : nil
        case .date: kind == .date ? 8 : nil
        case .uuid: kind == .uuid ? 16 : nil
        case .decimal: kind == .decimal ? 16 : nil
        case .bytes, .json, .array: nil
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
