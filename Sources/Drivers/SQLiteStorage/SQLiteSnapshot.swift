import CairnCore

/// A view of one moment: a connection in a read transaction.
final class SQLiteSnapshot: StorageSnapshot {
    private let loan: ReaderLoan

    init(_ readers: ReaderPool) async throws {
        loan = try await ReaderLoan(readers, for: "snapshot")
        try loan.use.withLock { access in
            try access.execute("BEGIN")
            // A transaction takes its view when it first reads.
            _ = try access.with("SELECT 1 FROM \"_cairn_store\" LIMIT 1") { try $0.step() }
        }
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try loan.use.withLock { try $0.get(table, key, body) }
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try loan.use.withLock { try $0.get(table, keys, body) }
    }

    func rows(_ query: Query) async throws -> any RowCursor {
        try loan.use.withLock { try SQLiteCursor(query, $0, in: loan.use, onEnd: {}) }
    }

    func count(_ query: Query) async throws -> Int { try loan.use.withLock { try $0.count(query) } }
    func explain(_ query: Query) async throws -> QueryPlan { try loan.use.withLock { try $0.explain(query) } }
    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        try loan.use.withLock { try $0.aggregate(query) }
    }
    func explain(_ query: AggregateQuery) async throws -> QueryPlan {
        try loan.use.withLock { try $0.explain(query) }
    }

    func close() async { loan.end() }
}
