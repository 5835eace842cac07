import CairnCore

/// Reads one state.
struct MemoryView: IndexScanner {
    let state: MemoryState

    init(_ state: MemoryState) {
        self.state = state
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) throws -> Bool {
        let stored = state.tables[table.position]
        guard let record = stored.records.get(stored.keyLayout.encode(key)) else { return false }
        try body(RecordRow(table: table, values: record.values, metadata: record.metadata))
        return true
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) throws {
        let stored = state.tables[table.position]
        let row = RecordRow(table: table)
        for (index, key) in keys.enumerated() {
            guard let record = stored.records.get(stored.keyLayout.encode(key)) else { continue }
            row.current = record.values
            row.currentMetadata = record.metadata
            try body(index, row)
        }
    }

    func scan(_ scan: IndexScan) async throws -> any RowCursor {
        MemoryCursor(state.tables[scan.table.position], scan)
    }

    func estimatedCount(of table: Table) async throws -> Int {
        state.tables[table.position].records.count
    }

    func estimatedEntries(of scan: IndexScan) -> Int? {
        guard scan.ranges.count <= IndexScan.mostEstimatedRanges else { return nil }
        let stored = state.tables[scan.table.position]
        return scan.byteRanges(stored.layout(of: scan.index)).reduce(0) { sum, range in
            guard let index = scan.index else {
                return sum + stored.records.estimatedCount(from: range.lower, to: range.upper)
            }
            return sum + stored.indexes[index.position].estimatedCount(from: range.lower, to: range.upper)
        }
    }
}

/// A view of one moment.
final class MemorySnapshot: StorageSnapshot {
    private let state: Lock<MemoryState?>

    init(_ state: MemoryState) {
        self.state = Lock(state)
    }

    private func view() throws -> MemoryView {
        guard let state = state.withLock({ $0 }) else { throw StorageError.closed("snapshot") }
        return MemoryView(state)
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try view().get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try view().get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor {
        try await Executor(try view(), driver: MemoryStorage.driver).rows(query)
    }

    func count(_ query: Query) async throws -> Int {
        try await Executor(try view(), driver: MemoryStorage.driver).count(query)
    }

    func explain(_ query: Query) async throws -> QueryPlan {
        try await Executor(try view(), driver: MemoryStorage.driver).explain(query)
    }

    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        try await Executor(try view(), driver: MemoryStorage.driver).aggregate(query)
    }

    func explain(_ query: AggregateQuery) async throws -> QueryPlan {
        try await Executor(try view(), driver: MemoryStorage.driver).explain(query)
    }

    func close() async {
        state.withLock { $0 = nil }
    }
}
