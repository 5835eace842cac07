import CairnSchema

extension Store {
    /// What is committed from now on, in order, with the records before and after.
    ///
    /// Memory and SQLite tell the commits of this handle, object stores those of all processes: this one's at once, others' when
    /// anything has read the log, at the latest after the watch interval of the driver.
    /// - Parameter buffer: How many changes may wait for the reader before it is too slow.
    public func changes(buffer: Int = Limits.waitingChanges) -> CommitSequence { session.changes(buffer: buffer) }

    /// A value that is read from one moment, now and whenever it has changed. `read` runs again after commits, of whatever table, and
    /// results that equal the one before are left out.
    public func observe<Value: Equatable & Sendable>(
        _ read: @escaping @Sendable (Session) async throws -> Value
    ) -> ResultSequence<Value> {
        observe(read, isSame: ==)
    }

    /// A value that is read from one moment, now and whenever it has changed: one that is not `Equatable`, such as rows with what is
    /// related to them. `read` runs again after commits, of whatever table.
    /// - Parameter isSame: Whether a result says nothing new beside the one before, and is left out.
    public func observe<Value: Sendable>(
        _ read: @escaping @Sendable (Session) async throws -> Value,
        isSame: @escaping @Sendable (Value, Value) -> Bool
    ) -> ResultSequence<Value> {
        ResultSequence(source: .init(core: core, tables: nil, read: read, isSame: isSame))
    }
}

extension Database {
    /// What is committed from now on, in all tables: see ``Store/changes(buffer:)``.
    public func changes(buffer: Int = Limits.waitingChanges) -> CommitSequence { store.changes(buffer: buffer) }

    /// A value that is read from one moment, now and whenever it has changed:
    /// `atlas.observe { try await $0.cities.where { $0.country == "FR" }.count() }`. `read` runs again after commits, of whatever table,
    /// and results that equal the one before are left out.
    public func observe<Value: Equatable & Sendable>(
        _ read: @escaping @Sendable (SnapshotScope) async throws -> Value
    ) -> ResultSequence<Value> {
        observe(read, isSame: ==)
    }

    /// A value that is read from one moment, now and whenever it has changed: one that is not `Equatable`, such as a tuple.
    /// `atlas.observe { (try await $0.cities.count(), try await $0.countries.count()) } isSame: { $0 == $1 }`. `read` runs again after
    /// commits, of whatever table.
    /// - Parameter isSame: Whether a result says nothing new beside the one before, and is left out.
    public func observe<Value: Sendable>(
        _ read: @escaping @Sendable (SnapshotScope) async throws -> Value,
        isSame: @escaping @Sendable (Value, Value) -> Bool
    ) -> ResultSequence<Value> {
        store.observe({ session in try await read(SnapshotScope(session: session)) }, isSame: isSame)
    }
}

extension Session {
    /// Waiting for commits inside a transaction or a snapshot makes no sense: neither sees any.
    private var misuse: StorageError? {
        isStore
            ? nil
            : StorageError.misuse(
                "a transaction or a snapshot sees no changes", remedy: "call it on the store, outside")
    }

    func changes(buffer: Int) -> CommitSequence {
        if let misuse { return CommitSequence(core, failing: misuse) }
        return CommitSequence(core, buffer: buffer)
    }

    /// What was committed behind a position, unless there is a reason why nothing can be told.
    func changes(since position: ChangePosition, _ problem: StorageError?) -> KeptCommitSequence {
        KeptCommitSequence(core: core, start: position, problem: misuse ?? problem)
    }

    /// Why nothing is kept of the changes of the store; nil when it is.
    var missingChanges: StorageError? {
        let capabilities = core.storage.capabilities
        if !capabilities.keepsChanges { return .keepsNoChanges(capabilities) }
        return schema.keepsChanges ? nil : .keepsNoChanges(schema)
    }

    /// Why nothing is kept of the changes of a table; nil when it is.
    func missingChanges(of table: Table) -> StorageError? {
        table.options.changes ? missingChanges : .keepsNoChanges(table)
    }

    /// The result of a query now and whenever it has changed.
    /// - Parameters:
    ///   - tables: The positions of all tables that the result depends on.
    ///   - sameness: Which results are no news.
    ///   - problem: Why the query cannot run.
    func observe<Value: Sendable>(
        _ tables: Set<Int>, _ sameness: Sameness<Value>, problem: StorageError? = nil,
        _ read: @escaping @Sendable (Session) async throws -> Value
    ) -> ResultSequence<Value> {
        ResultSequence(
            source: .init(
                core: core, tables: tables, read: read, isSame: sameness.areSame, problem: misuse ?? problem))
    }
}

extension Repository {
    /// What is committed to the table from now on, in order: `.inserted`, `.updated(from:to:)`, `.deleted`. See
    /// ``Store/changes(buffer:)``.
    /// - Parameter buffer: How many changes, of all tables, may wait for the reader before it is too slow.
    public func changes(buffer: Int = Limits.waitingChanges) -> ChangeSequence<Item> {
        ChangeSequence(session.changes(buffer: buffer), of: Item.tablePosition) { record in
            try Item(row: RecordRow(table: record.table, values: record.values, metadata: record.metadata))
        }
    }
}

extension RepositoryQuery {
    /// The records of the query, now and whenever one of them has changed, came or went: see ``ResultSequence``.
    ///
    /// After a commit that wrote the table, or one that its condition or order leads to, the query runs again; the result comes if it is
    /// another. On an object store that costs the requests of reading, without the one that proves that nothing is newer.
    public func observe<Item>() -> ResultSequence<[Item]> where Base == Repository<Item> {
        let query = query
        return base.session.observe(query.tables, Sameness<Item>.record.ofLists) { session in
            try await RepositoryQuery<SnapshotRepository<Item>>(SnapshotRepository(session), query).all()
        }
    }
}

extension RecordRepository {
    /// What is committed to the table from now on, in order. See ``Store/changes(buffer:)``.
    public func changes(buffer: Int = Limits.waitingChanges) -> ChangeSequence<Record> {
        ChangeSequence(session.changes(buffer: buffer), of: table.position) { $0 }
    }

    /// The records of a query, now and whenever one of them has changed, came or went: see ``ResultSequence``.
    public func observe(_ query: Query) -> ResultSequence<[Record]> {
        session.observe(query.tables, .equal) { session in
            var records: [Record] = []
            try await session.read(query) { row in
                records.append(try Record(row: row))
                return true
            }
            return records
        }
    }
}
