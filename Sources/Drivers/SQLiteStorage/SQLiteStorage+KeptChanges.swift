public import CairnCore

/// Changes that commits of all processes have kept in the file.
extension SQLiteStorage {
    public func changePosition() async throws -> ChangePosition {
        let keeper = try keeper()
        return try await withReader { try keeper.position($0) }
    }

    public func keptChanges(
        since position: ChangePosition, _ freshness: Freshness, limit: Int
    ) async throws -> KeptChanges {
        let keeper = try keeper()
        return try await withReader { access in
            try access.execute("BEGIN")
            defer { try? access.execute("COMMIT") }
            return try keeper.changes(since: position, limit: limit, access)
        }
    }

    private func keeper() throws -> ChangeKeeper {
        let schema = try attached().schema
        guard let keeper = shared.withLock({ $0.keeper }) else {
            throw StorageError.misuse("no table of '\(schema.database)' keeps its changes")
        }
        return keeper
    }

    /// Records as they are without the transaction of the writing connection, which stands in the file for any other connection to
    /// read: nobody else can write until it ends.
    func recordsBefore(_ names: [RecordName], _ schema: Schema) throws -> [Record?] {
        try past.withLock { past in
            let connection = try past ?? file.openReader(ServedSchema(schema))
            past = connection
            return try connection.withLock { access in
                try access.execute("BEGIN")
                defer { try? access.execute("COMMIT") }
                return try access.records(names)
            }
        }
    }
}
