import CSQLite
import CairnCore

/// Counts the rows that SQLite looks at while a query runs, for `explain`.
///
/// `cairn_visited(counter)` is always true and stands first in the condition. It depends on no column and is not declared
/// deterministic, so SQLite asks it once for each row that it comes to by an index or by reading the table, before it checks
/// what else must hold, and plans the query as it would without it.
final class VisitCounter {
    static let function = "cairn_visited"
    /// The name under which the pointer is bound; SQLite gives it to functions that ask for this name only.
    private static let pointerType: StaticString = "cairn_visit_counter"

    private let counter: ReadCounter

    init(_ counter: ReadCounter) {
        self.counter = counter
    }

    /// Binds it to a parameter. The statement keeps it until it is bound anew or finalized.
    ///
    /// Safety: it is retained once here and released once by SQLite, also when binding fails.
    func bind(to statement: OpaquePointer, at index: Int32) {
        VisitCounter.withType { type in
            _ = sqlite3_bind_pointer(statement, index, Unmanaged.passRetained(self).toOpaque(), type) { counter in
                if let counter { Unmanaged<VisitCounter>.fromOpaque(counter).release() }
            }
        }
    }

    static func register(on connection: OpaquePointer) throws {
        let code = sqlite3_create_function_v2(
            connection, function, 1, SQLITE_UTF8 | SQLITE_INNOCUOUS, nil, call, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure(connection) }
    }

    /// Safety: SQLite calls it with one argument, as registered, valid until it returns; the pointer is of a `VisitCounter` that
    /// the statement being run retains.
    private static let call: @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void = {
        context, _, arguments in
        let counter = arguments.flatMap { arguments in withType { sqlite3_value_pointer(arguments[0], $0) } }
        guard let counter else { return sqlite3_result_error_code(context, SQLITE_MISUSE) }
        Unmanaged<VisitCounter>.fromOpaque(counter).takeUnretainedValue().counter.add()
        sqlite3_result_int(context, 1)
    }

    /// Safety: the text of a `StaticString` ends with a zero and lives as long as the process.
    private static func withType<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        pointerType.utf8Start.withMemoryRebound(to: CChar.self, capacity: pointerType.utf8CodeUnitCount, body)
    }
}
