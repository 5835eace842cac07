import CSQLite
import CairnCore

/// A view of one moment: a connection in a read transaction.
final class SQLiteSnapshot: StorageSnapshot {
    private let loan: ReaderLoan
    private let cursors = CursorList()

    init(_ readers: ReaderPool) async throws {
        loan = try await ReaderLoan(readers)
        try loan.get().withLock { access in
            try access.execute("BEGIN")
            // A transaction takes its view when it first reads.
            _ = try access.with("SELECT 1 FROM \"_cairn_store\" LIMIT 1") { try $0.step() }
        }
    }

    deinit { end() }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try loan.get().get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try loan.get().get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor {
        let cursor = try SQLiteCursor(query, on: loan.get(), onEnd: {})
        cursors.add(cursor)
        return cursor
    }

    func count(_ query: Query) async throws -> Int { try loan.get().count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try loan.get().explain(query) }

    func close() async { end() }

    private func end() {
        for cursor in cursors.live { cursor.close() }
        loan.end { connection in
            // It fails only when there is no transaction left.
            try? connection.withLock { try $0.execute("ROLLBACK") }
        }
    }
}
