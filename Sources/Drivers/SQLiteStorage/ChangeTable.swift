import CSQLite
import CairnCore
import CairnSchema

/// The table `_cairn_changes`: what commits did to the tables that have `"changes": true`, a row for each record, written by the commit
/// itself.
///
/// The problem: who follows the changes comes and goes, from several processes, and must find out when it cannot go on: because rows were
/// trimmed, or because the file is a copy, or a backup that was put back, and has gone another way since. The idea: numbers without gaps,
/// and a random tag on all rows of a commit. A position is the number and the tag of the last row of a commit.
///
/// What holds:
/// - Rows go in the order of their numbers, so what is behind a row that is there is there. The row before the oldest that must be kept
///   stays, and the one before the newest commit: who has everything up to there can go on.
/// - A row that is there with another tag, or a number beyond the newest, is of another history.
/// - A row whose table is empty tells of no record. One is written with the table, and one by every migration, which removes those
///   before it: they are in the form of the old schema.
/// - Records are in it as JSON with their columns by name, like record files: programs may declare them in any order.
struct ChangeTable {
    /// Rows removed by a small commit at most, so that none pays for a heap.
    static let trimmedAtOnce = 4000

    private let access: SQLiteConnection.Access

    init(_ access: SQLiteConnection.Access) {
        self.access = access
    }

    /// A row, and with it the place behind it.
    struct Mark: Sendable {
        let number: Int
        let tag: Int

        /// A tag that no other commit has.
        static var newTag: Int { .random(in: 1...1 << 53) }
    }

    // MARK: The table

    static let name = "_cairn_changes"

    /// The statement that makes the table.
    static let creation = """
        CREATE TABLE IF NOT EXISTS "_cairn_changes" ("number" INTEGER NOT NULL PRIMARY KEY, "tag" INTEGER NOT NULL,
        "at" INTEGER NOT NULL, "table" TEXT NOT NULL, "before" TEXT, "after" TEXT) STRICT
        """

    /// The statement that begins a history.
    static func beginning(at time: Timestamp) -> (sql: String, values: [Value]) {
        (insertion, [.int(Mark.newTag), .timestamp(time), .string(""), .null, .null])
    }

    private static let insertion =
        "INSERT INTO \"_cairn_changes\" (\"tag\", \"at\", \"table\", \"before\", \"after\") VALUES (?, ?, ?, ?, ?)"

    /// Brings the table to a new schema: what was kept in the old one is gone.
    func migrate(to schema: Schema, at time: Timestamp) throws {
        guard schema.keepsChanges else { return try access.run("DROP TABLE IF EXISTS \"_cairn_changes\"") }
        try access.run(ChangeTable.creation)
        let beginning = ChangeTable.beginning(at: time)
        try access.run(beginning.sql, beginning.values)
        try access.run("DELETE FROM \"_cairn_changes\" WHERE \"number\" < ?", [.int(try newest().number)])
    }

    // MARK: Writing

    /// Writes down what a commit did to a record.
    func add(_ table: Table, before: String?, after: String?, tag: Int, at time: Timestamp) throws {
        func value(_ text: String?) -> Value { text.map(Value.string) ?? .null }
        try access.run(
            ChangeTable.insertion,
            [.int(tag), .timestamp(time), .string(table.name), value(before), value(after)])
    }

    /// Removes the oldest rows where there are too many, or they are too old.
    /// - Parameters:
    ///   - most: How many rows stay, beside the one before them.
    ///   - oldest: Rows from before this time go.
    ///   - last: The newest row that everyone may have seen: it stays, with what is behind it.
    ///   - atOnce: How many go at most.
    func trim(most: Int, oldest: Timestamp, upTo last: Int, atOnce: Int) throws {
        guard let first = try mark("ORDER BY \"number\" LIMIT 1")?.number, first < last else { return }
        let bound = last - first > atOnce ? first + atOnce : last
        let young = try mark(
            "WHERE \"number\" BETWEEN ? AND ? AND \"at\" >= ? ORDER BY \"number\" LIMIT 1",
            [.int(first), .int(bound), .timestamp(oldest)])
        let byAge = young.map { $0.number - 1 } ?? bound
        let kept = min(max(byAge, try newest().number - max(most, 1)), bound)
        guard kept > first else { return }
        try access.run("DELETE FROM \"_cairn_changes\" WHERE \"number\" < ?", [.int(kept)])
    }

    // MARK: Reading

    private func mark(_ condition: String, _ values: [Value] = []) throws -> Mark? {
        try access.with("SELECT \"number\", \"tag\" FROM \"_cairn_changes\" \(condition)", values) { statement in
            guard try statement.step() else { return nil }
            return Mark(
                number: Int(sqlite3_column_int64(statement.handle, 0)),
                tag: Int(sqlite3_column_int64(statement.handle, 1)))
        }
    }

    /// The newest row.
    /// - Throws: `storage.damaged` when there is none.
    func newest() throws -> Mark {
        guard let mark = try mark("ORDER BY \"number\" DESC LIMIT 1") else {
            throw StorageError(
                .damaged, "the table '_cairn_changes' of \(access.place) is empty",
                remedy:
                    "somebody emptied it: restore it from a backup, or migrate to a schema without \"changes\" and back"
            )
        }
        return mark
    }

    /// The number of the last row that is not of the commit of the newest; nil when all are.
    func last(beside newest: Mark) throws -> Int? {
        try mark("WHERE \"tag\" <> ? ORDER BY \"number\" DESC LIMIT 1", [.int(newest.tag)])?.number
    }

    /// How a row that somebody stands at is found.
    enum Standing {
        case there
        case trimmed
        /// Of another history.
        case foreign
    }

    func standing(of mark: Mark) throws -> Standing {
        if let found = try self.mark("WHERE \"number\" = ?", [.int(mark.number)]) {
            return found.tag == mark.tag ? .there : .foreign
        }
        return mark.number > (try newest().number) ? .foreign : .trimmed
    }

    /// A row as it stands in the table.
    struct Row {
        let mark: Mark
        let time: Timestamp
        let table: String
        let before: [UInt8]?
        let after: [UInt8]?
    }

    /// Lends the rows behind a number to `body`, in their order, until it returns false.
    func read(after number: Int, _ body: (Row) throws -> Bool) throws {
        let sql = """
            SELECT "number", "tag", "at", "table", "before", "after" FROM "_cairn_changes" WHERE "number" > ? ORDER BY "number"
            """
        try access.with(sql, [.int(number)]) { statement in
            while try statement.step() {
                let row = Row(
                    mark: Mark(
                        number: Int(sqlite3_column_int64(statement.handle, 0)),
                        tag: Int(sqlite3_column_int64(statement.handle, 1))),
                    time: Timestamp(microseconds: sqlite3_column_int64(statement.handle, 2)) ?? .epoch,
                    table: String(decoding: ChangeTable.bytes(statement, 3) ?? [], as: UTF8.self),
                    before: ChangeTable.bytes(statement, 4), after: ChangeTable.bytes(statement, 5))
                guard try body(row) else { return }
            }
        }
    }

    /// The bytes of a text; nil for null.
    private static func bytes(_ statement: SQLiteStatement, _ column: Int32) -> [UInt8]? {
        guard let text = sqlite3_column_text(statement.handle, column) else { return nil }
        return Array(UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement.handle, column))))
    }
}
