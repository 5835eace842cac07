public import CairnCore

extension SQLiteStorage {
    public func migrations() async throws -> [PastMigration] {
        try await reading { access in
            guard let held = try storedSchema(access) else { return [] }
            return try MigrationLog(access).migrations(held, place: file.place)
        }
    }

    public func dropped(
        by migration: PastMigration, of table: Table, _ body: ([DroppedRecord]) async throws -> Void
    ) async throws {
        guard migration.kept.contains(table.name),
            let columns = migration.dropped.first(where: { $0.table.name == table.name })?.columns
        else { return }
        var last = 0
        while true {
            let (records, place) = try await reading { access in
                try MigrationLog(access).dropped(by: migration.number, of: table, columns, behind: last)
            }
            if records.isEmpty { return }
            last = place
            try await body(records)
        }
    }

    /// Reads on the connection that there is before a schema is attached.
    func reading<Result>(_ body: (SQLiteConnection.Access) throws -> Result) async throws -> Result {
        try checkOpen()
        var waiting = BusyWaiting(timeout: options.timeout)
        return try await waiting.retry(at: file.place) { try writer.withLockRaw(body) }
    }
}
