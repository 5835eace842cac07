import CSQLite
import CairnCore

/// A condition that SQLite has no words for, with the meaning it has on every driver: arithmetic, lengths, elements of lists,
/// paths into JSON.
///
/// `cairn_row(test, column…)` is 1 or 0, or null for neither. The test is bound as a pointer, which nothing but a function of
/// this process can read; the columns are those the condition looks at, in the order of `columns`.
///
/// Not Sendable: its row is written for each call, under the lock of the connection whose statement it is bound to.
final class RowTest {
    static let function = "cairn_row"
    /// The name under which the pointer is bound; SQLite gives it to functions that ask for this name only.
    private static let pointerType: StaticString = "cairn_row_test"

    /// The columns the condition looks at.
    let columns: [Int]
    private let filter: RowFilter
    private let row: RecordRow

    init(_ condition: Condition, of table: Table) {
        columns = Set(condition.columns).sorted()
        filter = RowFilter(condition)
        row = RecordRow(table: table, values: [Value](repeating: .null, count: table.columns.count))
    }

    /// Binds it to a parameter. The statement keeps it until it is bound anew or finalized.
    ///
    /// Safety: it is retained once here and released once by SQLite, also when binding fails.
    func bind(to statement: OpaquePointer, at index: Int32) {
        RowTest.pointerType.utf8Start.withMemoryRebound(to: CChar.self, capacity: RowTest.pointerType.utf8CodeUnitCount)
        {
            _ = sqlite3_bind_pointer(statement, index, Unmanaged.passRetained(self).toOpaque(), $0) { test in
                if let test { Unmanaged<RowTest>.fromOpaque(test).release() }
            }
        }
    }

    static func register(on connection: OpaquePointer) throws {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS
        let code = sqlite3_create_function_v2(connection, function, -1, flags, nil, call, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure(connection) }
    }

    /// Safety: SQLite calls it with `count` arguments, valid until it returns; the pointer is of a `RowTest` that the statement
    /// being run retains.
    private static let call: @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void = {
        context, count, arguments in
        let test = arguments.flatMap { arguments in
            pointerType.utf8Start.withMemoryRebound(to: CChar.self, capacity: pointerType.utf8CodeUnitCount) { type in
                count > 0 ? sqlite3_value_pointer(arguments[0], type) : nil
            }
        }
        guard let arguments, let test else { return sqlite3_result_error_code(context, SQLITE_MISUSE) }
        let box = Unmanaged<RowTest>.fromOpaque(test).takeUnretainedValue()
        do {
            let result = try box.check(arguments + 1, count: Int(count) - 1)
            guard let result else { return sqlite3_result_null(context) }
            sqlite3_result_int(context, result ? 1 : 0)
        } catch {
            // What is stored is not what the schema says.
            sqlite3_result_error_code(context, SQLITE_CORRUPT)
        }
    }

    private func check(_ arguments: UnsafeMutablePointer<OpaquePointer?>, count: Int) throws -> Bool? {
        for (place, column) in columns.enumerated().prefix(count) {
            row.current[column] = try value(arguments[place], column)
        }
        return try filter.matches(row)
    }

    /// The value of an argument, read as the type of its column; the counterpart of `SQLiteRow` for arguments.
    private func value(_ argument: OpaquePointer?, _ column: Int) throws -> Value {
        guard let argument, sqlite3_value_type(argument) != SQLITE_NULL else { return .null }
        let type = row.table.columns[column].valueType
        let value: Value? =
            switch type {
            case .string: text(argument).map(Value.string)
            case .int: .int(Int(sqlite3_value_int64(argument)))
            case .double: .double(sqlite3_value_double(argument))
            case .bool: .bool(sqlite3_value_int64(argument) != 0)
            case .uuid: UUID(bytes: blob(argument)).map(Value.uuid)
            case .bytes: .bytes(Array(blob(argument)))
            case .timestamp: Timestamp(microseconds: sqlite3_value_int64(argument)).map(Value.timestamp)
            case .date: CalendarDate(daysSinceEpoch: Int(sqlite3_value_int64(argument))).map(Value.date)
            case .decimal: SQLiteColumn.decimal(Array(blob(argument))).map(Value.decimal)
            case .json: text(argument).flatMap { try? JSONValue(parsing: $0) }.map(Value.json)
            case .array: text(argument).flatMap { ValueJSON.parse($0, as: type) }
            }
        guard let value else { throw row.mismatch(column) }
        return value
    }

    private func text(_ argument: OpaquePointer) -> String? {
        // The order matters: asking for the text may convert, and the count is that of the last form asked for.
        guard let text = sqlite3_value_text(argument) else { return nil }
        return Utf8.string(UnsafeBufferPointer(start: text, count: Int(sqlite3_value_bytes(argument))))
    }

    private func blob(_ argument: OpaquePointer) -> UnsafeRawBufferPointer {
        let bytes = sqlite3_value_blob(argument)
        return UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_value_bytes(argument)))
    }
}
