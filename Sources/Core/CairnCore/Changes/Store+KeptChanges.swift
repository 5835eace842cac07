extension Store {
    /// Where the store stands now: `changes(since:)` goes on behind what is committed.
    ///
    /// To begin, ask for it, then read the records: what is committed between the two is told and is in the records, too.
    ///
    /// Requests: on an object store one GET.
    /// - Throws: `storage.unsupported` when no table has `"changes": true`; what the driver throws.
    public func changePosition() async throws -> ChangePosition {
        if let problem = session.missingChanges { throw problem }
        return try await core.storage.changePosition()
    }

    /// What was committed behind a position to tables that have `"changes": true`, in order, and then what is committed from now on,
    /// with the records before and after. A loop that saves the position of what it has done, and begins there when it runs again, loses
    /// nothing and gets nothing twice.
    ///
    /// It may be as slow as it likes: changes are kept for a time, which depends on the driver. What other programs write without Cairn is
    /// not among them.
    ///
    /// Requests: on an object store one GET, one for each commit that this process has not followed itself and a LIST for each thousand of
    /// them, and none beyond the watching that ``changes(buffer:)`` does.
    public func changes(since position: ChangePosition) -> KeptCommitSequence {
        session.changes(since: position, session.missingChanges)
    }
}

extension Database {
    /// Where the store stands now: see ``Store/changePosition()``.
    /// - Throws: `storage.unsupported` when no table has `"changes": true`; what the driver throws.
    public func changePosition() async throws -> ChangePosition { try await store.changePosition() }

    /// What was committed behind a position, and then what is committed from now on: see ``Store/changes(since:)``.
    public func changes(since position: ChangePosition) -> KeptCommitSequence { store.changes(since: position) }
}

extension Repository {
    /// What was committed to the table behind a position, and then what is committed from now on: see ``Store/changes(since:)``. The
    /// table must have `"changes": true`.
    public func changes(since position: ChangePosition) -> KeptChangeSequence<Item> {
        KeptChangeSequence(
            session.changes(since: position, session.missingChanges(of: table)), of: Item.tablePosition
        ) { record in
            try Item(row: RecordRow(table: record.table, values: record.values, metadata: record.metadata))
        }
    }
}

extension RecordRepository {
    /// What was committed to the table behind a position, and then what is committed from now on. See ``Store/changes(since:)``.
    public func changes(since position: ChangePosition) -> KeptChangeSequence<Record> {
        KeptChangeSequence(
            session.changes(since: position, session.missingChanges(of: table)), of: table.position
        ) { $0 }
    }
}
