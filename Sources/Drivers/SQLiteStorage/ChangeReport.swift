import CSQLite
public import CairnCore

/// Names a record of a table.
struct RecordName: Sendable, Hashable {
    let table: Table
    let key: Key

    init(_ operation: WriteOperation) {
        table = operation.table
        key = operation.key
    }
}

/// What those who listen are told when a transaction of SQLite is committed: read before the commit, told after it.
///
/// Made under the lock of the writing connection, which is held until the commit is over: who begins to listen takes it too, so
/// nobody does in between. Nothing that goes wrong here fails a commit: who cannot be told learns that.
struct ChangeReport {
    private let hub: ChangeHub
    private let interest: ChangeHub.Interest
    private let time: Timestamp
    private var tables: Set<Int> = []
    private var commits: [[Change<Record>]] = []
    /// Why records could not be read.
    private var problem: StorageError?

    /// Records that a batch is about to write, as they are before.
    struct Recording {
        fileprivate var names: [RecordName] = []
        fileprivate var tables: Set<Int> = []
        fileprivate var before: [Record?] = []
        fileprivate var problem: StorageError?
    }

    init(_ hub: ChangeHub, at time: Timestamp) {
        self.hub = hub
        self.time = time
        interest = hub.interest
    }

    // MARK: Batches

    /// Looks at what a batch is about to write; nil when nobody wants to know.
    func begin(_ operations: [WriteOperation], _ access: SQLiteConnection.Access) -> Recording? {
        guard interest != .nothing else { return nil }
        var recording = Recording()
        recording.tables = Set(operations.map(\.table.position))
        guard interest == .records else { return recording }
        recording.names = ChangeReport.distinct(operations.map(RecordName.init))
        do {
            recording.before = try access.records(recording.names)
        } catch {
            recording.problem = access.storageError(error)
        }
        return recording
    }

    /// The batch has written them, and is to be committed.
    mutating func end(_ recording: Recording?, _ access: SQLiteConnection.Access) {
        guard let recording else { return }
        tables.formUnion(recording.tables)
        guard interest == .records else { return }
        problem = problem ?? recording.problem
        guard problem == nil else { return }
        add(recording.names, recording.before, access)
    }

    // MARK: Transactions

    /// Adds what a transaction did that is about to be committed.
    /// - Parameter before: Reads records as they were before it, nil for one that was not there.
    mutating func add(
        _ records: [RecordName], _ access: SQLiteConnection.Access, before: ([RecordName]) throws -> [Record?]
    ) {
        guard interest != .nothing else { return }
        tables.formUnion(records.lazy.map(\.table.position))
        guard interest == .records else { return }
        let names = ChangeReport.distinct(records)
        do {
            add(names, try before(names), access)
        } catch {
            problem = access.storageError(error)
        }
    }

    private mutating func add(_ names: [RecordName], _ before: [Record?], _ access: SQLiteConnection.Access) {
        do {
            let after = try access.records(names)
            let changes = zip(before, after).compactMap { before, after -> Change<Record>? in
                // Nothing was written where a receipt was found under the idempotency key.
                if let before, before.revision == after?.revision { return nil }
                return Change(before: before, after: after)
            }
            commits.append(changes)
        } catch {
            problem = access.storageError(error)
        }
    }

    /// Each name once, in the order of their first appearance.
    static func distinct(_ names: [RecordName]) -> [RecordName] {
        if names.count < 2 { return names }
        var seen: Set<RecordName> = []
        return names.filter { seen.insert($0).inserted }
    }

    // MARK: Telling

    /// The commit happened.
    func tell() {
        switch interest {
        case .nothing: break
        case .tables: hub.tell(tables: tables)
        case .records:
            if let problem {
                hub.interrupt(
                    StorageError.changesMissed("what a commit did cannot be read: \(problem.message)", after: nil))
            } else {
                for changes in commits { hub.tell(CommittedChanges(time: time, changes: changes)) }
            }
        }
    }

    /// Nobody knows whether the commit happened.
    func tellUnknown() {
        guard interest != .nothing else { return }
        hub.interrupt(StorageError.changesMissed("nobody knows whether a commit of this store happened", after: nil))
    }
}

extension SQLiteStorage {
    /// What a transaction did that is about to be committed, for those who listen.
    func report(
        of records: [RecordName], _ schema: Schema, _ access: SQLiteConnection.Access, at time: Timestamp
    ) -> ChangeReport {
        var report = ChangeReport(hub, at: time)
        report.add(records, access) { try recordsBefore($0, schema) }
        return report
    }

    // MARK: Listening

    public func listen(_ listener: ChangeListener) throws {
        let isWatched = options.location != .temporary
        try writer.alone { (access: SQLiteConnection.Access?) throws -> Void in
            guard let access else { throw StorageError.closed("store") }
            guard isWatched else { return try hub.add(listener) }
            // From here on, so that nothing that is read later is older than what is watched from.
            let version = try? access.othersVersion()
            let storage: @Sendable () -> SQLiteStorage? = { [weak self] in self }
            try hub.add(listener) { await SQLiteStorage.watch(from: version, storage) }
        }
    }

    /// Tells when another connection has changed the file, until the task is cancelled or the store is gone.
    private static func watch(from version: Int?, _ storage: @Sendable () -> SQLiteStorage?) async {
        var known = version
        guard let interval = storage()?.options.watchInterval else { return }
        while (try? await Task.sleep(for: interval)) != nil, let storage = storage() {
            // A file that is locked for a moment is asked again.
            guard let version = try? storage.writer.withLockRaw({ try $0.othersVersion() }), version != known else {
                continue
            }
            known = version
            storage.hub.tellUnknown()
        }
    }
}

extension SQLiteConnection.Access {
    /// A number that is another one after another connection, of this process or another, has changed the file.
    fileprivate func othersVersion() throws -> Int {
        try with("PRAGMA data_version") { try $0.step() ? Int(sqlite3_column_int64($0.handle, 0)) : 0 }
    }

    /// Records by their names; nil for those that are not there.
    func records(_ names: [RecordName]) throws -> [Record?] {
        try names.map { name in
            var record: Record?
            _ = try get(name.table, name.key) { record = try Record(row: $0) }
            return record
        }
    }

    fileprivate func storageError(_ error: any Error) -> StorageError {
        let error = (error as? SQLiteFailure)?.storageError(at: place) ?? error
        return error as? StorageError ?? StorageError(.io, "\(error)")
    }
}
