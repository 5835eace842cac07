import CairnSchema

/// A store of an expanded schema as a program of one of the two schemas sees it: a driver between the program and the one that keeps the
/// tables, which knows nothing of it. So all of it means the same on every driver.
struct WindowStorage: Storage, WindowReading {
    let reader: WindowReader
    private let view: WindowView
    private let base: any Storage
    private let writer: WindowWriter

    /// - Parameter base: The store, to which its schema is attached.
    init(_ view: WindowView, _ base: any Storage) {
        self.view = view
        self.base = base
        reader = WindowReader(view: view, base: base)
        writer = WindowWriter(
            view: view, core: StoreCore(schema: view.expanded, storage: base, options: StoreOptions()))
    }

    var capabilities: StorageCapabilities {
        var capabilities = base.capabilities
        // What goes with a deleted record is found here, by the references that both programs know.
        capabilities.hasReferenceActions = true
        // A place in them grows old by changes of tables that only the other program knows, too.
        capabilities.changesAgeWithEveryCommit = true
        return capabilities
    }

    // MARK: Schema

    func schema() async throws -> Schema? { try await base.schema() }
    func apply(_ change: SchemaChange) async throws { try await base.apply(change) }
    func attach(_ schema: Schema) async throws {}
    func cost(of migration: Migration) async throws -> MigrationCost? { try await base.cost(of: migration) }
    func migrations() async throws -> [PastMigration] { try await base.migrations() }

    func dropped(
        by migration: PastMigration, of table: Table, _ body: ([DroppedRecord]) async throws -> Void
    ) async throws {
        try await base.dropped(by: migration, of: table, body)
    }

    // MARK: Reading and writing

    func snapshot(_ freshness: Freshness) async throws -> any StorageSnapshot {
        WindowSnapshot(view, try await base.snapshot(freshness))
    }

    var past: (any StoragePast)? { base.past.map { WindowPast(view: view, base: $0) } }

    func transaction() async throws -> any StorageTransaction {
        WindowTransaction(view, writer, try await base.transaction())
    }

    func commit(_ batch: Batch) async throws -> Receipt { try await writer.write(batch) }
    func outcome(of token: OutcomeToken) async throws -> CommitOutcome { try await base.outcome(of: token) }

    // MARK: Changes

    func listen(_ listener: ChangeListener) throws {
        try base.listen(ChangeListener(relayingTo: listener, through: view))
    }

    func changePosition() async throws -> ChangePosition { try await base.changePosition() }

    func keptChanges(
        since position: ChangePosition, _ freshness: Freshness, limit: Int
    ) async throws -> KeptChanges {
        var kept = try await base.keptChanges(since: position, freshness, limit: limit)
        // Commits stay that did nothing to what the program knows: a position may stand inside of one.
        kept.commits = kept.commits.map { commit in
            commit.mapChanges { change in
                view.presented(change).flatMap { $0.table.options.changes ? $0 : nil }
            }
        }
        return kept
    }

    // MARK: Housekeeping

    func maintain() async throws -> MaintenanceReport { try await base.maintain() }
    func close() async throws { try await base.close() }
}

/// The moments that are over as a program sees them. Those of before the window had another schema, and are refused by the driver.
private struct WindowPast: StoragePast {
    let view: WindowView
    let base: any StoragePast

    func currentCommit() async throws -> Int { try await base.currentCommit() }

    func snapshot(asOf commit: Int) async throws -> any StorageSnapshot {
        WindowSnapshot(view, try await base.snapshot(asOf: commit))
    }

    func snapshot(pinned name: String) async throws -> any StorageSnapshot {
        WindowSnapshot(view, try await base.snapshot(pinned: name))
    }

    func pin(_ name: String) async throws -> StorePin { try await base.pin(name) }
    func unpin(_ name: String) async throws { try await base.unpin(name) }
    func pins() async throws -> [StorePin] { try await base.pins() }
}

/// A transaction of a program.
private final class WindowTransaction: StorageTransaction, WindowReading {
    let reader: WindowReader
    private let view: WindowView
    private let base: any StorageTransaction
    private let writer: WindowWriter
    /// Why a part of a write could not be taken back.
    private let failure = Lock<(any Error)?>(nil)

    init(_ view: WindowView, _ writer: WindowWriter, _ base: any StorageTransaction) {
        self.view = view
        self.base = base
        self.writer = writer
        reader = WindowReader(view: view, base: base)
    }

    func write(_ operations: [WriteOperation]) async throws -> [RecordMetadata] {
        let session = writer.session(in: base)
        do {
            return try await writer.write(operations, session)
        } catch {
            do {
                try session.checkSavepoints()
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
            throw error
        }
    }

    func savepoint() async throws -> Int { try await base.savepoint() }
    func rollback(to savepoint: Int) async throws { try await base.rollback(to: savepoint) }
    func release(_ savepoint: Int) async throws { try await base.release(savepoint) }

    func commit() async throws -> Receipt {
        // What should be gone is not, so the rest must not be committed either.
        if let error = failure.withLock({ $0 }) {
            await base.rollback()
            throw error
        }
        return try await view.presenting { try await base.commit() }
    }

    func rollback() async { await base.rollback() }
}

extension WindowView {
    /// Changes of records that the program knows, as those of its tables.
    func presented(_ changes: [Change<Record>]) -> [Change<Record>] { changes.compactMap { presented($0) } }

    /// A change as one of the program's table; nil when it has none.
    func presented(_ change: Change<Record>) -> Change<Record>? {
        guard let table = table(of: change.table) else { return nil }
        return change.map { record in
            Record(table.presented, values: table.places.map { record.values[$0] }, metadata: record.metadata)
        }
    }
}

extension StorageError {
    /// A write by a tool to a store that programs of two schemas use.
    package static func usedByTwo(_ location: String) -> StorageError {
        StorageError(
            .unsupported,
            "programs of two schemas use \(location) at once: it is not written by what is neither",
            remedy:
                "open it with one of the two schemas; or end that first: 'cairn migrate complete', 'cairn migrate abort'"
        )
    }
}
