public import CairnCore
public import StorageConformance

/// A driver with a fault planted in it.
public struct MutantDriver: ConformanceDriver {
    private let base: any ConformanceDriver
    private let mutant: Mutant

    /// A sound driver and what is to be wrong with it.
    public init(_ base: any ConformanceDriver, _ mutant: Mutant) {
        self.base = base
        self.mutant = mutant
    }

    /// The driver's name and the fault's.
    public var name: String { "\(base.name) with \(mutant.name)" }
    /// As the sound driver.
    public var isPersistent: Bool { base.isPersistent }

    /// Opens a store of the sound driver and puts the fault before it.
    public func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        MutantStorage(try await base.open(name, clock: clock), mutant)
    }

    /// Removes the store of a name.
    public func remove(_ name: String) async throws { try await base.remove(name) }
}

/// Passes every call on, with the fault.
private final class MutantStorage: Storage {
    private let base: any Storage
    private let mutant: Mutant
    /// The schema callers know, and the one the driver got.
    private let schemas = Lock<(known: Schema, given: Schema)?>(nil)

    init(_ base: any Storage, _ mutant: Mutant) {
        self.base = base
        self.mutant = mutant
    }

    var capabilities: StorageCapabilities { base.capabilities }

    private var reader: MutantReader { reader(on: base) }

    private func reader(on base: any StorageReader) -> MutantReader {
        MutantReader(base: base, mutant: mutant, given: schemas.withLock { $0?.given })
    }

    // MARK: Schema

    func schema() async throws -> Schema? { schemas.withLock { $0?.known } }

    func apply(_ change: SchemaChange) async throws {
        switch change {
        case .create(let schema):
            let given = try mutant.schema(schema)
            try await base.apply(.create(given))
            schemas.withLock { $0 = (schema, given) }
        case .migrate: throw Migration.unsupported(by: capabilities.driver, at: capabilities.location)
        }
    }

    func attach(_ schema: Schema) async throws {
        if let given = schemas.withLock({ $0?.given }) { try await base.attach(given) }
    }

    // MARK: Reading

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try await reader.get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await reader.get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor { try await reader.rows(query) }
    func count(_ query: Query) async throws -> Int { try await reader.count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try await reader.explain(query) }

    func snapshot(_ freshness: Freshness) async throws -> any StorageSnapshot {
        let snapshot = try await base.snapshot(freshness)
        return MutantSnapshot(snapshot, reader(on: mutant.snapshotReader(snapshot, base)))
    }

    func transaction() async throws -> any StorageTransaction {
        let transaction = try await base.transaction()
        return MutantTransaction(transaction, reader(on: transaction))
    }

    // MARK: Writing

    func commit(_ batch: Batch) async throws -> Receipt {
        var batch = batch
        batch.operations = batch.operations.map(reader.operation)
        return try await mutant.commit(batch, base)
    }

    func changePosition() async throws -> ChangePosition { try await base.changePosition() }

    func keptChanges(since position: ChangePosition, _ freshness: Freshness, limit: Int) async throws -> KeptChanges {
        var page = try await base.keptChanges(since: position, freshness, limit: limit)
        guard let known = schemas.withLock({ $0?.known }) else { return page }
        func record(_ record: Record?) -> Record? {
            record.map { Record(known.tables[$0.table.position], values: $0.values, metadata: $0.metadata) }
        }
        page.commits = page.commits.map { commit in
            KeptCommit(
                start: commit.start, position: commit.position, time: commit.time,
                changes: mutant.changes(commit.changes)
                    .compactMap { Change(before: record($0.before), after: record($0.after)) })
        }
        return page
    }

    func outcome(of token: OutcomeToken) async throws -> CommitOutcome { try await base.outcome(of: token) }
    func listen(_ listener: ChangeListener) throws { try base.listen(listener) }
    func maintain() async throws -> MaintenanceReport { try await base.maintain() }
    func close() async throws { try await base.close() }
}

/// Reads with the fault, and translates between the schema callers know and the one the driver got.
private struct MutantReader: Sendable {
    let base: any StorageReader
    let mutant: Mutant
    let given: Schema?

    private func table(_ table: Table) -> Table { given?.tables[table.position] ?? table }

    private func translated(_ query: Query) throws -> Query {
        var translated = Query(
            table(query.table), where: query.condition, order: query.order, limit: query.limit)
        translated.after = query.after
        guard let given, query.hasRelations else { return translated }
        // Tables by their positions alone are looked up anew.
        translated.condition = query.condition?.mapTables { $0 }
        translated.order = query.order.compactMap { $0.mapTables { $0 } }
        return try translated.bound(in: given)
    }

    func operation(_ operation: WriteOperation) -> WriteOperation {
        switch mutant.operation(operation) {
        case .insert(let table, let values): .insert(self.table(table), values)
        case .update(let table, let values, let revision): .update(self.table(table), values, expecting: revision)
        case .upsert(let table, let values): .upsert(self.table(table), values)
        case .delete(let table, let key, let revision): .delete(self.table(table), key, expecting: revision)
        }
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try await base.get(self.table(table), key) { try body(Self.row($0, of: table)) }
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await base.get(self.table(table), keys) { try body($0, Self.row($1, of: table)) }
    }

    private static func row(_ row: RowReader, of table: Table) throws -> RecordRow {
        RecordRow(table: table, values: try row.values(), metadata: row.metadata)
    }

    func rows(_ query: Query) async throws -> any RowCursor {
        let cursor = try await base.rows(translated(mutant.query(query)))
        defer { cursor.close() }
        var rows: [ModelState.Row] = []
        var hasMore = true
        while hasMore {
            hasMore = try await cursor.next(1000) { row in
                rows.append(ModelState.Row(values: try row.values(), metadata: row.metadata))
                return true
            }
        }
        return ArrayCursor(query.table, mutant.rows(query, rows))
    }

    func count(_ query: Query) async throws -> Int {
        try await base.count(translated(mutant.countedQuery(mutant.query(query))))
    }

    func explain(_ query: Query) async throws -> QueryPlan { try await base.explain(translated(query)) }
}

/// A snapshot with the fault.
private final class MutantSnapshot: StorageSnapshot {
    private let base: any StorageSnapshot
    private let reader: MutantReader

    init(_ base: any StorageSnapshot, _ reader: MutantReader) {
        self.base = base
        self.reader = reader
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try await reader.get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await reader.get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor { try await reader.rows(query) }
    func count(_ query: Query) async throws -> Int { try await reader.count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try await reader.explain(query) }
    func close() async { await base.close() }
}

/// A transaction with the fault.
private final class MutantTransaction: StorageTransaction {
    private let base: any StorageTransaction
    private let reader: MutantReader

    init(_ base: any StorageTransaction, _ reader: MutantReader) {
        self.base = base
        self.reader = reader
    }

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try await reader.get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await reader.get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor { try await reader.rows(query) }
    func count(_ query: Query) async throws -> Int { try await reader.count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try await reader.explain(query) }

    func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata] {
        try await base.write(operations.map(reader.operation))
    }

    func savepoint() async throws -> Int { try await base.savepoint() }
    func rollback(to savepoint: Int) async throws { try await reader.mutant.rollBackTo(savepoint, base) }
    func release(_ savepoint: Int) async throws { try await base.release(savepoint) }
    func commit() async throws -> Receipt { try await base.commit() }
    func rollback() async { await reader.mutant.rollBack(base) }
}
