import CSQLite
import Cairn
import Foundation

/// The C interface of SQLite driven from Swift by a careful person: prepared once, constant positions, copied binds, the same
/// table, index and pragmas as Cairn's.
final class SQLiteBaseline {
    let connection: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// Texts that SQLite is to copy.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(path: String, synchronous: String) throws {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(
            path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened else { throw BaselineFailure(description: "cannot open \(path)") }
        connection = opened
        for sql in [
            "PRAGMA journal_mode = WAL", "PRAGMA synchronous = \(synchronous)", "PRAGMA foreign_keys = ON",
            "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -8192",
        ] { try execute(sql) }
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(connection)
    }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
            throw failure
        }
    }

    func createTable() throws {
        try execute(
            """
            CREATE TABLE "items" ("id" TEXT NOT NULL, "title" TEXT NOT NULL, "author" TEXT NOT NULL, "city" TEXT NOT NULL,
            "note" TEXT NOT NULL, "quantity" INTEGER NOT NULL, "rank" INTEGER NOT NULL, "price" REAL NOT NULL,
            "is_open" INTEGER NOT NULL, "seen_at" INTEGER NOT NULL, "_revision" INTEGER NOT NULL,
            "_created_at" INTEGER NOT NULL, "_updated_at" INTEGER NOT NULL, PRIMARY KEY ("id")) STRICT, WITHOUT ROWID
            """)
        try execute("CREATE INDEX \"items.by_rank\" ON \"items\" (\"rank\")")
    }

    /// What SQLite says went wrong.
    private var failure: BaselineFailure {
        BaselineFailure(description: "the baseline failed: \(String(cString: sqlite3_errmsg(connection)))")
    }

    private func statement(_ sql: String) throws -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw failure }
        statements[sql] = prepared
        return prepared
    }

    // MARK: Work

    private static let columns =
        "\"id\", \"title\", \"author\", \"city\", \"note\", \"quantity\", \"rank\", \"price\", \"is_open\", \"seen_at\", \"_revision\", \"_created_at\", \"_updated_at\""

    func insert(_ items: some Sequence<Item>) throws {
        let statement = try statement("INSERT INTO \"items\" (\(Self.columns)) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)")
        for item in items {
            bindColumns(item, statement)
            sqlite3_bind_int64(statement, 11, 1)
            sqlite3_bind_int64(statement, 12, 1_700_000_000_000_000)
            sqlite3_bind_int64(statement, 13, 1_700_000_000_000_000)
            guard sqlite3_step(statement) == SQLITE_DONE else {
                throw failure
            }
            sqlite3_reset(statement)
        }
    }

    private func bindColumns(_ item: Item, _ statement: OpaquePointer) {
        sqlite3_bind_text(statement, 1, item.id.value, -1, Self.transient)
        sqlite3_bind_text(statement, 2, item.title, -1, Self.transient)
        sqlite3_bind_text(statement, 3, item.author, -1, Self.transient)
        sqlite3_bind_text(statement, 4, item.city, -1, Self.transient)
        sqlite3_bind_text(statement, 5, item.note, -1, Self.transient)
        sqlite3_bind_int64(statement, 6, Int64(item.quantity))
        sqlite3_bind_int64(statement, 7, Int64(item.rank))
        sqlite3_bind_double(statement, 8, item.price)
        sqlite3_bind_int64(statement, 9, item.isOpen ? 1 : 0)
        sqlite3_bind_int64(statement, 10, item.seenAt.microseconds)
    }

    /// Updates items by key, and checks their revision as Cairn does.
    func update(_ items: some Sequence<Item>) throws -> Int {
        let statement = try statement(
            """
            UPDATE "items" SET "title" = ?2, "author" = ?3, "city" = ?4, "note" = ?5, "quantity" = ?6, "rank" = ?7,
            "price" = ?8, "is_open" = ?9, "seen_at" = ?10, "_revision" = "_revision" + 1, "_updated_at" = ?11 WHERE "id" = ?1
            """)
        var changed = 0
        for item in items {
            bindColumns(item, statement)
            sqlite3_bind_int64(statement, 11, 1_700_000_000_000_000)
            guard sqlite3_step(statement) == SQLITE_DONE else {
                throw failure
            }
            changed += Int(sqlite3_changes(connection))
            sqlite3_reset(statement)
        }
        return changed
    }

    func all() throws -> [Item] {
        let statement = try statement("SELECT \(Self.columns) FROM \"items\" ORDER BY \"id\"")
        defer { sqlite3_reset(statement) }
        var items: [Item] = []
        while sqlite3_step(statement) == SQLITE_ROW { items.append(item(statement)) }
        return items
    }

    func get(_ id: String) throws -> Item? {
        let statement = try statement("SELECT \(Self.columns) FROM \"items\" WHERE \"id\" = ?")
        defer { sqlite3_reset(statement) }
        sqlite3_bind_text(statement, 1, id, -1, Self.transient)
        return sqlite3_step(statement) == SQLITE_ROW ? item(statement) : nil
    }

    func range(_ lower: Int, _ upper: Int) throws -> [Item] {
        let statement = try statement(
            "SELECT \(Self.columns) FROM \"items\" WHERE \"rank\" >= ? AND \"rank\" < ? ORDER BY \"rank\", \"id\"")
        defer { sqlite3_reset(statement) }
        sqlite3_bind_int64(statement, 1, Int64(lower))
        sqlite3_bind_int64(statement, 2, Int64(upper))
        var items: [Item] = []
        while sqlite3_step(statement) == SQLITE_ROW { items.append(item(statement)) }
        return items
    }

    private func item(_ statement: OpaquePointer) -> Item {
        func text(_ column: Int32) -> String { String(cString: sqlite3_column_text(statement, column)) }
        let item = Item(
            id: Item.ID(text(0)), title: text(1), author: text(2), city: text(3), note: text(4),
            quantity: Int(sqlite3_column_int64(statement, 5)), rank: Int(sqlite3_column_int64(statement, 6)),
            price: sqlite3_column_double(statement, 7), isOpen: sqlite3_column_int64(statement, 8) != 0,
            seenAt: time(statement, 9))
        return item.stored(
            as: RecordMetadata(
                revision: Int(sqlite3_column_int64(statement, 10)), createdAt: time(statement, 11),
                updatedAt: time(statement, 12)))
    }

    private func time(_ statement: OpaquePointer, _ column: Int32) -> Timestamp {
        Timestamp(microseconds: sqlite3_column_int64(statement, column)) ?? .epoch
    }
}

/// The baseline could not do its work: no space, for example.
struct BaselineFailure: Error, CustomStringConvertible {
    let description: String
}
