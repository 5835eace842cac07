import CSQLite
import CairnCore

/// The SQL functions that give text operators on SQLite the meaning they have on every driver.
///
/// `cairn_match(text, kind, operand)` is 1 or 0, or null for null. SQLite's own `LIKE` folds ASCII only and, as `length()`,
/// stops at a NUL.
enum SQLiteFunctions {
    /// The number of a kind of match, as it stands in SQL.
    static func number(of match: Condition.TextMatch, ignoringCase: Bool) -> Int {
        (matches.firstIndex(of: match) ?? 0) * 2 + (ignoringCase ? 1 : 0)
    }

    private static let matches: [Condition.TextMatch] = [.equals, .hasPrefix, .hasSuffix, .contains, .like, .matches]

    /// Keeps a matcher from one row to the next.
    private final class MatcherBox {
        let matcher: TextMatcher
        init(_ matcher: TextMatcher) { self.matcher = matcher }
    }

    static func register(on connection: OpaquePointer) throws {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS
        let code = sqlite3_create_function_v2(connection, "cairn_match", 3, flags, nil, match, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure(connection) }
        try RowTest.register(on: connection)
        try VisitCounter.register(on: connection)
    }

    /// Safety: SQLite calls it with three arguments, as registered. The pointers its values give are valid until it returns.
    /// The matcher is kept as auxiliary data of the operand, retained once, and released by SQLite through the destructor;
    /// when SQLite cannot keep it, it calls the destructor at once, so the box is not used after that.
    private static let match: @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void = {
        context, _, arguments in
        guard let arguments, sqlite3_value_type(arguments[0]) != SQLITE_NULL else {
            return sqlite3_result_null(context)
        }
        let text = utf8(arguments[0])
        if let kept = sqlite3_get_auxdata(context, 2) {
            let box = Unmanaged<MatcherBox>.fromOpaque(kept).takeUnretainedValue()
            return sqlite3_result_int(context, box.matcher.matches(utf8: text) ? 1 : 0)
        }
        let number = Int(sqlite3_value_int64(arguments[1]))
        let operand = String(decoding: utf8(arguments[2]), as: UTF8.self)
        let matcher = TextMatcher(matches[number / 2 % matches.count], operand, ignoringCase: number % 2 == 1)
        sqlite3_result_int(context, matcher.matches(utf8: text) ? 1 : 0)
        sqlite3_set_auxdata(context, 2, Unmanaged.passRetained(MatcherBox(matcher)).toOpaque()) { box in
            if let box { Unmanaged<MatcherBox>.fromOpaque(box).release() }
        }
    }

    private static func utf8(_ value: OpaquePointer?) -> UnsafeBufferPointer<UInt8> {
        let text = sqlite3_value_text(value)
        return UnsafeBufferPointer(start: text, count: Int(sqlite3_value_bytes(value)))
    }
}
