import CSQLite
import CairnCore

/// Reads the current row of a statement that selects all columns of a table in order, then revision and times.
///
/// Integers are read without a look at their type: the columns are of `STRICT` tables, and those that cannot be null are
/// declared so.
final class SQLiteRow: RowReader {
    private let statement: OpaquePointer
    private let columnCount: Int32

    init(table: Table, statement: OpaquePointer) {
        self.statement = statement
        columnCount = Int32(table.columns.count)
        super.init(table: table)
    }

    override var revision: Int { Int(sqlite3_column_int64(statement, columnCount)) }
    override var createdAt: Timestamp { time(columnCount + 1) }
    override var updatedAt: Timestamp { time(columnCount + 2) }

    private func time(_ column: Int32) -> Timestamp {
        Timestamp(microseconds: sqlite3_column_int64(statement, column)) ?? .epoch
    }

    override func isNull(_ column: Int) throws -> Bool {
        sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
    }

    override func int(_ column: Int) throws -> Int { Int(sqlite3_column_int64(statement, Int32(column))) }

    override func double(_ column: Int) throws -> Double {
        let double = sqlite3_column_double(statement, Int32(column))
        // SQLite has infinities, and no column of Cairn's does.
        guard double.isFinite else { throw mismatch(column) }
        return double
    }

    override func bool(_ column: Int) throws -> Bool { sqlite3_column_int64(statement, Int32(column)) != 0 }

    override func string(_ column: Int) throws -> String {
        // The order matters: asking for the text may convert, and the count is that of the last form asked for.
        guard let text = sqlite3_column_text(statement, Int32(column)) else { throw mismatch(column) }
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        guard let string = Utf8.string(UnsafeBufferPointer(start: text, count: count)) else { throw mismatch(column) }
        return string
    }

    /// The bytes of a blob, valid until the statement moves on.
    private func blob(_ column: Int) -> UnsafeRawBufferPointer {
        let bytes = sqlite3_column_blob(statement, Int32(column))
        return UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, Int32(column))))
    }

    override func uuid(_ column: Int) throws -> UUID {
        guard let uuid = UUID(bytes: blob(column)) else { throw mismatch(column) }
        return uuid
    }

    override func bytes(_ column: Int) throws -> [UInt8] { Array(blob(column)) }

    override func timestamp(_ column: Int) throws -> Timestamp {
        guard let time = Timestamp(microseconds: sqlite3_column_int64(statement, Int32(column))) else {
            throw mismatch(column)
        }
        return time
    }

    override func date(_ column: Int) throws -> CalendarDate {
        guard let date = CalendarDate(daysSinceEpoch: try int(column)) else { throw mismatch(column) }
        return date
    }

    override func decimal(_ column: Int) throws -> DecimalNumber {
        guard let decimal = SQLiteColumn.decimal(Array(blob(column))) else { throw mismatch(column) }
        return decimal
    }

    override func json(_ column: Int) throws -> JSONValue {
        do {
            return try JSONValue(parsing: try string(column))
        } catch is JSONError {
            throw mismatch(column)
        }
    }

    override func elements(_ column: Int) throws -> [Value] {
        guard case .array(let elements)? = ValueJSON.parse(try string(column), as: table.columns[column].valueType)
        else {
            throw mismatch(column)
        }
        return elements
    }

    override func value(_ column: Int) throws -> Value {
        let value = try value(at: column, of: table.columns[column].valueType)
        if value.isNull, !table.columns[column].isNullable { throw mismatch(column) }
        return value
    }

    /// The value at a place of the row, read as a type.
    func value(at place: Int, of type: ValueType) throws -> Value {
        if try isNull(place) { return .null }
        return switch type {
        case .string: .string(try string(place))
        case .int: .int(try int(place))
        case .double: .double(try double(place))
        case .bool: .bool(try bool(place))
        case .uuid: .uuid(try uuid(place))
        case .bytes: .bytes(try bytes(place))
        case .timestamp: .timestamp(try timestamp(place))
        case .date: .date(try date(place))
        case .decimal: .decimal(try decimal(place))
        case .json: .json(try json(place))
        case .array: .array(try elements(place))
        }
    }
}
