import CairnCore

extension IndexCondition {
    /// The condition in SQL: columns, values and operators alone, as SQLite asks it of the `WHERE` of an index. Where the same text
    /// stands in a query, SQLite sees that the index has all its rows.
    func sql(_ table: Table) -> String {
        func name(_ column: Int) -> String { TableSQL.quoted(table.columns[column].name) }
        func joined(_ parts: [IndexCondition], by word: String, empty: String) -> String {
            parts.isEmpty ? empty : "(\(parts.map { $0.sql(table) }.joined(separator: word)))"
        }
        return switch self {
        case .compare(let column, let comparison, let value):
            "\(name(column)) \(comparison.rawValue) \(SQLiteColumn.literal(value))"
        case .isNull(let column): "\(name(column)) IS NULL"
        case .isIn(_, let values) where values.isEmpty: "0"
        case .isIn(let column, let values):
            "\(name(column)) IN (\(values.map(SQLiteColumn.literal).joined(separator: ", ")))"
        case .and(let parts): joined(parts, by: " AND ", empty: "1")
        case .or(let parts): joined(parts, by: " OR ", empty: "0")
        case .not(let part): "NOT (\(part.sql(table)))"
        }
    }
}

extension SQLiteColumn {
    /// A value as it is written in SQL, in the form SQLite keeps it in. For the conditions of indexes alone, which know no parameters.
    fileprivate static func literal(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .bool(let bool): bool ? "1" : "0"
        case .int(let int): "\(int)"
        case .double(let double): "\(double)"
        case .timestamp(let time): "\(time.microseconds)"
        case .date(let date): "\(date.daysSinceEpoch)"
        case .string(let text):
            // By bytes: a quote with an accent behind it is one character, and no quote.
            "'\(String(decoding: text.utf8.flatMap { $0 == UInt8(ascii: "'") ? [$0, $0] : [$0] }, as: UTF8.self))'"
        case .bytes(let bytes): "X'\(Hex.encode(bytes))'"
        case .uuid(let uuid): "X'\(Hex.encode(withUnsafeBytes(of: uuid.uuid, Array.init)))'"
        case .decimal(let decimal): "X'\(Hex.encode(bytes(of: decimal)))'"
        // No index compares these.
        case .json, .array: "NULL"
        }
    }
}
