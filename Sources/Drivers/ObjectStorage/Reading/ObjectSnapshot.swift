import CairnCore

/// A view of one moment.
final class ObjectSnapshot: StorageSnapshot {
    private let reader: Lock<ViewReader?>

    init(_ reader: ViewReader) {
        self.reader = Lock(reader)
    }

    private func open() throws -> ViewReader {
        guard let reader = reader.withLock({ $0 }) else { throw StorageError.closed("snapshot") }
        return reader
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try await open().get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await open().get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor { try await open().rows(query) }
    func count(_ query: Query) async throws -> Int { try await open().count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try await open().explain(query) }
    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] { try await open().aggregate(query) }
    func explain(_ query: AggregateQuery) async throws -> QueryPlan { try await open().explain(query) }

    func close() async { reader.withLock { $0 = nil } }
}
